/** What waiting does to a task: the steps of its queue's plan, to the tick, against a naive twin. */
import { describe, expect, test } from 'vitest'
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { ageingOf } from '../../src/policy/age-plan.ts'
import { OFFERED, RUNNING, type TaskRecord } from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { AgeTwin, below, chance } from './age-twin.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, seedsOr, type TaskSpec } from './support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const [BACKGROUND, LOW, NORMAL, HIGH, CRITICAL] = [1, 2, 3, 4, 5]

/** A policy whose notes are kept with the time at which they were told. */
function watched(queue: Partial<QueueOptions> = {}) {
  const policy = new Policy({ queue })
  const startMs = policy.nowMs
  const told: string[] = []
  const runUntil = (ms: number) => {
    // From one time that the core names to the next, as a front end sleeps.
    for (;;) {
      const atMs = Math.min(policy.core.nextTickMs(), startMs + ms)
      policy.nowMs = Math.max(policy.nowMs, atMs)
      const before = policy.effects.notes.length
      while (policy.core.tick(policy.nowMs));
      for (const { record, note, detail } of policy.effects.notes.slice(before)) {
        told.push(`${(policy.nowMs - startMs) / 1_000} s: ${record.id} ${note} ${detail}`.trim())
      }
      if (policy.nowMs >= startMs + ms) return
    }
  }
  return { policy, told, runUntil }
}

describe('ageing of source document 004', () => {
  test('ageing: LOW goes up after 2 h, NORMAL after 1 h, background after 4 h, and ends at HIGH', () => {
    const { policy, told, runUntil } = watched()
    for (const [i, id] of ['background', 'low', 'normal', 'high', 'critical'].entries()) {
      policy.submit('q', { id, level: i + 1 })
    }
    runUntil(24 * HOUR)
    expect(told).toEqual([
      '3600 s: normal boosted age',
      '7200 s: low boosted age',
      '10800 s: low boosted age',
      '14400 s: background boosted age',
      '21600 s: background boosted age',
      '25200 s: background boosted age',
    ])
    const levels = ['background', 'low', 'normal', 'high', 'critical'].map(
      (id) => policy.core.find(id, 'q')!.level,
    )
    expect(levels).toEqual([HIGH, HIGH, HIGH, HIGH, CRITICAL])
    checkInvariants(policy)
  })

  test('ageing: LOW with an SLA of 7200 s goes up at 5760 s, which is 80 % of it', () => {
    const { policy, told, runUntil } = watched({ slaTargetMs: 7_200_000 })
    const record = policy.submit('q', { id: 'low', level: LOW })
    runUntil(5_760_000 - 1)
    expect([told, record.level]).toEqual([[], LOW])
    runUntil(2 * HOUR)
    expect(told).toEqual(['5760 s: low warned', '5760 s: low boosted sla', '7200 s: low breached'])
    expect(record.level).toBe(NORMAL)
  })

  test('ageing: older than max_age_seconds it goes up by that name, then on by the table', () => {
    const { policy, told, runUntil } = watched({ maxAgeMs: 300_000 })
    policy.submit('q', { id: 'old', level: LOW })
    runUntil(10 * HOUR)
    expect(told).toEqual(['300 s: old boosted max_age', '3900 s: old boosted age'])
  })
})

test('ageing: what a queue says of it is what its plan does', () => {
  const row = (rule: Partial<QueueOptions>, level: number) =>
    ageingOf({ ...QUEUE_DEFAULTS, ...rule })[level - 1]
  expect(ageingOf(QUEUE_DEFAULTS)).toEqual([
    {
      priority: 'background',
      boosts: [
        { afterMs: 4 * HOUR, to: 'low' },
        { afterMs: 6 * HOUR, to: 'normal' },
        { afterMs: 7 * HOUR, to: 'high' },
      ],
      boundMs: 7 * HOUR,
    },
    {
      priority: 'low',
      boosts: [
        { afterMs: 2 * HOUR, to: 'normal' },
        { afterMs: 3 * HOUR, to: 'high' },
      ],
      boundMs: 3 * HOUR,
    },
    { priority: 'normal', boosts: [{ afterMs: HOUR, to: 'high' }], boundMs: HOUR },
    { priority: 'high', boosts: [], boundMs: 10 * MINUTE },
    { priority: 'critical', boosts: [], boundMs: 0 },
  ])
  expect(row({ slaTargetMs: 600_000 }, HIGH).boundMs).toBe(600_000)
  expect(row({ slaTargetMs: 600_000 }, NORMAL).boosts[0].afterMs).toBe(480_000)
  const never = { background: 0, low: 0, normal: 0 }
  expect(row({ boostAfterMs: never }, BACKGROUND)).toEqual({
    priority: 'background',
    boosts: [],
    boundMs: null,
  })
  // It gets to normal and no further.
  expect(row({ boostAfterMs: { ...never, low: HOUR } }, LOW).boundMs).toBe(null)
  // It expires before the second step.
  expect(row({ ttlMs: 2.5 * HOUR }, LOW)).toEqual({
    priority: 'low',
    boosts: [{ afterMs: 2 * HOUR, to: 'normal' }],
    boundMs: 2.5 * HOUR,
  })
})

