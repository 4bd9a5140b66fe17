/**
 * Interruption: when critical tasks wait and no credit is left for them, agents that allow it are asked
 * to stop what they do of the lowest level. Front-end thread, after matching.
 *
 *   RUNNING ──asked──► asked ──yield──► WAITING, with what was handed back; its credit is free
 *                        └─────── ends as any attempt: finished, failed, lost, over its time
 *
 * Invariant: as many attempts of a group's agents are asked as critical tasks wait at it, never more;
 * below critical only, each task `preemptionsMax` times. So nothing is interrupted by its like, and
 * nothing goes round: what was interrupted cannot interrupt.
 *
 * Passed over are agents whose next credit is spoken for: one that pulls may not ask again, one with
 * tasks in its own queue begins those first.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import type { AgentState } from './agents.ts'
import { end } from './attempt-end.ts'
import { giveCredit } from './credit.ts'
import { extrasOf } from './extras.ts'
import type { Group } from './groups.ts'
import { putBack } from './matching.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

const CRITICAL = 5
/** Agents and attempts that one call looks at, about 100 µs. */
const LOOKS_MAX = 16_384

let looksLeft = 0

/** @returns whether a critical task waits for its turn, with or without credit. *Cost* two reads. */
export function isCriticalNext(core: PolicyState): boolean {
  const { top } = core.groupHeads
  return top !== null && top.level === CRITICAL
}

/** @returns how many attempts were asked to stop. */
export function requestPreemptions(core: PolicyState): number {
  if (!isCriticalNext(core)) return 0
  looksLeft = LOOKS_MAX
  return askBelow(core, 0)
}

/** Groups whose heads are critical stand together at the top of their heap. */
function askBelow(core: PolicyState, at: number): number {
  const { items } = core.groupHeads
  if (at >= items.length || items[at].head!.level < CRITICAL || looksLeft <= 0) return 0
  const asked = askOf(core, items[at])
  return asked + askBelow(core, 2 * at + 1) + askBelow(core, 2 * at + 2)
}

function askOf(core: PolicyState, group: Group): number {
  if (group.free > group.offered) return 0
  let wanted = waitingIn(group) - askedOf(group)
  let asked = 0
  // Ends: each round asks one more, or is the last.
  for (; wanted > 0 && looksLeft > 0; wanted--) {
    const record = lowestOf(core, group)
    if (record === null) break
    ask(core, record)
    asked++
  }
  return asked
}

/** Critical tasks of its classes that may interrupt. */
function waitingIn(group: Group): number {
  let waiting = 0
  for (const { head, queue, lanes } of group.heads.items) {
    looksLeft--
    if (head!.level < CRITICAL || !queue.options.preempt) continue
    waiting += Math.min(lanes[CRITICAL - 1].length, roomOf(queue))
  }
  return waiting
}

/** Tasks that the queue may have in hand besides those that it has. */
function roomOf({ options, inHand }: QueueState): number {
  return options.concurrency === 0 ? Number.POSITIVE_INFINITY : options.concurrency - inHand
}

/** Attempts of its agents that were asked and run still: credit on its way. */
function askedOf(group: Group): number {
  let asked = 0
  for (const { preemptible } of group.profiles) {
    for (const { interrupting } of preemptible) {
      looksLeft--
      asked += interrupting
    }
  }
  return asked
}

/** @returns of those that may be asked the one of the lowest level, of these the one begun last. */
function lowestOf(core: PolicyState, group: Group): TaskRecord | null {
  let lowest: TaskRecord | null = null
  for (const { preemptible } of group.profiles) {
    for (const agent of preemptible) {
      if (looksLeft-- <= 0) return lowest
      if (!givesCredit(core, agent)) continue
      for (let record = agent.running.head; record !== null; record = record.next) {
        looksLeft--
        if (mayBeAsked(record) && (lowest === null || isLower(record, lowest))) lowest = record
      }
    }
  }
  return lowest
}

/** Whether a task that it stops makes room for one that waits in a lane. */
function givesCredit(core: PolicyState, agent: AgentState): boolean {
  if (!agent.accepting || agent.pull || agent.bound.length > 0) return false
  return core.table.credit(agent.index as AgentIndex) + agent.interrupting >= 0
}

function mayBeAsked({ baseLevel, extras, cls }: TaskRecord): boolean {
  if (baseLevel >= CRITICAL) return false
  const { preemptionsMax } = cls!.queue.options
  return extras === null
    ? preemptionsMax > 0
    : !extras.preempting && extras.preemptions < preemptionsMax
}

function isLower(a: TaskRecord, b: TaskRecord): boolean {
  if (a.baseLevel !== b.baseLevel) return a.baseLevel < b.baseLevel
  return a.attempt!.counter > b.attempt!.counter
}

function ask(core: PolicyState, record: TaskRecord): void {
  const agent = record.attempt!.agent!
  extrasOf(record).preempting = true
  agent.interrupting++
  core.counters.preemptionsAsked++
  core.effects.preempt(record, agent)
}

/**
 * An attempt that was asked hands itself back: no failure, and its next attempt gets the checkpoint.
 * @param checkpoint what it has; null when there is nothing new, so that what an earlier one left stays.
 *   It is kept: the caller's is a copy of its message.
 * @returns null; `preempted` when nobody asked for it.
 */
export function yielded(
  core: PolicyState,
  record: TaskRecord,
  checkpoint: Uint8Array | null,
  nowMs: number,
): ErrorCode | null {
  const { extras } = record
  if (extras === null || !extras.preempting) return 'preempted'
  const agent = record.attempt!.agent!
  agent.lastSeenMs = nowMs
  end(core, record, 'preempted', false)
  giveCredit(core, agent)
  core.counters.preempted++
  extras.preemptions++
  if (checkpoint !== null) extras.checkpoint = checkpoint
  record.code = 'preempted'
  record.message = `Attempt ${record.attempts} was interrupted for a critical task.`
  record.retryable = true
  putBack(core, record, nowMs)
  return null
}
