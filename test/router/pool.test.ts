/** Routers on real threads. */
import { afterEach, expect, test } from 'vitest'
import { DequeThief, Sleepers, toRouter } from '../../native-free/index.ts'
import { until } from '../support/until.ts'
import { type FrontEndOptions, strategyUrl, TestFrontEnd } from './front-end.ts'

const started: TestFrontEnd[] = []

async function start(options: FrontEndOptions = {}): Promise<TestFrontEnd> {
  const frontEnd = new TestFrontEnd(options)
  started.push(frontEnd)
  await frontEnd.pool.start()
  return frontEnd
}

afterEach(async () => {
  for (const { pool } of started.splice(0)) await pool.stop()
})

/** Tasks that were not placed exactly once. */
function notOnce({ placed }: TestFrontEnd): string[] {
  return placed.flatMap((count, task) => (count === 1 ? [] : [`task ${task}: ${count} times`]))
}

test('routers: place 100,000 tasks, each once, and share the work', async () => {
  const frontEnd = await start()
  await frontEnd.run(100_000)
  expect(notOnce(frontEnd)).toEqual([])
  const routers = frontEnd.pool.status()
  expect(routers.every(({ decisions }) => decisions > 0)).toBe(true)
  const decisions = routers.reduce((sum, router) => sum + router.decisions, 0)
  expect(decisions).toBe(100_000 + frontEnd.refused + frontEnd.late)
  expect(frontEnd.faults).toEqual([])
})

test('routers: no wake-up is lost in 20,000 single hand-offs', async () => {
  const frontEnd = await start()
  for (let i = 0; i < 20_000; i++) {
    frontEnd.offer()
    frontEnd.pool.wake()
    while (frontEnd.commit() === 0) {
      // A sleeper helps itself after 1 s, so a hand-off that takes that long was a lost wake-up.
      if (!(await frontEnd.sleep(900))) throw new Error(`lost at hand-off ${i}`)
    }
  }
  expect(frontEnd.placedCount).toBe(20_000)
})

test('routers: when idle they take one turn a sleep, and nothing between', async () => {
  const frontEnd = await start()
  await frontEnd.run(1_000)
  const sleepers = new Sleepers(frontEnd.memory)
  await until(() => sleepers.asleepCount() === 2, {
    what: 'both routers to sleep',
  })
  const before = frontEnd.pool.status()
  await until(() => frontEnd.pool.status().every((now, i) => now.sleeps >= before[i].sleeps + 2), {
    what: 'two more sleeps of each',
  })
  for (const [i, now] of frontEnd.pool.status().entries()) {
    expect(now.turns - before[i].turns).toBeLessThanOrEqual(now.sleeps - before[i].sleeps + 1)
    expect(now.decisions).toBe(before[i].decisions)
  }
})

test('routers: terminated twenty times while they hold tasks, they lose and double none', async () => {
  const frontEnd = await start({
    strategies: [{ name: 'slow', moduleUrl: strategyUrl('slow') }],
  })
  let isKilling = true
  const kill = async () => {
    for (let i = 0; i < 20; i++) {
      await until(() => frontEnd.pool.status()[i % 2].alive, {
        what: `router ${i % 2} to run`,
      })
      const { decisions } = frontEnd.pool.status()[i % 2]
      await until(() => frontEnd.pool.status()[i % 2].decisions > decisions, {
        what: 'a decision',
      })
      await frontEnd.pool.terminate(i % 2)
    }
    isKilling = false
  }
  const killer = kill()
  while (isKilling) await frontEnd.run(200)
  await killer
  await frontEnd.run(200)
  expect(notOnce(frontEnd)).toEqual([])
  expect(frontEnd.returns.length).toBe(20)
  expect(frontEnd.pool.status().map(({ restarts }) => restarts)).toEqual([10, 10])
  expect(frontEnd.faults).toEqual([])
  await until(() => frontEnd.pool.aliveCount === 2, {
    what: 'both routers to be back',
  })
})