test('ageing: each wait has its own age: after an attempt a task begins anew at its own level', () => {
  const { policy, told, runUntil } = watched({ retryCount: 9 })
  policy.agent('a', { leased: false })
  runUntil(10)
  const record = policy.submit('q', { id: 'n', level: NORMAL, timeoutMs: 100 * HOUR })
  runUntil(HOUR + 10)
  expect(record.level).toBe(HIGH)
  policy.place()
  policy.fail(record)
  expect(record.level).toBe(NORMAL)
  runUntil(2 * HOUR + 9)
  expect(told.length).toBe(1)
  runUntil(2 * HOUR + 10)
  expect([told.length, record.level]).toEqual([2, HIGH])
})

test('ageing: a boosted task goes before all that is accepted later, and behind what was due', () => {
  const policy = new Policy({ queue: { boostAfterMs: { background: 0, low: 0, normal: 100 } } })
  const normal = policy.submit('q', { level: NORMAL })
  const before = policy.submit('q', { level: HIGH, own: { deadlineMs: 99 } })
  policy.nowMs += 50
  const high = policy.submit('q', { level: HIGH })
  policy.pass(49)
  policy.cancel(before)
  policy.pass(1)
  const later = policy.submit('q', { level: HIGH, own: { deadlineMs: 1 } })
  const latest = policy.submit('q', { level: CRITICAL })
  policy.agent('a', { concurrency: 9 })
  expect(policy.place()).toEqual([latest, normal, later, high])
})

test('ageing: a high task without a deadline is due after ten minutes, before what rises later', () => {
  const policy = new Policy({ queue: { timeoutMs: HOUR } })
  const rising = policy.submit('q', { level: NORMAL })
  policy.nowMs += HOUR - 10 * MINUTE - 1
  const old = policy.submit('q', { level: HIGH })
  policy.nowMs += 2
  const young = policy.submit('q', { level: HIGH })
  policy.pass(10 * MINUTE)
  expect(rising.level).toBe(HIGH)
  policy.agent('a', { concurrency: 9 })
  expect(policy.place()).toEqual([old, rising, young])
})

test('ageing: a boost while a task is offered or bound has its effect when it is back in a lane', () => {
  const queue = { binding: 'early' as const, maxAgeMs: 100 }
  const policy = new Policy({ queue })
  policy.agent('a')
  policy.run('q')
  const bound = policy.submit('q', { level: BACKGROUND })
  policy.place()
  const offered = policy.submit('q', { level: BACKGROUND })
  policy.offer()
  policy.pass(100)
  expect([bound.level, offered.level]).toEqual([BACKGROUND, BACKGROUND])
  expect(policy.effects.notes).toEqual([])
  checkInvariants(policy)
  policy.core.bounce(offered)
  expect(offered.level).toBe(LOW)
  policy.core.drainAgent('a')
  expect(bound.level).toBe(LOW)
  expect(policy.effects.notes.map(({ note, detail }) => `${note} ${detail}`)).toEqual([
    'boosted max_age',
    'boosted max_age',
  ])
  checkInvariants(policy)
})

test('ageing: configured anew, what was done is not done again, and what is due by now is done', () => {
  const { policy, told, runUntil } = watched({ slaTargetMs: 100_000, maxAgeMs: 10_000 })
  policy.submit('q', { id: 'early', level: LOW })
  policy.submit('q', { id: 'own', level: LOW, own: { ttlMs: 500_000 } })
  runUntil(90_000)
  const first = [
    '10 s: early boosted max_age',
    '10 s: own boosted max_age',
    '80 s: early warned',
    '80 s: own warned',
  ]
  expect(told).toEqual(first)
  const options = { ...QUEUE_DEFAULTS, slaTargetMs: 95_000, maxAgeMs: 20_000, ttlMs: 200_000 }
  expect(policy.core.configureQueue('q', options)).toBe(null)
  checkInvariants(policy)
  runUntil(94_999)
  expect(told).toEqual(first)
  runUntil(600_000)
  expect(told.slice(first.length)).toEqual(['95 s: early breached', '95 s: own breached'])
  expect(policy.effects.outcomes.map(({ id, finishedAtMs }) => [id, finishedAtMs])).toEqual([
    ['early', 201_000],
    ['own', 501_000],
  ])
  checkInvariants(policy)
})

test('ageing: with a new target what waits is in order by it at once', () => {
  const policy = new Policy()
  const old = policy.submit('q', { level: HIGH })
  policy.nowMs += 10
  const due = policy.submit('q', { level: HIGH, own: { deadlineMs: 500 } })
  policy.submit('r', { level: HIGH })
  policy.core.configureQueue('q', { ...QUEUE_DEFAULTS, slaTargetMs: 100 })
  checkInvariants(policy)
  const next = policy.submit('q', { level: HIGH, own: { deadlineMs: 50 } })
  policy.agent('a', { queues: ['q'], concurrency: 3 })
  expect(policy.place()).toEqual([next, old, due])
})

