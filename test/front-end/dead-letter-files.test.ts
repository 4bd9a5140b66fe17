/** Dead letters in files: whole lines in order, whatever was there before and whatever goes wrong. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { listDeadLetters } from '../../src/front-end/calls/dead-letters.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import { FAILED } from '../../src/policy/task-record.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { Policy } from '../policy/support.ts'
import { NOW_MS } from './large-fleet.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-letters-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Told {
  kind: string
  detail: Record<string, unknown>
}

function contextWith(file: string): { context: FrontEndContext; events: Told[] } {
  const events: Told[] = []
  const deadLetters = { q: { route: 'file', file } } as const
  const options = frontEndOptions({ name: 'main', routers: 0, deadLetters })
  const { context } = new FrontEnd(options, (kind, detail) => events.push({ kind, detail }))
  return { context, events }
}

function bury(context: FrontEndContext, id: string, payload: Uint8Array): void {
  const record = Policy.record('q', { id, bytes: payload.length })
  expect(context.core.submit(record, NOW_MS)).toBe(null)
  record.payload = context.arena.put(payload, 0, payload.length)
  record.code = 'api_error'
  record.message = 'it broke\nbadly'
  record.attempts = 3
  record.state = FAILED
  context.deadLetters.keep(record, 'q')
}

const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

const routesOf = (context: FrontEndContext) =>
  listDeadLetters(context, { limit: 1_000 }).letters.map(({ route }) => route)

test('files: a line for each letter, in the order of their deaths, complete after a stop', async () => {
  const file = join(folder, 'order.jsonl')
  const { context } = contextWith(file)
  for (let i = 0; i < 300; i++) {
    bury(context, `t${i}`, Buffer.from(`payload ${i}`))
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await context.deadLetters.stop()
  const lines = linesOf(file)
  expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, i) => `t${i}`))
  expect(lines[7]).toEqual({
    name: 'q',
    id: 't7',
    queue: 'q',
    state: 'failed',
    priority: 3,
    code: 'api_error',
    message: 'it broke\nbadly',
    attempts: 3,
    agent: null,
    acceptedAt: expect.any(Number),
    diedAt: expect.any(Number),
    payload: 'payload 7',
    failedDestinations: [],
  })
  expect(routesOf(context)).toEqual(new Array(300).fill(`file: ${file}`))
  expect(statSync(file).mode & 0o077).toBe(0)
})

test('files: what an interrupted write left behind spoils no later line', async () => {
  const file = join(folder, 'torn.jsonl')
  writeFileSync(file, '{"id":"whole"}\n{"id":"to')
  const { context } = contextWith(file)
  bury(context, 'next', Buffer.from('x'))
  await context.deadLetters.stop()
  const [whole, torn, next, end] = readFileSync(file, 'utf8').split('\n')
  expect([whole, torn, end]).toEqual(['{"id":"whole"}', '{"id":"to', ''])
  expect(JSON.parse(next)).toMatchObject({ id: 'next', payload: 'x' })
})

test('files: bytes that are no text stand there as base64', async () => {
  const file = join(folder, 'bytes.jsonl')
  const { context } = contextWith(file)
  const bytes = Uint8Array.from([0, 255, 254, 10])
  bury(context, 'bytes', bytes)
  bury(context, 'none', new Uint8Array(0))
  await context.deadLetters.stop()
  const [first, second] = linesOf(file)
  expect(first.payload).toBe(undefined)
  expect(Uint8Array.from(Buffer.from(first.payloadBase64, 'base64'))).toEqual(bytes)
  expect(second.payload).toBe('')
})

test('files: a folder that is not there is told, the letters are kept, and later ones are written', async () => {
  const gone = join(folder, 'gone')
  const file = join(gone, 'letters.jsonl')
  const { context, events } = contextWith(file)
  for (const id of ['a', 'b']) bury(context, id, Buffer.from('x'))
  await context.deadLetters.stop()
  expect(events).toMatchObject([{ kind: 'dead_letter_file_failed', detail: { file, letters: 2 } }])
  expect(events[0].detail.message).toMatch(/ENOENT.*They are kept in memory/)
  expect(routesOf(context)).toEqual(['kept', 'kept'])
  mkdirSync(gone)
  bury(context, 'c', Buffer.from('x'))
  await context.deadLetters.stop()
  expect(linesOf(file).map(({ id }) => id)).toEqual(['c'])
  expect(routesOf(context)).toEqual([`file: ${file}`, 'kept', 'kept'])
})

test('files: more than may wait to be written is told and kept, in the order of the rest', async () => {
  const file = join(folder, 'flood.jsonl')
  const { context, events } = contextWith(file)
  const payload = Buffer.alloc(250_000, 'x')
  for (let i = 0; i < 80; i++) bury(context, `t${i}`, payload)
  await context.deadLetters.stop()
  const written = linesOf(file).map(({ id }) => id)
  expect(written.length).toBeGreaterThan(60)
  expect(written).toEqual(Array.from({ length: written.length }, (_, i) => `t${i}`))
  const left = 80 - written.length
  expect(left).toBeGreaterThan(0)
  expect(events).toMatchObject([
    { kind: 'dead_letter_file_failed', detail: { file, letters: left } },
  ])
  expect(routesOf(context).filter((route) => route === 'kept')).toHaveLength(left)
})
