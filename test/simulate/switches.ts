/**
 * What is switched while a seed plays: who chooses, who decides beside, whether tasks are bound early;
 * and credit that is taken without a task and given back.
 */
import type { PolicyCore } from '../../src/policy/core.ts'
import type { Dice } from './dice.ts'
import { QUEUES } from './themes.ts'

export interface Switch {
  readonly atMs: number
  readonly verb: 'strategy' | 'default' | 'shadow' | 'binding' | 'allocate' | 'release'
  readonly queue: string
  /** Chooses among strategies, bindings or agents. */
  readonly number: number
}

export function planSwitches(dice: Dice, faultyMs: number): Switch[] {
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
  else release(core, number)
}

function release(core: PolicyCore, number: number): void {
  const held = [...core.agents.values()].filter((agent) => agent.held > 0)
  if (held.length > 0) core.release(held[number % held.length].id)
}

/** Everything that was allocated is given back. */
export function releaseAll(core: PolicyCore): void {
  for (const agent of core.agents.values()) {
    // Ends: each gives back one of what is held.
    while (agent.held > 0) core.release(agent.id)
  }
}
