import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler, type SchedulerEvent } from '../../src/scheduler.ts'
import { runReplay } from '../../src/service/replay.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-configure-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

function made(options: SchedulerOptions) {
  const scheduler = new Scheduler({ slots: 256, agentsMax: 32, strictQueues: true, ...options })
  schedulers.push(scheduler)
  const events: SchedulerEvent[] = []
  scheduler.onEvent((event) => events.push(event))
  return { scheduler, configured: () => events.filter(({ kind }) => kind === 'queue_configured') }
}

test('configure: queues get other options and new ones come into being, and it is told', async () => {
  const { scheduler, configured } = made({ queues: { a: {}, b: { ttlMs: 5_000 } } })
  await scheduler.start()
  const changes = scheduler.configureQueues({ queues: { a: { retryCount: 7 }, c: {} } })
  expect(changes).toEqual({ added: ['c'], changed: ['a'] })
  expect((await scheduler.getQueue('a')).options.retryCount).toBe(7)
  expect((await scheduler.getQueue('b')).options.ttlMs).toBe(5_000)
  await scheduler.agent({ queues: ['c'] }, (task) => task.text())
  expect(await scheduler.run('c', 'x')).toBe('"x"')
  expect(configured().map(({ detail }) => detail)).toEqual([
    { queue: 'c', isNew: true },
    { queue: 'a', isNew: false },
  ])
})

test('configure: a name that is no option changes nothing and is told', async () => {
  const { scheduler, configured } = made({ queues: { a: {} } })
  await scheduler.start()
  const wrong = { queus: { a: {} } } as never
  expect(() => scheduler.configureQueues(wrong)).toThrow(
    expect.objectContaining({ code: 'bad_option', message: expect.stringContaining('queues') }),
  )
  expect(() => scheduler.configureQueues({ queues: [] as never })).toThrow(
    expect.objectContaining({ code: 'bad_option' }),
  )
  expect(configured()).toEqual([])
})

test('configure: a strategy, a binding and a limit hold at once', async () => {
  const { scheduler } = made({ queues: { a: {} } })
  await scheduler.start()
  let running = 0
  let most = 0
  const finish: (() => void)[] = []
  await scheduler.agent({ queues: ['a'], concurrency: 8 }, async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => finish.push(resolve))
    running--
  })
  scheduler.configureQueues({ queues: { a: { concurrency: 2, strategy: 'round_robin' } } })
  const outcomes = Array.from({ length: 6 }, () => scheduler.run('a'))
  for (let done = 0; done < 6; done++) (await until(() => finish.shift(), { what: 'a task' }))()
  await Promise.all(outcomes)
  expect(most).toBe(2)
  const strategies = await scheduler.listStrategies()
  expect(strategies.find(({ name }) => name === 'round_robin')?.queues).toEqual(['a'])
})

test('configure: with one thing amiss nothing is changed', async () => {
  const { scheduler, configured } = made({ queues: { a: { retryCount: 1 } } })
  await scheduler.start()
  const refused = (options: Parameters<Scheduler['configureQueues']>[0]) => {
    expect(() => scheduler.configureQueues(options)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^bad_(option|token)$/) }),
    )
  }
  refused({ queues: { a: { retryCount: 5 }, b: { retryCount: 101 } } })
  refused({ queues: { a: { retryCount: 5 }, 'b c': {} } })
  refused({ queues: { a: { retryCount: 5, escalateTo: 'nobody' } } })
  refused({ queues: { a: { retryCount: 5, shadow: 'hybrid' } } })
  refused({ queues: { a: { retryCount: 5 } }, deadLetters: { a: { route: 'queue', queue: 'x' } } })
  refused({ queues: { a: { retryCount: 5 } }, queueDefaults: { type: 'lifo' as never } })
  expect((await scheduler.getQueue('a')).options.retryCount).toBe(1)
  expect((await scheduler.listQueues()).map(({ queue }) => queue)).toEqual(['a'])
  expect(configured()).toEqual([])
})

test('configure: dead letters go on in another queue from then on', async () => {
  const { scheduler } = made({ queues: { a: { retryCount: 0 }, b: {} } })
  await scheduler.start()
  await scheduler.agent({ queues: ['a'] }, () => {
    throw new Error('no')
  })
  await scheduler.agent({ queues: ['b'] }, () => 'by hand')
  await expect(scheduler.run('a')).rejects.toMatchObject({ code: 'error' })
  scheduler.configureQueues({ deadLetters: { a: { route: 'queue', queue: 'b' } } })
  expect(await scheduler.run('a')).toBe('by hand')
  scheduler.configureQueues({ deadLetters: {} })
  await expect(scheduler.run('a')).rejects.toMatchObject({ code: 'error' })
})

test('configure: what was changed while a journal was recorded replays to the same state', async () => {
  const file = join(folder, 'configured.sbj')
  const { scheduler } = made({ queues: { a: {} }, journal: { file } })
  await scheduler.start()
  await scheduler.agent({ queues: ['a', 'b'] }, (task) => task.text())
  await scheduler.run('a', 1)
  scheduler.configureQueues({
    queues: { a: { concurrency: 1, slaTargetMs: 500 }, b: { ttlMs: 9 } },
  })
  expect(await scheduler.run('b', 2)).toBe('2')
  expect(() =>
    scheduler.configureQueues({ deadLetters: { a: { route: 'queue', queue: 'b' } } }),
  ).toThrow(/needs a restart/)
  await scheduler.stop()
  expect(await runReplay(file, () => {})).toMatchObject({ isEnded: true, tasks: 2 })
})
