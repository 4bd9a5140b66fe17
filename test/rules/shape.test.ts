import { describe, expect, test } from 'vitest'
import type { RuleOptions } from '../../src/options.ts'
import { flatOf, ruleOf } from '../../src/rules/shape.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { findings, lines } from '../config/support.ts'
import { dead, rule, to } from './support.ts'

describe('rules: their shape', () => {
  test.each<[RuleOptions, object]>([
    [{ queue: 'low', priority: 'LOW' as 'low' }, to('low', { priority: 2 })],
    [
      { field: 'confidence', is: '>=', value: 90, queue: 'high', priority: 4 },
      to('high', { field: 'confidence', is: '>=', value: 90, priority: 4 }),
    ],
    [{ field: 'a', value: 'x', done: true }, rule({ field: 'a', is: '==', value: 'x' })],
    [
      { field: 'a', value: ['x'], deadLetter: 'bad' },
      dead('bad', { field: 'a', is: 'in', value: ['x'] }),
    ],
    [
      { field: 'a', is: 'missing', queue: 'b', times: 3 },
      to('b', { field: 'a', is: 'missing', times: 3 }),
    ],
    [{ field: 'a', value: null, queue: 'b' }, to('b', { field: 'a', is: '==', value: null })],
  ])('%j is taken, and is the same after a round trip', (given, expected) => {
    const found = ruleOf(given)
    expect(found).toEqual(expected)
    expect(ruleOf(flatOf(expected as never))).toEqual(expected)
  })

  test.each<[RuleOptions, string]>([
    [{}, 'it leads nowhere: give one: a queue, a dead letter, or done'],
    [
      { queue: 'a', done: true },
      'it leads to several ends: give one: a queue, a dead letter, or done',
    ],
    [
      { queue: 'a', deadLetter: 'b' },
      'it leads to several ends: give one: a queue, a dead letter, or done',
    ],
    [{ done: false }, 'it leads nowhere: give one: a queue, a dead letter, or done'],
    [{ is: '==', queue: 'a' }, 'is: there is no "field" to compare: give one'],
    [{ value: 5, queue: 'a' }, 'value: there is no "field" to compare: give one'],
    [{ field: 'x', queue: 'a' }, 'field: there is no "value" to compare with: give one'],
    [{ field: 'x', is: '>', queue: 'a' }, 'is: there is no "value" to compare with: give one'],
    [
      { field: 'x', is: '>', value: true, queue: 'a' },
      'value: give a number or a text, as ">" needs',
    ],
    [
      { field: 'x', is: '>', value: [5], queue: 'a' },
      'value: a list goes with "in" or "not_in" only: give one value',
    ],
    [
      { field: 'x', is: 'in', value: 5, queue: 'a' },
      'value: give a list of 1 to 256 values, as "in" needs',
    ],
    [
      { field: 'x', is: 'in', value: [], queue: 'a' },
      'value: give a list of 1 to 256 values, as "in" needs',
    ],
    [
      { field: 'x', is: 'exists', value: 5, queue: 'a' },
      'value: "exists" compares with nothing: leave it out',
    ],
    [
      { field: 'x', is: '!=', value: null, queue: 'a' },
      'is: give "exists": that is what is not null',
    ],
    [
      { field: 'x', is: 'contains', value: '', queue: 'a' },
      'value: every text contains it: give some of one',
    ],
    [{ deadLetter: 'a', priority: 3 }, 'priority: it is of no use without "queue": leave it out'],
    [{ done: true, times: 3 }, 'times: what is done is done once: leave it out'],
    [
      { field: 'a..b', value: 5, queue: 'a' },
      'field: give names with dots between them, as confidence or gaps.0.level: at most 8, each of 1 to 64 characters',
    ],
  ])('%j is refused: %s', (given, expected) => {
    const found = ruleOf(given) as { key: string; message: string }
    expect(found.key === '' ? found.message : `${found.key}: ${found.message}`).toBe(expected)
  })
})

const file = (rules: string) => `queues:\n  a:\n    rules:\n      - ${rules}\n  high:\n`

