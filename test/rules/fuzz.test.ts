/**
 * Any rules and any results: an answer each time, the same each time, and nothing beyond the result is
 * reached. `SOAK=1` tries 100,000 of each, a run otherwise a share.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/read.ts'
import { nextStage } from '../../src/front-end/next-stage.ts'
import {
  COMPARISONS,
  QUEUE_DEFAULTS,
  type ResultRule,
  type RuleOptions,
} from '../../src/options.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { fits } from '../../src/rules/fits.ts'
import { nextOf } from '../../src/rules/next.ts'
import { flatOf, ruleOf } from '../../src/rules/shape.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

const RUNS = process.env.SOAK ? 100_000 : 4_000
const TIMEOUT_MS = process.env.SOAK ? 600_000 : 30_000

/** Names that reach into what all objects have, and others. */
const names = fc.constantFrom(
  ...['__proto__', 'constructor', 'prototype', 'toString', 'length', 'hasOwnProperty', 'valueOf'],
  ...['a', 'b', 'confidence', '0', '1', '-1', '00', ' ', '', '.', 'é', '\u0000', 'x'.repeat(70)],
)
const field = fc.array(names, { maxLength: 10 }).map((parts) => parts.join('.'))
const scalar = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -0,
    1,
    90,
    1e308,
    '',
    'a',
    '90',
    'function',
    '[object Object]',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 8 }),
)
const loose = fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }))
const given: fc.Arbitrary<RuleOptions> = fc.record(
  {
    field,
    is: fc.constantFrom(...COMPARISONS),
    value: loose,
    queue: fc.constantFrom('', 'q', 'r'),
    priority: fc.constantFrom(1, 3, 'high') as fc.Arbitrary<1>,
    deadLetter: fc.constantFrom('', 'bad'),
    done: fc.boolean(),
    times: fc.nat(3),
  },
  { requiredKeys: [] },
)
const checked = given
  .map((each) => ruleOf(each))
  .filter((each): each is ResultRule => !('message' in each))
/** What JSON can say, own properties of the worst names included. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(names, tie('value')), { maxLength: 4 })
      .map(
        (entries) => `{${entries.map(([name, one]) => `${JSON.stringify(name)}: ${text(one)}`)}}`,
      )
      .map((written) => JSON.parse(written) as unknown),
  ),
})).value

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

/** What all objects share, as it was. */
const kin = () => [Object.prototype, Array.prototype, Function.prototype].map(Reflect.ownKeys)
const before = kin()

test(
  'rules fuzz: every rule is taken or refused in a sentence, and is the same after a round trip',
  () => {
    let taken = 0
    fc.assert(
      fc.property(given, (each) => {
        const rule = ruleOf(each)
        if ('message' in rule) {
          expect(rule.message).toMatch(/^[a-z"].*[^.]$/s)
          return
        }
        taken++
        expect(ruleOf(flatOf(rule))).toEqual(rule)
      }),
      { numRuns: RUNS },
    )
    expect(taken).toBeGreaterThan(RUNS / 100)
  },
  TIMEOUT_MS,
)

test(
  'rules fuzz: every result has an answer, twice the same, and nothing that all objects have fits',
  () => {
    let fit = 0
    fc.assert(
      fc.property(checked, json, (rule, value) => {
        const answer = fits(rule, value)
        expect(fits(rule, structuredClone(value))).toBe(answer)
        if (answer) fit++
        const whole = { field: '', is: 'exists', value: null }
        if (answer && rule.field !== '' && rule.is !== 'missing') {
          const names = rule.field.split('.')
          let at = value as never
          for (const name of names) {
            expect(Object.hasOwn(at, name), `${rule.field} of ${text(value)}`).toBe(true)
            at = at[name]
          }
          expect(['function', 'symbol']).not.toContain(typeof at)
        } else if (rule.field === '') expect(rule).toMatchObject(whole)
      }),
      { numRuns: RUNS },
    )
    expect(fit).toBeGreaterThan(RUNS / 100)
    expect(kin()).toEqual(before)
  },
  TIMEOUT_MS,
)

/** As much of a task as rules look at. */
function recordOf(rules: readonly ResultRule[]): TaskRecord {
  const options = { ...QUEUE_DEFAULTS, rules }
  return { cls: { queue: { name: 'q', options } }, extras: null } as unknown as TaskRecord
}

test(
  'rules fuzz: any bytes are a stage, an outcome or no JSON',
  () => {
    const written = json.map((value) => Buffer.from(text(value)))
    const cut = fc.tuple(written, fc.nat(40)).map(([bytes, at]) => bytes.subarray(0, at))
    const bytes = fc.oneof(written, cut, fc.uint8Array({ maxLength: 40 }))
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(fc.array(checked, { maxLength: 3 }), bytes, (rules, body) => {
        const found = nextStage(recordOf(rules), body, 0, body.length)
        const what = found === null ? 'done' : typeof found === 'string' ? found : found.then
        seen.set(what, (seen.get(what) ?? 0) + 1)
        if (found === null || typeof found === 'string') return
        expect(rules[found.rule].then).toBe(found.then)
      }),
      { numRuns: RUNS },
    )
    expect([...seen.keys()].sort()).toEqual(['bad_result', 'dead', 'done', 'queue'])
    expect(kin()).toEqual(before)
  },
  TIMEOUT_MS,
)

test(
  'rules fuzz: times bound every walk, whatever the result',
  () => {
    const bounded = checked.map((rule) => (rule.times === 0 ? { ...rule, times: 1 } : rule))
    fc.assert(
      fc.property(fc.array(bounded, { minLength: 1, maxLength: 5 }), json, (rules, value) => {
        const taken = rules.map(() => 0)
        const most = rules.reduce((sum, { times }) => sum + times, 0)
        let steps = 0
        for (let next = nextOf(rules, value, (at) => taken[at]); next !== null; steps++) {
          taken[next.rule]++
          next = nextOf(rules, value, (at) => taken[at])
          expect(steps).toBeLessThanOrEqual(most)
        }
      }),
      { numRuns: RUNS / 4 },
    )
  },
  TIMEOUT_MS,
)

test(
  'rules fuzz: any value as rules of a file or of an option is taken or refused as ours',
  () => {
    const anything = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(given, json), { maxLength: 4 }))
    fc.assert(
      fc.property(anything, (rules) => {
        const file = JSON.stringify({ queues: { q: { rules }, r: {} } })
        const { configuration, findings } = readConfig(file, 'f.yaml')
        const isWrong = findings.some(({ severity }) => severity === 'error')
        expect(configuration === null).toBe(isWrong)
        try {
          const options = { queues: { q: { rules }, r: {} }, strictQueues: true }
          const { queues } = frontEndOptions(options as never).policy
          expect(queues.q.rules).toHaveLength((rules as unknown[]).length)
        } catch (error) {
          expect(['bad_rule', 'bad_option', 'bad_token']).toContain(
            (error as { code: string }).code,
          )
        }
      }),
      { numRuns: RUNS / 4 },
    )
    expect(kin()).toEqual(before)
  },
  TIMEOUT_MS,
)