test('ageing: an emptied or finished queue has no time left that somebody would wake for', () => {
  const policy = new Policy({ queue: { ttlMs: 100, slaTargetMs: 50 } })
  const records = policy.submitMany(3)
  expect(policy.core.nextTickMs()).toBe(1_040)
  for (const record of records) policy.cancel(record)
  policy.submit('q', { own: { ttlMs: 5 } })
  expect(policy.core.nextTickMs()).toBe(1_005)
})

test('timers: each step is done in the first tick at or after its time, in the order of time', () => {
  let told = 0
  for (let seed = 1; seed <= seedsOr(4_000); seed++) {
    try {
      told += runTwin(new Random(seed))
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
  expect(told).toBeGreaterThan(40_000)
})

function optionsOf(random: Random): Partial<QueueOptions> {
  const some = (max: number) => (chance(random, 3) ? 0 : 1 + below(random, max))
  return {
    slaTargetMs: some(200),
    ttlMs: some(300),
    maxAgeMs: chance(random, 2) ? some(150) : 0,
    boostAfterMs: { background: some(100), low: some(100), normal: some(100) },
    retryCount: 3,
    concurrency: chance(random, 3) ? 2 : 0,
    binding: chance(random, 3) ? 'early' : 'late',
  }
}

function specOf(random: Random): TaskSpec {
  const level = 1 + below(random, 5)
  if (!chance(random, 4)) return { level, timeoutMs: 10_000_000 }
  const slaTargetMs = chance(random, 2) ? below(random, 100) : null
  const ttlMs = chance(random, 2) ? below(random, 150) : null
  return { level, timeoutMs: 10_000_000, own: { slaTargetMs, ttlMs } }
}

/** @returns how many steps were told of. */
function runTwin(random: Random): number {
  const policy = new Policy({ slots: 32, agentsMax: 32, queue: optionsOf(random) })
  const twin = new AgeTwin(policy)
  const all: TaskRecord[] = []
  const pick = (state: number) => {
    const some = all.filter((record) => record.state === state)
    return some.length === 0 ? undefined : some[below(random, some.length)]
  }
  policy.agent('a', { concurrency: 2, leased: false })
  for (let i = 0; i < 40; i++) {
    const what = below(random, 12)
    const running = pick(RUNNING)
    const offered = pick(OFFERED)
    if (what < 5) all.push(twin.submit(specOf(random)))
    else if (what === 5) policy.offer()
    else if (what === 6 && offered !== undefined) twin.start(offered)
    else if (what === 7 && offered !== undefined) policy.core.bounce(offered)
    else if (what === 8 && running !== undefined) twin.fail(running)
    else if (what === 9 && all.length > 0) policy.cancel(all[below(random, all.length)])
    else if (what === 10 && chance(random, 4)) twin.configure(optionsOf(random))
    else {
      policy.nowMs += below(random, 60)
      twin.tick()
    }
  }
  checkInvariants(policy)
  return policy.effects.notes.length
}

test('bound: once a task has waited for its queue’s bound, nothing accepted later goes before it', () => {
  let checked = 0
  for (let seed = 1; seed <= seedsOr(3_000); seed++) {
    try {
      checked += runBound(new Random(seed))
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
  expect(checked).toBeGreaterThan(3_000)
})

/** @returns how many starts of tasks past their bound were looked at. */
function runBound(random: Random): number {
  const slaTargetMs = chance(random, 2) ? 20 + below(random, 200) : 0
  const boostAfterMs = { background: 1 + below(random, 80), low: 60, normal: 1 + below(random, 50) }
  const policy = new Policy({ slots: 32, agentsMax: 32, queue: { slaTargetMs, boostAfterMs } })
  const { options } = policy.core
  const bounds = ageingOf(options.queueDefaults).map(({ boundMs }) => boundMs)
  const waiting = new Set<TaskRecord>()
  policy.agent('a', { leased: false })
  let running: TaskRecord | null = null
  let checked = 0
  for (let i = 0; i < 60; i++) {
    const own = chance(random, 8) ? { deadlineMs: 1_000 + below(random, 500) } : undefined
    for (let n = below(random, 3); n > 0; n--) {
      waiting.add(policy.submit('q', { level: 1 + below(random, 5), own }))
    }
    policy.pass(1 + below(random, 20))
    if (running !== null && chance(random, 3)) {
      policy.fail(running)
      if (running.finishedAtMs === 0) waiting.add(running)
      running = null
    } else if (running !== null) {
      policy.succeed(running)
      running = null
    }
    const [started] = policy.place()
    if (started === undefined) continue
    running = started
    waiting.delete(started)
    for (const other of waiting) {
      const boundMs = bounds[other.baseLevel - 1]
      if (boundMs === null || policy.nowMs - other.readyAtMs < boundMs) continue
      checked++
      const isLater = started.acceptedAtMs > other.readyAtMs + boundMs
      if (isLater && started.baseLevel < CRITICAL) {
        throw new Error(`${started.id} goes before ${other.id}`)
      }
    }
  }
  return checked
}
