/**
 * Which class a task is of: the queue, what its submit said, and its level. Classes, types and sets of
 * requirements are interned to small numbers that index shared memory. Main thread.
 *
 * Invariant: two tasks of one class may be given to the same agents, by the same strategy, and are
 * learned from alike. What a class is told of at its making, its agents' sets among it, is written
 * before the first offer of its tasks.
 *
 * Rows are few (64), because a row of what is learned is as long as there may be agents. When they run
 * out, further types share row 0, over all types, and still are classes of their own, because agents
 * are told the type of their work; a best fit without a row for its fractions becomes `fallback`, which
 * knows who has everything and nothing between.
 */
import {
  type AgentIndex,
  ClassFlag,
  type ClassIndex,
  MATCH_ROW_COUNT_MAX,
  ROW_COUNT_MAX,
} from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import type { Match } from '../options.ts'
import { canonicalStrategy } from '../routing/aliases.ts'
import type { TaskRouting } from '../task.ts'
import type { AgentState } from './agents.ts'
import { ClassState } from './classes.ts'
import { enterGroup } from './groups.ts'
import type { Profile } from './profiles.ts'
import type { QueueState } from './queues.ts'
import { hasPreferred } from './requirements.ts'
import type { PolicyState } from './state.ts'

/** From this level on a task goes only to who has all that it requires. */
const EXACT_LEVEL = 4

/** What the class of a task follows from, beside its queue. */
export interface Asking {
  /** Canonical terms, sorted. */
  readonly requires: readonly string[]
  readonly routing: TaskRouting | null
  readonly level: number
}

/** @returns the interned class; `bad_option` for an unknown strategy; `too_many_classes`. */
export function classOf(
  core: PolicyState,
  queue: QueueState,
  asking: Asking,
): ClassState | ErrorCode {
  const { requires, routing, level } = asking
  if (routing === null && requires.length === 0) {
    // Nearly all tasks are of the class that has the queue's name.
    const known = core.classByKey.get(queue.name)
    if (known !== undefined) return known
  }
  const match = matchOf(queue, requires, routing, level)
  if (routing === null) {
    const key = keyOf(queue, requires, match)
    return core.classByKey.get(key) ?? newClass(core, queue, key, requires, match, NO_ROUTING, -1)
  }
  const strategyIndex = routing.strategy === null ? -1 : strategyOf(core, routing.strategy)
  if (routing.strategy !== null && strategyIndex < 0) return 'bad_option'
  const type = routing.type ?? queue.name
  const given = { type, prefers: routing.prefers }
  const isPlain = type === queue.name && strategyIndex < 0 && routing.prefers.length === 0
  const plain = keyOf(queue, requires, match)
  const more = `${routing.prefers.join(',')}|${type}|${strategyIndex}`
  const key = isPlain ? plain : `${queue.name}|${requires.join(',')}|${match}|${more}`
  return (
    core.classByKey.get(key) ?? newClass(core, queue, key, requires, match, given, strategyIndex)
  )
}

const NO_ROUTING = { type: null, prefers: [] }

function matchOf(
  queue: QueueState,
  requires: readonly string[],
  routing: TaskRouting | null,
  level: number,
): Match {
  if (requires.length === 0 || level >= EXACT_LEVEL) return 'exact'
  return routing?.match ?? queue.options.match
}

function keyOf(queue: QueueState, requires: readonly string[], match: Match): string {
  if (requires.length === 0) return queue.name
  const key = `${queue.name}|${requires.join(',')}`
  return match === 'exact' ? key : `${key}|${match}`
}

/** @returns -1 for one that is unknown. */
function strategyOf(core: PolicyState, name: string): number {
  const { options } = core
  const index = options.strategyIndex(name)
  return index >= 0 ? index : options.strategyIndex(canonicalStrategy(name) ?? '')
}

function newClass(
  core: PolicyState,
  queue: QueueState,
  key: string,
  requires: readonly string[],
  match: Match,
  given: { type: string | null; prefers: readonly string[] },
  strategyIndex: number,
): ClassState | ErrorCode {
  if (core.classes.length >= core.options.classesMax) return 'too_many_classes'
  const type = given.type ?? queue.name
  const isFit = match === 'best_fit'
  const matchRow = isFit ? rowIn(core.matchRows, requires.join(','), MATCH_ROW_COUNT_MAX) : 0
  const cls = new ClassState(core.classes.length, queue, {
    requires,
    match: isFit && matchRow === 0 ? 'fallback' : match,
    prefers: given.prefers,
    type,
    row: rowIn(core.rows, type, ROW_COUNT_MAX),
    matchRow,
    strategyIndex,
  })
  core.classes.push(cls)
  queue.classes.push(cls)
  core.classByKey.set(key, cls)
  if (cls.early) core.earlyClasses++
  core.classTable.setRow(cls.index as ClassIndex, cls.row)
  core.classTable.setMatchRow(cls.index as ClassIndex, matchRow)
  syncFlags(core, cls)
  for (const profile of core.profiles.values()) {
    if (!profile.serves(cls)) continue
    cls.profiles.push(profile)
    profile.classes.push(cls)
    for (const agent of profile.agents) enterSets(core, cls, profile, agent)
  }
  enterGroup(core, cls)
  return cls
}

/** @returns the row of a name; 0 when all are taken. */
function rowIn(rows: Map<string, number>, name: string, countMax: number): number {
  const known = rows.get(name)
  if (known !== undefined) return known
  const row = rows.size + 1
  if (row >= countMax) return 0
  rows.set(name, row)
  return row
}

/** Called when the strategy, the shadow or the binding of a class has changed. */
export function syncFlags(core: PolicyState, cls: ClassState): void {
  const isRouters = cls.strategyIndex >= core.options.routersOnlyFrom
  const flags =
    (cls.early ? ClassFlag.EARLY : 0) |
    (hasPreferred(cls) ? ClassFlag.PREFERRED : 0) |
    (isRouters ? ClassFlag.ROUTERS_ONLY : 0)
  core.classTable.setFlags(cls.index as ClassIndex, flags)
  core.classTable.setShadow(cls.index as ClassIndex, cls.queue.shadowIndex + 1)
}

/** An agent of a profile that serves the class enters the class's sets in shared memory. */
export function enterSets(
  core: PolicyState,
  cls: ClassState,
  profile: Profile,
  agent: AgentState,
): void {
  const { table } = core
  const index = agent.index as AgentIndex
  if (cls.matchRow > 0) table.setMatch(cls.matchRow, index, profile.fraction(cls))
  if (profile.prefers(cls)) table.setPreferred(cls.index as ClassIndex, index, true)
  table.setCandidate(cls.index as ClassIndex, index, true)
}

export function leaveSets(
  core: PolicyState,
  cls: ClassState,
  profile: Profile,
  agent: AgentState,
): void {
  const index = agent.index as AgentIndex
  core.table.setCandidate(cls.index as ClassIndex, index, false)
  if (profile.prefers(cls)) core.table.setPreferred(cls.index as ClassIndex, index, false)
}
