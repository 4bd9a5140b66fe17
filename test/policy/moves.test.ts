/** Tasks that go on in another queue: where dead letters go, and to supervisors. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemory } from '../../native-free/index.ts'
import { imageOf } from '../../src/journal/image.ts'
import { restore } from '../../src/journal/restore.ts'
import { LIMITS, QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import {
  COMPLETED,
  DEAD,
  EXPIRED,
  FAILED,
  isFinal,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { toQueue } from './graph-support.ts'
import { Effects, Policy } from './support.ts'

function queue(given: Partial<QueueOptions> = {}): QueueOptions {
  return { ...QUEUE_DEFAULTS, retryCount: 0, ...given }
}

function letters(policy: Policy): string[] {
  return policy.effects.deadLetters.map(({ name }) => name)
}

function moves(policy: Policy): string[] {
  const moved = policy.effects.notes.filter(({ note }) => note === 'moved')
  return moved.map(({ detail }) => detail)
}

/** Source document 004, the dead-letter table: where each queue's errors go. */
const ROUTES = [
  { from: 'gap_analysis', name: 'gap_analysis_errors', to: 'manual_gap_analysis' },
  { from: 'predicate_ranking', name: 'ranking_errors', to: 'basic_keyword_matching' },
  { from: 'ra_review_high', name: 'ra_review_errors', to: 'supervisor' },
] as const

describe.each(ROUTES)('dead letters of [004]: $name go to $to', ({ from, name, to }) => {
  test('the letter is written, and the same task goes on there to its one end', () => {
    const policy = new Policy({
      queues: { [from]: queue({ deadLetterQueue: name }), [to]: queue({ retryCount: 1 }) },
      deadLetterMoves: { [name]: to },
    })
    policy.agent('a', { queues: [from] })
    policy.agent('by-hand', { queues: [to] })
    const record = policy.run(from, { id: 'one', bytes: 7, level: 4 })
    policy.fail(record, true, 'api_error')
    expect(record.state).toBe(WAITING)
    expect(letters(policy)).toEqual([name])
    expect(moves(policy)).toEqual([`dead_letter: ${to}`])
    expect(policy.effects.outcomes).toEqual([])
    expect(record.queue!.name).toBe(from)
    expect(record.cls!.queue.name).toBe(to)
    expect(record.extras!.failedDestinations).toEqual([from])
    expect(policy.core.queues.get(from)).toMatchObject({ open: 1, openBytes: 7, waiting: 1 })
    expect(policy.core.queues.get(to)).toMatchObject({ open: 0, openBytes: 0 })
    expect(policy.core.find('one', from)).toBe(record)
    expect(policy.place()).toEqual([record])
    expect(record.attempt!.agent!.id).toBe('by-hand')
    expect(record.attempts).toBe(2)
    policy.succeed(record)
    expect(record.state).toBe(COMPLETED)
    expect(policy.effects.outcomes).toEqual([record])
    expect(policy.core.counters).toMatchObject({
      completed: 1,
      failed: 0,
      moved: 1,
      deadLetters: 1,
    })
  })
})

test('dead letters: what fails, expires or is lost too often leaves one; what is cancelled none', () => {
  const policy = new Policy({ queue: { retryCount: 0, lossLimit: 0, deadLetterQueue: 'errors' } })
  policy.agent('a', { concurrency: 3 })
  const failed = policy.run()
  const lost = policy.run()
  const cancelled = policy.run()
  policy.fail(failed)
  policy.cancel(cancelled)
  policy.core.agentLost(policy.core.agents.get('a')!, policy.nowMs)
  const late = policy.submit('q', { own: { deadlineMs: 50 } })
  policy.pass(50)
  const states = [failed, lost, late].map(({ state }) => state)
  expect(states).toEqual([FAILED, DEAD, EXPIRED])
  const told = policy.effects.deadLetters.map(({ record, name }) => `${record.seq} ${name}`)
  expect(told).toEqual([failed, lost, late].map(({ seq }) => `${seq} errors`))
  expect(policy.core.counters.deadLetters).toBe(3)
})

test('dead letters: a letter is told while the record has its payload, before its outcome', () => {
  const policy = new Policy({ queue: { retryCount: 0 } })
  policy.agent('a')
  const record = policy.run('q', { bytes: 5 })
  const seen: string[] = []
  const { effects } = policy
  effects.deadLetter = ({ payloadBytes, state }) => {
    seen.push(`letter ${payloadBytes} ${isFinal(state)}`)
  }
  effects.outcome = ({ state }) => {
    seen.push(`outcome ${isFinal(state)}`)
  }
  policy.fail(record)
  expect(seen).toEqual(['letter 5 true', 'outcome true'])
})

