/** Votes are counted as the table in `ballot.ts` says, in any order, and nothing that comes later counts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DECIDE_POLICIES, type DecidePolicy } from '../../src/task.ts'
import {
  Ballot,
  DECIDED,
  OPEN,
  UNDECIDABLE,
  undecidedWords,
  type Verdict,
} from '../../src/together/ballot.ts'

/** @param said by voter, null for a failure; cast in that order. */
function after(policy: DecidePolicy, voters: number, said: readonly (string | null)[]): Ballot {
  const ballot = new Ballot(policy, voters)
  for (const [voter, each] of said.entries()) ballot.cast(voter, each)
  return ballot
}

const cases: [DecidePolicy, number, (string | null)[], Verdict, number][] = [
  ['first', 3, [], OPEN, -1],
  ['first', 3, ['a'], DECIDED, 0],
  ['first', 3, [null, null], OPEN, -1],
  ['first', 3, [null, 'a'], DECIDED, 1],
  ['first', 3, [null, null, null], UNDECIDABLE, -1],
  ['majority', 3, ['a'], OPEN, -1],
  ['majority', 3, ['a', 'b'], OPEN, -1],
  ['majority', 3, ['a', 'a'], DECIDED, 0],
  ['majority', 3, ['b', 'a', 'a'], DECIDED, 1],
  ['majority', 3, ['a', 'b', 'c'], UNDECIDABLE, -1],
  ['majority', 3, [null, null], UNDECIDABLE, -1],
  ['majority', 3, ['a', null, 'a'], DECIDED, 0],
  ['majority', 4, ['a', 'a', 'b', 'b'], UNDECIDABLE, -1],
  ['majority', 4, ['a', 'b', 'a', 'a'], DECIDED, 0],
  ['majority', 2, ['a', 'b'], UNDECIDABLE, -1],
  ['majority', 2, ['a', 'a'], DECIDED, 0],
  ['majority', 5, ['a', 'b', 'c', 'd'], UNDECIDABLE, -1],
  ['all', 3, ['a', 'a'], OPEN, -1],
  ['all', 3, ['a', 'a', 'a'], DECIDED, 0],
  ['all', 3, ['a', 'b'], UNDECIDABLE, -1],
  ['all', 3, [null], UNDECIDABLE, -1],
]

test.each(cases)('ballot: %s of %i after %j is %i', (policy, voters, said, verdict, winner) => {
  const ballot = after(policy, voters, said)
  expect([ballot.verdict, ballot.winner]).toEqual([verdict, winner])
})

test('ballot: what comes after a decision changes nothing', () => {
  const ballot = after('majority', 3, ['a', 'a'])
  expect(ballot.cast(2, 'b')).toBe(DECIDED)
  expect(ballot.count()).toEqual({ voters: 3, failed: 0, groups: [2] })
  expect(ballot.agreeing()).toEqual([0, 1])
})

test('ballot: a voter counts once', () => {
  const ballot = new Ballot('majority', 3)
  ballot.cast(1, 'a')
  expect(ballot.cast(1, 'a')).toBe(OPEN)
  expect(ballot.count().groups).toEqual([1])
})

/** What the policy says of all votes, told without counting step by step. */
function verdictOf(policy: DecidePolicy, votes: readonly (string | null)[]): Verdict {
  const sizes = votes.map((said) =>
    said === null ? 0 : votes.filter((each) => each === said).length,
  )
  const most = Math.max(0, ...sizes)
  if (policy === 'first') return most > 0 ? DECIDED : UNDECIDABLE
  if (policy === 'all') return most === votes.length ? DECIDED : UNDECIDABLE
  return most > votes.length / 2 ? DECIDED : UNDECIDABLE
}

const votes = fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 2, maxLength: 16 })
const policies = fc.constantFrom(...DECIDE_POLICIES)

test('ballot: the last vote decides as all of them together, and no verdict changes on the way', () => {
  fc.assert(
    fc.property(policies, votes, (policy, said) => {
      const ballot = new Ballot(policy, said.length)
      let before: Verdict = OPEN
      for (const [voter, each] of said.entries()) {
        const verdict = ballot.cast(voter, each)
        if (before !== OPEN) expect(verdict).toBe(before)
        before = verdict
      }
      expect(before).toBe(verdictOf(policy, said))
    }),
  )
})

test('ballot: whatever the missing votes may say, a verdict that stands before them holds', () => {
  fc.assert(
    fc.property(policies, votes, votes, (policy, said, other) => {
      const ballot = new Ballot(policy, said.length)
      const seen = said.findIndex((each, voter) => ballot.cast(voter, each) !== OPEN)
      const rest = said.slice(seen + 1).map((_, i) => other[i % other.length])
      const verdict = verdictOf(policy, [...said.slice(0, seen + 1), ...rest])
      // A first success is decided whoever else succeeds, so it is the only one with several winners.
      expect(verdict).toBe(ballot.verdict)
    }),
  )
})

test('ballot: why there is no decision is said with counts, and with nothing of what was said', () => {
  const ballot = after('majority', 4, ['secret', 'secret', 'other', null])
  expect(ballot.verdict).toBe(UNDECIDABLE)
  expect(undecidedWords(ballot, ['timeout'])).toBe(
    'Its 4 voters came to no decision: 2 different results (2 + 1), 1 failed (timeout). ' +
      '3 equal results would have decided it (majority).',
  )
})
