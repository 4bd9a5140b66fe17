import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  attemptToken,
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
    subjects.from('a', 'hello'),
    subjects.results('s'),
    subjects.progresses('s'),
    subjects.work('a', 'i'),
    subjects.control('a', 'i'),
    subjects.event('agent_up'),
    subjects.api('status', 'any'),
  ]).toEqual([
    'sb.task.ocr',
    'sb.task.ocr.5',
    'sb.call.ocr',
    'sb.call.ocr.1',
    'sb.from.a.hello',
    'sb.from.*.s.result.*.*',
    'sb.from.*.s.progress.*.*',
    'sb.agent.a.i.work',
    'sb.agent.a.i.control',
    'sb.event.agent_up',
    'sb.api.status.any',
  ])
})
