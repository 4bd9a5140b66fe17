/** How the commands of the model-based property tests are made: an event, then all checks. */
import fc from 'fast-check'
import type { Model, World } from './world.ts'

export type Command = fc.Command<Model, World>

export interface Weighted {
  weight: number
  arbitrary: fc.Arbitrary<Command>
}

/** @param act does the event, or nothing when there is nothing to do it to. */
export function event(
  name: string,
  act: (world: World, number: number, model: Model) => void,
): fc.Arbitrary<Command> {
  return fc.nat(1_000_000).map((number) => ({
    check: () => true,
    run: (model, world) => {
      act(world, number, model)
      world.check(model)
    },
    toString: () => `${name}(${number})`,
  }))
}

/** As `event`, for one of the tasks in a state. */
export function eventOf(
  name: string,
  state: number,
  act: (world: World, record: NonNullable<ReturnType<World['pick']>>, number: number) => void,
): fc.Arbitrary<Command> {
  return event(name, (world, number) => {
    const record = world.pick(state, number)
    if (record !== undefined) act(world, record, number >> 6)
  })
}
