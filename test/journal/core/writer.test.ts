/** The writer: what it hands on, when, and what it does with strings, long events and ends. */
import { expect, test } from 'vitest'
import { isEffect, Kind } from '../../../src/journal/format.ts'
import { JournalReader } from '../../../src/journal/reader.ts'
import { JournalMismatch, Replayer } from '../../../src/journal/replayer.ts'
import { JournalWriter } from '../../../src/journal/writer.ts'
import { Policy } from '../../policy/support.ts'

const SMALL = { slots: 32, agentsMax: 32 }

interface Recorded {
  policy: Policy
  writer: JournalWriter
  chunks: Uint8Array[]
  journal(): Uint8Array
}

function recorded(chunkBytes?: number, given = {}): Recorded {
  const policy = new Policy({ ...SMALL, ...given })
  const chunks: Uint8Array[] = []
  const writer = new JournalWriter({ sink: (bytes) => chunks.push(bytes), chunkBytes })
  policy.core.record(writer)
  return { policy, writer, chunks, journal: () => Buffer.concat(chunks) }
}

function replayed(journal: Uint8Array): Replayer {
  const replayer = new Replayer()
  replayer.push(journal)
  replayer.finish()
  return replayer
}

function kindsOf(journal: Uint8Array): number[] {
  const reader = new JournalReader()
  reader.push(journal)
  const kinds: number[] = []
  while (reader.next()) kinds.push(reader.kind)
  return kinds
}

test('writer: each chunk ends with a whole event, and none is held back at the end', () => {
  const { policy, chunks, journal } = recorded(1_024)
  policy.agent('a', { concurrency: 8 })
  for (let i = 0; i < 200; i++) policy.succeed(policy.run())
  policy.core.stopRecording()
  expect(chunks.length).toBeGreaterThan(10)
  const replayer = new Replayer()
  for (const chunk of chunks) {
    expect(isEffect(chunk[0])).toBe(false)
    replayer.push(chunk)
    expect(replayer.reader.leftBytes).toBe(0)
  }
  expect(replayer.end).toBe(replayer.digest())
  expect(replayed(journal()).events).toBe(801)
})

test('writer: an event of many effects is one, however small the chunks', () => {
  const { policy, chunks, journal } = recorded(256, { slots: 1_024 })
  const agent = policy.agent('a', { concurrency: 1_000 })
  policy.submitMany(1_000)
  policy.place()
  const before = chunks.length
  policy.bye(agent)
  expect(chunks.length).toBe(before + 1)
  expect(chunks.at(-1)!.length).toBeGreaterThan(1_000 * 32)
  policy.core.stopRecording()
  expect(replayed(journal()).end).not.toBe(null)
})

test('writer: what it handed on is the sink’s own', () => {
  const { policy, writer, chunks } = recorded()
  policy.agent('a')
  writer.flush()
  const [first] = chunks
  const copy = new Uint8Array(first)
  for (let i = 0; i < 2_000; i++) policy.submit()
  writer.flush()
  writer.flush()
  expect(chunks.length).toBeGreaterThan(2)
  expect(first).toEqual(copy)
})

test('writer: a string is written once; beyond the bound numbers begin anew', () => {
  const { policy, journal } = recorded()
  policy.agent('a')
  const record = policy.run('q', { retryCount: 100 })
  const failAs = (code: string) => {
    policy.fail(record, true, code)
    policy.place()
  }
  for (let i = 0; i < 10; i++) failAs('same')
  policy.core.stopRecording()
  const strings = kindsOf(journal()).filter((kind) => kind === Kind.STRING)
  // a, a-1, *, q, failed, same
  expect(strings.length).toBe(6)

  const long = recorded()
  for (let i = 0; i < 70_000; i++) long.policy.core.drainAgent(`agent-${i}`)
  for (let i = 0; i < 10; i++) long.policy.core.drainAgent(`agent-${i}`)
  long.policy.core.stopRecording()
  expect(replayed(long.journal()).events).toBe(70_010)
})

