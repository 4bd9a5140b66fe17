/** Results are alike by what they mean, and nothing of them is evaluated or reaches what is not theirs. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alikeBy } from '../../src/together/alike.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const same = (field: string, a: string, b: string) =>
  alikeBy(field, bytes(a)) === alikeBy(field, bytes(b))

test('alike: spaces and the order of keys do not matter, at any depth', () => {
  expect(
    same('', '{"a":1,"b":{"c":[1,2],"d":null}}', '{ "b": {"d":null,"c":[1,2]},\n"a":1.0 }'),
  ).toBe(true)
})

test('alike: the order of a list does, and so do types', () => {
  expect(same('', '[1,2]', '[2,1]')).toBe(false)
  expect(same('', '1', '"1"')).toBe(false)
  expect(same('', 'null', '"null"')).toBe(false)
  expect(same('', '{"0":1}', '[1]')).toBe(false)
})

test('alike: what is no JSON is compared byte by byte', () => {
  expect(same('', 'yes', 'yes')).toBe(true)
  expect(same('', 'yes', 'yes ')).toBe(false)
  expect(alikeBy('', new Uint8Array([0xff, 0xfe]))).toBe(alikeBy('', new Uint8Array([0xff, 0xfe])))
})

test('alike: numbers that are read as the same one are alike only where the bytes are', () => {
  const big = '9007199254740993'
  for (const [a, b] of [
    [big, '9007199254740992'],
    ['1e400', '1e500'],
    ['1e400', 'null'],
    ['-1e400', 'null'],
    [`{"a":[${big}]}`, '{"a":[9007199254740992]}'],
  ]) {
    expect(same('', a, b), `${a} ${b}`).toBe(false)
    expect(same('', a, a), a).toBe(true)
    const inField = (value: string, by: number) => `{"x":${value},"by":${by}}`
    expect(same('x', inField(a, 1), inField(b, 1)), `${a} ${b}`).toBe(false)
    expect(same('x', inField(a, 1), inField(a, 1)), a).toBe(true)
  }
  expect(same('', '9007199254740991', '9007199254740991.0')).toBe(true)
  expect(same('x', `{"x":1,"id":${big}}`, '{"x":1.0,"id":9007199254740992}')).toBe(true)
})

test('alike: by a field nothing else matters', () => {
  const a = '{"review":{"verdict":"ok","by":"a"},"ms":3}'
  const b = '{"ms":9,"review":{"by":"b","verdict":"ok"}}'
  expect(same('review.verdict', a, b)).toBe(true)
  expect(same('review', a, b)).toBe(false)
})

test('alike: a result without the field is no vote', () => {
  for (const text of ['{}', '[]', '3', 'no json', '{"review":null}', '{"review":"ok"}', '']) {
    expect(alikeBy('review.verdict', bytes(text)), text).toBeNull()
  }
})

test('alike: only names of its own are looked at', () => {
  for (const field of ['__proto__', 'constructor', 'toString', 'constructor.name', 'length']) {
    expect(alikeBy(field, bytes('{"a":1}')), field).toBeNull()
  }
  expect(alikeBy('__proto__.x', bytes('{"__proto__":{"x":1}}'))).toBe('json:1')
})

test('alike: a hundred thousand brackets are compared as bytes, or are no vote', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  expect(alikeBy('', bytes(deep))).toMatch(/^bytes:/)
  expect(alikeBy('a', bytes(`{"a":${deep}}`))).toBeNull()
})

test('alike: long results are compared by their hash', () => {
  const long = JSON.stringify({ text: 'x'.repeat(10_000) })
  expect(alikeBy('', bytes(long))!.length).toBeLessThan(64)
  expect(same('', long, long.replace('xx', 'xy'))).toBe(false)
})

test('alike: any JSON is alike itself, written in another way', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value, exact)
      expect(same('', text, JSON.stringify(JSON.parse(text), turned, 2))).toBe(true)
    }),
  )
})

/** Others are compared as bytes. */
function exact(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? value % Number.MAX_SAFE_INTEGER : value
}

/** The keys of every object the other way round. */
function turned(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).reverse())
}

test('alike: no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ maxLength: 8 }), (data, field) => {
      const said = alikeBy(field, data)
      expect(said === null || said.length > 0).toBe(true)
    }),
  )
})
