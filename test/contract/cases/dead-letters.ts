/** Tasks that were given up: their letters, replays, routes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import { TaskError } from '../../../src/errors.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, type Ground } from '../ground.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-contract-'))
const FILE = join(folder, 'letters.jsonl')

const idsOf = async (box: Signalbox, options: Parameters<Signalbox['listDeadLetters']>[0]) =>
  (await box.listDeadLetters(options)).letters.map(({ id }) => id)

const isCompleted = (box: Signalbox, id: string) => async () =>
  (await box.getTask(id)).state === 'completed'

/** An agent of `work` that gives up all tasks until it is mended, then tells their text. */
async function brokenAgent({ fleet }: Ground): Promise<{ mend(): void }> {
  let isBroken = true
  await fleet.agent({ queues: ['work'], concurrency: 4 }, (task) => {
    if (isBroken) throw TaskError.permanent('no such page', 'not_found')
    return task.text()
  })
  return {
    mend() {
      isBroken = false
    },
  }
}

/** Fails one task after the other, so that they die in this order. */
async function fail({ box }: Ground, ids: string[]): Promise<void> {
  for (const id of ids) {
    await expectEnded(box.run('work', Buffer.from(`of ${id}`), { id }), 'not_found')
  }
}

export const deadLetterCases: Case[] = [
  {
    title: 'a task that fails for good leaves a dead letter with its payload and its error',
    async check(ground) {
      const { box } = ground
      const before = Date.now()
      await brokenAgent(ground)
      await fail(ground, ['a'])
      expect(await box.getTask('a')).toMatchObject({ state: 'failed', deadLetter: 'work' })
      const { letters, cursor } = await box.listDeadLetters()
      expect(cursor).toBe(null)
      expect(letters).toHaveLength(1)
      const [{ acceptedAt, diedAt, ...letter }] = letters
      expect(letter).toEqual({
        name: 'work',
        id: 'a',
        queue: 'work',
        state: 'failed',
        route: 'kept',
        priority: 3,
        code: 'not_found',
        message: 'no such page',
        attempts: 1,
        agent: expect.any(String),
        payloadBytes: 4,
        payload: null,
        failedDestinations: [],
      })
      expect(acceptedAt).toBeGreaterThan(before - 1_000)
      expect(diedAt).toBeGreaterThanOrEqual(acceptedAt)
      const shown = await box.getDeadLetter('work', 'a')
      expect(shown).toEqual({ ...letters[0], payload: 'of a' })
    },
  },
  {
    title: 'a replay is a new task with the same payload, and the letter says which',
    async check(ground) {
      const { box } = ground
      const { mend } = await brokenAgent(ground)
      await fail(ground, ['a'])
      mend()
      const { replayed, refused } = await box.replayDeadLetters({ name: 'work', id: 'a' })
      expect(refused).toEqual([])
      expect(replayed).toEqual([{ id: 'a', as: expect.not.stringMatching(/^a$/) }])
      const [{ as }] = replayed
      await until(isCompleted(box, as), { what: 'the replay to complete' })
      expect(await box.getTask(as)).toMatchObject({ queue: 'work', result: '"of a"' })
      expect(await box.getTask('a')).toMatchObject({ state: 'failed' })
      expect(await box.getDeadLetter('work', 'a')).toMatchObject({
        route: `replayed: ${as}`,
        payload: null,
      })
      await expectRefused(box.replayDeadLetters({ name: 'work', id: 'a' }), 'bad_option')
    },
  },
  {
    title: 'a replay may be edited, with text, a value or bytes',
    async check(ground) {
      const { box } = ground
      const { mend } = await brokenAgent(ground)
      await fail(ground, ['a', 'b', 'c'])
      mend()
      const edited = { a: { page: 2 }, b: Buffer.from('as it is'), c: Uint8Array.from([65, 66]) }
      const results: (string | null)[] = []
      for (const [id, payload] of Object.entries(edited)) {
        const { replayed } = await box.replayDeadLetters({ name: 'work', id, payload })
        await until(isCompleted(box, replayed[0].as), { what: 'the replay to complete' })
        results.push((await box.getTask(replayed[0].as)).result)
      }
      expect(results).toEqual(['"{\\"page\\":2}"', '"as it is"', '"AB"'])
    },
  },
  {
    title: 'a replay of some takes the oldest, one of all the rest, each once',
    async check(ground) {
      const { box } = ground
      const { mend } = await brokenAgent(ground)
      await fail(ground, ['a', 'b', 'c', 'd'])
      expect(await idsOf(box, { name: 'work' })).toEqual(['d', 'c', 'b', 'a'])
      mend()
      const some = await box.replayDeadLetters({ name: 'work', max: 2 })
      expect(some.replayed.map(({ id }) => id)).toEqual(['a', 'b'])
      const rest = await box.replayDeadLetters({ name: 'work' })
      expect(rest.replayed.map(({ id }) => id)).toEqual(['c', 'd'])
      expect(await box.replayDeadLetters({ name: 'work' })).toEqual({ replayed: [], refused: [] })
      for (const { as } of [...some.replayed, ...rest.replayed]) {
        await until(isCompleted(box, as), { what: 'each replay to complete' })
      }
    },
  },
  {
    title: 'letters that are purged are gone, one or all of a name',
    async check(ground) {
      const { box } = ground
      await brokenAgent(ground)
      await fail(ground, ['a', 'b', 'c'])
      expect(await box.purgeDeadLetters({ name: 'work', id: 'b' })).toEqual({ purged: 1 })
      expect(await idsOf(box, {})).toEqual(['c', 'a'])
      await expectRefused(box.purgeDeadLetters({ name: 'work', id: 'b' }), 'dead_letter_unknown')
      expect(await box.purgeDeadLetters({ name: 'work' })).toEqual({ purged: 2 })
      expect(await idsOf(box, { name: 'work' })).toEqual([])
      expect(await box.purgeDeadLetters({ name: 'work' })).toEqual({ purged: 0 })
    },
  },
  {
    title: 'letters come in pages, and only those that are asked for',
    options: {
      queues: { work: { deadLetterQueue: 'errors' }, more: { deadLetterQueue: 'errors' } },
    },
    async check(ground) {
      const { box, fleet } = ground
      await brokenAgent(ground)
      await fleet.agent({ queues: ['more'] }, () => {
        throw TaskError.permanent('never', 'not_found')
      })
      await fail(ground, ['a', 'b'])
      await expectEnded(box.run('more', 0, { id: 'm' }), 'not_found')
      await fail(ground, ['c'])
      expect(await idsOf(box, { name: 'errors' })).toEqual(['c', 'm', 'b', 'a'])
      expect(await idsOf(box, { queue: 'more' })).toEqual(['m'])
      const ids: string[] = []
      let cursor: string | null = null
      do {
        const page = await box.listDeadLetters(
          cursor === null ? { limit: 1 } : { limit: 1, cursor },
        )
        ids.push(...page.letters.map(({ id }) => id))
        cursor = page.cursor
      } while (cursor !== null && ids.length < 10)
      expect(ids).toEqual(['c', 'm', 'b', 'a'])
    },
  },
  {
    title: 'with a queue as route the same task goes on there, and has one outcome',
    options: {
      queues: { work: { deadLetterQueue: 'errors' }, manual: {} },
      deadLetters: { errors: { route: 'queue', queue: 'manual' } },
    },
    async check(ground) {
      const { box, fleet } = ground
      await brokenAgent(ground)
      await fleet.agent({ id: 'clerk', queues: ['manual'] }, (task) => `by hand: ${task.text()}`)
      const task = await box.submit('work', Buffer.from('a page'), { id: 'a' })
      await expect(task.result()).resolves.toBe('by hand: a page')
      expect(await box.getTask('a')).toMatchObject({
        queue: 'work',
        state: 'completed',
        servedBy: 'manual',
        failedDestinations: ['work'],
        attempts: 2,
        agent: 'clerk',
      })
      expect(await box.getDeadLetter('errors', 'a')).toMatchObject({
        route: 'moved: manual',
        state: 'failed',
        payload: 'a page',
      })
      expect(await box.replayDeadLetters({ name: 'errors' })).toEqual({ replayed: [], refused: [] })
      expect((await box.status()).tasks).toMatchObject({ accepted: 1, completed: 1, failed: 0 })
    },
  },
  {
    title: 'with a file as route a line of JSON stands there',
    options: { deadLetters: { work: { route: 'file', file: FILE } } },
    async check(ground) {
      rmSync(FILE, { force: true })
      await brokenAgent(ground)
      await fail(ground, ['a', 'b'])
      const written = () => {
        try {
          return readFileSync(FILE, 'utf8')
        } catch {
          return ''
        }
      }
      await until(() => written().split('\n').length === 3, { what: 'two lines' })
      const lines = written().trimEnd().split('\n')
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { name: 'work', id: 'a', code: 'not_found', payload: 'of a' },
        { name: 'work', id: 'b', code: 'not_found', payload: 'of b' },
      ])
      expect(await ground.box.getDeadLetter('work', 'a')).toMatchObject({ route: `file: ${FILE}` })
      rmSync(folder, { recursive: true })
    },
  },
  {
    title: 'what expires and what is cancelled: the one leaves a letter, the other does not',
    async check({ box }) {
      const expired = await box.submit('idle', 'x', { id: 'late', ttlMs: 20 })
      await expectEnded(expired.result(), 'ttl_expired')
      const cancelled = await box.submit('idle', 'x', { id: 'unwanted' })
      await box.cancelTask('unwanted')
      await expectEnded(cancelled.result(), 'cancelled')
      expect(await box.listDeadLetters({ name: 'idle' })).toMatchObject({
        letters: [{ id: 'late', state: 'expired', code: 'ttl_expired', attempts: 0, agent: null }],
      })
      expect(await box.getTask('unwanted')).toMatchObject({ deadLetter: null })
    },
  },
  {
    title: 'what is no dead letter is refused',
    async check({ box }) {
      await box.submit('idle')
      await expectRefused(box.listDeadLetters({ name: 'nowhere' }), 'dead_letter_unknown')
      await expectRefused(box.listDeadLetters({ queue: 'nowhere' }), 'queue_unknown')
      await expectRefused(box.listDeadLetters({ limit: 1_001 }), 'bad_option')
      await expectRefused(box.listDeadLetters({ cursor: 'next' }), 'bad_option')
      await expectRefused(box.listDeadLetters({ id: 'a' } as never), 'not_supported')
      await expectRefused(box.getDeadLetter('idle', 'a'), 'dead_letter_unknown')
      await expectRefused(box.getDeadLetter('a.b', 'a'), 'bad_token')
      await expectRefused(box.replayDeadLetters({ name: 'nowhere' }), 'dead_letter_unknown')
      await expectRefused(box.replayDeadLetters({ name: 'idle', payload: 1 }), 'bad_option')
      await expectRefused(box.replayDeadLetters({ name: 'idle', max: 0 }), 'bad_option')
      await expectRefused(box.purgeDeadLetters({ name: 'nowhere' }), 'dead_letter_unknown')
      await expectRefused(box.purgeDeadLetters({} as never), 'bad_token')
    },
  },
]
