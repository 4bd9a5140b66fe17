import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isComparison, parseTerm, TERM_OPERATORS } from '../../src/terms.ts'

test.each([
  ['ocr', 'ocr', '', 0],
  ['gpu>=24', 'gpu>=24', '>=', 24],
  ['gpu <= 24', 'gpu<=24', '<=', 24],
  ['gpu>24.50', 'gpu>24.5', '>', 24.5],
  ['gpu<2.4e1', 'gpu<24', '<', 24],
  ['gpu==24', 'gpu=24', '=', 24],
  ['gpu=24', 'gpu=24', '=', 24],
  ['gpu!=0', 'gpu!=0', '!=', 0],
  ['temp>-5', 'temp>-5', '>', -5],
  ['temp>-0', 'temp>0', '>', 0],
  ['a-b_9=1', 'a-b_9=1', '=', 1],
  ['big>=1e21', 'big>=1e+21', '>=', 1e21],
  ['big>=1000000000000000000000', 'big>=1e+21', '>=', 1e21],
  ['exact=123456789012345', 'exact=123456789012345', '=', 123456789012345],
  ['small>0.000000000000001', 'small>1e-15', '>', 1e-15],
])('terms: %s is %s', (given, text, operator, value) => {
  const term = parseTerm(given)
  expect(term).toMatchObject({ text, operator, value })
  expect(parseTerm(text)).toEqual(term)
})

test.each([
  '',
  ' ',
  'a b',
  'a.b',
  'gpu>=',
  '>=24',
  'gpu=>24',
  'gpu>==24',
  'gpu<>24',
  'gpu!24',
  'gpu>=abc',
  'gpu>=024',
  'gpu>=+24',
  'gpu>=.5',
  'gpu>=5.',
  'gpu>=0x10',
  'gpu>=1_000',
  'gpu>=1,5',
  'gpu>=NaN',
  'gpu>=Infinity',
  'gpu>=1e400',
  'gpu>=1e-400',
  'gpu>=1234567890123456',
  'gpu>=0.1234567890123456',
  'gpu>=24GB',
  'gpu>=2 4',
  'gpu>=24 ',
  'gpu>=24\n',
  'gpu\t>=24',
  'gpu>=٢٤',
  `${'g'.repeat(65)}>=1`,
  `gpu>=${'0'.repeat(200)}`,
  'gpu>=1>=2',
])('terms: %j is none', (text) => {
  expect(parseTerm(text)).toBe(null)
})

test('terms: whatever is read has one text, which reads as the same term', () => {
  const number = fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toPrecision(12)),
    fc.stringMatching(/^-?[0-9]{1,18}(\.[0-9]{1,6})?(e-?[0-9]{1,3})?$/),
  )
  const text = fc
    .tuple(
      fc.stringMatching(/^[A-Za-z0-9_-]{1,66}$/),
      fc.constantFrom('', ' '),
      fc.constantFrom(...TERM_OPERATORS, '==', '', '=!'),
      number,
    )
    .map(([name, space, operator, value]) => `${name}${space}${operator}${space}${value}`)
  let read = 0
  fc.assert(
    fc.property(text, (given) => {
      const term = parseTerm(given)
      if (term === null) return
      read++
      expect(parseTerm(term.text)).toEqual(term)
      expect(term.text).not.toContain(' ')
      expect(Number.isFinite(term.value)).toBe(true)
    }),
    { numRuns: 5_000 },
  )
  expect(read).toBeGreaterThan(1_000)
})

test('terms: equal numbers are equal texts, different ones differ', () => {
  const value = fc.oneof(fc.integer({ min: -999, max: 999 }), fc.constantFrom(0.5, 1e20, 1e21))
  const written = (number: number) => [String(number), number.toExponential(), number.toFixed(1)]
  fc.assert(
    fc.property(value, value, (a, b) => {
      const texts = (number: number) =>
        written(number).map((text) => parseTerm(`x>=${text}`)?.text ?? 'too long')
      const [first, ...others] = texts(a).filter((text) => text !== 'too long')
      for (const other of others) expect(other).toBe(first)
      expect(texts(b).includes(first)).toBe(a === b)
    }),
  )
})

test('terms: any text at all is a term or none, in time that its length bounds', () => {
  const parts = fc.constantFrom('a', ' ', '>', '=', '<', '!', '0', '9', '.', 'e', '-', '+', 'é')
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 300 }), (all) => {
      const text = all.join('')
      const term = parseTerm(text)
      if (term === null) return
      expect(isComparison(text)).toBe(term.operator !== '')
    }),
    { numRuns: 5_000 },
  )
  expect(parseTerm(`a${' '.repeat(1_000_000)}>=1`)).toBe(null)
})
