/** Any events in any order, recorded: whoever rebuilds the core is in its state after each event. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../policy/commands.ts'
import { type Model, World } from '../../policy/world.ts'
import { QUICKLY } from '../../support/shrinking.ts'
import { Twin } from './support.ts'

const scenario = fc.commands(COMMANDS, { maxCommands: 250, size: 'max' })

function newModel(): Model {
  return { tasks: new Map(), ends: new Map() }
}

test('journal: a rebuilt core equals the live one after every event', () => {
  let compared = 0
  fc.assert(
    fc.property(scenario, (given) => {
      const model = newModel()
      const world = new World()
      const twin = new Twin(world.policy.core)
      fc.modelRun(() => ({ model, real: world }), given)
      world.settle(model)
      twin.end()
      expect(twin.replayer.end).toBe(twin.digest)
      compared += twin.compared
    }),
    { ...QUICKLY, numRuns: 40 },
  )
  // Else the commands hardly did anything.
  expect(compared).toBeGreaterThan(2_500)
}, 300_000)

test('journal: a core restored in the middle goes on as the one it was taken from', () => {
  const halves = fc.tuple(scenario, scenario)
  fc.assert(
    fc.property(halves, ([before, after]) => {
      const model = newModel()
      const world = new World()
      fc.modelRun(() => ({ model, real: world }), before)
      const twin = new Twin(world.policy.core)
      fc.modelRun(() => ({ model, real: world }), after)
      world.settle(model)
      twin.end()
      expect(twin.replayer.end).toBe(twin.digest)
    }),
    { ...QUICKLY, numRuns: 40 },
  )
}, 300_000)