test('moves: the other queue’s time-outs and retries apply, failures begin anew, attempts go on', () => {
  const policy = new Policy({
    queues: {
      q: queue({ timeoutMs: 100 }),
      slow: queue({ timeoutMs: 700, retryCount: 2, retryDelayMs: 50, lossLimit: 0 }),
    },
    deadLetterMoves: { q: 'slow' },
  })
  policy.agent('a', { concurrency: 9 })
  const record = policy.run('q', { timeoutMs: 10, own: { retryDelayMs: 9_000 } })
  policy.fail(record)
  expect(record).toMatchObject({ timeoutMs: 700, retryCount: 2, failures: 0, losses: 0 })
  for (let failures = 1; failures <= 2; failures++) {
    policy.place()
    policy.pass(700)
    expect(record).toMatchObject({ state: SCHEDULED, failures, attempts: 1 + failures })
    policy.pass(50)
  }
  policy.place()
  policy.fail(record)
  expect(record).toMatchObject({ state: FAILED, attempts: 4 })
  expect(letters(policy)).toEqual(['q', 'slow'])
})

test('moves: its deadline stays, and past it no other queue is tried', () => {
  const policy = new Policy({
    queues: { q: queue(), other: queue({ deadlineMs: 100_000 }) },
    deadLetterMoves: { q: 'other', other: 'third' },
  })
  policy.agent('a', { queues: ['q'] })
  const record = policy.run('q', { own: { deadlineMs: 1_000 } })
  policy.pass(400)
  policy.fail(record)
  expect(record.cls!.queue.name).toBe('other')
  policy.pass(600)
  expect(record).toMatchObject({ state: EXPIRED, code: 'deadline_expired' })
  expect(letters(policy)).toEqual(['q', 'other'])
})

test('moves: what it required is let go, its type and its level are kept', () => {
  const policy = new Policy({ deadLetterMoves: { q: 'other' }, queue: { retryCount: 0 } })
  policy.agent('a', { queues: ['q'], capabilities: ['gpu'] })
  policy.agent('b', { queues: ['other'] })
  const record = policy.run('q', { requires: ['gpu'], type: 'photo', level: 2 })
  policy.fail(record)
  expect(record).toMatchObject({ type: 'photo', requires: [], baseLevel: 2, level: 2 })
  expect(policy.place()).toEqual([record])
})

test('moves: what it asked for at its home is known from its first move on, and is in an image', () => {
  const queues = { q: queue({ timeoutMs: 70 }), other: queue(), third: queue() }
  const policy = new Policy({ queues, deadLetterMoves: { other: 'third' } })
  policy.agent('a', { capabilities: ['gpu'] })
  const asked = { requires: ['gpu'], level: 2, retryCount: 3, own: { ttlMs: 9_000 } }
  const record = policy.run('q', asked)
  const home = record.cls!
  expect(record.extras!.atHome).toBe(null)
  policy.core.succeeded(record, policy.nowMs, toQueue('other', 5))
  const known = { cls: home, level: 2, timeoutMs: 70, retryCount: 3, own: { ttlMs: 9_000 } }
  const { atHome } = record.extras!
  expect(atHome).toMatchObject(known)
  policy.place()
  policy.fail(record)
  expect(record.cls!.queue.name).toBe('third')
  expect(record.extras!.atHome).toBe(atHome)
  const { core } = policy
  const again = restore(imageOf(core), createMemory(core.memory.shape), core.options, new Effects())
  const { cls, ...rest } = again.find(record.id, 'q')!.extras!.atHome!
  expect(cls).toBe(again.classes[home.index])
  expect({ ...rest, cls: home }).toMatchObject(known)
})

test('moves: a queue that cannot be is no way out: the task ends, and its letter says so', () => {
  const policy = new Policy({
    strictQueues: true,
    queues: { q: queue() },
    deadLetterMoves: { q: 'nowhere' },
  })
  policy.agent('a')
  const record = policy.run()
  policy.fail(record)
  expect(record.state).toBe(FAILED)
  expect(record.message).toBe('it failed It could not go on in queue "nowhere" (queue_unknown).')
  expect(letters(policy)).toEqual(['q'])
})

test('moves: a task never comes twice to a queue, and a circle of routes ends', () => {
  const policy = new Policy({
    queue: { retryCount: 0 },
    deadLetterMoves: { q: 'r', r: 's', s: 'q' },
  })
  policy.agent('a')
  const record = policy.run()
  for (let i = 0; !isFinal(record.state) && i < 10; i++) {
    policy.fail(record)
    policy.place()
  }
  expect(record.state).toBe(FAILED)
  expect(record.attempts).toBe(3)
  expect(letters(policy)).toEqual(['q', 'r', 's'])
  expect(record.extras!.failedDestinations).toEqual(['q', 'r'])
})

test('moves: a chain of any length ends after the most moves that may be', () => {
  const names = Array.from({ length: LIMITS.movesMax + 5 }, (_, i) => `q${i}`)
  const deadLetterMoves = Object.fromEntries(names.slice(1).map((to, i) => [names[i], to]))
  const policy = new Policy({ queue: { retryCount: 0 }, deadLetterMoves })
  policy.agent('a')
  const record = policy.run('q0')
  for (let i = 0; !isFinal(record.state) && i < names.length; i++) {
    policy.fail(record)
    policy.place()
  }
  expect(record.extras!.failedDestinations).toHaveLength(LIMITS.movesMax)
  expect(letters(policy)).toEqual(names.slice(0, LIMITS.movesMax + 1))
})

