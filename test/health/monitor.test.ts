import { expect, test } from 'vitest'
import { HealthMonitor } from '../../src/health/monitor.ts'
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { Policy } from '../policy/support.ts'

/** A core in virtual time whose effects feed the monitor, as the front end's do. */
class Watched {
  readonly policy: Policy
  readonly monitor = new HealthMonitor()
  readonly told: { kind: string; detail: Record<string, unknown> }[] = []

  constructor(queue: Partial<QueueOptions> = {}) {
    this.policy = new Policy({ queues: { q: { ...QUEUE_DEFAULTS, ...queue } } })
    const { effects } = this.policy
    const { ended, outcome } = effects
    effects.ended = (record, counter, agent, how, isCharged) => {
      ended.call(effects, record, counter, agent, how, isCharged)
      const ranMs = this.policy.nowMs - record.startedAtMs
      this.monitor.ended(record.cls!.queue, how as never, ranMs)
    }
    effects.outcome = (record) => {
      outcome.call(effects, record)
      this.monitor.outcome(record.cls!.queue)
    }
  }

  get queue() {
    return this.policy.core.queues.get('q')!
  }

  get state() {
    return this.monitor.healthOf(this.queue, this.policy.nowMs).state
  }

  /** So many seconds pass, with a check in each. @returns the kinds that were told. */
  seconds(count: number): string[] {
    const before = this.told.length
    for (let i = 0; i < count; i++) {
      this.policy.pass(1_000)
      this.check()
    }
    return this.told.slice(before).map(({ kind }) => kind)
  }

  check(): void {
    this.monitor.check(this.policy.core, this.policy.nowMs, (kind, detail) =>
      this.told.push({ kind, detail }),
    )
  }

  /** An attempt that takes so long. */
  attempt(ok: boolean, ranMs = 0): void {
    const record = this.policy.run('q', { retryCount: 0 })
    this.policy.nowMs += ranMs
    if (ok) this.policy.succeed(record)
    else this.policy.fail(record)
  }
}

test('monitor: a state that holds for two checks is told once, with numbers', () => {
  const watched = new Watched({ maxAgeMs: 3_000 })
  watched.policy.submit()
  expect(watched.seconds(4)).toEqual([])
  expect(watched.state).toBe('degraded')
  expect(watched.seconds(1)).toEqual(['health_changed'])
  expect(watched.told[0].detail).toMatchObject({
    queue: 'q',
    from: 'healthy',
    to: 'degraded',
    message: 'Queue q is degraded. The oldest task has waited for 5 s, longer than 3 s.',
  })
  expect(watched.seconds(5)).toEqual([])
})

test('monitor: a state that is gone at the next check is told nobody', () => {
  const watched = new Watched({ maxAgeMs: 3_500 })
  const task = watched.policy.submit()
  expect(watched.seconds(4)).toEqual([])
  watched.policy.cancel(task)
  expect(watched.seconds(5)).toEqual([])
})

test('monitor: an empty queue is looked at until it is told to be well again', () => {
  const watched = new Watched({ maxAgeMs: 1_000 })
  const task = watched.policy.submit()
  expect(watched.seconds(3)).toEqual(['health_changed'])
  watched.policy.cancel(task)
  expect(watched.seconds(2)).toEqual(['health_changed'])
  expect(watched.told.at(-1)!.detail).toMatchObject({
    from: 'degraded',
    to: 'healthy',
    message: 'Queue q is healthy.',
  })
})

test('monitor: failures and time-outs are errors; the agent’s end and a cancel are not', () => {
  const watched = new Watched()
  const agent = watched.policy.agent('a', { concurrency: 4 })
  for (let i = 0; i < 95; i++) watched.attempt(true)
  const health = () => watched.monitor.healthOf(watched.queue, watched.policy.nowMs)
  watched.policy.cancel(watched.policy.run())
  expect(health().errorRate).toBe(0)
  for (let i = 0; i < 4; i++) watched.attempt(false)
  watched.policy.run('q', { timeoutMs: 100, retryCount: 0 })
  watched.policy.pass(100)
  expect(health()).toMatchObject({ state: 'healthy', errorRate: 0.05, ended: 101 })
  watched.attempt(false)
  expect(health()).toMatchObject({ state: 'unhealthy', errorRate: 0.06 })
  watched.policy.run()
  watched.policy.bye(agent)
  expect(health().errorRate).toBe(0.06)
  expect(watched.monitor.counts).toMatchObject({
    succeeded: 95,
    failed: 5,
    timeout: 1,
    cancelled: 1,
  })
})

test('monitor: the mean running time makes a queue slow', () => {
  const watched = new Watched({ maxTimeMs: 10_000, timeoutMs: 60_000 })
  watched.policy.agent('a')
  watched.attempt(true, 12_000)
  expect(watched.state).toBe('healthy')
  watched.attempt(true, 12_002)
  expect(watched.state).toBe('slow')
  expect(watched.monitor.meanMsOf(watched.queue)).toBe(12_001)
})

test('monitor: a backlog that grows for five checks is told once', () => {
  const watched = new Watched({ backlogAlert: 10 })
  const kinds = Array.from({ length: 8 }, () => {
    watched.policy.submitMany(3)
    return watched.seconds(1)
  })
  expect(kinds.flat()).toEqual(['backlog_growing'])
  expect(watched.told[0].detail).toMatchObject({ queue: 'q', waiting: 15, grown: 15 })
})

test('monitor: no queue is looked at twice within a second', () => {
  const watched = new Watched({ maxAgeMs: 1 })
  watched.policy.submit()
  watched.policy.pass(10)
  for (let i = 0; i < 100; i++) watched.check()
  expect(watched.told).toEqual([])
  watched.policy.pass(999)
  watched.check()
  expect(watched.told).toEqual([])
  watched.policy.pass(1)
  watched.check()
  expect(watched.told.map(({ kind }) => kind)).toEqual(['health_changed'])
})

test('monitor: a task that moved is the trouble of the queue that serves it', () => {
  const watched = new Watched({ slaTargetMs: 1_000, escalateTo: 'boss', maxAgeMs: 2_000 })
  watched.policy.submit()
  watched.policy.pass(1_000)
  const boss = watched.policy.core.queues.get('boss')!
  watched.policy.pass(60_000)
  expect(watched.monitor.healthOf(watched.queue, watched.policy.nowMs).oldestMs).toBeNull()
  expect(watched.monitor.healthOf(boss, watched.policy.nowMs).oldestMs).toBe(60_000)
})
