/**
 * What a seed has of work that hangs together: flows and tasks that depend on others, rules on results,
 * votes, second attempts, agents that decline, people. Drawn apart from the rest of a scenario, so that
 * all other seeds are what they were.
 */
import type { FlowOptions } from '../../src/flow-views.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import type { PersonOptions } from '../../src/people-views.ts'
import type { GivenQueueOptions } from '../../src/queue-options.ts'
import { PARENT_FAILURES, type ParentFailure } from '../../src/task.ts'
import type { AgentPlan } from './agent-plans.ts'
import type { Dice } from './dice.ts'
import type { TaskPlan } from './task-plans.ts'
import { DESK, QUEUES, type Theme } from './themes.ts'

/** Of all seeds, about. */
export const GRAPH_SHARE = 0.3
/** Themes that measure one narrow thing. */
const WITHOUT: readonly Theme[] = ['window', 'wideWindow', 'full', 'memory', 'crowd', 'classes']
/** How many have to be different, at most: so many can do everything when the faults are over. */
export const VOTERS_MAX = 3
export const PEOPLE = ['ann', 'bob'] as const

/** What a task says of others. */
export interface TaskGraph {
  readonly after: readonly string[]
  readonly onFailure: ParentFailure
  /** 0 for the queue's. */
  readonly voters: number
  readonly decide: 'first' | 'majority' | 'all'
}

export interface FlowPlan {
  readonly atMs: number
  readonly options: FlowOptions
  /** Cancels one of its tasks and what depends on it so long after; null for never. */
  readonly cancelsAfterMs: number | null
  readonly cancels: string
}

/** Something is done to some task or other, which the core may refuse. */
export interface GraphMove {
  readonly atMs: number
  readonly verb: 'hedge' | 'cancel' | 'assign' | 'claim'
  readonly number: number
}

export interface GraphPlan {
  readonly flows: readonly FlowPlan[]
  readonly moves: readonly GraphMove[]
  readonly people: Readonly<Record<string, PersonOptions>>
  /** Of what lies in their inbox people do something every so often, ms. */
  readonly lookMs: number
}

export function hasGraphs(dice: Dice, theme: Theme): boolean {
  return dice.chance(GRAPH_SHARE) && !WITHOUT.includes(theme)
}

/** Rules on results, votes that a queue asks for, and people. */
export function hanging(dice: Dice, options: SchedulerOptions, plan: GraphPlan): SchedulerOptions {
  const queues: Record<string, GivenQueueOptions> = { ...options.queues }
  for (const name of QUEUES) {
    if (dice.chance(0.5)) queues[name] = { ...queues[name], rules: rulesOf(dice) }
  }
  if (dice.chance(0.3)) queues.green = { ...queues.green, voters: 2, decide: 'all' }
  for (const name of QUEUES) {
    if (!dice.chance(0.4)) continue
    queues[name] = { ...queues[name], hedgePercentile: 0.5, hedgeBudget: 0.2 }
  }
  queues[DESK] = { ...queues[DESK] }
  return { ...options, queues, people: plan.people }
}

function rulesOf(dice: Dice): GivenQueueOptions['rules'] {
  const value = dice.whole(20, 90)
  return [
    {
      field: 'score',
      is: '>=',
      value,
      queue: DESK,
      priority: dice.pick(['low', 'high'] as const),
      times: 3,
    },
    { field: 'score', is: '<', value: 10, deadLetter: 'rejected' },
    ...(dice.chance(0.3)
      ? [{ field: 'score', is: '<' as const, value: 15, queue: DESK, times: 3 }]
      : []),
  ]
}

export function planGraphs(dice: Dice, faultyMs: number): GraphPlan {
  const flows = Array.from({ length: dice.whole(0, 4) }, (_, i) => planFlow(dice, faultyMs, i))
  const people: Record<string, PersonOptions> = {}
  for (const name of PEOPLE) {
    if (!dice.chance(0.5)) continue
    people[name] = {
      queues: dice.chance(0.5) ? [...QUEUES, DESK] : [dice.pick(QUEUES), DESK],
      capacity: 2,
    }
  }
  const moves = Array.from({ length: dice.whole(0, 60) }, () => ({
    atMs: Math.round(dice.between(0, faultyMs)),
    verb: dice.weighted({ hedge: 8, cancel: 1, assign: 2, claim: 2 }),
    number: dice.whole(0, 1_000_000),
  }))
  return { flows, moves, people, lookMs: dice.pick([5, 20, 60]) }
}

function planFlow(dice: Dice, faultyMs: number, number: number): FlowPlan {
  const names = Array.from({ length: dice.whole(1, 9) }, (_, i) => `n${i}`)
  const share = dice.between(0, 0.7)
  const tasks: FlowOptions['tasks'] = {}
  for (const [i, name] of names.entries()) {
    const isNamed = dice.chance(0.2)
    const delays = dice.chance(0.15)
    tasks[name] = {
      queue: dice.pick([...QUEUES, DESK]),
      payload: `f${number}-${name} `,
      after: names.slice(0, i).filter(() => dice.chance(share)),
      onFailure: dice.pick(PARENT_FAILURES),
      ...(isNamed && { id: `id-s0-${dice.whole(0, 12)}` }),
      ...(delays && { delayMs: dice.pick([1, 40]) }),
      ...(dice.chance(0.2) && { priority: dice.whole(1, 5) as 1 }),
    }
  }
  return {
    atMs: Math.round(dice.between(0, faultyMs * 0.8)),
    options: { tasks, ...(dice.chance(0.4) && { id: `flow-${dice.whole(0, 2)}` }) },
    cancelsAfterMs: dice.chance(0.3) ? dice.between(0, 300) : null,
    cancels: dice.pick(names),
  }
}

/** Tasks that depend on what was submitted before, and on what never was; or that several decide. */
export function graphOf(dice: Dice, task: TaskPlan, all: readonly TaskPlan[]): TaskGraph | null {
  const share = dice.share()
  const decide = dice.pick(['first', 'majority', 'all'] as const)
  const none = { after: [], onFailure: 'fail', voters: 0, decide } as const
  if (share < 0.12) return { ...none, voters: dice.whole(2, VOTERS_MAX) }
  if (share > 0.4) return null
  const named = all.filter(
    ({ id, key, atMs }) => id !== null && key !== task.key && atMs <= task.atMs,
  )
  const some = named.filter(() => dice.chance(2 / Math.max(2, named.length)))
  const after = some.slice(0, 4).map(({ id, queue }) => (dice.chance(0.6) ? `${queue}/${id}` : id!))
  if (after.length === 0 || dice.chance(0.05)) after.push('nobody')
  return { ...none, after, onFailure: dice.pick(PARENT_FAILURES) }
}

/** Their results are judged by rules; some say that they will not do a task. */
export function choosy(dice: Dice, plan: AgentPlan): AgentPlan {
  if (plan.isMute) return plan
  return { ...plan, scores: true, declines: dice.chance(0.4) ? dice.pick([0.1, 0.5]) : 0 }
}
