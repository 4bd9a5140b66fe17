/** Any events in any order: what must hold holds after each, and in the end every task has one end. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMANDS } from './commands.ts'
import { type Model, World } from './world.ts'

test('policy: after any event nothing is lost or done twice, and credit is exact', () => {
  const scenario = fc.commands(COMMANDS, { maxCommands: 250, size: 'max' })
  let finished = 0
  let bound = 0
  let begun = 0
  let returned = 0
  let allocated = 0
  fc.assert(
    fc.property(scenario, (given) => {
      const model: Model = { tasks: new Map(), ends: new Map() }
      const world = new World()
      fc.modelRun(() => ({ model, real: world }), given)
      world.settle(model)
      finished += model.ends.size
      bound += world.policy.core.counters.bound
      begun += world.begun
      returned += world.policy.effects.unbounds.length
      allocated += world.held.size
    }),
    { numRuns: 250 },
  )
  // Else the commands hardly did anything.
  expect(finished).toBeGreaterThan(1_000)
  expect(bound).toBeGreaterThan(100)
  expect(begun).toBeGreaterThan(20)
  expect(returned).toBeGreaterThan(20)
  expect(allocated).toBeGreaterThan(20)
})
