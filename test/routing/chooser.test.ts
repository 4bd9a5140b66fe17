import { expect, test } from 'vitest'
import { ClassFlag, toAgent, toClass } from '../../native-free/index.ts'
import { Random } from '../../src/routing/generator.ts'
import { createStrategies, loadStrategies, strategyNames } from '../../src/routing/registry.ts'
import { NONE, type PlacementTask, type Strategy } from '../../src/routing/strategy.ts'
import { Fleet } from './fleet.ts'

/** A strategy that answers what it is told to. */
function saying(answer: () => number): Strategy {
  return { name: 'saying', choose: answer }
}

test('chooser: hands class, level, slot, rows and key to the strategy that the slot names', () => {
  const seen: PlacementTask[] = []
  const spy: Strategy = {
    name: 'spy',
    choose: (task) => {
      seen.push({ ...task })
      return NONE
    },
  }
  const fleet = new Fleet({ strategies: [saying(() => NONE), spy] })
  fleet.classes.setRow(toClass(3), 5)
  fleet.classes.setMatchRow(toClass(3), 6)
  fleet.classes.setFlags(toClass(3), ClassFlag.EARLY)
  expect(fleet.choose(1, 3, 4, -77)).toBe(NONE)
  const rest = { row: 5, matchRow: 6, key: -77, early: true }
  expect(seen).toEqual([{ classIndex: 3, level: 4, slot: 0, ...rest }])
})

test('chooser: refuses what a faulty strategy answers', () => {
  let answer = 0
  const fleet = new Fleet({ strategies: [saying(() => answer)] })
  fleet.join(1, 1)
  fleet.join(2, 1, 0, [1])
  fleet.join(3, 1, 1)
  for (answer of [0, 2, 3, -2, 1_024, 1e9, Number.NaN, 1.5 + 1]) {
    expect(fleet.choose(0), String(answer)).toBe(NONE)
  }
  answer = 1
  expect(fleet.choose(0)).toBe(1)
})

test('chooser: asks again when the answer is full by its own pending proposals', () => {
  const fleet = new Fleet({ strategies: createStrategies(['round_robin'], new Fleet().context) })
  for (const agent of [0, 1, 2]) fleet.join(agent, 1)
  fleet.chooser.agents.pending[0] = 1
  fleet.chooser.agents.pending[1] = 1
  expect(fleet.choose(0)).toBe(2)
  expect(fleet.agents.inUse(toAgent(2))).toBe(0)
})

test('chooser: preferred agents come first while one of them has room', () => {
  const fleet = new Fleet()
  fleet.classes.setFlag(toClass(0), ClassFlag.PREFERRED, true)
  for (const agent of [0, 1, 2, 3]) fleet.join(agent, 2)
  for (const agent of [1, 3]) fleet.agents.setPreferred(toClass(0), toAgent(agent), true)
  for (const strategy of strategyNames()) {
    const chosen = Array.from({ length: 8 }, () => fleet.place(strategy))
    expect(chosen.slice(0, 4).toSorted(), strategy).toEqual([1, 1, 3, 3])
    expect(chosen.slice(4).toSorted(), strategy).toEqual([0, 0, 2, 2])
    for (const agent of chosen) fleet.agents.give(toAgent(agent))
  }
})

test('chooser: a class that binds early gets agents without credit, until their queues are full', () => {
  const fleet = new Fleet()
  fleet.classes.setFlag(toClass(0), ClassFlag.EARLY, true)
  fleet.agents.setQueueMax(2)
  fleet.join(0, 1, 0, [0, 1])
  fleet.join(1, 1, 0, [0, 1])
  for (const strategy of strategyNames()) {
    const chosen = Array.from({ length: 7 }, () => fleet.place(strategy))
    expect(chosen.slice(0, 6).toSorted(), strategy).toEqual([0, 0, 0, 1, 1, 1])
    expect(chosen[6], strategy).toBe(NONE)
    expect(fleet.choose(strategy, 1), strategy).toBe(NONE)
    for (const agent of [0, 1].map(toAgent)) {
      fleet.agents.setQueued(agent, 0)
      fleet.agents.give(agent)
    }
  }
})

