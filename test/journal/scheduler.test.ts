import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import type { JournalOptions, SchedulerOptions } from '../../src/options.ts'
import { Scheduler, type SchedulerEvent } from '../../src/scheduler.ts'
import { runReplay } from '../../src/service/replay.ts'
import { root, text } from '../support/files.ts'
import { until } from '../support/until.ts'
import { decode } from './decoder.mjs'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-journal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const page = text('docs/journal.md')
/** So that a state's image is small beside the journal. */
const SMALL = { slots: 256, agentsMax: 32, keep: { count: 50 } } satisfies SchedulerOptions

const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

function made(journal: JournalOptions | undefined, options: SchedulerOptions = {}) {
  const scheduler = new Scheduler({ ...SMALL, journal, ...options })
  const events: SchedulerEvent[] = []
  scheduler.onEvent((event) => events.push(event))
  schedulers.push(scheduler)
  return { scheduler, stopped: () => events.filter(({ kind }) => kind === 'journal_stopped') }
}

const replayed = (file: string) => runReplay(file, () => {})

function recordsIn(file: string) {
  return decode(page, readFileSync(file)).records
}

function countIn(file: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of recordsIn(file)) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

async function echoes(scheduler: Scheduler): Promise<void> {
  await scheduler.agent({ queues: ['echo'], concurrency: 20 }, (task) => task.payload)
}

/** In bursts, so that turns hold more than one task. */
async function runMany(scheduler: Scheduler, tasks: number): Promise<void> {
  for (let done = 0; done < tasks; done += 250) {
    await Promise.all(Array.from({ length: 250 }, () => scheduler.run('echo', 'x')))
  }
}

