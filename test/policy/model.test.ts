/** Any events in any order: what must hold holds after each, and in the end every task has one end. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PolicyCounters } from '../../src/policy/state.ts'
import { QUICKLY } from '../support/shrinking.ts'
import { COMMANDS } from './commands.ts'
import { type Model, World } from './world.ts'

/** Scenarios; SOAK asks for more. */
const RUNS = process.env.SOAK ? 10_000 : 250

/** What must have happened for the run to say something, over 250 scenarios. */
const LEAST: Partial<PolicyCounters> = {
  bound: 100,
  duplicates: 150,
  expired: 100,
  dead: 10,
  retried: 50,
  preemptionsAsked: 20,
  preempted: 10,
  boosted: 50,
  slaWarnings: 50,
  slaBreaches: 50,
  moved: 100,
  deadLetters: 200,
  stolen: 300,
  recallsAsked: 200,
  recalled: 80,
  advanced: 100,
  hedged: 100,
  hedgesWon: 20,
  declined: 50,
  flows: 50,
}

test('policy: after any event nothing is lost or done twice, and credit is exact', () => {
  const scenario = fc.commands(COMMANDS, { maxCommands: 250, size: 'max' })
  let finished = 0
  let begun = 0
  let returned = 0
  let allocated = 0
  let past = 0
  let parked = 0
  const totals: Partial<Record<keyof PolicyCounters, number>> = {}
  fc.assert(
    fc.property(scenario, (given) => {
      const model: Model = { tasks: new Map(), ends: new Map() }
      const world = new World()
      fc.modelRun(() => ({ model, real: world }), given)
      world.settle(model)
      const { counters } = world.policy.core
      for (const name of Object.keys(LEAST) as (keyof PolicyCounters)[]) {
        totals[name] = (totals[name] ?? 0) + counters[name]
      }
      finished += model.ends.size
      begun += world.begun
      returned += world.policy.effects.unbounds.length
      allocated += world.held.size
      past += world.past
      parked += world.parked
    }),
    { ...QUICKLY, numRuns: RUNS },
  )
  // Else the commands hardly did anything.
  expect(finished).toBeGreaterThan(1_000)
  expect(begun).toBeGreaterThan(20)
  expect(returned).toBeGreaterThan(20)
  expect(allocated).toBeGreaterThan(20)
  expect(past).toBeGreaterThan(100)
  expect(parked).toBeGreaterThan(100)
  for (const [name, least] of Object.entries(LEAST)) {
    expect(totals[name as keyof PolicyCounters], name).toBeGreaterThan(least)
  }
}, 3_600_000)
