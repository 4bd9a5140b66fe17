/** The guard around a user's strategy, one choice at a time. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  AgentTableWriter,
  createMemory,
  NOT_INSIDE,
  RouterStatusReader,
  RouterStatusWriter,
  type SharedMemory,
  SlotTableWriter,
  StrategySwitchesReader,
  StrategySwitchesWriter,
  toAgent,
  toClass,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { GuardedStrategy } from '../../src/router/guarded-strategy.ts'
import type { StrategyFault } from '../../src/router/messages.ts'
import { Chooser } from '../../src/routing/chooser.ts'
import { NONE, type Strategy } from '../../src/routing/strategy.ts'

const OWN = 0
const STAND_IN_ANSWER = 2
const AGENTS = 4

let memory: SharedMemory
let status: RouterStatusWriter
let faults: StrategyFault[]
let nowMs = 0

beforeEach(() => {
  memory = createMemory({
    slotCount: 32,
    agentCountMax: 32,
    classCountMax: 1,
    routerCount: 1,
    ringCapacity: 2,
    publishMax: 1,
    latencyStageCount: 0,
  })
  const agents = new AgentTableWriter(memory)
  for (let agent = 0; agent < AGENTS; agent++) {
    agents.join(toAgent(agent), 8)
    agents.setCandidate(toClass(0), toAgent(agent), true)
  }
  // In the table, but nobody's candidate.
  agents.join(toAgent(AGENTS), 8)
  new SlotTableWriter(memory).offer(toSlot(0), toClass(0), OWN, 2, 0)
  status = new RouterStatusWriter(memory, toRouter(0))
  faults = []
  nowMs = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** @returns a choice for the slot by a guarded strategy that answers as `choose` does. */
function guarded(choose: () => unknown, hasStandIn = true): () => number {
  const standIn: Strategy = { name: 'default', choose: () => STAND_IN_ANSWER }
  const strategy = new GuardedStrategy({
    strategy: { name: 'mine', choose: choose as () => number },
    index: OWN,
    standIn: hasStandIn ? standIn : null,
    switches: new StrategySwitchesReader(memory),
    status,
    budgetUs: 1_000,
    onFault: (fault) => faults.push(fault),
  })
  const chooser = new Chooser(memory, [strategy])
  return () => chooser.choose(0)
}

const kinds = () => faults.map(({ kind }) => kind)

test('guard: a candidate is taken as it is, and NONE is left to the default', () => {
  const answers = [1, 3, NONE, 0]
  const choose = guarded(() => answers.shift())
  expect([choose(), choose(), choose(), choose()]).toEqual([1, 3, STAND_IN_ANSWER, 0])
  expect(faults).toEqual([])
})

test.each([[undefined], [null], [Number.NaN], [0.5], [-2], [AGENTS + 1], ['1'], [{}], [[1]], [1n]])(
  'guard: %o is no agent; the strategy is off, and not asked again',
  (answer) => {
    const inner = vi.fn(() => answer)
    const choose = guarded(inner)
    expect([choose(), choose()]).toEqual([STAND_IN_ANSWER, STAND_IN_ANSWER])
    expect(kinds()).toEqual(['nonsense'])
    expect(inner).toHaveBeenCalledTimes(1)
  },
)

test('guard: an agent that is no candidate is asked about three times in a row, then it is off', () => {
  const answers = [AGENTS, AGENTS, 1, AGENTS, AGENTS, AGENTS]
  const choose = guarded(() => answers.shift())
  expect([choose(), faults.length]).toEqual([1, 0])
  expect(choose()).toBe(STAND_IN_ANSWER)
  expect(kinds()).toEqual(['nonsense'])
  expect(answers).toEqual([])
})

test.each([[new Error('no')], ['no'], [undefined], [Object.create(null)]])(
  'guard: throwing %o switches off, and the task at hand goes to the default',
  (thrown) => {
    const choose = guarded(() => {
      throw thrown
    })
    expect(choose()).toBe(STAND_IN_ANSWER)
    expect(kinds()).toEqual(['threw'])
  },
)

test('guard: three slow decisions within 64 switch off; the third still counts', () => {
  const slow = new Set([5, 30, 67])
  let choices = 0
  const choose = guarded(() => {
    if (slow.has(++choices)) nowMs += 2
    return 1
  })
  for (let i = 0; i < 67; i++) expect(choose()).toBe(1 + Number(i === 66))
  expect(kinds()).toEqual(['slow'])
})

test('guard: slow decisions that lie further apart are a machine’s, not the strategy’s', () => {
  let choices = 0
  const choose = guarded(() => {
    if (++choices % 40 === 0) nowMs += 50
    return 1
  })
  for (let i = 0; i < 2_000; i++) expect(choose()).toBe(1)
  expect(faults).toEqual([])
})

test('guard: what the front end has switched off is not asked', () => {
  const inner = vi.fn(() => 1)
  const choose = guarded(inner)
  new StrategySwitchesWriter(memory).setOff(OWN, true)
  expect(choose()).toBe(STAND_IN_ANSWER)
  expect(inner).not.toHaveBeenCalled()
})

test('guard: a shadow that failed decides nothing, and nobody in its place', () => {
  const choose = guarded(() => 'nonsense', false)
  expect([choose(), choose()]).toEqual([NONE, NONE])
  expect(kinds()).toEqual(['nonsense'])
})

test('guard: the router says whose code runs, and that it came back, even by a throw', () => {
  const reader = new RouterStatusReader(memory, toRouter(0))
  const seen: number[] = []
  const choose = guarded(() => {
    seen.push(reader.inside())
    throw new Error('no')
  })
  choose()
  expect([...seen, reader.inside()]).toEqual([OWN, NOT_INSIDE])
})
