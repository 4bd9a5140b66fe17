import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { LIMITS } from '../../src/options.ts'
import { Calibration } from '../../src/people/calibration.ts'
import { Comments } from '../../src/people/comments.ts'
import { seenOf } from '../../src/people/seen.ts'

test('calibration: each decision is in its band, and the lower end is in it', () => {
  const calibration = new Calibration()
  for (const confidence of [100, 90, 89.9, 70, 69, 50, 49, 0]) calibration.add('accept', confidence)
  expect(
    calibration.view('q').bands.map(({ from, to, decisions }) => [from, to, decisions]),
  ).toEqual([
    [90, 100, 2],
    [70, 90, 2],
    [50, 70, 2],
    [0, 50, 2],
  ])
})

test('calibration: acceptance is of what was judged, and escalated ones are counted beside', () => {
  const calibration = new Calibration()
  for (let i = 0; i < 9; i++) calibration.add('accept', 95)
  calibration.add('reject', 95)
  calibration.add('escalate', 91)
  calibration.add('reject', null)
  const { bands, without, brier } = calibration.view('q')
  expect(bands[0]).toEqual({
    from: 90,
    to: 100,
    decisions: 11,
    accepted: 9,
    rejected: 1,
    escalated: 1,
    acceptance: 0.9,
    confidence: 0.9464,
  })
  expect(without).toBe(1)
  // (9 · 0.05² + 0.95²) / 10
  expect(brier).toBe(0.0925)
})

test('calibration: Brier’s score is 0 for who is always sure and right, and null before any', () => {
  const calibration = new Calibration()
  expect(calibration.view('q')).toMatchObject({ brier: null, without: 0 })
  calibration.add('escalate', 50)
  expect(calibration.view('q').brier).toBeNull()
  calibration.add('accept', 100)
  calibration.add('reject', 0)
  expect(calibration.view('q').brier).toBe(0)
  const coin = new Calibration()
  coin.add('accept', 50)
  coin.add('reject', 50)
  expect(coin.view('q').brier).toBe(0.25)
})

test('calibration: counts name band and decision, and leave out what there is none of', () => {
  const calibration = new Calibration()
  calibration.add('accept', 91)
  calibration.add('accept', 92)
  calibration.add('escalate', null)
  expect(calibration.counts()).toEqual([
    { band: '90-100', decision: 'accept', count: 2 },
    { band: 'none', decision: 'escalate', count: 1 },
  ])
})

const comment = (text: string) => ({ by: 'alice', at: 1, text })

test('comments: they stay with their task in order, and go with it', () => {
  const comments = new Comments<object>()
  const [one, other] = [{}, {}]
  comments.add(one, 'one', comment('first'))
  comments.add(one, 'one', comment('second'))
  comments.add(other, 'other', comment('x'))
  expect(comments.of(one).map(({ text }) => text)).toEqual(['first', 'second'])
  const both = comments.bytes
  comments.forget(one)
  expect(comments.of(one)).toEqual([])
  expect(comments.bytes).toBeLessThan(both)
  comments.forget(other)
  expect(comments.bytes).toBe(0)
})

test('comments: a task has a hundred at most, and all together as many bytes as they may', () => {
  const task = {}
  const comments = new Comments<object>()
  for (let i = 0; i < LIMITS.commentsMax; i++) comments.add(task, 'one', comment(`${i}`))
  expect(() => comments.add(task, 'one', comment('more'))).toThrow('Task "one" has 100 comments')
  const small = new Comments<object>(40)
  small.add({}, 'a', comment('0123456789'))
  const refused = () => small.add({}, 'b', comment('01234'))
  expect(refused).toThrow(SignalboxError)
  expect(refused).toThrow('The comments of all tasks hold 40 bytes')
})

const bytes = (text: string) => new TextEncoder().encode(text)

test('seen: the digest is SHA-256 over lengths and bytes, as docs/people.md has it', () => {
  const length = (n: number) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigUInt64LE(BigInt(n))
    return buffer
  }
  const expected = createHash('sha256')
    .update(
      Buffer.concat([length(2), bytes('{}'), length(3), bytes('gap'), length(4), bytes('true')]),
    )
    .digest('hex')
  expect(seenOf(bytes('{}'), [{ name: 'gap', bytes: bytes('true') }]).toString('hex')).toBe(
    expected,
  )
})

test('seen: whatever is moved from one place to another gives another digest', () => {
  const input = (name: string, text: string | null) => ({
    name,
    bytes: text === null ? null : bytes(text),
  })
  const digests = [
    seenOf(bytes('ab'), []),
    seenOf(bytes('a'), [input('b', '')]),
    seenOf(bytes(''), [input('ab', '')]),
    seenOf(bytes(''), [input('a', 'b')]),
    seenOf(bytes(''), [input('a', null)]),
    seenOf(bytes(''), [input('a', '')]),
    seenOf(bytes(''), [input('a', 'b'), input('c', 'd')]),
    seenOf(bytes(''), [input('c', 'd'), input('a', 'b')]),
  ].map((digest) => digest.toString('hex'))
  expect(new Set(digests).size).toBe(digests.length)
})