test('moves: any routes and any ways to die leave one letter for each queue, and one outcome', () => {
  const names = ['q', 'r', 's', 't', 'u']
  const routes = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...names))
  const given = fc.record({
    deadLetterMoves: routes,
    escalations: fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...names)),
    ways: fc.array(fc.constantFrom('fail', 'permanent', 'lose', 'escalate'), { minLength: 1 }),
  })
  fc.assert(
    fc.property(given, ({ deadLetterMoves, escalations, ways }) => {
      const queues = Object.fromEntries(
        names.map((name) => {
          const escalateTo = escalations[name] ?? ''
          return [name, queue({ lossLimit: 0, escalateTo, escalateOn: ['escalate'] })]
        }),
      )
      const policy = new Policy({ queues, deadLetterMoves })
      policy.agent('a', { leased: false })
      const record = policy.run()
      const died: string[] = []
      for (let i = 0; !isFinal(record.state); i++) {
        expect(i).toBeLessThan(2 * names.length)
        const at = record.cls!.queue.name
        const before = policy.effects.deadLetters.length
        const way = ways[i % ways.length]
        if (way === 'lose') policy.core.agentLost(record.attempt!.agent!, policy.nowMs)
        else policy.fail(record, way !== 'permanent', way)
        if (policy.effects.deadLetters.length > before) died.push(at)
        else expect(record.cls!.queue.name).not.toBe(at)
        policy.agent('a', { leased: false, instance: `b-${i}` })
        policy.place()
      }
      expect(letters(policy)).toEqual(died)
      expect(new Set(died).size).toBe(died.length)
      expect(policy.effects.outcomes).toEqual([record])
    }),
  )
})

test('escalation: a code of escalateOn moves the task without a retry or a letter', () => {
  const policy = new Policy({
    queues: {
      ra_review: queue({
        retryCount: 5,
        escalateOn: ['human_timeout', 'consensus_required'],
        escalateTo: 'supervisor',
      }),
    },
  })
  policy.agent('a', { queues: ['ra_review'], concurrency: 9 })
  const consensus = policy.run('ra_review')
  policy.fail(consensus, false, 'consensus_required')
  const silent = policy.run('ra_review', { timeoutMs: 100 })
  policy.pass(100)
  const other = policy.run('ra_review')
  policy.fail(other, true, 'api_error')
  expect(other.cls!.queue.name).toBe('ra_review')
  for (const record of [consensus, silent]) {
    expect(record.cls!.queue.name).toBe('supervisor')
    expect(record).toMatchObject({ state: WAITING, attempts: 1 })
    expect(record.extras!.shedsTtl).toBe(true)
  }
  expect(moves(policy)).toEqual(['escalation: supervisor', 'escalation: supervisor'])
  expect(letters(policy)).toEqual([])
})

test('escalation: an agent that is a supervisor serves the queue of its own name besides', () => {
  const policy = new Policy({
    strictQueues: true,
    queues: { q: queue({ escalateOn: ['hard'], escalateToAgent: 'anna' }) },
  })
  policy.agent('worker', { queues: ['q'] })
  const anna = policy.agent('anna', { queues: ['q'], concurrency: 1 })
  expect(anna.queues).toEqual(['anna', 'q'])
  const [first] = policy.submitMany(1)
  policy.offer()
  policy.propose(first, policy.core.agents.get('worker'))
  policy.fail(first, true, 'hard')
  expect(policy.place()).toEqual([first])
  expect(first.attempt!.agent).toBe(anna)
  // An instance that comes back is no less a supervisor.
  expect(policy.agent('anna', { queues: ['q'], instance: 'anna-2' }).queues).toEqual(['anna', 'q'])
  expect(policy.agent('bert', { queues: ['q'] }).queues).toEqual(['q'])
})

test('escalation: an agent is a supervisor at once when a queue that names it comes into being', () => {
  const policy = new Policy({ queue: { escalateToAgent: 'anna', escalateOn: ['hard'] } })
  const anna = policy.agent('anna', { queues: ['other'], concurrency: 2 })
  policy.agent('worker', { queues: ['q'] })
  const record = policy.run('q')
  expect(anna.queues).toEqual(['anna', 'other'])
  policy.fail(record, true, 'hard')
  expect(policy.place()).toEqual([record])
  expect(record.attempt!.agent).toBe(anna)
  expect(policy.core.totalFree).toBe(2)
})

test('escalation: without a way to the supervisors the task fails or is retried as usual', () => {
  const policy = new Policy({
    strictQueues: true,
    queues: { q: queue({ retryCount: 1, escalateOn: ['hard'], escalateTo: 'nowhere' }) },
  })
  policy.agent('a')
  const record: TaskRecord = policy.run()
  policy.fail(record, true, 'hard')
  expect(record.state).toBe(WAITING)
  policy.place()
  policy.fail(record, true, 'hard')
  expect(record.state).toBe(FAILED)
})
