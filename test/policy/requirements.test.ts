import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Match } from '../../src/options.ts'
import { Profile } from '../../src/policy/profiles.ts'
import {
  fraction,
  hasPreferred,
  meets,
  meetsAll,
  type Offer,
  preferredTerms,
  termsOf,
} from '../../src/policy/requirements.ts'
import { parseTerm } from '../../src/terms.ts'
import { Policy } from './support.ts'

function offer(capabilities: string[], labels: Record<string, number> = {}): Offer {
  return { capabilities: new Set(capabilities), labels: new Map(Object.entries(labels)) }
}

const OFFER = offer(['ocr', 'german'], { gpu: 24, temp: -5, zero: 0 })

test.each([
  ['ocr', true],
  ['french', false],
  ['gpu', false],
  ['gpu>=24', true],
  ['gpu>=24.5', false],
  ['gpu>24', false],
  ['gpu>23', true],
  ['gpu<=24', true],
  ['gpu<24', false],
  ['gpu=24', true],
  ['gpu=23', false],
  ['gpu!=24', false],
  ['gpu!=23', true],
  ['temp<0', true],
  ['temp>=-5', true],
  ['zero=0', true],
  ['zero>-1', true],
  ['ram>=0', false],
  ['ram!=7', false],
  ['ocr>=1', false],
])(
  'requirements: an agent with ocr, german, gpu 24, temp -5 and zero 0 meets %s: %s',
  (term, is) => {
    expect(meets(parseTerm(term)!, OFFER)).toBe(is)
    expect(meetsAll([term], OFFER)).toBe(is)
  },
)

test('requirements: nothing required is met by everybody, wholly', () => {
  expect(meetsAll([], offer([]))).toBe(true)
  expect(fraction([], offer([]))).toBe(1)
})

test('requirements: the fraction counts each term once, and is 1 only when all are met', () => {
  expect(fraction(['german', 'gpu>=24', 'ocr'], OFFER)).toBe(1)
  expect(fraction(['french', 'gpu>=24', 'gpu>=80', 'ocr'], OFFER)).toBe(0.5)
  expect(fraction(['french'], OFFER)).toBe(0)
  const list = fc.uniqueArray(fc.constantFrom('ocr', 'french', 'gpu>=24', 'gpu>30', 'temp<0', 'x'))
  fc.assert(
    fc.property(list, (terms) => {
      expect(fraction(terms, OFFER) === 1).toBe(meetsAll(terms, OFFER))
    }),
  )
})

test('requirements: a list is read once, however often it is asked about', () => {
  const list = ['gpu>=24', 'ocr']
  expect(termsOf(list)).toBe(termsOf(list))
  expect(termsOf(list).map(({ text }) => text)).toEqual(list)
})

test.each<[Match, string[], string[], string[]]>([
  ['exact', ['ocr'], [], []],
  ['exact', ['ocr'], ['near'], ['near']],
  ['exact', [], ['near'], ['near']],
  ['best_fit', ['ocr'], ['near'], ['near']],
  ['fallback', ['ocr'], [], ['ocr']],
  ['fallback', ['ocr'], ['near'], ['ocr']],
  ['fallback', [], ['near'], ['near']],
  ['fallback', [], [], []],
])(
  'requirements: of %s with %j and %j liked, those with %j come first',
  (match, requires, prefers, first) => {
    const wanted = { match, requires, prefers }
    expect(preferredTerms(wanted)).toEqual(first)
    expect(hasPreferred(wanted)).toBe(first.length > 0)
  },
)

test('profiles: agents with equal labels share one, whatever order they came in', () => {
  expect(Profile.key(['q'], ['ocr'], { cpu: 8, gpu: 24 })).toBe(
    Profile.key(['q'], ['ocr'], { cpu: 8, gpu: 24 }),
  )
  const keys = [
    Profile.key(['q'], ['ocr']),
    Profile.key(['q'], ['ocr'], { gpu: 24 }),
    Profile.key(['q'], ['ocr'], { gpu: 24.5 }),
    Profile.key(['q'], ['ocr', 'gpu'], {}),
    Profile.key(['q'], [], { ocr: 1 }),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

test('profiles: exact serves who has all, best fit and fallback whoever serves the queue', () => {
  const policy = new Policy({ queue: { match: 'exact' } })
  policy.agent('large', { queues: ['q'], capabilities: ['ocr'], labels: { gpu: 80 } })
  policy.agent('small', { queues: ['q'], labels: { gpu: 16 } })
  policy.agent('other', { queues: ['elsewhere'], capabilities: ['ocr'], labels: { gpu: 80 } })
  const profileOf = (id: string) => policy.core.agents.get(id)!.profile
  const facts = (match: Match, prefers: string[] = []) => {
    const spec = { requires: ['gpu>=24', 'ocr'], match, prefers }
    const cls = policy.submit('q', spec).cls!
    return ['large', 'small', 'other'].map((id) => {
      const profile = profileOf(id)
      return [profile.serves(cls), profile.prefers(cls), profile.fraction(cls)]
    })
  }
  expect(facts('exact')).toEqual([
    [true, false, 1],
    [false, false, 0],
    [false, false, 1],
  ])
  expect(facts('best_fit')).toEqual([
    [true, false, 1],
    [true, false, 0],
    [false, false, 1],
  ])
  expect(facts('fallback')).toEqual([
    [true, true, 1],
    [true, false, 0],
    [false, false, 1],
  ])
  expect(facts('best_fit', ['gpu<20'])).toEqual([
    [true, false, 1],
    [true, true, 0],
    [false, false, 1],
  ])
})

test('profiles: an agent that says another label at its next hello is served as that says', () => {
  const policy = new Policy()
  policy.agent('a', { labels: { gpu: 16 } })
  const record = policy.submit('q', { requires: ['gpu>=24'] })
  expect(policy.place()).toEqual([])
  policy.agent('a', { labels: { gpu: 24 } })
  expect(policy.place()).toEqual([record])
})

test('classes: more types than rows are still types of their own, learned from together', () => {
  const policy = new Policy({ classesMax: 128 })
  const types = Array.from({ length: 80 }, (_, n) => `type-${n}`)
  const classes = types.map((type) => policy.submit('q', { type }).cls!)
  expect(classes.map(({ type }) => type)).toEqual(types)
  const rows = classes.map(({ row }) => row)
  expect(rows.slice(0, 60)).toEqual(types.slice(0, 60).map((_, n) => n + 1))
  expect(rows.at(-1)).toBe(0)
  expect(policy.submit('q', { type: 'type-3' }).cls).toBe(classes[3])
})
