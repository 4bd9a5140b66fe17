import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { ruleCircles } from '../../src/rules/circles.ts'
import { queues, to } from './support.ts'

type Given = Parameters<typeof queues>[0]

function circles(given: Given, moves: Record<string, string> = {}, defaults: object | null = null) {
  const found = ruleCircles({
    queues: queues(given),
    moves: (letter) => moves[letter] ?? null,
    defaults: defaults === null ? null : { ...QUEUE_DEFAULTS, ...defaults },
  })
  return found.map(({ path, rule }) => `${path.join(' → ')} by rule ${rule}`)
}

test('circles: rules that lead back are one, named from its first queue', () => {
  expect(
    circles({ a: { rules: [to('b')] }, b: { rules: [to('c')] }, c: { rules: [to('a')] } }),
  ).toEqual(['a → b → c → a by rule 0'])
  expect(circles({ a: { rules: [to('b'), to('a')] }, b: {} })).toEqual(['a → a by rule 1'])
})

test('circles: each set of queues is told of once', () => {
  const found = circles({
    a: { rules: [to('b')] },
    b: { rules: [to('a')] },
    c: { rules: [to('d'), to('a')] },
    d: { rules: [to('c')] },
  })
  expect(found).toEqual(['a → b → a by rule 0', 'c → d → c by rule 0'])
})

test('circles: dead letters and escalations lead back as well', () => {
  const rules = [to('b')]
  expect(circles({ a: { rules }, b: {} }, { b: 'a' })).toEqual(['a → b → a by rule 0'])
  expect(circles({ a: { rules }, b: { deadLetterQueue: 'lost' } }, { lost: 'a' })).toEqual([
    'a → b → a by rule 0',
  ])
  expect(circles({ a: { rules }, b: { escalateTo: 'a' } })).toEqual(['a → b → a by rule 0'])
})

test('circles: without a rule in it there is none: a task goes to no queue twice', () => {
  expect(circles({ a: { escalateTo: 'b' }, b: {} }, { b: 'a' })).toEqual([])
})

test('circles: one rule of it that ends is enough', () => {
  expect(circles({ a: { rules: [to('b', { times: 3 })] }, b: { rules: [to('a')] } })).toEqual([])
  expect(circles({ a: { rules: [to('a', { times: 1 })] } })).toEqual([])
})

test('circles: queues that come into being have the rules of all', () => {
  expect(circles({ a: { rules: [to('b')] } }, {}, {})).toEqual([])
  expect(circles({ a: { rules: [] } }, {}, { rules: [to('b', { times: 1 })] })).toEqual([])
  expect(circles({ a: { rules: [to('b')] } }, {}, { rules: [to('b')] })).toEqual([
    'b → b by rule 0',
  ])
})

test('circles: those of queues that nobody has named but the rules of all are found too', () => {
  const all = { rules: [to('a')] }
  expect(circles({}, {}, all)).toEqual(['a → a by rule 0'])
  expect(circles({ x: { rules: [] } }, {}, all)).toEqual(['a → a by rule 0'])
  expect(circles({ a: { rules: [] } }, {}, all)).toEqual([])
  expect(circles({ a: { escalateTo: 'b' } }, {}, all)).toEqual(['b → a → b by rule 0'])
  expect(circles({ a: { rules: [] } }, { lost: 'b' }, { ...all, deadLetterQueue: 'lost' })).toEqual(
    [],
  )
  expect(circles({ a: { rules: [] } }, { a: 'b' }, all)).toEqual(['b → a → b by rule 0'])
})

test('circles: 10,000 queues in a row are no trouble, and the last that leads back is found', () => {
  const name = (at: number) => `q${at}`
  const row: Given = {}
  for (let at = 0; at < 9_999; at++) row[name(at)] = { rules: [to(name(at + 1))] }
  row[name(9_999)] = {}
  expect(circles(row)).toEqual([])
  row[name(9_999)] = { rules: [to(name(0))] }
  const [found] = circles(row)
  expect(found).toMatch(/^q0 → q1 → .* → q9999 → q0 by rule 0$/)
})

/** Whether a walk along rules without `times`, and along other ways, can come back: by brute force. */
function hasCircle(given: Given, moves: Record<string, string>): boolean {
  const waysFrom = (name: string): string[] => {
    const { rules = [], escalateTo = '' } = given[name]
    const targets = rules.filter(({ times }) => times === 0).map(({ queue }) => queue)
    return [...targets, escalateTo, moves[name] ?? ''].filter((target) => target in given)
  }
  const reaches = (from: string, to: string, seen: Set<string>): boolean => {
    if (from === to) return true
    if (seen.has(from)) return false
    seen.add(from)
    return waysFrom(from).some((way) => reaches(way, to, seen))
  }
  return Object.entries(given).some(([name, { rules = [] }]) =>
    rules.some(({ queue, times }) => times === 0 && reaches(queue, name, new Set())),
  )
}

test('circles: found in random graphs exactly where a walk comes back, and the way named is one', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const one = fc.record({
    rules: fc.array(
      fc.record({ queue: name, times: fc.constantFrom(0, 0, 0, 2) }).map(({ queue, times }) => {
        return to(queue, { times })
      }),
      { maxLength: 3 },
    ),
    escalateTo: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: name }),
  })
  const all = fc.record({ a: one, b: one, c: one, d: one, e: one })
  const letters = fc.dictionary(name, name, { maxKeys: 2 })
  let found = 0
  fc.assert(
    fc.property(all, letters, (given, moves) => {
      const paths = ruleCircles({
        queues: queues(given),
        moves: (letter) => (Object.hasOwn(moves, letter) ? moves[letter] : null),
        defaults: null,
      })
      expect(paths.length > 0).toBe(hasCircle(given, moves))
      found += paths.length > 0 ? 1 : 0
      for (const { path, rule } of paths) {
        expect(path[0]).toBe(path.at(-1))
        expect(given[path[0] as 'a'].rules[rule].queue).toBe(path[1])
        for (let at = 0; at + 1 < path.length; at++) {
          const { rules, escalateTo } = given[path[at] as 'a']
          const ways = rules.filter(({ times }) => times === 0).map(({ queue }) => queue)
          expect([...ways, escalateTo, moves[path[at]]]).toContain(path[at + 1])
        }
      }
    }),
    { numRuns: 2_000 },
  )
  expect(found).toBeGreaterThan(200)
})
