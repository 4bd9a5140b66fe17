/**
 * What a seed has of work that changes hands: a balancer that is quick to act, agents that let what
 * they have not begun wait and be called back, work of others in their hands, agents that we limit;
 * and steals, call-backs and limits of anything for anybody, of which the core takes what may be.
 */

import { dispatchMoved } from '../../src/front-end/commit.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { BOUND, RUNNING, type TaskRecord } from '../../src/policy/task-record.ts'
import type { AgentPlan } from './agent-plans.ts'
import { policyMs } from './clock.ts'
import type { Tuning } from './confirms.ts'
import type { Dice } from './dice.ts'
import type { Theme } from './themes.ts'

/** How an agent is about work that it has not begun. */
export interface AgentMoves {
  /** Begins as many at a time as it said, and lets the rest wait. */
  readonly holds: boolean
  /** Hands back what waits when it is called back. */
  readonly recalls: boolean
  /** Of the call-backs that it hears; it does as if it had not. */
  readonly ignores: number
  /** Says that it has not begun what runs, asked and unasked. */
  readonly lies: boolean
  /** Most that its beats say of work of others. */
  readonly others: number
}

export const UNMOVED: AgentMoves = {
  holds: false,
  recalls: false,
  ignores: 0,
  lies: false,
  others: 0,
}

export interface Move {
  readonly atMs: number
  readonly verb: 'steal' | 'recall' | 'limit' | 'rebalance' | 'maintain'
  /** Chooses among tasks and agents. */
  readonly number: number
}

/** Of all seeds, about. */
export const MOVING_SHARE = 0.4
const WITHOUT: readonly Theme[] = ['window', 'wideWindow']

export function hasMoves(dice: Dice, theme: Theme): boolean {
  return dice.chance(MOVING_SHARE) && !WITHOUT.includes(theme)
}

/** Of all others nothing changes hands, so that what they meet is what they met before. */
export function unmoving(options: SchedulerOptions): SchedulerOptions {
  return { ...options, stealing: false, agentHealth: false, scaling: false }
}

export function moving(dice: Dice, options: SchedulerOptions): SchedulerOptions {
  const { red, green, blue } = options.queues!
  const early = (queue: object | undefined) => {
    return dice.chance(0.7) ? { ...queue, binding: 'early' as const } : { ...queue }
  }
  const busyAbove = dice.whole(0, 2)
  return {
    ...options,
    agentQueueMax: dice.pick([2, 4, 16]),
    queues: { ...options.queues, red: early(red), green: early(green), blue: early(blue) },
    scaling: false,
    stealing: {
      mode: dice.pick(['hybrid', 'hybrid', 'pull', 'push', 'off'] as const),
      busyAbove,
      idleBelow: Math.min(busyAbove, dice.whole(1, 2)),
      freeTakesAbove: dice.pick([0, 0, 1]),
      intervalMs: dice.whole(50, 500),
      imbalanceRatio: dice.pick([0, 1.5, 3]),
      perCycleMax: dice.whole(1, 5),
      order: dice.pick(['newest', 'oldest'] as const),
      protectFrom: dice.pick([4, 4, 3, 5, 6]),
      variation: dice.pick([0, 0.01, 0.1]),
      perPairMax: dice.whole(1, 3),
      gainMs: dice.pick([0, 0, 1, 20]),
      recall: dice.chance(0.9),
    },
    agentHealth: dice.chance(0.5)
      ? false
      : {
          intervalMs: dice.whole(20, 200),
          silentBeats: dice.pick([0, 1, 2]),
          flaps: dice.whole(1, 3),
          flapWindowMs: 2_000,
          failureRate: 0.4,
          resultsMin: dice.whole(1, 5),
          slowFactor: dice.pick([1.5, 5]),
          quarantineMs: dice.whole(30, 200),
          quarantineMaxMs: 300,
          sparedShareMax: dice.pick([0.5, 1]),
        },
  }
}

/** So that work heaps up. */
export function inBursts(everyMs: number, atMs: number): number {
  return Math.floor(atMs / everyMs) * everyMs
}

