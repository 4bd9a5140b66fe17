/** Interruption for critical tasks, asked for and answered. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { QUICKLY } from '../support/shrinking.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

function asked(policy: Policy): TaskRecord[] {
  return policy.effects.preempts.map(({ record }) => record)
}

test('preemption: CRITICAL of [004] interrupts current processing, and goes before all that waits', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { preemptible: true })
  const low = policy.run('q', { level: 2 })
  const waiting = policy.submitMany(3, 'q', { level: 4 })
  const critical = policy.submit('q', { level: 5 })
  expect(policy.offer()).toBe(null)
  expect(policy.interrupt()).toBe(1)
  expect(policy.effects.preempts).toEqual([{ record: low, agent }])
  expect(policy.yield(low, new Uint8Array([1, 2, 3]))).toBe(null)
  expect(low).toMatchObject({ state: WAITING, code: 'preempted', failures: 0, attempts: 1 })
  expect(policy.place()).toEqual([critical])
  expect(policy.effects.ends.at(-1)).toMatchObject({ how: 'preempted', isCharged: false })
  policy.succeed(critical)
  for (const record of waiting) {
    expect(policy.place()).toEqual([record])
    policy.succeed(record)
  }
  expect(policy.place()).toEqual([low])
  expect(low.extras!.checkpoint).toEqual(new Uint8Array([1, 2, 3]))
  expect(low.attempts).toBe(2)
  policy.succeed(low)
  expect(low.extras!.checkpoint).toBe(null)
  expect(policy.core.counters).toMatchObject({ preemptionsAsked: 1, preempted: 1, completed: 5 })
})

test('preemption: the lowest level is asked first, of equal ones the one begun last', () => {
  const policy = new Policy()
  policy.agent('a', { preemptible: true, concurrency: 5 })
  const levels = [3, 2, 4, 2, 3]
  const running = levels.map((level) => policy.run('q', { level }))
  policy.submitMany(5, 'q', { level: 5 })
  expect(policy.interrupt()).toBe(5)
  expect(asked(policy)).toEqual([3, 1, 4, 0, 2].map((i) => running[i]))
})

test('preemption: as many are asked as critical tasks wait, however often it is asked', () => {
  const policy = new Policy()
  policy.agent('a', { preemptible: true, concurrency: 5 })
  for (let i = 0; i < 5; i++) policy.run('q', { level: 1 })
  policy.submit('q', { level: 5 })
  expect([policy.interrupt(), policy.interrupt()]).toEqual([1, 0])
  policy.submit('q', { level: 5 })
  expect([policy.interrupt(), policy.interrupt()]).toEqual([1, 0])
  policy.yield(asked(policy)[0])
  policy.place()
  expect(policy.interrupt()).toBe(0)
})

test('preemption: nobody is asked who would not help', () => {
  const policy = new Policy({
    queues: { calm: { ...QUEUE_DEFAULTS, preempt: false } },
  })
  policy.agent('stubborn', { queues: ['q', 'calm'] })
  policy.run()
  policy.agent('elsewhere', { queues: ['r'], preemptible: true })
  policy.run('r')
  const unfit = policy.agent('unfit', { queues: ['q', 'calm'], preemptible: true })
  policy.run()
  policy.submit('q', { level: 5, requires: ['gpu'] })
  policy.submit('calm', { level: 5 })
  expect(policy.interrupt()).toBe(0)
  const critical = policy.submit('q', { level: 5 })
  policy.core.drainAgent(unfit.id)
  expect(policy.interrupt()).toBe(0)
  policy.bye(unfit)
  policy.agent('able', { queues: ['q'], preemptible: true, concurrency: 1 })
  expect(policy.place()).toEqual([critical])
  policy.submit('q', { level: 5 })
  // It runs a critical one.
  expect(policy.interrupt()).toBe(0)
})

test('preemption: with credit left, or without a critical task, nobody is asked', () => {
  const policy = new Policy()
  policy.agent('a', { preemptible: true, concurrency: 2 })
  policy.run('q', { level: 1 })
  policy.submit('q', { level: 5 })
  expect(policy.core.isCriticalNext).toBe(true)
  expect(policy.interrupt()).toBe(0)
  policy.place()
  policy.submitMany(3, 'q', { level: 4 })
  expect(policy.core.isCriticalNext).toBe(false)
  expect(policy.interrupt()).toBe(0)
})

test('preemption: a task is interrupted as often as its queue allows, and then no more', () => {
  const policy = new Policy({ queue: { preemptionsMax: 2 } })
  policy.agent('a', { preemptible: true })
  const low = policy.run('q', { level: 1 })
  for (let i = 0; i < 2; i++) {
    const critical = policy.submit('q', { level: 5 })
    expect(policy.interrupt()).toBe(1)
    policy.yield(low)
    expect(policy.place()).toEqual([critical])
    policy.succeed(critical)
    expect(policy.place()).toEqual([low])
  }
  policy.submit('q', { level: 5 })
  expect(policy.interrupt()).toBe(0)
  expect(low.extras!.preemptions).toBe(2)
})

test('preemption: an attempt that nobody asked is not handed back', () => {
  const policy = new Policy()
  policy.agent('a', { preemptible: true })
  const low = policy.run('q', { level: 1 })
  expect(policy.yield(low)).toBe('preempted')
  expect(low.state).toBe(RUNNING)
  policy.submit('q', { level: 5 })
  policy.interrupt()
  expect(policy.yield(low)).toBe(null)
  policy.place()
})

test('preemption: one that was asked and finishes has finished, and a lost one is lost', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { preemptible: true, concurrency: 2 })
  const [done, lost] = [policy.run('q', { level: 1 }), policy.run('q', { level: 1 })]
  policy.submitMany(2, 'q', { level: 5 })
  expect(policy.interrupt()).toBe(2)
  policy.succeed(done)
  policy.core.agentLost(agent, policy.nowMs)
  expect(lost.extras!.preempting).toBe(false)
  expect(agent.interrupting).toBe(0)
  expect(policy.core.counters).toMatchObject({ completed: 1, preempted: 0, attemptsLost: 1 })
})

test('preemption: without something new the earlier checkpoint stays', () => {
  const policy = new Policy()
  policy.agent('a', { preemptible: true })
  const low = policy.run('q', { level: 1 })
  for (const checkpoint of [new Uint8Array([7]), null]) {
    const critical = policy.submit('q', { level: 5 })
    policy.interrupt()
    policy.yield(low, checkpoint)
    policy.place()
    policy.succeed(critical)
    policy.place()
  }
  expect(low.extras!.checkpoint).toEqual(new Uint8Array([7]))
})

test('preemption: what is boosted is no critical task, and interrupts nobody', () => {
  const policy = new Policy({ queue: { maxAgeMs: 100 } })
  policy.agent('a', { preemptible: true })
  policy.run('q', { level: 1, timeoutMs: 1_000_000 })
  policy.submit('q', { level: 4 })
  policy.submit('q', { level: 3 })
  policy.pass(1_000)
  expect(policy.interrupt()).toBe(0)
})

test('preemption: never in a circle: whatever comes, critical ones are served and all ends', () => {
  const step = fc.record({
    lower: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }),
    critical: fc.nat(3),
    yields: fc.boolean(),
    done: fc.nat(9),
  })
  const scenario = fc.record({
    agents: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    preemptionsMax: fc.integer({ min: 0, max: 3 }),
    steps: fc.array(step, { maxLength: 20, size: 'max' }),
  })
  let interrupted = 0
  fc.assert(
    fc.property(scenario, ({ agents, preemptionsMax, steps }) => {
      const policy = new Policy({ queue: { preemptionsMax } })
      for (const [i, concurrency] of agents.entries()) {
        policy.agent(`a${i}`, { preemptible: i % 2 === 0, concurrency })
      }
      const all: TaskRecord[] = []
      for (const { lower, critical, yields, done } of steps) {
        for (const level of lower) all.push(policy.submit('q', { level }))
        policy.place()
        all.push(...policy.submitMany(critical, 'q', { level: 5 }))
        // Ends: each round interrupts something, which is bounded for each task.
        for (let round = 0; ; round++) {
          expect(round).toBeLessThanOrEqual(all.length * preemptionsMax + 1)
          policy.place()
          checkInvariants(policy)
          if (policy.interrupt() === 0) break
          const criticals = all.filter(({ level, state }) => level === 5 && state === WAITING)
          const open = all.filter(({ extras }) => extras?.preempting)
          expect(open.length).toBeLessThanOrEqual(criticals.length)
          for (const record of open) {
            expect(record.baseLevel).toBeLessThan(5)
            if (yields) expect(policy.yield(record)).toBe(null)
            else policy.succeed(record)
          }
        }
        const running = all.filter(({ state }) => state === RUNNING)
        for (const record of running.slice(0, done)) policy.succeed(record)
      }
      for (let round = 0; round <= all.length; round++) {
        policy.place()
        for (const record of all) if (record.state === RUNNING) policy.succeed(record)
      }
      expect(policy.core.counters.completed).toBe(all.length)
      const { preempted, started } = policy.core.counters
      expect(started).toBe(all.length + preempted)
      for (const { extras } of all) {
        expect(extras?.preemptions ?? 0).toBeLessThanOrEqual(preemptionsMax)
      }
      interrupted += preempted
    }),
    QUICKLY,
  )
  // Else hardly anything was interrupted.
  expect(interrupted).toBeGreaterThan(40)
})
