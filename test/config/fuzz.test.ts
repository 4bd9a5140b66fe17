import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FILE_BYTES_MAX } from '../../src/config/document.ts'
import { findingLine } from '../../src/config/findings.ts'
import { SECTIONS } from '../../src/config/keys.ts'
import { readConfig } from '../../src/config/read.ts'
import { text } from '../support/files.ts'
import { configuration, lines } from './support.ts'

/** Whatever is written: an answer, with places that are in the file, and options or an error. */
function expectAnswer(given: string): void {
  const { findings, configuration } = readConfig(given, 'f.yaml')
  const isWrong = findings.some(({ severity }) => severity === 'error')
  expect(configuration === null).toBe(isWrong)
  const rows = given.split(/\r\n|\n|\r/).length
  for (const finding of findings) {
    expect(finding.line).toBeGreaterThan(0)
    expect(finding.line).toBeLessThanOrEqual(rows)
    expect(finding.column).toBeGreaterThan(0)
    expect(findingLine(finding)).not.toMatch(/[\u0000-\u001f]/)
  }
}

const deep = (open: string, times: number) => open.repeat(times)

test.each([
  ['brackets without an end', deep('[', 100_000)],
  ['brackets with an end', deep('[', 3_000) + deep(']', 3_000)],
  ['braces', deep('{a: ', 20_000)],
  ['dashes in a row', deep('- ', 50_000)],
  ['question marks', deep('? ', 50_000)],
  [
    'an indentation for each line',
    Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  ],
])('config: %s are too deep, which is a finding', (_, given) => {
  expect(lines(given)).toEqual([
    expect.stringMatching(/^\d+:\d+: it is nested more than 32 levels deep\.$/),
  ])
})

test('config: a file of many closing braces is no YAML, and soon said so', () => {
  expect(lines(deep('}', 200_000))).toEqual([expect.stringMatching(/^1:\d+: this is no YAML\.$/)])
})

test('config: aliases of aliases of aliases are not multiplied', () => {
  const rows = Array.from({ length: 30 }, (_, n) => {
    const nine = Array.from({ length: 9 }, () => `*a${n}`).join(', ')
    return `a${n + 1}: &a${n + 1} [${nine}]`
  })
  const bomb = `a0: &a0 [lol]\n${rows.join('\n')}\nqueues: *a30\n`
  const told = lines(bomb)
  expect(told).toHaveLength(32)
  expect(told.at(-1)).toMatch(/^31:11: queues: \(a list\): give keys below it\.$/)
})

test('config: an alias of itself is a finding or stands for nothing', () => {
  for (const given of [
    'queues: &q {a: *q}',
    'queues: &q\n  a: *q\n',
    '&a queues: *a',
    'a: &a *a',
  ]) {
    expectAnswer(given)
  }
})

test('config: more aliases than may be are a finding', () => {
  const many = `x: &x 1\n${Array.from({ length: 10_001 }, (_, n) => `k${n}: *x`).join('\n')}`
  expect(lines(many)).toEqual([expect.stringMatching(/: there are more than 10000 aliases\.$/)])
})

test('config: names of what all objects have are names like others, or refused', () => {
  const { scheduler } = configuration(
    'queues: {constructor: {ttl_seconds: 1}, toString: , hasOwnProperty: }',
  )
  expect(Object.entries(scheduler.queues!)).toEqual([
    ['constructor', { ttlMs: 1_000 }],
    ['toString', {}],
    ['hasOwnProperty', {}],
  ])
  const proto = [
    '__proto__: {x: 1}',
    'queues: {__proto__: {ttl_seconds: 1}}',
    'queues: {a: {__proto__: {ttl_seconds: 1}}}',
    'agents: [{subject: a.b, queues: ["*"], labels: {__proto__: 5}}]',
  ]
  for (const given of proto) {
    expect(lines(given)).toEqual([expect.stringContaining('__proto__')])
  }
  expect(({} as Record<string, unknown>).x).toBeUndefined()
  expect(({} as Record<string, unknown>).ttlMs).toBeUndefined()
})

test.each([
  '1e400',
  '-.inf',
  '.nan',
  '99999999999999999999999',
  '0x7fffffffffffffff',
  '-0.0001',
  '1_000',
])('config: the number %s is no time and no count', (number) => {
  const [first, second, ...rest] = lines(
    `queues: {a: {ttl_seconds: ${number}, retry_count: ${number}}}`,
  )
  expect(rest).toEqual([])
  expect(first).toMatch(/^1:27: queues\.a\.ttl_seconds: ".*": give seconds /)
  expect(second).toMatch(/: queues\.a\.retry_count: ".*": give a whole number /)
})

test('config: a byte order mark, line ends of all kinds and control characters do no harm', () => {
  expect(configuration('\ufeffqueues:\r\n  a: {ttl_seconds: 1}\r\n').scheduler.queues).toEqual({
    a: { ttlMs: 1_000 },
  })
  expect(lines('\ufeffqueues: {a: 5}')).toEqual(['1:13: queues.a: "5": give keys below it.'])
  expectAnswer('queues: {a: {dead_letter_queue: "\u0000\u001b[2J"}}')
  expect(lines('queues: {a: {dead_letter_queue: "\\e[2J"}}')[0]).not.toContain('\u001b')
})

test('config: tags mean nothing here, and are said to', () => {
  expect(lines('queues: {a: {ttl_seconds: !!js/function 1}}')).toEqual([
    expect.stringMatching(/^1:27: unresolved tag: .*: leave it out\.$/),
  ])
})

test('config: a file that is too large is not read', () => {
  expect(lines('#'.repeat(FILE_BYTES_MAX + 1))).toEqual([
    `1:1: the file has more than ${FILE_BYTES_MAX} bytes: split its queues up.`,
  ])
})

test('config: findings beyond a thousand are counted', () => {
  const many = `queues: {a: {${Array.from({ length: 1_500 }, (_, n) => `k${n}: 1`).join(', ')}}}`
  const { findings, more, configuration } = readConfig(many, 'f.yaml')
  expect([findings.length, more, configuration]).toEqual([1_000, 500, null])
})

test('config: any text is answered', () => {
  const piece = fc.constantFrom(
    ...'[]{}:,-?&*!|>%@`#\'"\n\t \r\\'.split(''),
    '  ',
    '\n  ',
    ': ',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '---\n',
    '...\n',
    'null',
    '1',
    'queues',
    '!!str ',
    '\u0000',
    '\ufeff',
    '😀',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => expectAnswer(pieces.join(''))),
    { numRuns: 1_000 },
  )
})

test('config: any value anywhere is answered', () => {
  const keys = SECTIONS.flatMap(({ yaml, shape, keys }) =>
    keys.map((key) => ({ yaml, shape, key: key.yaml })),
  )
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('FIFO', 5, 0, -1, '', '1', null, [], {}, ['a']),
  )
  fc.assert(
    fc.property(fc.constantFrom(...keys), value, ({ yaml, shape, key }, given) => {
      const one = { [key]: given }
      const section = shape === 'named' ? { a: one } : shape === 'list' ? [one] : one
      expectAnswer(JSON.stringify({ [yaml]: section }))
    }),
    { numRuns: 2_000 },
  )
})

test('config: the example with any one character changed is answered', () => {
  const example = text('examples/regulatory-review/signalbox.yaml')
  fc.assert(
    fc.property(fc.nat(example.length - 1), fc.constantFrom(...' \n:-[]{}&*!"\'#\t9x'), (at, c) =>
      expectAnswer(example.slice(0, at) + c + example.slice(at + 1)),
    ),
    { numRuns: 300 },
  )
})
