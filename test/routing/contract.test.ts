/** What every strategy owes, read from the folder: a new file is tested without being named here. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { AgentStatus, ClassFlag, toAgent, toClass } from '../../native-free/index.ts'
import { Random } from '../../src/routing/generator.ts'
import { BUILT_IN, strategyNames } from '../../src/routing/registry.ts'
import { NONE, type StrategyFactory } from '../../src/routing/strategy.ts'
import { node } from '../support/node-script.ts'
import { Fleet } from './fleet.ts'

/** Rounds of 200,000 choices of each strategy, until the compiler is done with it. */
const ALLOCATION_MS = 120_000

const FOLDER = fileURLToPath(new URL('../../src/routing/', import.meta.url))

const strategyFiles: { name: string; create: StrategyFactory }[] = []
for (const file of readdirSync(FOLDER).sort()) {
  const stem = file.replace(/\.ts$/, '')
  const module: { default?: StrategyFactory } = await import(`../../src/routing/${stem}.ts`)
  if (module.default === undefined) continue
  strategyFiles.push({ name: stem.replaceAll('-', '_'), create: module.default })
}
const names = strategyFiles.map(({ name }) => name)

/** A fleet of 64 with random capacities, loads, statuses, candidates and learned scores. */
function randomFleet(seed: number, isEarly = false): Fleet {
  const fleet = new Fleet({ seed, agentCountMax: 96 })
  for (const one of [0, 1, 2].map(toClass)) {
    fleet.classes.setFlag(one, ClassFlag.EARLY, isEarly)
    fleet.classes.setRow(one, one)
    fleet.classes.setMatchRow(one, one)
  }
  if (isEarly) fleet.agents.setQueueMax(2)
  const dice = new Random(seed + 1_000)
  for (let agent = 0; agent < 64; agent++) {
    const capacity = 1 + dice.nextInt(10)
    const classes = [0, 1, 2].filter(() => dice.nextInt(3) > 0)
    fleet.join(agent, capacity, dice.nextInt(capacity + 1), classes)
    for (const row of [0, 1, 2]) {
      if (dice.nextInt(2) === 0) fleet.learning.setLatency(row, toAgent(agent), dice.nextInt(9_999))
      if (dice.nextInt(2) === 0) fleet.learning.setSuccess(row, toAgent(agent), dice.nextFloat())
      if (dice.nextInt(2) === 0) fleet.learning.setSkill(row, toAgent(agent), dice.nextFloat())
      if (row > 0) fleet.agents.setMatch(row, toAgent(agent), dice.nextInt(5) / 4)
    }
    if (dice.nextInt(6) === 0) fleet.agents.setStatus(toAgent(agent), AgentStatus.MAINTENANCE)
    if (dice.nextInt(8) === 0) fleet.agents.leave(toAgent(agent))
  }
  return fleet
}

/** Who may be chosen, by the columns alone. */
function allowed({ agents }: Fleet, classIndex: number, isEarly = false): number[] {
  return Array.from({ length: 64 }, (_, agent) => toAgent(agent)).filter((agent) => {
    const status = agents.status(agent)
    if (status === AgentStatus.OFFLINE || status === AgentStatus.MAINTENANCE) return false
    if (!agents.candidates(toClass(classIndex)).has(agent)) return false
    return agents.credit(agent) > 0 || (isEarly && agents.queued(agent) < agents.queueMax())
  })
}

test('strategies: the registry holds exactly the files of the folder', () => {
  expect(names.toSorted()).toEqual(strategyNames())
  for (const { name, create } of strategyFiles) expect(BUILT_IN[name]).toBe(create)
})

test('strategies: each tells its file’s name', () => {
  const { context } = new Fleet()
  expect(strategyFiles.map(({ create }) => create(context).name)).toEqual(names)
})

