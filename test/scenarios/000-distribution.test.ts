/** The demos of source document 000 that are about routing, with its numbers. */
import { describe, expect, test } from 'vitest'
import { toAgent, toClass } from '../../native-free/index.ts'
import { Fleet } from '../routing/fleet.ts'

/** Learning rows and classes of the two types that agents can be more or less good at. */
const TRANSACTION = 1
const PATTERN = 2

interface Expert {
  capacity: number
  load?: number
  /** ms a task. */
  latencyMs?: number
  success?: number
  /** Specialization by type, 0 … 1. */
  scores: Record<number, number>
}

function fleetOf(experts: Expert[]): Fleet {
  const fleet = new Fleet()
  for (const type of [TRANSACTION, PATTERN]) fleet.classes.setRow(toClass(type), type)
  for (const [index, expert] of experts.entries()) {
    const agent = toAgent(index)
    fleet.join(index, expert.capacity, expert.load ?? 0, Object.keys(expert.scores).map(Number))
    for (const [type, score] of Object.entries(expert.scores)) {
      const { latencyMs, success } = expert
      fleet.learning.setSkill(Number(type), agent, score)
      if (latencyMs !== undefined) fleet.learning.setLatency(Number(type), agent, latencyMs * 1_000)
      if (success !== undefined) fleet.learning.setSuccess(Number(type), agent, success)
    }
  }
  return fleet
}

function loadsOf(fleet: Fleet, agents: number): number[] {
  return Array.from({ length: agents }, (_, agent) => fleet.agents.inUse(toAgent(agent)))
}

describe('[000] routing demos', () => {
  test('scenario 1: five mixed tasks, by hybrid each to an agent with its capability', () => {
    const fleet = new Fleet()
    const [transaction, pattern, risk] = [0, 1, 2]
    for (const type of [transaction, pattern, risk]) {
      fleet.join(type, 5, 0, [type])
      fleet.classes.setRow(toClass(type), type + 1)
      fleet.learning.setSkill(type + 1, toAgent(type), 0.95)
    }
    const tasks = [transaction, pattern, risk, transaction, pattern]
    expect(tasks.map((type) => fleet.place('hybrid', type))).toEqual(tasks)
    expect(loadsOf(fleet, 3)).toEqual([2, 2, 1])
  })

  test('scenario 2: loads of 20, 70 and 50 % stand at 80 % after ten tasks by least loaded', () => {
    const fleet = new Fleet()
    for (const [agent, load] of [2, 7, 5].entries()) fleet.join(agent, 10, load)
    for (let i = 0; i < 10; i++) fleet.place('least_loaded')
    expect(loadsOf(fleet, 3)).toEqual([8, 8, 8])
  })

  test('scenario 3: mixed tasks go to their specialists, and to the generalist when these are full', () => {
    const fleet = fleetOf([
      { capacity: 3, scores: { [TRANSACTION]: 0.95, [PATTERN]: 0.3 } },
      { capacity: 3, scores: { [TRANSACTION]: 0.3, [PATTERN]: 0.95 } },
      { capacity: 5, scores: { [TRANSACTION]: 0.6, [PATTERN]: 0.6 } },
    ])
    const mixed = [TRANSACTION, PATTERN, PATTERN, TRANSACTION, TRANSACTION, PATTERN]
    const chosen = mixed.map((type) => fleet.place('specialization', type))
    expect(chosen).toEqual(mixed.map((type) => (type === TRANSACTION ? 0 : 1)))
    expect(fleet.place('specialization', TRANSACTION)).toBe(2)
    expect(fleet.place('specialization', PATTERN)).toBe(2)
  })

  test('scenario 5: fifteen tasks by hybrid, 40 % load, 40 % specialization, 20 % performance', () => {
    const fleet = fleetOf([
      { capacity: 10, latencyMs: 60, success: 0.95, scores: { [TRANSACTION]: 0.7 } },
      { capacity: 10, latencyMs: 120, success: 0.98, scores: { [TRANSACTION]: 0.95 } },
      { capacity: 10, load: 7, latencyMs: 150, success: 0.95, scores: { [TRANSACTION]: 0.8 } },
    ])
    const [fast, expert, busy] = [0, 1, 2]
    const chosen = Array.from({ length: 15 }, () => fleet.place('hybrid', TRANSACTION))
    const counts = [fast, expert, busy].map((one) => chosen.filter((agent) => agent === one).length)
    // Idle: fast 0.4 + 0.28 + 0.195 = 0.875; expert 0.4 + 0.38 + 0.148 = 0.928; busy 0.120 + 0.32 +
    // 0.135 = 0.575. Each task costs its agent 0.04: the expert leads by one task, and the busy
    // one is asked when the others hold eight and nine.
    expect(chosen.slice(0, 5)).toEqual([expert, expert, fast, expert, fast])
    expect(counts).toEqual([7, 8, 0])
    expect(loadsOf(fleet, 3)).toEqual([7, 8, 7])
  })
})