test('writer: END counts since HEAD, and a journal that goes on has the same end', () => {
  const { policy, writer, chunks, journal } = recorded()
  policy.agent('a')
  for (let i = 0; i < 5; i++) policy.succeed(policy.run())
  writer.flush()
  const end = policy.core.endOfJournal()!
  const saved = replayed(Buffer.concat([...chunks, end]))
  expect([saved.events, saved.effects, saved.isCut]).toEqual([21, 11, false])
  expect(saved.end).toBe(saved.digest())
  policy.succeed(policy.run())
  policy.core.stopRecording()
  expect(policy.core.isRecording).toBe(false)
  expect(policy.core.endOfJournal()).toBe(null)
  const whole = replayed(journal())
  expect([whole.events, whole.effects]).toEqual([25, 13])
  expect(whole.end).not.toBe(saved.end)
  const length = journal().length
  policy.submit()
  expect(journal().length).toBe(length)
})

test('recording: another half begins with HEAD and IMAGE, alone or behind the first', () => {
  const { policy, writer, chunks } = recorded()
  policy.agent('a')
  for (let i = 0; i < 5; i++) policy.succeed(policy.run())
  writer.flush()
  const first = chunks.length
  policy.core.record(writer)
  for (let i = 0; i < 3; i++) policy.succeed(policy.run('r'))
  policy.core.stopRecording()
  const second = replayed(Buffer.concat(chunks.slice(first)))
  const both = replayed(Buffer.concat(chunks))
  expect([second.events, both.events]).toEqual([12, 33])
  expect(second.end).toBe(both.end)
  expect(both.end).not.toBe(null)
})

test('recording: a half that does not follow the first is a mismatch', () => {
  const { policy, writer, chunks } = recorded()
  policy.agent('a')
  writer.flush()
  policy.core.stopRecording(false)
  policy.submit()
  policy.core.record(writer)
  policy.core.stopRecording()
  const read = () => replayed(Buffer.concat(chunks))
  expect(read).toThrow(JournalMismatch)
  expect(read).toThrow(/\(IMAGE\), event 1: the state, [\w.]+: expected 1, found 0/)
})

test('recording: a checkpoint is compared; without an end it is as if the process was killed', () => {
  const { policy, writer, journal } = recorded()
  policy.agent('a')
  policy.core.checkpoint()
  policy.submit()
  writer.flush()
  policy.core.stopRecording(false)
  expect(kindsOf(journal()).filter((kind) => kind === Kind.IMAGE).length).toBe(2)
  const replayer = replayed(journal())
  expect([replayer.events, replayer.end, replayer.isCut]).toEqual([2, null, false])
})

test('recording: effects are told as before, in the same order', () => {
  const { policy } = recorded()
  const plain = new Policy(SMALL)
  const both = [policy, plain]
  for (const one of both) {
    const agent = one.agent('a', { concurrency: 2 })
    one.fail(one.run('q', { retryCount: 0 }))
    one.cancel(one.run())
    one.bye(agent)
  }
  const told = both.map(({ effects }) => [
    effects.outcomes.map(({ id, state }) => [id, state]),
    effects.revoked.map(({ counter, reason }) => [counter, reason]),
    effects.ends.map(({ counter, how, isCharged }) => [counter, how, isCharged]),
    effects.downs.map(({ reason }) => reason),
    effects.ups.length,
  ])
  expect(told[0]).toEqual(told[1])
})

test('recording: a late effect or none at all names record, event and both sides', () => {
  const { policy, journal } = recorded()
  policy.agent('a')
  policy.core.stopRecording()
  const bytes = new Uint8Array(journal())
  const reader = new JournalReader()
  reader.push(bytes)
  let at = 0
  while (reader.next() && reader.kind !== Kind.AGENT_UP) at = bytes.length - reader.leftBytes
  // The agent's generation.
  bytes[at + 8] = 9
  expect(() => replayed(bytes)).toThrow(
    `Record ${reader.record} (AGENT_UP), event 1: generation: expected 9, found 1.`,
  )
  bytes[at] = Kind.FENCED
  expect(() => replayed(bytes)).toThrow(/the effect: expected FENCED, found AGENT_UP/)
  bytes[at] = Kind.TIME
  expect(() => replayed(bytes)).toThrow(/the effect: expected none, found AGENT_UP/)
})
