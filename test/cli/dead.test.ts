import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { withHome } from './support.ts'

const NASTY = 'before\u001b[31mred\u009b2Jafter'

const { cli: run, home } = withHome()
const nats = withNats()
let scheduler: Scheduler
let isBroken = true
const cli = (...words: string[]) => run(words, { env: { NATS_URL: nats.url } })

beforeAll(async () => {
  scheduler = await new Scheduler({
    name: 'box',
    nats: nats.url,
    queues: { work: { deadLetterQueue: 'errors' } },
    routers: 0,
  }).start()
  await scheduler.agent({ id: 'reader', queues: ['work'] }, (task) => {
    if (isBroken) throw TaskError.permanent(NASTY, 'api_error')
    return task.text()
  })
})
afterAll(() => scheduler.stop())

/** Three letters of tasks that failed in this order. */
beforeEach(async () => {
  isBroken = true
  if ((await scheduler.listDeadLetters()).letters.length > 0) {
    await scheduler.purgeDeadLetters({ name: 'errors' })
  }
  for (const name of ['a', 'b', 'c']) {
    const id = `${name}-${failed++}`
    await scheduler.run('work', Buffer.from(`page ${name}`), { id }).catch(() => {})
  }
  ids = (await scheduler.listDeadLetters()).letters.map(({ id }) => id)
  expect(ids.map((id) => id[0])).toEqual(['c', 'b', 'a'])
})
let failed = 0
/** The newest first. */
let ids: string[] = []

const resultOf = (id: string) =>
  until(async () => (await scheduler.getTask(id)).result, { what: 'the replay to complete' })

test('dead list: a table for people, rows for programs, page by page', async () => {
  const table = await cli('dead', 'list', '--name', 'errors')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  const lines = table.stdout.split('\n')
  expect(lines[1]).toMatch(/^ {2}c-\d+ +errors +api_error +1 +\d.* +kept$/)
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  const first = await cli('dead', 'list', '--limit', '2', '-o', 'ndjson')
  expect(first.stdout.match(/"id":"[^"]*"/g)).toEqual([`"id":"${ids[0]}"`, `"id":"${ids[1]}"`])
  const [, cursor] = /^There are more: --cursor (\S+) goes on here\.\n$/.exec(first.stderr)!
  const rest = await cli('dead', 'list', '--cursor', cursor, '-o', 'json')
  expect(JSON.parse(rest.stdout)).toMatchObject([{ id: ids[2], payload: null }])
  expect((await cli('dead', 'list', '--queue', 'nowhere')).code).toBe(5)
})

test('dead show: its error without anything harmful, and its payload', async () => {
  const { code, stdout } = await cli('dead', 'show', 'errors', ids[0])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Dead letter c-\d+ of errors\n {2}of queue +work\n/)
  expect(stdout).toMatch(/error +api_error: before[^\u0000-\u001f\u007f-\u009f]*after\n/)
  expect(stdout).toMatch(/\npage c\n$/)
  const json = await cli('dead', 'show', 'errors', ids[0], '-o', 'json')
  expect(JSON.parse(json.stdout)).toMatchObject({ id: ids[0], payload: 'page c', agent: 'reader' })
  const nobody = await cli('dead', 'show', 'errors', 'nobody')
  expect(nobody.stderr).toMatch(/^error dead_letter_unknown: No dead letter of "nobody"/)
  expect(nobody.code).toBe(5)
})

test('dead replay: one, some and all of them', async () => {
  isBroken = false
  const one = await cli('dead', 'replay', 'errors', ids[1], '-o', 'json')
  expect(one.code).toBe(0)
  const { replayed } = JSON.parse(one.stdout)
  expect(replayed).toMatchObject([{ id: ids[1] }])
  await expect(resultOf(replayed[0].as)).resolves.toBe('"page b"')
  const some = await cli('dead', 'replay', 'errors', '--max', '1')
  expect(some.stdout).toMatch(/^1 task submitted again\.\n {2}a-\d+ +as /)
  const all = await cli('dead', 'replay', 'errors', '--all')
  expect(all.stdout).toMatch(/^1 task submitted again\.\n {2}c-\d+ +as /)
  const again = await cli('dead', 'replay', 'errors', ids[1])
  expect(again.stderr).toMatch(/^error bad_option: .*was replayed already \(replayed: /)
  expect(again.code).toBe(2)
})

test('dead replay: with another payload, from the words or from a file', async () => {
  isBroken = false
  const file = join(home, 'payload.bin')
  writeFileSync(file, 'from a file')
  for (const [payload, result] of [
    ['{"page":2}', '"{\\"page\\":2}"'],
    [file, '"from a file"'],
  ]) {
    const id = ids.pop()!
    const { stdout } = await cli('dead', 'replay', 'errors', id, '--payload', payload, '-o', 'json')
    await expect(resultOf(JSON.parse(stdout).replayed[0].as)).resolves.toBe(result)
  }
  const wrong = await cli('dead', 'replay', 'errors', ids[0], '--payload', 'no file')
  expect(wrong.stderr).toMatch(/^error usage: .*no file "no file", and it is no JSON either/)
  expect(wrong.code).toBe(2)
})

test.each([
  [['replay', 'errors'], /Give one of an id, --max and --all/],
  [['replay', 'errors', 'a', '--all'], /Give one of an id, --max and --all/],
  [['replay', 'errors', '--all', '--payload', '1'], /--payload is for one letter/],
  [['replay', 'errors', '--max', '0'], /1 to 1000000/],
  [['purge', 'errors'], /say --yes, or give an id/],
])('dead: %j is refused before anything is done', async (words, sentence) => {
  const { code, stdout, stderr } = await cli('dead', ...words)
  expect(stderr).toMatch(sentence)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect((await scheduler.listDeadLetters()).letters).toHaveLength(3)
})

test('dead purge: one by its id, all only when that is said', async () => {
  const one = await cli('dead', 'purge', 'errors', ids[0])
  expect(one).toMatchObject({ code: 0, stdout: '1 dead letter is deleted of errors.\n' })
  const all = await cli('dead', 'purge', 'errors', '--yes', '-o', 'json')
  expect(JSON.parse(all.stdout)).toEqual({ name: 'errors', purged: 2 })
  expect((await cli('dead', 'list')).stdout).toBe('No dead letters.\n')
  expect((await cli('dead', 'purge', 'errors', ids[1])).code).toBe(5)
})
