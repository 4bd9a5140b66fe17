/** Promises of a queue: warned of, broken, escalated, judged once; a breach comes before the expiry. */
import { describe, expect, test } from 'vitest'
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { BOUND, EXPIRED, OFFERED, RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { below, chance } from './age-twin.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, seedsOr } from './support.ts'

const SECOND = 1_000
const HIGH = 4

/** Two queues: of tasks with the options given, and of supervisors, where tasks expire as well. */
function withSupervisors(given: Partial<QueueOptions>): Policy {
  const queues = {
    q: { ...QUEUE_DEFAULTS, ...given },
    supervisors: { ...QUEUE_DEFAULTS, ttlMs: 300 * SECOND },
  }
  return new Policy({ queues })
}

function notesOf({ effects }: Policy, id: string): string[] {
  const mine = effects.notes.filter(({ record }) => record.id === id)
  return mine.map(({ note, detail }) => `${note} ${detail}`.trim())
}

/** What a queue counts: kept and missed by assignment, kept and missed by completion. */
function judgedIn({ core }: Policy, name = 'q'): number[] {
  const queue = core.queues.get(name)!
  return [queue.slaKept, queue.slaMissed, queue.slaCompletedKept, queue.slaCompletedMissed]
}

describe('time to live 600 s and SLA 600 s', () => {
  const both = { ttlMs: 600 * SECOND, slaTargetMs: 600 * SECOND }

  test('sla: the breach is told before the task expires in the same millisecond', () => {
    const policy = new Policy({ queue: both })
    const record = policy.submit('q', { id: 'n', level: HIGH })
    policy.pass(480 * SECOND - 1)
    expect(notesOf(policy, 'n')).toEqual([])
    policy.pass(1)
    expect(notesOf(policy, 'n')).toEqual(['warned'])
    policy.pass(120 * SECOND - 1)
    expect([record.state, record.breached]).toEqual([WAITING, false])
    policy.pass(1)
    expect(notesOf(policy, 'n')).toEqual(['warned', 'breached'])
    expect([record.state, record.code]).toEqual([EXPIRED, 'ttl_expired'])
    expect(judgedIn(policy)).toEqual([0, 1, 0, 1])
    const { slaWarnings, slaBreaches, expired } = policy.core.counters
    expect([slaWarnings, slaBreaches, expired]).toEqual([1, 1, 1])
  })

  test('sla: an escalated task is with the supervisors then, and sheds its time to live', () => {
    const policy = withSupervisors({ ...both, escalateTo: 'supervisors' })
    const record = policy.submit('q', { id: 'n', level: HIGH })
    policy.pass(600 * SECOND)
    expect(notesOf(policy, 'n')).toEqual(['warned', 'breached', 'moved escalation: supervisors'])
    expect(record.cls!.queue.name).toBe('supervisors')
    policy.pass(24 * 3_600 * SECOND)
    expect(record.state).toBe(WAITING)
    expect(policy.effects.outcomes).toEqual([])
    checkInvariants(policy)
    policy.agent('s', { queues: ['supervisors'], leased: false })
    policy.place()
    policy.succeed(record)
    expect(judgedIn(policy)).toEqual([0, 1, 0, 1])
    expect(judgedIn(policy, 'supervisors')).toEqual([0, 0, 0, 0])
  })

  test('sla: where it has risen it stays at its level with the supervisors', () => {
    const policy = withSupervisors({ ...both, escalateTo: 'supervisors' })
    const record = policy.submit('q', { level: 3 })
    policy.pass(600 * SECOND)
    expect([record.level, record.baseLevel]).toEqual([HIGH, 3])
    const later = policy.submit('supervisors', { level: HIGH, own: { deadlineMs: 1 } })
    policy.agent('s', { queues: ['supervisors'], concurrency: 2 })
    expect(policy.place()).toEqual([record, later])
    expect(record.level).toBe(3)
    checkInvariants(policy)
  })
})

test('sla: a breach finds a task wherever it waits: in its lane, offered, bound', () => {
  const policy = withSupervisors({
    slaTargetMs: 100,
    escalateTo: 'supervisors',
    binding: 'early',
  })
  policy.agent('a', { queues: ['q'], leased: false })
  const records = policy.submitMany(7, 'q', { level: HIGH })
  policy.place()
  policy.offer()
  const [running, ...others] = records
  expect(others.map(({ state }) => state)).toEqual([BOUND, BOUND, BOUND, BOUND, WAITING, WAITING])
  policy.pass(100)
  expect(others.every(({ cls }) => cls!.queue.name === 'supervisors')).toBe(true)
  expect([running.state, running.cls!.queue.name]).toEqual([RUNNING, 'q'])
  expect(policy.core.counters.slaBreaches).toBe(6)
  checkInvariants(policy)
})

test('sla: an offered task that breaches leaves its offer, and the offer is stale', () => {
  const policy = withSupervisors({ slaTargetMs: 100, escalateTo: 'supervisors' })
  policy.agent('a', { queues: ['q'] })
  const record = policy.submit('q')
  policy.offer()
  expect(record.state).toBe(OFFERED)
  const { slot, generation } = record.attempt!
  policy.pass(100)
  expect(record.state).toBe(WAITING)
  const { core, nowMs } = policy
  expect(core.propose(slot, generation, 0, core.agents.get('a')!.generation, nowMs)).toBe(1)
  checkInvariants(policy)
})

test('sla: it is judged once, at the first start, whatever becomes of the attempt', () => {
  const policy = new Policy({ queue: { slaTargetMs: 100, slaTargetsMs: { critical: 10 } } })
  policy.agent('a', { concurrency: 9, leased: false })
  const [early, late] = [policy.submit(), policy.submit()]
  const critical = policy.submit('q', { level: 5 })
  policy.pass(50)
  policy.offer()
  policy.offer()
  policy.propose(critical)
  policy.propose(early)
  expect(judgedIn(policy)).toEqual([1, 1, 0, 0])
  policy.fail(early)
  policy.pass(60)
  policy.place()
  expect(judgedIn(policy)).toEqual([1, 2, 0, 0])
  policy.succeed(early)
  policy.succeed(late)
  policy.fail(critical, false)
  expect(judgedIn(policy)).toEqual([1, 2, 0, 3])
  expect([early.breached, late.breached]).toEqual([false, true])
})

test('sla: without a promise nothing is judged, and a cancelled task never', () => {
  const policy = new Policy()
  policy.agent('a')
  policy.succeed(policy.run('q'))
  expect(judgedIn(policy)).toEqual([0, 0, 0, 0])
  const record = policy.submit('q', { own: { slaTargetMs: 10 } })
  policy.pass(5)
  policy.cancel(record)
  expect(judgedIn(policy)).toEqual([0, 0, 0, 0])
  policy.succeed(policy.run('q', { own: { slaTargetMs: 10 } }))
  expect(judgedIn(policy)).toEqual([1, 0, 1, 0])
})

describe('by the clock of completions', () => {
  const queue = { slaTargetMs: 1_000, slaClock: 'completed' as const, retryCount: 5 }

  test('sla: the promise goes on while the task runs and between its attempts', () => {
    const policy = new Policy({ queue: { ...queue, retryDelayMs: 300 } })
    policy.agent('a', { leased: false })
    policy.pass(10)
    const record = policy.submit('q', { id: 'n', level: HIGH })
    policy.pass(100)
    policy.place()
    policy.pass(500)
    policy.fail(record)
    policy.pass(199)
    expect(notesOf(policy, 'n')).toEqual(['scheduled retry'])
    policy.pass(1)
    expect(notesOf(policy, 'n').at(-1)).toBe('warned')
    policy.pass(100)
    policy.place()
    policy.pass(99)
    expect(record.breached).toBe(false)
    policy.pass(1)
    expect(notesOf(policy, 'n')).toEqual(['scheduled retry', 'warned', 'ready', 'breached'])
    expect(record.state).toBe(RUNNING)
    policy.succeed(record)
    expect(judgedIn(policy)).toEqual([1, 0, 0, 1])
    checkInvariants(policy)
    expect(policy.core.dues.size).toBe(0)
  })

  test('sla: what runs is not taken away when it breaches, only told of', () => {
    const policy = withSupervisors({ ...queue, escalateTo: 'supervisors' })
    policy.agent('a', { queues: ['q'], leased: false })
    const record = policy.run('q', { level: HIGH })
    policy.pass(1_000)
    expect([record.state, record.cls!.queue.name]).toEqual([RUNNING, 'q'])
    expect(policy.core.counters.slaBreaches).toBe(1)
  })

  test('sla: in a queue that promises nothing a moved task is not warned of any more', () => {
    const queues = { q: { ...QUEUE_DEFAULTS, ...queue, retryCount: 0 }, hand: QUEUE_DEFAULTS }
    const policy = new Policy({ queues, deadLetterMoves: { q: 'hand' } })
    policy.agent('a', { queues: ['q'], leased: false })
    const record = policy.run('q', { id: 'n', level: HIGH })
    policy.fail(record)
    policy.pass(2_000)
    expect(notesOf(policy, 'n')).toEqual(['moved dead_letter: hand'])
    expect([record.state, policy.core.dues.size]).toEqual([WAITING, 0])
  })

  test('sla: a task that is done in time keeps it, and nobody wakes for it any more', () => {
    const policy = new Policy({ queue })
    policy.agent('a', { leased: false })
    const record = policy.run('q', { level: HIGH })
    policy.pass(800)
    policy.succeed(record)
    expect(judgedIn(policy)).toEqual([1, 0, 1, 0])
    expect(policy.core.dues.size).toBe(0)
  })
})

test('sla: the earliest deadline is first within a level, of the task or of its promise', () => {
  const policy = new Policy({ queue: { slaTargetMs: 500 } })
  const plain = policy.submit('q', { level: HIGH })
  const own = policy.submit('q', { level: HIGH, own: { slaTargetMs: 200 } })
  const deadline = policy.submit('q', { level: HIGH, own: { deadlineMs: 300 } })
  const both = policy.submit('q', { level: HIGH, own: { slaTargetMs: 900, deadlineMs: 800 } })
  const none = policy.submit('r', { level: HIGH, own: { slaTargetMs: 0 } })
  const higher = policy.submit('q', { level: 5, own: { deadlineMs: 5_000 } })
  policy.agent('a', { concurrency: 9 })
  expect(policy.place()).toEqual([higher, own, deadline, plain, both, none])
})

test('sla: a retried task is due when it first was, before all that came later', () => {
  const policy = new Policy({ queue: { slaTargetMs: 500 } })
  policy.agent('a', { leased: false })
  const first = policy.run('q', { level: HIGH })
  policy.nowMs += 10
  const second = policy.submit('q', { level: HIGH })
  policy.nowMs += 600
  policy.fail(first)
  expect(policy.place()).toEqual([first])
  expect(second.state).toBe(WAITING)
})

test('sla: whatever the times, no task expires by waiting before its breach was told', () => {
  let expired = 0
  for (let seed = 1; seed <= seedsOr(3_000); seed++) {
    const random = new Random(seed)
    try {
      expired += runExpiring(random)
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
  expect(expired).toBeGreaterThan(3_000)
})

/** @returns how many tasks expired that had a promise no longer than their time to live. */
function runExpiring(random: Random): number {
  const slaTargetMs = 1 + below(random, 50)
  const queue = { slaTargetMs, ttlMs: slaTargetMs + (chance(random, 2) ? 0 : below(random, 30)) }
  const policy = new Policy({ slots: 32, agentsMax: 32, queue })
  const ids = new Map<string, number>()
  for (let i = 0; i < 20; i++) {
    const ownMs = 1 + below(random, 50)
    const own = chance(random, 4) ? { slaTargetMs: ownMs, ttlMs: ownMs + below(random, 2) } : {}
    const spec = chance(random, 4) ? { own } : {}
    const record = policy.submit('q', { level: 1 + below(random, 5), ...spec })
    ids.set(record.id, record.extras?.own.slaTargetMs ?? slaTargetMs)
    policy.pass(below(random, 20))
  }
  policy.pass(200)
  const { outcomes, notes } = policy.effects
  for (const record of outcomes) {
    const mine = notes.filter((one) => one.record === record).map(({ note }) => note)
    const told = mine.filter((note) => note === 'warned' || note === 'breached')
    if (record.state !== EXPIRED || told.join() !== 'warned,breached') {
      throw new Error(`${record.id}: ${record.code} after ${mine.join()}`)
    }
    if (record.readyAtMs + ids.get(record.id)! > record.finishedAtMs) throw new Error(record.id)
  }
  return outcomes.length
}