describe('rules in a file', () => {
  test.each([
    [
      "{field: c, is: '>=', value: 90, queue: hihg}",
      '4:48: queues.a.rules[0].queue: there is no queue "hihg": add it to the queues; did you mean "high"?',
    ],
    [
      '{field: c, is: ge, value: 90, queue: high}',
      '4:24: queues.a.rules[0].is: "ge": give ==, !=, <, <=, >, >=, in, not_in, contains, exists or missing.',
    ],
    [
      '{feild: c, value: 90, queue: high}',
      '4:10: queues.a.rules[0].feild: it is unknown; did you mean field?',
    ],
    [
      '{field: c, value: {a: 1}, queue: high}',
      '4:27: queues.a.rules[0].value: (an object): give a text, a number, true, false or null, or a list of at most 256 of them.',
    ],
    [
      '{field: c, value: [1, [2]], queue: high}',
      '4:31: queues.a.rules[0].value: (a list): give a text, a number, true, false or null, or a list of at most 256 of them.',
    ],
    [
      '{field: c, value: .nan, queue: high}',
      '4:27: queues.a.rules[0].value: ".nan": give a text, a number, true, false or null, or a list of at most 256 of them.',
    ],
    [
      '{queue: high, times: 0}',
      '4:30: queues.a.rules[0].times: "0": give a whole number from 1 to 64.',
    ],
    [
      '{queue: high, priority: urgent}',
      '4:33: queues.a.rules[0].priority: "urgent": give background, low, normal, high or critical, or 1 to 5.',
    ],
    ['{queue: high, done: maybe}', '4:29: queues.a.rules[0].done: "maybe": give true or false.'],
    ['high', '4:9: queues.a.rules[0]: "high": give keys below it.'],
    [
      '{field: c, value: 1}',
      '4:9: queues.a.rules[0]: it leads nowhere: give one: a queue, a dead letter, or done.',
    ],
    [
      '{queue: a}',
      '4:9: queues.a.rules[0]: tasks would go round for ever, a → a: give one of its rules "times".',
    ],
    [
      '{field: c, is: >=, value: 90, queue: high}',
      '4:24: plain value cannot start with block scalar indicator >: put it in quotes.',
    ],
  ])('%s: %s', (rules, expected) => {
    expect(lines(file(rules))).toEqual([expected])
  })

  test('a list is asked for, and no more than there may be', () => {
    expect(lines('queues: {a: {rules: {queue: b}}}')).toEqual([
      '1:21: queues.a.rules: (an object): give a list of at most 64 rules: a line with "-" for each.',
    ])
    const many = Array(65).fill('{done: true}').join(', ')
    expect(lines(`queues: {a: {rules: [${many}]}}`)).toEqual([
      '1:21: queues.a.rules: (a list): give a list of at most 64 rules: a line with "-" for each.',
    ])
    expect(lines('queues: {a: {rules: }}')).toEqual([])
  })

  test('the circle is named over rules, dead letters and escalations', () => {
    const text =
      'queues:\n  a: {rules: [{queue: b}]}\n  b: {dead_letter_queue: lost}\n' +
      'dead_letters: {lost: {route: queue, queue: a}}\n'
    const circle = findings(text).filter(({ severity }) => severity === 'error')
    expect(circle.map(({ line, path, message }) => ({ line, path, message }))).toEqual([
      {
        line: 2,
        path: 'queues.a.rules[0]',
        message: 'tasks would go round for ever, a → b → a: give one of its rules "times"',
      },
    ])
  })

  test('a circle of queues that come into being is told of where the rule of all stands', () => {
    const text = 'scheduler: {strict_queues: false}\nqueue_defaults:\n  rules: [{queue: a}]\n'
    expect(lines(text)).toEqual([
      '3:11: queue_defaults.rules[0]: tasks would go round for ever, a → a: give one of its rules "times".',
    ])
    expect(lines(text.replace('queue: a', 'queue: a, times: 2'))).toEqual([])
    expect(lines(`${text}queues: {a: {rules: []}}\n`)).toEqual([])
  })

  test('a field of confidence that is none is told of', () => {
    expect(lines('queues: {a: {confidence_field: a..b}}')).toEqual([
      '1:32: queues.a.confidence_field: "a..b": give names with dots between them, as confidence or gaps.0.level: at most 8, each of 1 to 64 characters.',
    ])
    expect(lines('queues: {a: {confidence_field: ""}}')).toEqual([])
  })
})

describe('rules in code', () => {
  const refusal = (rules: unknown): string => {
    try {
      frontEndOptions({ queues: { a: { rules }, high: {} }, strictQueues: true } as never)
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}`
    }
    return 'taken'
  }

  test('both forms are taken: flat, and as the scheduler has them', () => {
    expect(refusal([{ field: 'confidence', is: '>=', value: 90, queue: 'high' }])).toBe('taken')
    expect(refusal([to('high', { field: 'confidence', is: '>=', value: 90 })])).toBe('taken')
  })

  test.each([
    ['high', 'bad_rule: Option "queues.a.rules" is "high": give a list of at most 64 rules.'],
    [
      [5],
      'bad_rule: Option "queues.a.rules[0]" is "5": give an object with field, is, value, queue, priority, deadLetter, done, times.',
    ],
    [
      [{ quue: 'high' }],
      'bad_rule: Option "queues.a.rules[0].quue" is "high": no such option, did you mean queue.',
    ],
    [
      [{ dead_letter: 'x' }],
      'bad_rule: Option "queues.a.rules[0].dead_letter" is "x": no such option, did you mean deadLetter.',
    ],
    [
      [{ queue: 'high' }, {}],
      'bad_rule: Option "queues.a.rules[1]" is (an object): it leads nowhere: give one: a queue, a dead letter, or done.',
    ],
    [
      [{ field: 'x', is: '>', value: true, queue: 'high' }],
      'bad_rule: Option "queues.a.rules[0].value" is "true": give a number or a text, as ">" needs.',
    ],
    [
      [{ queue: 'nowhere' }],
      'bad_rule: Option "queues.a.rules[0].queue" is (a list): there is no queue "nowhere": add it to the queues.',
    ],
    [
      [{ queue: 'a' }],
      'bad_rule: Option "queues.a.rules[0]" is (a list): tasks would go round for ever, a → a: give one of its rules "times".',
    ],
    [[{ queue: 'a b' }], 'bad_rule: The queue "a b" is not a name'],
  ])('%j: %s', (rules, expected) => {
    expect(refusal(rules)).toContain(expected)
  })

  test('a circle of queues that come into being is refused, by the name of the defaults', () => {
    const given = { queueDefaults: { rules: [{ queue: 'a' }] } }
    expect(() => frontEndOptions(given)).toThrow(
      expect.objectContaining({
        code: 'bad_rule',
        message:
          'Option "queueDefaults.rules[0]" is (a list): tasks would go round for ever, a → a: give one of its rules "times".',
      }),
    )
    expect(() => frontEndOptions({ ...given, queues: { a: { rules: [] } } })).not.toThrow()
  })
})