/** Small and slow enough to have something to hand back. @param isHonest it says what is so. */
export function handing(dice: Dice, plan: AgentPlan, isHonest: boolean): AgentPlan {
  if (plan.isMute) return plan
  const moves = agentMoves(dice, isHonest)
  const concurrency = dice.pick([1, 1, 2, 3])
  return { ...plan, moves, concurrency, workMs: [1, dice.pick([20, 60, 200])] }
}

/** Agents are sent more than they do, soon and often. */
export function planPrefetches(dice: Dice, agents: readonly string[], faultyMs: number): Tuning[] {
  const some = agents.filter(() => dice.chance(0.7))
  const tunings = some.flatMap((agent) =>
    Array.from({ length: 12 }, () => ({
      atMs: Math.round(dice.between(0, faultyMs)),
      agent,
      count: dice.pick([0, 2, 3, 5, 8]),
    })),
  )
  return tunings.sort((a, b) => a.atMs - b.atMs)
}

function agentMoves(dice: Dice, isHonest: boolean): AgentMoves {
  const holds = dice.chance(0.8)
  const recalls = holds && dice.chance(0.85)
  return {
    holds,
    recalls,
    ignores: recalls ? dice.pick([0, 0, 0.3]) : 0,
    lies: recalls && !isHonest && dice.chance(0.2),
    others: dice.pick([0, 0, 2, 6]),
  }
}

export function planMoves(dice: Dice, faultyMs: number): Move[] {
  const count = dice.whole(0, 90)
  return Array.from({ length: count }, () => ({
    atMs: Math.round(dice.between(0, faultyMs)),
    verb: dice.weighted({ steal: 6, recall: 8, limit: 3, rebalance: 1, maintain: 1 }),
    number: dice.whole(0, 1_000_000),
  }))
}

export function applyMove(context: FrontEndContext, { verb, number }: Move): void {
  const { core, balancer, agentHealth } = context
  const agents = [...core.agents.values()]
  if (agents.length === 0) return
  const nowMs = policyMs()
  const agent = agents[number % agents.length]
  if (verb === 'limit') core.limitAgent(agent.id, [-1, 0, 1, 2][(number >> 6) % 4])
  else if (verb === 'maintain') agentHealth.maintain(agent.id, (number >> 6) % 2 === 0, nowMs)
  else if (verb === 'rebalance') balancer.rebalance(nowMs)
  else {
    const record = anyOf(context, verb, number)
    if (record !== undefined) changeHands(context, verb, record, agent, nowMs)
  }
}

/** Mostly one of which it may be. */
function anyOf(
  { core }: FrontEndContext,
  verb: 'steal' | 'recall',
  number: number,
): TaskRecord | undefined {
  const all = [...core.index.records()]
  const may = ({ state, attempt }: TaskRecord) =>
    verb === 'steal' ? state === BOUND : state === RUNNING && hasMore(attempt!.agent!)
  const running = all.filter(({ state }) => state === RUNNING)
  const some = number % 7 === 0 ? all : number % 7 === 1 ? running : all.filter(may)
  return some[(number >> 5) % Math.max(1, some.length)]
}

function hasMore({ running, concurrency, recalls }: AgentState): boolean {
  return recalls && running.length > concurrency
}

function changeHands(
  context: FrontEndContext,
  verb: 'steal' | 'recall',
  record: TaskRecord,
  agent: AgentState,
  nowMs: number,
): void {
  const { core } = context
  if (verb === 'recall') core.recall(record, nowMs % 5 === 0 ? null : agent, nowMs)
  else if (core.steal(record, agent, nowMs) === null && record.state === RUNNING) {
    dispatchMoved(context, record)
  }
}

/** Nobody is limited by us any more. */
export function endLimits({ core, agentHealth }: FrontEndContext): void {
  for (const { id } of core.agents.values()) {
    agentHealth.maintain(id, false, policyMs())
    core.limitAgent(id, -1)
  }
}
