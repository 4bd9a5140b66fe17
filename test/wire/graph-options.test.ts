/** What a submit says of other tasks and other agents: the same from headers and from the library. */
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import type { SubmitOptions } from '../../src/task.ts'
import {
  checkOptions,
  type HeaderSource,
  NO_OPTIONS,
  optionsFromHeaders,
} from '../../src/wire/submit-options.ts'

function headers(given: Record<string, string>): HeaderSource {
  return { keys: () => Object.keys(given), values: (key) => [given[key]] }
}

function refusal(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    if (error instanceof SignalboxError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'taken'
}

test.each<[SubmitOptions, Record<string, string>, object]>([
  [
    { dependsOn: ['a', 'other/b', 'a'] },
    { 'Sb-After': 'a, other/b,,a' },
    { after: { ids: ['a', 'other/b'], onFailure: 'fail' }, votes: null },
  ],
  [
    { dependsOn: ['a'], onParentFailure: 'skip' },
    { 'Sb-On-Parent-Failure': 'skip', 'Sb-After': 'a' },
    { after: { ids: ['a'], onFailure: 'skip' } },
  ],
  [
    { voters: 3, decide: 'majority', decideBy: 'review.verdict' },
    { 'Sb-Voters': '3', 'Sb-Decide': 'majority', 'Sb-Decide-By': 'review.verdict' },
    { after: null, votes: { voters: 3, decide: 'majority', by: 'review.verdict' } },
  ],
  [
    { voters: 1, decideBy: '' },
    { 'Sb-Voters': '1', 'Sb-Decide-By': '' },
    { votes: { voters: 1, decide: null, by: '' } },
  ],
  [{ dependsOn: [] }, { 'Sb-After': '' }, { after: null, votes: null }],
  [
    { dependsOn: [], onParentFailure: 'continue' },
    { 'Sb-On-Parent-Failure': 'continue' },
    { after: null },
  ],
])('graph options: %j is what headers %j say', (options, lines, expected) => {
  expect(checkOptions(options)).toMatchObject(expected)
  expect(optionsFromHeaders(headers(lines), null)).toMatchObject(expected)
})

test('graph options: a task that says nothing of it has no object for it', () => {
  expect(checkOptions({ priority: 3 })).toMatchObject({ after: null, votes: null })
  expect(NO_OPTIONS).toMatchObject({ after: null, votes: null })
})

test.each<[object, string]>([
  [{ dependsOn: 'a' }, 'bad_option: "dependsOn" must be a list of at most 1000 ids'],
  [{ dependsOn: ['a.b'] }, 'bad_option: "dependsOn" holds "a.b", which is no id of a task'],
  [{ dependsOn: ['a/b/c'] }, 'bad_option: "dependsOn" holds "a/b/c"'],
  [{ dependsOn: ['/b'] }, 'bad_option: "dependsOn" holds "/b"'],
  [{ dependsOn: [null] }, 'bad_option: "dependsOn" holds "null"'],
  [{ dependsOn: Array.from({ length: 1_001 }, (_, i) => `t${i}`) }, 'bad_option: "dependsOn"'],
  [
    { onParentFailure: 'stop' },
    'bad_option: "onParentFailure" is "stop": use fail, skip, continue.',
  ],
  [{ voters: 0 }, 'bad_option: "voters" is "0": give a whole number from 1 to 16.'],
  [{ voters: 17 }, 'bad_option: "voters" is "17"'],
  [{ voters: '3' }, 'bad_option: "voters" is "3"'],
  [{ decide: 'some' }, 'bad_option: "decide" is "some": use first, majority, all.'],
  [{ decideBy: 'a..b' }, 'bad_option: "decideBy" is "a..b": name a field of the result'],
  [{ decideBy: 'a\nb' }, 'bad_option: "decideBy" is "a\\nb"'],
  [{ decideBy: 'a.b.c.d.e.f.g.h.i' }, 'bad_option: "decideBy"'],
  [{ decideBy: 7 }, 'bad_option: "decideBy"'],
  [{ dependsOn: ['a'], at: Date.now() + 1_000 }, 'bad_option: The task begins after others and at'],
])('graph options: %j is refused', (options, expected) => {
  expect(refusal(() => checkOptions(options as SubmitOptions))).toContain(expected)
})

test.each<[Record<string, string>, string]>([
  [{ 'Sb-After': 'a b' }, 'bad_option: "Sb-After" holds "a b"'],
  [{ 'Sb-On-Parent-Failure': '' }, 'bad_option: "Sb-On-Parent-Failure" is ""'],
  [{ 'Sb-Voters': '1e1' }, 'bad_option: "Sb-Voters" is "1e1"'],
  [{ 'Sb-Voters': '' }, 'bad_option: "Sb-Voters" is ""'],
  [{ 'Sb-Decide': 'ALL' }, 'bad_option: "Sb-Decide" is "ALL"'],
  [{ 'Sb-After': 'a', 'Sb-At': String(Date.now() + 1_000) }, 'The task begins after others and at'],
])('graph options: headers %j are refused', (lines, expected) => {
  expect(refusal(() => optionsFromHeaders(headers(lines), null))).toContain(expected)
})