test('chooser: own proposals hide an agent without credit from late, without room from early classes', () => {
  const fleet = new Fleet()
  const { chooser } = fleet
  fleet.agents.setQueueMax(1)
  fleet.classes.setFlag(toClass(1), ClassFlag.EARLY, true)
  fleet.join(0, 1, 0, [0, 1])
  const free = () => [fleet.choose('round_robin', 0), fleet.choose('round_robin', 1)]
  expect(free()).toEqual([0, 0])
  chooser.propose(0)
  expect(free()).toEqual([NONE, 0])
  chooser.propose(0)
  expect(free()).toEqual([NONE, NONE])
  chooser.settle(0)
  expect(free()).toEqual([NONE, 0])
  chooser.settle(0)
  expect(free()).toEqual([0, 0])
})

test('chooser: whom it is to leave out it leaves out, whatever the strategy, for this once', () => {
  const fleet = new Fleet()
  const except = Int32Array.of(0, 2, 3, 9)
  fleet.classes.setFlag(toClass(1), ClassFlag.EARLY, true)
  fleet.agents.setQueueMax(1)
  for (const agent of [0, 1, 2, 3]) fleet.join(agent, 4, agent === 1 ? 3 : 0, [0, 1])
  for (const strategy of strategyNames()) {
    const before = [fleet.choose(strategy), fleet.choose(strategy, 1)]
    for (const of of [0, 1]) {
      expect(fleet.chooseExcept(strategy, except, 3, of), strategy).toBe(1)
      expect(fleet.chooseExcept(strategy, Int32Array.of(0, 1, 2, 3), 4, of), strategy).toBe(NONE)
    }
    expect(before, strategy).not.toContain(NONE)
    // All that it was told to leave out may be chosen again.
    const chosen = Array.from({ length: 13 }, () => fleet.place(strategy))
    expect(chosen.toSorted(), strategy).toEqual([0, 0, 0, 0, 1, 2, 2, 2, 2, 3, 3, 3, 3])
    for (const agent of chosen) fleet.agents.give(toAgent(agent))
  }
})

test('chooser: a slot with a strategy that does not exist is a programmer’s error', () => {
  const fleet = new Fleet({ strategies: [saying(() => NONE)] })
  expect(() => fleet.choose(1)).toThrow('slot 0: strategy 1 of 1')
})

test('registry: an unknown name is refused with those that exist', () => {
  const { context } = new Fleet()
  expect(() => createStrategies(['fastest'], context)).toThrow(
    `Strategy "fastest" is unknown; use one of ${strategyNames().join(', ')}.`,
  )
  expect(() => createStrategies(['toString'], context)).toThrow('is unknown')
})

test('registry: strategies of modules stand beside ours, in the order of the entries', async () => {
  const module = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
  const { context } = new Fleet()
  const good = module('export default () => ({ name: "mine", choose: () => -1 })')
  const loaded = await loadStrategies(
    [{ name: 'random' }, { name: 'mine', moduleUrl: good }, { name: 'round_robin' }],
    context,
  )
  expect(loaded.map(({ name }) => name)).toEqual(['random', 'mine', 'round_robin'])
  const bare = module('export const create = 1')
  await expect(loadStrategies([{ name: 'bare', moduleUrl: bare }], context)).rejects.toThrow(
    'has no default export',
  )
  const empty = module('export default () => ({})')
  await expect(loadStrategies([{ name: 'empty', moduleUrl: empty }], context)).rejects.toThrow(
    'Strategy "empty" has no choose function',
  )
})

test('generator: one seed gives one sequence, two seeds give two', () => {
  const draw = (seed: number) => {
    const random = new Random(seed)
    return Array.from({ length: 8 }, () => random.nextInt(1_000_000))
  }
  expect(draw(9)).toEqual(draw(9))
  expect(draw(9)).not.toEqual(draw(10))
})

test('generator: numbers fill their range and stay inside', () => {
  const random = new Random(0)
  const seen = new Set(Array.from({ length: 2_000 }, () => random.nextInt(7)))
  expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6])
  for (let i = 0; i < 2_000; i++) {
    const x = random.nextFloat()
    expect(x >= 0 && x < 1).toBe(true)
  }
})
