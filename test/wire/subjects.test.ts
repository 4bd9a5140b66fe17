import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  answerSubject,
  attemptToken,
  frameReplyTo,
  newResultAddress,
  parseResultSubject,
  parseToken,
  Subjects,
} from '../../src/wire/subjects.ts'

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
const number = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 999_999_999_999_999 }))

test('subjects: a result’s address is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.tuple(token, token, token),
      fc.tuple(fc.nat(65_535), number, number, number),
      ([prefix, agent, scheduler], [slot, epoch, counter, seq]) => {
        const subjects = new Subjects(prefix)
        const attempt = attemptToken(epoch, counter, seq)
        const subject = subjects.result(agent, scheduler, slot, attempt)
        const address = newResultAddress()
        expect(parseResultSubject(subject, `${prefix}.from.`.length, address)).toBe(true)
        expect(address).toEqual({ agent, slot, epoch, counter, seq })
        expect(parseToken(attempt, 0, address)).toBe(true)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('subjects: progress goes where the result does, with another verb', () => {
  const subject = new Subjects('sb').result('a', 's', 7, '1-2-3').replace('.result.', '.progress.')
  const address = newResultAddress()
  expect(parseResultSubject(subject, 'sb.from.'.length, address)).toBe(true)
  expect(address).toEqual({ agent: 'a', slot: 7, epoch: 1, counter: 2, seq: 3 })
})

test.each([
  'sb.from.a.s.result.7.1-2',
  'sb.from.a.s.result.7.1-2-',
  'sb.from.a.s.result.7.-2-3',
  'sb.from.a.s.result.7.1--3',
  'sb.from.a.s.result.7.1-2-3-4',
  'sb.from.a.s.result.x.1-2-3',
  'sb.from.a.s.result.-1.1-2-3',
  'sb.from.a.s.result.1e3.1-2-3',
  'sb.from.a.s.result.7.1-2-0x3',
  'sb.from.a.s.result.7.1-2-+3',
  'sb.from.a.s.result.7.1-2- 3',
  'sb.from.a.s.result.7.1-1234567890123456-3',
  'sb.from.a.s.result.7.١-2-3',
  'sb.from.a.s.result..1-2-3',
  'sb.from.a.s.result.7.',
  'sb.from.a.7',
  'sb.from.a',
  'sb.from.',
])('subjects: %s is malformed', (subject) => {
  expect(parseResultSubject(subject, 'sb.from.'.length, newResultAddress())).toBe(false)
})

test('subjects: no text makes the reader throw or give anything but whole numbers', () => {
  const parts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('.', '-', '7')))
  fc.assert(
    fc.property(parts, (texts) => {
      const address = newResultAddress()
      if (!parseResultSubject(`sb.from.${texts.join('')}`, 'sb.from.'.length, address)) return
      const { slot, epoch, counter, seq } = address
      for (const value of [slot, epoch, counter, seq]) {
        expect(Number.isSafeInteger(value) && value >= 0).toBe(true)
      }
    }),
    { numRuns: 10_000 },
  )
})

test('subjects: each is what the documentation says', () => {
  const subjects = new Subjects('sb')
  expect([
    subjects.task('ocr'),
    subjects.task('ocr', 5),
    subjects.call('ocr'),
    subjects.call('ocr', 1),
    subjects.frame('ocr', 5),
    subjects.frame('ocr', '*'),
    subjects.from('a', 'hello'),
    subjects.from('a', 'pull'),
    subjects.results('s'),
    subjects.progresses('s'),
    subjects.resultFrames('a', 's'),
    subjects.resultFrames('*', 's'),
    subjects.frameReply('a', 's', '1-2-3'),
    subjects.frameReplies('s'),
    subjects.frames('a', 'i'),
    subjects.work('a', 'i'),
    subjects.control('a', 'i'),
    subjects.event('agent_up'),
    subjects.api('status', 'any'),
  ]).toEqual([
    'sb.task.ocr',
    'sb.task.ocr.5',
    'sb.call.ocr',
    'sb.call.ocr.1',
    'sb.frame.ocr.5',
    'sb.frame.ocr.*',
    'sb.from.a.hello',
    'sb.from.a.pull',
    'sb.from.*.s.result.*.*',
    'sb.from.*.s.progress.*.*',
    'sb.from.a.s.frames',
    'sb.from.*.s.frames',
    'sb.from.a.s.frames.1-2-3',
    'sb.from.*.s.frames.*',
    'sb.agent.a.i.frames',
    'sb.agent.a.i.work',
    'sb.agent.a.i.control',
    'sb.event.agent_up',
    'sb.api.status.any',
  ])
})

test('subjects: frames of one inbox have reply subjects of their own, and one for all answers', () => {
  expect(frameReplyTo('_INBOX.me.', 7)).toBe('_INBOX.me.frame-7')
  for (const number of [0, 7, Number.MAX_SAFE_INTEGER]) {
    expect(answerSubject(frameReplyTo('_INBOX.me.', number))).toBe('_INBOX.me.frame-0')
  }
  for (const other of [
    '',
    '_INBOX.me.1',
    '_INBOX.me.frame-',
    '_INBOX.me.frame-x',
    '_INBOX.me.frame-1.x',
    '_INBOX.me.frame-12345678901234567',
    '_INBOX.me.aframe-1',
  ]) {
    expect(answerSubject(other)).toBe(other)
  }
})
