import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { type DecodedRecord, decode } from '../journal/decoder.mjs'
import { text } from '../support/files.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { withHome } from './support.ts'

const { cli, start } = withHome()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-journal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SAME =
  /\n {2}digest +[0-9a-f]{64}\n\nSame state: all answers, all effects and the end are as recorded\.\n$/
const good = join(folder, 'good.sbj')
const page = text('docs/journal.md')

beforeAll(async () => {
  const scheduler = new Scheduler({ name: 'small', slots: 256, journal: { file: good } })
  await scheduler.agent({ queues: ['q'], concurrency: 4 }, (task) => task.text())
  await Promise.all(Array.from({ length: 500 }, () => scheduler.run('q')))
  await scheduler.stop()
})

/** The good journal with some of its bytes changed. @returns the file. */
function changed(name: string, change: (bytes: Buffer) => Buffer): string {
  const file = join(folder, name)
  writeFileSync(file, change(readFileSync(good)))
  return file
}

function nth(bytes: Buffer, kind: string, n: number): DecodedRecord {
  return decode(page, bytes).records.filter((record) => record.kind === kind)[n]
}

describe('replay and check', () => {
  test('replay: says what was in it, how fast it went, and that it is the same', async () => {
    const { code, stdout, stderr } = await cli(['replay', good])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^Journal of scheduler small from \d{4}-\d\d-\d\d [\d:]+ UTC, [\d.]+ KiB\n\n/,
    )
    expect(stdout).toMatch(/ {2}tasks +500\n {2}events +2,0\d\d\n {2}effects +1,0\d\d\n/)
    expect(stdout).toMatch(/ {2}replayed +in \d+ ms: [\d,]+ events\/s\n/)
    expect(stdout).toMatch(SAME)
  })

  test('replay: as JSON it is one object, with the digest that stands in END', async () => {
    const { code, stdout } = await cli(['replay', good, '-o', 'json'])
    expect(code).toBe(0)
    const bytes = readFileSync(good)
    const { digest, events, effects } = nth(bytes, 'END', 0).values
    expect(JSON.parse(stdout)).toMatchObject({
      file: good,
      scheduler: 'small',
      bytes: bytes.length,
      tasks: 500,
      ...{ digest, events, effects },
      isEnded: true,
      cutBytes: 0,
    })
  })

  test('check: finds nothing in what a scheduler has recorded', async () => {
    const { code, stdout, stderr } = await cli(['check', good])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/ {2}tasks +500\n/)
    expect(stdout).toMatch(/\nNo finding: nothing lost, doubled, overtaken, .*\n$/)
  })

  test('replay and check: a journal that was cut is used as far as it goes, and said', async () => {
    const cut = changed('cut.sbj', (bytes) => bytes.subarray(0, bytes.length - 1_001))
    const replay = await cli(['replay', cut])
    expect(replay.code).toBe(1)
    expect(replay.stdout).toMatch(/ {2}digest +[0-9a-f]{64}\n$/)
    expect(replay.stderr).toMatch(
      /^error journal_cut: \S+cut\.sbj stops in the middle of a record \(\d+ bytes of it\): .*\n$/,
    )
    const check = await cli(['check', cut])
    expect(check.code).toBe(1)
    expect(check.stderr).toMatch(
      /^error journal_cut: .* stops without an END: nothing is wrong in /,
    )
  })

  test('replay: a record that says something else is named', async () => {
    const bent = changed('bent.sbj', (bytes) => {
      const { end } = nth(bytes, 'PROPOSE', 100)
      // The last field: dispatchSeq.
      bytes.writeInt32LE(bytes.readInt32LE(end - 4) + 1, end - 4)
      return bytes
    })
    const { code, stderr } = await cli(['replay', bent])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^error journal_mismatch: Record \d+ \(PROPOSE\), event \d+: dispatchSeq: expected \d+, found \d+\.\n$/,
    )
  })

  test('replay: a state that is not the recorded one is told by both digests', async () => {
    const other = changed('other.sbj', (bytes) => {
      const { from } = nth(bytes, 'END', 0)
      bytes[from + 4] ^= 1
      return bytes
    })
    const { code, stderr } = await cli(['replay', other])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^error journal_mismatch: .*digest: expected [0-9a-f]{64}, found [0-9a-f]{64}\.\n$/,
    )
  })

  test('check: a task without its outcome is found', async () => {
    const lost = changed('lost.sbj', (bytes) => {
      const { from, end } = nth(bytes, 'OUTCOME', 100)
      const { from: endFrom } = nth(bytes, 'END', 0)
      bytes.writeInt32LE(bytes.readInt32LE(endFrom + 44) - 1, endFrom + 44)
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(end)])
    })
    const { code, stdout } = await cli(['check', lost])
    expect(code).toBe(1)
    expect(stdout).toMatch(/\n +record +kind +what\n/)
    expect(stdout).toMatch(/\n\d+ findings?\n$/)
    const rows = (await cli(['check', lost, '-o', 'ndjson'])).stdout.trimEnd().split('\n')
    expect(JSON.parse(rows[0])).toMatchObject({
      event: 'finding',
      kind: expect.any(String),
      record: expect.any(Number),
      message: expect.any(String),
    })
  })

  test.each([
    ['text', () => Buffer.from('Tuesday: fine.\n'.repeat(100)), /is no journal\.$/],
    ['empty', () => Buffer.alloc(0), /is empty: nothing was recorded\.$/],
    ['short', (bytes: Buffer) => bytes.subarray(0, 60), /whose first record is damaged or not/],
    ['headless', (bytes: Buffer) => bytes.subarray(4), /is no journal\.$/],
    [
      'newer',
      (bytes: Buffer) => {
        bytes[8] = 9
        return bytes
      },
      /is a journal of version 9, and version 6 is all .* use the Signalbox that recorded it\.$/,
    ],
  ])('replay and check: %s is no journal that they know', async (name, change, sentence) => {
    const file = changed(`${name}.sbj`, change)
    const both = await Promise.all([cli(['replay', file]), cli(['check', file])])
    for (const { code, stdout, stderr } of both) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^error bad_journal: /)
      expect(stderr.trimEnd()).toMatch(sentence)
    }
  })

  test('replay: a file that is not there is one sentence', async () => {
    const { code, stderr } = await cli(['replay', join(folder, 'nothing')])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^error journal_failed: The journal \S+nothing cannot be read \(ENOENT\): .*\n$/,
    )
  })
})

