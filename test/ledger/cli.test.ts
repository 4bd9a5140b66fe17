import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ledgerFilesIn } from '../../src/ledger/verify.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withHome } from '../cli/support.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const { cli, start } = withHome()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-ledger-'))
const directory = join(folder, 'good')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(async () => {
  const scheduler = new Scheduler({
    name: 'small',
    slots: 256,
    agentsMax: 32,
    ledger: { directory },
  })
  await scheduler.agent({ id: 'a1', queues: ['mail'], concurrency: 4 }, () => 'done')
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => scheduler.run('mail', n, { id: `task-${n}` })),
  )
  await scheduler.close()
})

/** The good ledger's file with some of its bytes changed, in a folder of its own. */
function changed(name: string, change: (bytes: Buffer) => Buffer): string {
  const where = join(folder, name)
  mkdirSync(where)
  const [file] = ledgerFilesIn(directory)
  writeFileSync(join(where, basename(file)), change(readFileSync(file)))
  return where
}

describe('ledger verify, the command', () => {
  test('ledger verify: says what is in it and its last hash, and that hash is found again', async () => {
    const { code, stdout, stderr } = await cli(['ledger', 'verify', directory])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      / {2}files +1, [\d.]+ KiB\n {2}blocks +\d+, 1 to \d+\n {2}entries +153\n/,
    )
    expect(stdout).toMatch(
      /\nNo finding: every block gives its hash and continues the one before\.\n$/,
    )
    const hash = /last hash +([0-9a-f]{64})/.exec(stdout)![1]
    expect(await cli(['ledger', 'verify', directory, '--hash', hash])).toMatchObject({ code: 0 })
    const other = await cli([
      'ledger',
      'verify',
      directory,
      '--hash',
      hash.replace(/^./, 'f0'[+hash.startsWith('f')]),
    ])
    expect(other.code).toBe(1)
    expect(other.stdout).not.toContain('No finding')
    expect(other.stderr).toMatch(/^error ledger_broken: No block has the hash [^\n]+\n$/)
  })

  test('ledger verify: a changed byte is said in one sentence with its block, and the exit code is 1', async () => {
    const where = changed('changed', (bytes) => {
      bytes[bytes.indexOf('task-25') + 5] ^= 1
      return bytes
    })
    const { code, stdout, stderr } = await cli(['ledger', 'verify', where])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /\nchanged: Block 2 \(ledger-[^\n]+, bytes \d+ to \d+; [^\n]+; tasks 0 to \d+\) was changed: [^\n]+\.\n$/,
    )
    expect(stderr).toBe('error ledger_broken: 1 finding: the ledger is not as it was written.\n')
    const json = await cli(['ledger', 'verify', where, '-o', 'json'])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      total: 1,
      findings: [{ kind: 'changed', block: 2 }],
    })
  })

  test('ledger verify: a cut file is said as cut', async () => {
    const where = changed('cut', (bytes) => bytes.subarray(0, bytes.length - 200))
    const { code, stdout } = await cli(['ledger', 'verify', where])
    expect(code).toBe(1)
    expect(stdout).toMatch(/\ncut: ledger-\S+ ends in the middle of block \d+: /)
  })

  test('ledger verify: what is not there, and a folder without a ledger, are said', async () => {
    const absent = await cli(['ledger', 'verify', join(folder, 'absent')])
    expect(absent.code).toBe(1)
    expect(absent.stderr).toMatch(/^error ledger_failed: [^\n]+\(ENOENT\)[^\n]+\n$/)
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const none = await cli(['ledger', 'verify', empty])
    expect(none.code).toBe(1)
    expect(none.stderr).toMatch(/^error ledger_failed: [^\n]+ has no file of a ledger: [^\n]+\n$/)
  })
})

test('ledger tail: shows the newest entries of files, as a table and as lines of JSON', async () => {
  const { code, stdout } = await cli(['ledger', 'tail', '--file', directory, '-n', '3'])
  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[1]).toMatch(/^[\d:.]{12} {2}completed +task-\d+ +mail +a1 +6 B$/)
  expect(lines[3]).toMatch(/^[\d:.]{12} {2}scheduler stopped +small$/)
  const json = await cli(['ledger', 'tail', '--file', directory, '-n', '3', '-o', 'ndjson'])
  const rows = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map(({ what }) => what)).toEqual(['completed', 'completed', 'scheduler stopped'])
})

describe('ledger tail of a running scheduler', () => {
  const nats = withNats()

  test('ledger tail: a folder without a ledger is said, and is no empty ledger', async () => {
    const { code, stdout, stderr } = await cli(['ledger', 'tail', '--file', tmpdir()])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error ledger_failed: \S+ has no file of a ledger: [^\n]+\n$/)
  })

  test('ledger tail: follows what is decided until it is interrupted', async () => {
    const scheduler = new Scheduler({ name: 'live', nats: nats.url, routers: 0 })
    await scheduler.start()
    try {
      await scheduler.agent({ id: 'a1', queues: ['*'] }, () => 'done')
      await scheduler.run('mail', 1, { id: 'first' })
      const env = { SIGNALBOX_NATS: nats.url }
      const once = await cli(['ledger', 'tail', '-n', '2'], { env })
      expect(once.stdout).toMatch(
        /assigned +first +mail +a1[^\n]*\n[^\n]*completed +first +mail +a1 +6 B\n$/,
      )
      const follower = start(['ledger', 'tail', '-f'], { env })
      await until(() => follower.stdout().includes('first'), {
        what: 'the first task',
        timeoutMs: 20_000,
      })
      await scheduler.run('mail', 1, { id: 'second' })
      await until(() => /completed +second/.test(follower.stdout()), { what: 'the second task' })
      follower.process.kill('SIGINT')
      const { stdout, stderr } = await follower.ended
      expect(stderr).toBe('')
      expect(stdout.match(/completed +second/g)).toHaveLength(1)
    } finally {
      await scheduler.stop()
    }
  })
})
