import { afterAll, beforeAll, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { withHome } from './support.ts'

const { cli: run } = withHome()
const nats = withNats()
let scheduler: Scheduler
const cli = (...words: string[]) => run(words, { env: { NATS_URL: nats.url } })

const tooLong = (text: string) => text.split('\n').filter((line) => line.length > 80)

beforeAll(async () => {
  scheduler = await new Scheduler({
    name: 'box',
    nats: nats.url,
    strictQueues: true,
    queues: { ocr: { slaTargetMs: 600_000, priority: 4, deadLetterQueue: 'errors' }, mail: {} },
    routers: 0,
  }).start()
})
afterAll(() => scheduler.stop())

test('queue list: a table for people, rows for programs', async () => {
  const table = await cli('queue', 'list')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout.split('\n')[1]).toMatch(/^ {2}mail +healthy +0 +0 +0 +– +0$/)
  expect(table.stdout.split('\n')[2]).toMatch(/^ {2}ocr +healthy +0 +0 +0 +– of 95 % +0$/)
  expect(tooLong(table.stdout)).toEqual([])
  const json = await cli('queue', 'list', '-o', 'json')
  expect(JSON.parse(json.stdout)).toMatchObject([{ queue: 'ocr' }, { queue: 'mail' }])
  const ndjson = await cli('queue', 'list', '-o', 'ndjson')
  expect(ndjson.stdout.trimEnd().split('\n')).toHaveLength(2)
})

test('queue get: health, promise, the longest waits and the options', async () => {
  const table = await cli('queue', 'get', 'ocr')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout).toMatch(/^Queue ocr is healthy\n/)
  expect(table.stdout).toContain('95 % are assigned in time: within 10 min')
  expect(table.stdout).toMatch(/How long its tasks wait at most\n {2}background {2}Served as low/)
  expect(table.stdout).toMatch(/\n {2}deadLetterQueue +errors\n/)
  expect(tooLong(table.stdout)).toEqual([])
  const json = await cli('queue', 'get', 'ocr', '-o', 'json')
  expect(JSON.parse(json.stdout)).toMatchObject({ queue: 'ocr', options: { priority: 4 } })
  const nobody = await cli('queue', 'get', 'nowhere')
  expect(nobody.stderr).toMatch(/^error queue_unknown: There is no queue "nowhere" here/)
  expect(nobody.code).toBe(5)
})

test('queue pause and resume: what is held back is shown, and goes on', async () => {
  const paused = await cli('queue', 'pause', 'mail')
  expect(paused).toMatchObject({ code: 0, stderr: '' })
  expect(paused.stdout).toMatch(
    /^Queue mail is paused: .*\nIt goes on with: signalbox queue resume/,
  )
  await scheduler.agent({ id: 'postman', queues: ['mail'] }, () => 'sent')
  const task = await scheduler.submit('mail', 0, { id: 'letter' })
  expect((await cli('queue', 'list')).stdout).toMatch(/^ {2}mail +paused +1 +0 /m)
  expect((await cli('task', 'get', 'letter')).stdout).toMatch(/why it waits +.*paused/)
  const resumed = await cli('queue', 'resume', 'mail', '-o', 'json')
  expect(JSON.parse(resumed.stdout)).toEqual({ queue: 'mail', paused: false })
  await expect(task.result()).resolves.toBe('sent')
  expect((await cli('queue', 'pause', 'nowhere')).code).toBe(5)
})

test('task list and get: scheduled tasks, with what happened to them', async () => {
  await scheduler.submit('ocr', 'x', { id: 'later', delayMs: 600_000 })
  const list = await cli('task', 'list', '--state', 'scheduled', '-o', 'json')
  expect(JSON.parse(list.stdout)).toMatchObject([{ id: 'later', state: 'scheduled' }])
  expect((await cli('task', 'list', '--state', 'expired')).stdout).toMatch(/^No such tasks/)
  const table = await cli('task', 'get', 'later')
  expect(table.stdout).toMatch(/state +scheduled\n +not before +\d{4}-/)
  expect(table.stdout).toMatch(/What happened, from .* on\n.*\n +\+0 ms {2}accepted /)
  expect(tooLong(table.stdout)).toEqual([])
  const json = JSON.parse((await cli('task', 'get', 'later', '-o', 'json')).stdout)
  expect(json.history[0]).toMatchObject({ what: 'accepted', attempt: null })
})

test('task get: of a scheduler without a ledger it has no history', async () => {
  const plain = new Scheduler({
    nats: nats.url,
    queues: { bare: {} },
    strictQueues: true,
    ledger: false,
  })
  await plain.start()
  await plain.submit('bare', 'x', { id: 'bare-1' })
  const { code, stdout } = await cli('task', 'get', 'bare-1', '--queue', 'bare', '-o', 'json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout).history).toBe(undefined)
  const rows = JSON.parse((await cli('queue', 'list', '-o', 'json')).stdout)
  expect(rows.map(({ queue }: { queue: string }) => queue).sort()).toEqual(['bare', 'mail', 'ocr'])
  await plain.stop()
})