describe('journal to a file', () => {
  test.each([{ routers: 0 }, { routers: 2, placement: 'routers' }] as const)(
    'journal: a run with failures, time-outs and cancels replays to its end: %j',
    async (options) => {
      const file = join(folder, `mixed-${options.routers}.sbj`)
      const { scheduler } = made(
        { file },
        {
          ...options,
          queueDefaults: { retryCount: 1, timeoutMs: 200 },
          queues: { held: { timeoutMs: 60_000 } },
        },
      )
      await scheduler.agent({ queues: ['work'], concurrency: 5 }, async (task) => {
        const { n } = task.json<{ n: number }>()
        if (n % 10 === 1) throw TaskError.permanent('never')
        if (n % 10 === 2 && task.attempt === 1) throw new Error('once')
        if (n % 10 === 3)
          await new Promise((resolve) => task.signal.addEventListener('abort', resolve))
      })
      await scheduler.agent({ queues: ['held'] }, (task) => {
        return new Promise((resolve) => task.signal.addEventListener('abort', resolve))
      })
      const tasks = await Promise.all(
        Array.from({ length: 40 }, (_, n) => scheduler.submit('work', { n }, { id: `t-${n}` })),
      )
      const held = await Promise.all([1, 2].map(() => scheduler.submit('held')))
      await until(async () => (await scheduler.getTask(held[0].id)).state === 'processing', {
        what: 'the first of them to run',
      })
      await scheduler.cancelTask(held[0].id)
      await scheduler.submit('work', { n: 0 }, { id: 't-0' })
      await Promise.allSettled(tasks.map((task) => task.result()))
      await scheduler.cancelTask(held[1].id)
      const { tasks: counted, attempts } = scheduler.statusNow()
      await scheduler.stop()
      const result = await replayed(file)
      expect(result).toMatchObject({ isEnded: true, tasks: 42, cutBytes: 0 })
      const counts = countIn(file)
      expect(counted).toMatchObject({ accepted: 42, failed: 8, cancelled: 2, duplicates: 1 })
      expect(counts).toMatchObject({ SUBMIT: 43, CANCEL: 2, END: 1 })
      expect(counts.OUTCOME).toBe(counted.completed + counted.failed + counted.cancelled)
      const committed = recordsIn(file).filter(
        ({ kind, values }) => kind === 'PROPOSE' && values.answer === 0,
      )
      expect(committed.length).toBe(attempts.started)
      expect(committed.some(({ values }) => values.byRouter)).toBe(options.routers > 0)
    },
  )

  test('journal: payloads, results and what fails in them do not stand in it', async () => {
    const file = join(folder, 'private.sbj')
    const { scheduler } = made({ file })
    await scheduler.agent({ queues: ['echo'] }, (task) => task.payload)
    await scheduler.run('echo', 'a secret of some length')
    await scheduler.stop()
    expect(readFileSync(file).includes('secret')).toBe(false)
    const outcome = recordsIn(file).find(({ kind }) => kind === 'OUTCOME')!
    expect(outcome.values).toMatchObject({ state: 3, resultBytes: 25 })
  })

  test('journal: what was recorded is in the file within a second, also of a scheduler that idles', async () => {
    const file = join(folder, 'idle.sbj')
    const { scheduler } = made({ file })
    await echoes(scheduler)
    await scheduler.run('echo', 'x')
    await until(() => countIn(file).OUTCOME === 1, { what: 'the outcome to be in the file' })
    expect(await replayed(file)).toMatchObject({ isEnded: false, tasks: 1, cutBytes: 0 })
  })

  test('journal: a path in a missing folder is told when the scheduler starts', async () => {
    const file = join(folder, 'missing', 'run.sbj')
    const { scheduler } = made({ file })
    const error = { code: 'journal_failed', message: expect.stringContaining(`${file} cannot be`) }
    await expect(scheduler.start()).rejects.toMatchObject(error)
    await expect(scheduler.run('echo')).rejects.toMatchObject(error)
  })

  test('journal: a disk that is full is told once, and the scheduler goes on', async () => {
    const { scheduler, stopped } = made({ file: '/dev/full' })
    await echoes(scheduler)
    await until(() => stopped().length > 0, { what: 'journal_stopped' })
    await runMany(scheduler, 500)
    await scheduler.stop()
    expect(stopped()).toEqual([
      {
        kind: 'journal_stopped',
        detail: { file: '/dev/full', reason: 'writing failed (ENOSPC)' },
      },
    ])
    expect(scheduler.statusNow().tasks).toMatchObject({ completed: 500, lost: 0 })
  })

  test('journal: a disk that becomes full leaves whole records, which replay', async () => {
    const file = join(folder, 'limited.sbj')
    const script = join(root, 'test/journal/limited.mjs')
    // 1,000 blocks of 512 bytes; beyond, a write takes what fits and the next one fails.
    const command = 'ulimit -f 1000; exec "$0" "$1" "$2"'
    const said = execFileSync('sh', ['-c', command, process.execPath, script, file], {
      encoding: 'utf8',
    })
    expect(JSON.parse(said)).toEqual({
      reasons: ['writing failed (EFBIG)'],
      tasks: expect.objectContaining({ completed: 5_000, lost: 0 }),
    })
    const { size } = statSync(file)
    expect(size).toBeGreaterThan(0)
    expect(size).toBeLessThanOrEqual(512_000)
    expect(decode(page, readFileSync(file)).bytesRead).toBe(size)
    const { tasks, ...result } = await replayed(file)
    expect(result).toMatchObject({ isEnded: false, cutBytes: 0 })
    expect(tasks).toBeGreaterThan(100)
    expect(tasks).toBeLessThan(5_000)
  })

  test('journal: a scheduler that is stopped while it starts leaves the file closed and whole', async () => {
    const file = join(folder, 'brief.sbj')
    const { scheduler } = made({ file })
    const starting = scheduler.start()
    await scheduler.stop()
    await expect(starting).rejects.toMatchObject({ code: 'stopping' })
    expect(await replayed(file)).toMatchObject({ isEnded: true, events: 0 })
  })
})