test('routers: one whose strategy throws is replaced, and its tasks are placed once', async () => {
  const frontEnd = await start({
    strategies: [{ name: 'throwing', moduleUrl: strategyUrl('throwing') }],
  })
  await frontEnd.run(1_000)
  expect(notOnce(frontEnd)).toEqual([])
  expect(frontEnd.faults.length).toBeGreaterThan(0)
  const { kind, error } = frontEnd.faults[0]
  expect([kind, error.code]).toEqual(['threw', 'router_failed'])
  expect(error.message).toContain('three hundred is enough')
  expect(frontEnd.returns.length).toBe(frontEnd.faults.length)
})

test('routers: one that fails time and again is given up, and says so once', async () => {
  const frontEnd = await start({
    routers: 1,
    strategies: [{ name: 'throwing', moduleUrl: strategyUrl('throwing') }],
  })
  const slot = frontEnd.offer(1)
  frontEnd.pool.wake()
  await until(() => frontEnd.faults.at(-1)?.error.code === 'router_given_up', {
    what: 'the router to be given up',
  })
  expect(frontEnd.faults.map(({ error }) => error.code)).toEqual([
    ...Array.from({ length: 5 }, () => 'router_failed'),
    'router_given_up',
  ])
  expect(frontEnd.pool.aliveCount).toBe(0)
  expect(frontEnd.pool.status()[0].state).toBe('given_up')
  expect(frontEnd.slots.state(slot as never)).toBe(1)
})

test('routers: one that stands still is replaced while the other goes on', async () => {
  const frontEnd = await start({
    strategies: [{ name: 'stalling', moduleUrl: strategyUrl('stalling') }],
  })
  frontEnd.placeInline.add(frontEnd.offer(1))
  const watch = setInterval(() => frontEnd.pool.check(performance.now()), 50)
  try {
    frontEnd.pool.wake()
    while (frontEnd.faults.length === 0) await frontEnd.run(50)
  } finally {
    clearInterval(watch)
  }
  await frontEnd.run(500)
  expect(notOnce(frontEnd)).toEqual([])
  expect(frontEnd.faults.map(({ kind }) => kind)).toEqual(['stood_still'])
  await until(() => frontEnd.pool.aliveCount === 2, {
    what: 'both routers to run',
  })
})

test('routers: a strategy that cannot be loaded fails the start, with the reason', async () => {
  const frontEnd = new TestFrontEnd({
    strategies: [{ name: 'absent', moduleUrl: strategyUrl('absent') }],
  })
  const failure = await frontEnd.pool.start().catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'bad_option' })
  expect(String(failure)).toContain('absent.mjs')
  expect(frontEnd.pool.status().map(({ alive }) => alive)).toEqual([false, false])
})

test('routers: stop ends one that sleeps and one that stands still', async () => {
  const frontEnd = await start({
    strategies: [{ name: 'stalling', moduleUrl: strategyUrl('stalling') }],
  })
  const sleepers = new Sleepers(frontEnd.memory)
  await until(() => sleepers.asleepCount() === 2, { what: 'both routers to sleep' })
  frontEnd.offer(1)
  frontEnd.pool.wake()
  const deques = [0, 1].map((router) => new DequeThief(frontEnd.memory, toRouter(router)))
  const isInHand = () => frontEnd.rings[2].size() === 0 && deques.every((one) => one.size() === 0)
  await until(isInHand, { what: 'the task to be in a router’s hands' })
  await frontEnd.pool.stop()
  await frontEnd.pool.stop()
  expect(frontEnd.pool.status().map(({ state }) => state)).toEqual(['stopped', 'stopped'])
})

test('routers: after a stop another pool goes on with the same memory', async () => {
  const first = await start()
  await first.run(500)
  await first.pool.stop()
  const second = new TestFrontEnd({ memory: first.memory })
  started.push(second)
  await second.pool.start()
  await second.run(500)
  expect(notOnce(second)).toEqual([])
})

test('routers: a stop during the start ends both', async () => {
  const frontEnd = new TestFrontEnd()
  const failure = frontEnd.pool.start().catch((error: unknown) => error)
  await frontEnd.pool.stop()
  expect([undefined, 'stopping']).toContain(
    ((await failure) as { code?: string } | undefined)?.code,
  )
  expect(frontEnd.pool.status().map(({ state }) => state)).toEqual(['stopped', 'stopped'])
})