describe.each(names)('%s', (name) => {
  test('chooses only candidates with credit and a status that takes work', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const fleet = randomFleet(seed)
      for (let i = 0; i < 60; i++) {
        const classIndex = i % 3
        const may = allowed(fleet, classIndex)
        const agent = fleet.place(name, classIndex)
        if (may.length === 0) expect(agent).toBe(NONE)
        else expect(may, `seed ${seed}`).toContain(agent)
      }
    }
  })

  test('binds early only to candidates with room and a status that takes work', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const fleet = randomFleet(seed, true)
      // Ends: each charge takes credit or a place in a queue.
      for (let i = 0; ; i++) {
        const may = allowed(fleet, i % 3, true)
        const agent = fleet.place(name, i % 3)
        if (may.length === 0) {
          expect(agent).toBe(NONE)
          break
        }
        expect(may, `seed ${seed}`).toContain(agent)
      }
    }
  })

  test('fills every free credit before it says that nobody is free', () => {
    const fleet = randomFleet(7)
    const credit = allowed(fleet, 1).reduce(
      (sum, agent) => sum + fleet.agents.credit(toAgent(agent)),
      0,
    )
    for (let i = 0; i < credit; i++) expect(fleet.place(name, 1)).not.toBe(NONE)
    expect(fleet.place(name, 1)).toBe(NONE)
  })

  test('says that nobody is free when nobody is', () => {
    const fleet = new Fleet()
    expect(fleet.choose(name)).toBe(NONE)
    fleet.join(3, 2, 2)
    fleet.join(4, 2, 0, [1])
    expect(fleet.choose(name)).toBe(NONE)
  })

  test('makes the same choices from the same seed', () => {
    const once = randomFleet(11)
    const again = randomFleet(11)
    const choices = (fleet: Fleet) =>
      Array.from({ length: 150 }, (_, i) => fleet.place(name, i % 3))
    expect(choices(once)).toEqual(choices(again))
  })

  test('finds ten candidates among many', () => {
    const fleet = new Fleet({ agentCountMax: 100_000 })
    const members = Array.from({ length: 10 }, (_, i) => 7 + i * 9_999)
    for (const agent of members) fleet.join(agent, 1)
    for (let agent = 0; agent < 100_000; agent += 3) {
      if (!members.includes(agent)) fleet.join(agent, 1, 0, [1])
    }
    const chosen = members.map(() => fleet.place(name))
    expect(chosen.toSorted((a, b) => a - b)).toEqual(members)
    expect(fleet.place(name)).toBe(NONE)
  })

  test('explains with finite numbers and a score, and changes nothing by it', () => {
    const fleet = randomFleet(5)
    const plain = randomFleet(5)
    const strategy = fleet.strategy(name)
    const task = { classIndex: 1, level: 4, slot: 0, row: 1, matchRow: 1, key: 77, early: false }
    for (let i = 0; i < 60; i++) {
      for (const agent of allowed(fleet, 1)) {
        const terms = strategy.explain?.(task, agent, fleet.chooser.agents) ?? { score: 0 }
        expect(Object.keys(terms)).toContain('score')
        expect(Object.values(terms).filter((value) => !Number.isFinite(value))).toEqual([])
      }
      expect(fleet.place(name, 1)).toBe(plain.place(name, 1))
    }
  })

  test('counts what it records, and shows finite numbers', () => {
    const fleet = randomFleet(9)
    const strategy = fleet.strategy(name)
    for (let i = 0; i < 60; i++) {
      const agent = fleet.place(name, 1)
      if (agent !== NONE) strategy.record?.(agent, 1_000 + i, i % 7 > 0)
    }
    const stats = strategy.stats?.() ?? {}
    expect(Object.values(stats).filter((value) => !Number.isFinite(value))).toEqual([])
    expect(Object.values(stats).filter((value) => value < 0)).toEqual([])
    expect(strategy.stats?.() ?? {}).toEqual(stats)
  })

  test('leaves an agent alone whose credit its own pending proposals use up', () => {
    const fleet = new Fleet()
    fleet.join(1, 2, 1)
    fleet.join(2, 2, 1)
    fleet.chooser.agents.pending[1] = 1
    const chosen = new Set(Array.from({ length: 20 }, () => fleet.choose(name)))
    expect([...chosen]).toEqual([2])
  })
})

test(
  'strategies: no choice allocates, and a choice that did would be seen',
  async () => {
    const script = fileURLToPath(new URL('allocation.mjs', import.meta.url))
    const built = new URL('../../dist/', import.meta.url).href
    const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64']
    const time = { timeoutMs: ALLOCATION_MS }
    const measured = JSON.parse(await node([...flags, script, built], time))
    const canary = JSON.parse(await node([...flags, script, built, 'allocating'], time))
    // 200,000 choices of 16 bytes, the smallest object, are 3.2 MB.
    for (const name of names) {
      expect(measured[name], name).toBeLessThan(320_000)
      expect(canary[name], name).toBeGreaterThan(3_000_000)
    }
  },
  2 * ALLOCATION_MS,
)