describe('dev --journal', () => {
  test('dev: its journal replays to the same state and has no finding', async () => {
    const file = join(folder, 'dev.sbj')
    const { code, stdout } = await cli(['dev', '--tasks', '5000', '--journal', file])
    expect(code).toBe(0)
    expect(stdout).toContain(`Journal ${file}, `)
    expect(stdout).toContain(`npx signalbox replay ${file}\n`)
    const replay = await cli(['replay', file])
    expect(replay.stdout).toMatch(/ {2}tasks +5,000\n/)
    expect(replay.stdout).toMatch(SAME)
    expect(await cli(['check', file])).toMatchObject({ code: 0, stderr: '' })
  })

  test('dev: Ctrl-C in the middle of the job ends the journal too', async () => {
    const file = join(folder, 'interrupted.sbj')
    const running = start(['dev', '--tasks', '1000000', '-o', 'ndjson', '--journal', file])
    await until(() => /"event":"progress","done":[1-9]/.test(running.stdout()), {
      what: `the job to run (${running.stderr()})`,
      timeoutMs: 20_000,
    })
    running.process.kill('SIGINT')
    const { code, stdout } = await running.ended
    expect(code).toBe(130)
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({
      event: 'recorded',
      file,
    })
    expect((await cli(['replay', file])).stdout).toMatch(SAME)
    expect(await cli(['check', file])).toMatchObject({ code: 0, stderr: '' })
  })

  test('dev: a journal that cannot be made is an error before anything runs', async () => {
    const { code, stdout, stderr } = await cli(['dev', '--journal', join(folder, 'no', 'run.sbj')])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error journal_failed: The journal .* cannot be made \(ENOENT\): .*\n$/)
  })

  test('dev: a journal that must be stopped is told, and the job is done', async () => {
    const { code, stdout, stderr } = await cli(['dev', '--tasks', '2000', '--journal', '/dev/full'])
    expect(stderr).toBe(
      'The journal /dev/full was stopped: writing failed (ENOSPC). Everything else goes on.\n',
    )
    expect(stdout).toMatch(/completed +2,000\n/)
    expect(stdout).not.toContain('Journal /dev/full')
    expect(code).toBe(0)
  })
})

describe('serve --journal', () => {
  const nats = withNats()

  test('serve: SIGTERM ends the journal, and a second run keeps the first one’s', async () => {
    const file = join(folder, 'serve.sbj')
    for (const name of ['first', 'second']) {
      const words = ['serve', '--queue', 'a', '--name', name, '--routers', '0', '--journal', file]
      const running = start(words, { env: { NATS_URL: nats.url } })
      await until(() => running.stdout() !== '', { what: `it to serve (${running.stderr()})` })
      running.process.kill('SIGTERM')
      expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
    }
    for (const [journal, name] of [
      [file, 'second'],
      [`${file}.old`, 'first'],
    ]) {
      const { stdout } = await cli(['replay', journal])
      expect(stdout).toContain(`Journal of scheduler ${name} `)
      expect(stdout).toMatch(SAME)
    }
  })

  test('serve: a journal that must be stopped is a line of the log', async () => {
    const words = ['serve', '--queue', 'b', '--routers', '0', '--journal', '/dev/full']
    const running = start(words, { env: { NATS_URL: nats.url } })
    await until(() => running.stderr().includes('journal_stopped'), {
      what: `the event (${running.stdout()})`,
    })
    running.process.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0 })
    const lines = running
      .stderr()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.find(({ kind }) => kind === 'journal_stopped')).toMatchObject({
      file: '/dev/full',
      reason: 'writing failed (ENOSPC)',
    })
  })
})
