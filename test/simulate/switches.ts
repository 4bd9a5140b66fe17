/**
 * What is switched while a seed plays: who chooses, who decides beside, whether tasks are bound early;
 * and credit that is taken without a task and given back.
 */
import type { PolicyCore } from '../../src/policy/core.ts'
import type { Dice } from './dice.ts'
import { QUEUES } from './themes.ts'

export interface Switch {
  readonly atMs: number
  readonly verb:
    | 'strategy'
    | 'default'
    | 'shadow'
    | 'binding'
    | 'allocate'
    | 'release'
    | 'pause'
    | 'resume'
    | 'configure'
  readonly queue: string
  /** Chooses among strategies, bindings or agents. */
  readonly number: number
}

/** @param isPromising queues are paused and configured too. */
export function planSwitches(dice: Dice, faultyMs: number, isPromising: boolean): Switch[] {
  const count = dice.chance(0.4) ? dice.whole(1, 30) : 0
  return Array.from({ length: count }, () => ({
    atMs: Math.round(dice.between(0, faultyMs)),
    verb: dice.weighted({
      strategy: 4,
      default: 1,
      shadow: 1,
      binding: 4,
      allocate: 3,
      release: 2,
      pause: isPromising ? 3 : 0,
      resume: isPromising ? 3 : 0,
      configure: isPromising ? 3 : 0,
    }),
    queue: dice.pick(QUEUES),
    number: dice.whole(0, 1_000),
  }))
}

export function applySwitch(core: PolicyCore, strategyCount: number, one: Switch): void {
  const { verb, queue, number } = one
  if (verb === 'strategy') core.setStrategy(queue, number % strategyCount)
  else if (verb === 'default') core.setStrategy(null, number % strategyCount)
  else if (verb === 'shadow') core.setShadow(queue, (number % (strategyCount + 1)) - 1)
  else if (verb === 'binding') core.setBinding(queue, number % 2 === 0 ? 'early' : 'late')
  else if (verb === 'allocate') core.allocate({ queue, level: 3, requires: [], routing: null })
  else if (verb === 'pause') core.pauseQueue(queue)
  else if (verb === 'resume') core.resumeQueue(queue)
  else if (verb === 'configure') configure(core, queue, number)
  else release(core, number)
}

/** Other ages, another limit, another SLA; what decides how often a task is tried stays. */
function configure(core: PolicyCore, queue: string, number: number): void {
  const options = core.queues.get(queue)?.options
  if (options === undefined) return
  const ms = [0, 30, 150, 500][number % 4]
  core.configureQueue(queue, {
    ...options,
    ...(number % 3 === 0 ? { slaTargetMs: ms } : {}),
    ...(number % 3 === 1 ? { ttlMs: ms === 0 ? 0 : ms + 300, maxAgeMs: ms } : {}),
    ...(number % 3 === 2 ? { concurrency: number % 5 } : {}),
    ...(number % 7 === 0 ? { retryDelayMs: ms } : {}),
    ...(number % 11 === 0 ? { binding: number % 2 === 0 ? 'early' : 'late' } : {}),
  })
}

function release(core: PolicyCore, number: number): void {
  const held = [...core.agents.values()].filter((agent) => agent.held > 0)
  if (held.length > 0) core.release(held[number % held.length].id)
}

/** Everything that was allocated is given back, and nothing is paused any more. */
export function releaseAll(core: PolicyCore): void {
  for (const name of core.queues.keys()) core.resumeQueue(name)
  for (const agent of core.agents.values()) {
    // Ends: each gives back one of what is held.
    while (agent.held > 0) core.release(agent.id)
  }
}
