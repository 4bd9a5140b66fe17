/** Queues and dead letters of two schedulers, asked of by one client. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { type Client, connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { expectRefused } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const nats = withNats()
const schedulers: Scheduler[] = []
let client: Client

beforeAll(async () => {
  for (const queue of ['apples', 'pears']) {
    const scheduler = new Scheduler({
      name: `of-${queue}`,
      nats: nats.url,
      strictQueues: true,
      queues: { [queue]: { deadLetterQueue: 'rotten' } },
      routers: 0,
    })
    schedulers.push(await scheduler.start())
  }
  client = await connect({ servers: nats.url })
  await client.agent({ id: 'picker', queues: ['*'] }, () => {
    throw TaskError.permanent('it is rotten', 'rotten')
  })
  await until(() => schedulers.every((each) => each.statusNow().agents.online === 1), {
    what: 'both to know the agent',
  })
})

afterAll(async () => {
  await client.close()
  for (const scheduler of schedulers) await scheduler.stop()
})

let count = 0
/** Three letters of each scheduler, the newest last. */
beforeEach(async () => {
  await client.purgeDeadLetters({ name: 'rotten' })
  for (let i = 0; i < 3; i++) {
    for (const queue of ['apples', 'pears']) {
      await client.run(queue, i, { id: `${queue}-${count++}` }).catch(() => {})
    }
  }
})

const kindsOf = (ids: string[]) => ids.map((id) => id.split('-')[0])

test('two schedulers: queues are listed of both, and one is shown by whoever has it', async () => {
  const rows = await client.listQueues()
  expect(rows.map(({ queue }) => queue).sort()).toEqual(['apples', 'pears'])
  for (const queue of ['apples', 'pears']) {
    await expect(client.getQueue(queue)).resolves.toMatchObject({ queue })
  }
  await expectRefused(client.getQueue('plums'), 'queue_unknown')
})

test('two schedulers: a queue is paused where it is', async () => {
  await client.pauseQueue('pears')
  const paused = (await client.listQueues()).map(({ queue, paused }) => [queue, paused])
  expect(paused.sort()).toEqual([
    ['apples', false],
    ['pears', true],
  ])
  await client.resumeQueue('pears')
  await expectRefused(client.pauseQueue('plums'), 'queue_unknown')
})

test('two schedulers: dead letters are those of one and then of the other, in pages of any size', async () => {
  const all = await client.listDeadLetters()
  const ids = all.letters.map(({ id }) => id)
  expect(kindsOf(ids)).toEqual(['apples', 'apples', 'apples', 'pears', 'pears', 'pears'])
  expect(all.cursor).toBe(null)
  for (const limit of [1, 2, 4, 5]) {
    const shown: string[] = []
    let cursor: string | null = null
    for (let pages = 0; pages < 7; pages++) {
      const options = cursor === null ? { limit } : { limit, cursor }
      const page = await client.listDeadLetters({ name: 'rotten', ...options })
      expect(page.letters.length).toBeLessThanOrEqual(limit)
      shown.push(...page.letters.map(({ id }) => id))
      cursor = page.cursor
      if (cursor === null) break
    }
    expect(shown, `${limit} a page`).toEqual(ids)
  }
  expect(
    kindsOf((await client.listDeadLetters({ queue: 'pears' })).letters.map((l) => l.id)),
  ).toEqual(['pears', 'pears', 'pears'])
  await expect(client.getDeadLetter('rotten', ids[5])).resolves.toMatchObject({ queue: 'pears' })
  await expectRefused(client.getDeadLetter('rotten', 'nobody'), 'dead_letter_unknown')
})

test('two schedulers: a limit of a replay holds over both, and all are all of both', async () => {
  const some = await client.replayDeadLetters({ name: 'rotten', max: 4 })
  expect(kindsOf(some.replayed.map(({ id }) => id))).toEqual([
    'apples',
    'apples',
    'apples',
    'pears',
  ])
  const rest = await client.replayDeadLetters({ name: 'rotten' })
  const first = new Set(some.replayed.map(({ id }) => id))
  expect(rest.replayed.filter(({ id }) => first.has(id))).toEqual([])
  expect(rest.replayed.filter(({ id }) => id.startsWith('pears-')).length).toBe(2)
})

test('two schedulers: a purge is of both, and of one letter where it is', async () => {
  const { letters } = await client.listDeadLetters({ queue: 'pears' })
  await expect(client.purgeDeadLetters({ name: 'rotten', id: letters[0].id })).resolves.toEqual({
    purged: 1,
  })
  await expect(client.purgeDeadLetters({ name: 'rotten' })).resolves.toEqual({ purged: 5 })
  await expectRefused(client.purgeDeadLetters({ name: 'fresh' }), 'dead_letter_unknown')
})
