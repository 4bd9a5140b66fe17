/** What the submitters of a seed submit, cancel and ask for, and what an operator does meanwhile. */
import type { OwnPromises } from '../../src/task.ts'
import type { AgentPlan } from './agent-plans.ts'
import type { Dice } from './dice.ts'
import type { TaskGraph } from './graph-plans.ts'
import { CAPABILITIES, QUEUES, type Theme } from './themes.ts'

/** A submit that is to be refused before anything is accepted. */
export const BAD_SUBMITS = ['priority', 'header', 'id', 'too-large', 'subject', 'option'] as const
export type BadSubmit = (typeof BAD_SUBMITS)[number]

export interface TaskPlan {
  /** Its name in payloads and traces; no other submit has it. */
  readonly key: string
  readonly atMs: number
  readonly verb: 'task' | 'call'
  readonly queue: string
  /** Null lets the scheduler make one up. */
  readonly id: string | null
  /** Its id is one that the scheduler is about to make up, as far as that can be guessed. */
  readonly guessesId: boolean
  readonly level: number
  readonly levelIn: 'subject' | 'header'
  readonly requires: readonly string[]
  readonly timeoutMs: number | null
  readonly retryCount: number | null
  readonly wantsOutcome: boolean
  readonly payloadBytes: number
  /** Without a reply subject it is served and promised nothing. */
  readonly hasReply: boolean
  readonly cancelsAfterMs: number | null
  readonly looksUpAfterMs: number | null
  /** Submits the same id again so long after. */
  readonly againAfterMs: readonly number[]
  /** Cancels and stops waiting. */
  readonly givesUpAfterMs: number | null
  readonly bad: BadSubmit | null
  /** What it promises for itself; null for most. */
  readonly own: OwnPromises | null
  /** What it says of other tasks, and who decides it; null for most. */
  readonly graph: TaskGraph | null
}

export type OperatorCall =
  | { readonly atMs: number; readonly verb: 'drain'; readonly agent: string }
  | { readonly atMs: number; readonly verb: 'cancel' | 'task'; readonly id: string }
  | { readonly atMs: number; readonly verb: 'status' | 'agents' }

export function planSubmitters(dice: Dice, theme: Theme, faultyMs: number) {
  const count = dice.whole(1, 3)
  return Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    tasks: planTasks(dice, theme, faultyMs, `s${i}`, count),
  }))
}

function planTasks(dice: Dice, theme: Theme, faultyMs: number, name: string, submitters: number) {
  const tasks: TaskPlan[] = []
  const total = Math.ceil(totalOf(dice, theme) / submitters)
  // Ends: each burst has at least one task.
  while (tasks.length < total) {
    const atMs = Math.round(dice.chance(0.3) ? 1 : dice.between(0, faultyMs))
    const size = Math.min(total - tasks.length, burstOf(dice, theme))
    const queue = dice.pick(QUEUES)
    const isEven = theme === 'window' || theme === 'wideWindow' || dice.chance(0.25)
    const level = dice.whole(1, 5)
    for (let i = 0; i < size; i++) {
      const task = planTask(dice, theme, `${name}-${tasks.length}`, atMs)
      tasks.push(isEven ? { ...task, queue, level, requires: [] } : task)
    }
  }
  return tasks
}

function totalOf(dice: Dice, theme: Theme): number {
  if (theme === 'wideWindow') return dice.whole(560, 640)
  if (theme === 'window') return dice.whole(60, 160)
  if (theme === 'full') return dice.whole(40, 80)
  if (theme === 'memory') return dice.whole(8, 20)
  return dice.whole(8, 40)
}

function burstOf(dice: Dice, theme: Theme): number {
  if (theme === 'wideWindow') return 640
  if (theme === 'window') return dice.whole(30, 120)
  if (theme === 'full') return dice.whole(20, 60)
  return dice.pick([1, 1, 2, 5, 12, 20])
}

function planTask(dice: Dice, theme: Theme, key: string, atMs: number): TaskPlan {
  const plain = theme === 'wideWindow'
  const hasId = !plain && dice.chance(0.5)
  return {
    key,
    atMs,
    verb: dice.chance(0.6) ? 'task' : 'call',
    queue: queueOf(dice, theme),
    // Few names, so that the same is submitted by several, and again after it was forgotten.
    id: hasId ? (dice.chance(0.3) ? `shared-${dice.whole(1, 4)}` : `id-${key}`) : null,
    guessesId: hasId && dice.chance(0.05),
    level: dice.chance(0.5) ? 3 : dice.whole(1, 5),
    levelIn: dice.pick(['subject', 'header']),
    requires: requiresOf(dice, theme),
    timeoutMs: timeoutOf(dice, theme),
    retryCount: dice.chance(0.3) ? dice.whole(0, 4) : null,
    wantsOutcome: dice.chance(0.85),
    payloadBytes: payloadOf(dice, theme),
    hasReply: dice.chance(0.95),
    cancelsAfterMs: !plain && dice.chance(0.15) ? dice.between(0, dice.pick([0.3, 3, 300])) : null,
    looksUpAfterMs: !plain && dice.chance(0.1) ? dice.between(0, 300) : null,
    againAfterMs:
      !plain && hasId && dice.chance(0.3) ? [dice.between(0, 20), dice.between(20, 900)] : [],
    givesUpAfterMs: !plain && dice.chance(0.08) ? dice.between(10, 500) : null,
    bad: !plain && dice.chance(0.03) ? dice.pick(BAD_SUBMITS) : null,
    own: null,
    graph: null,
  }
}

function payloadOf(dice: Dice, theme: Theme): number {
  if (theme === 'full') return dice.whole(20, 300)
  if (theme === 'memory') return dice.pick([0, 5_000, 70_000, 200_000])
  return dice.pick([0, 20, 60])
}

function queueOf(dice: Dice, theme: Theme): string {
  if (theme === 'classes' && dice.chance(0.3)) return `more-${dice.whole(1, 6)}`
  if (theme === 'strict' && dice.chance(0.2)) return 'nowhere'
  return dice.pick(QUEUES)
}

function requiresOf(dice: Dice, theme: Theme): string[] {
  if (theme === 'classes') return dice.some(['one', 'two', 'three', 'four', 'five', 'six'], 0.4)
  return dice.chance(0.6) ? [] : dice.some(CAPABILITIES, 0.4)
}

function timeoutOf(dice: Dice, theme: Theme): number | null {
  if (theme === 'timers') return dice.whole(20, 900)
  return dice.chance(0.3) ? dice.pick([20, 100, 400, 1_500]) : null
}

export function planOperator(
  dice: Dice,
  given: { faultyMs: number; agents: readonly AgentPlan[]; tasks: readonly TaskPlan[] },
): OperatorCall[] {
  return Array.from({ length: dice.whole(0, 4) }, () => {
    const atMs = Math.round(dice.between(0, given.faultyMs))
    const verb = dice.weighted({ drain: 3, cancel: 3, task: 2, status: 1, agents: 1 })
    if (verb === 'drain') return { atMs, verb, agent: dice.pick(given.agents).id }
    if (verb === 'status' || verb === 'agents') return { atMs, verb }
    return { atMs, verb, id: dice.pick(given.tasks).id ?? 'nobody' }
  })
}