describe('journal in memory', () => {
  const BYTES_MAX = 512 * 1024

  test('journal: it is bounded, holds the last stretch, is saved again and again, and goes on', async () => {
    const { scheduler, stopped } = made({ bytesMax: BYTES_MAX })
    await echoes(scheduler)
    let accepted = 0
    const heads: number[] = []
    for (const tasks of [250, 4_000, 1_000]) {
      await runMany(scheduler, tasks)
      accepted += tasks
      const file = join(folder, 'memory.sbj')
      await scheduler.saveJournal(file)
      expect(statSync(file).size).toBeLessThanOrEqual(BYTES_MAX + 52)
      if (accepted > 4_000) expect(statSync(file).size).toBeGreaterThan(BYTES_MAX * 0.4)
      expect(await replayed(file)).toMatchObject({ isEnded: true, tasks: accepted })
      const kinds = recordsIn(file).map(({ kind }) => kind)
      heads.push(kinds.filter((kind) => kind === 'HEAD').length)
      expect(kinds.at(-1)).toBe('END')
    }
    // The older half goes shortly before the newer one is full: then there is one for a while.
    expect([heads[0], Math.max(...heads)]).toEqual([1, 2])
    expect(stopped()).toEqual([])
  })

  test('journal: a state that does not fit is told, and the scheduler goes on', async () => {
    const { scheduler, stopped } = made({ bytesMax: 256 * 1024 }, { keep: { count: 100_000 } })
    await echoes(scheduler)
    await runMany(scheduler, 5_000)
    expect(stopped().map(({ detail }) => detail)).toEqual([
      {
        file: null,
        reason: expect.stringMatching(/^the state alone takes \d+ bytes, and half of/),
      },
    ])
    expect(scheduler.statusNow().tasks).toMatchObject({ completed: 5_000, lost: 0 })
  })

  test('journal: so many open tasks that no image is even made are told', async () => {
    const { scheduler, stopped } = made({ bytesMax: 256 * 1024 })
    await Promise.all(Array.from({ length: 3_000 }, () => scheduler.submit('nobody')))
    await until(() => stopped().length > 0, { what: 'journal_stopped' })
    expect(stopped()[0].detail.reason).toMatch(/^the state alone takes more than \d+ bytes$/)
    const file = join(folder, 'stopped.sbj')
    await scheduler.saveJournal(file)
    expect(await replayed(file)).toMatchObject({ isEnded: false, cutBytes: 0 })
    expect(scheduler.journal).toEqual({ file: null, stoppedBecause: stopped()[0].detail.reason })
  })

  test('journal: saving tells what is wrong, and nothing is half there', async () => {
    const { scheduler } = made({ bytesMax: BYTES_MAX })
    await expect(scheduler.saveJournal(join(folder, 'missing', 'x'))).rejects.toMatchObject({
      code: 'journal_failed',
    })
    await expect(scheduler.saveJournal('/dev/full')).rejects.toMatchObject({
      code: 'journal_failed',
      message: 'The journal /dev/full is not complete: writing failed (ENOSPC).',
    })
    const off = made(undefined).scheduler
    await expect(off.saveJournal('x')).rejects.toMatchObject({ code: 'bad_option' })
    const file = join(folder, 'already.sbj')
    const toFile = made({ file }).scheduler
    await expect(toFile.saveJournal('x')).rejects.toMatchObject({
      code: 'bad_option',
      message: expect.stringContaining(file),
    })
    expect(existsSync('x')).toBe(false)
  })
})

test.each([
  [{ bytesMax: 1_000 }, /journal\.bytesMax.*from 262144/],
  [{ file: '' }, /journal\.file.*path of a file/],
  [{ path: 'x' }, /journal\.path.*known are file and bytesMax/],
  [true, /"journal" is "true": give an object/],
])('journal: the option %j is refused', (journal, sentence) => {
  expect(() => new Scheduler({ journal: journal as JournalOptions })).toThrow(sentence)
})
