/** A checker that finds nothing is worth something only if it would have found it. */
import { expect, test } from 'vitest'
import { Checker } from '../../src/checker/check.ts'
import { recorded } from './load.ts'
import { MOVE_MUTATIONS } from './move-mutations.ts'
import { MUTATIONS } from './mutations.ts'
import { PROMISE_MUTATIONS } from './promise-mutations.ts'
import { decode, encode, type Row } from './rows.ts'
import { reportOf } from './story.ts'

const SEEDS = [1, 2]
const WAYS = [
  'agent_lost',
  'cancelled',
  'deadline_expired',
  'dispatch_failed',
  'failed',
  'heartbeat_timeout',
  'preempted',
  'recalled',
  'succeeded',
  'timeout',
]
const NOTES = ['boosted', 'breached', 'moved', 'ready', 'scheduled', 'warned']
const journals = SEEDS.map((seed) => recorded(seed))

const copied = (rows: readonly Row[]) => rows.map((row) => ({ ...row }))

test.each(SEEDS.map((seed, i) => ({ seed, bytes: journals[i] })))(
  'mutation: the journal of seed $seed holds all that can happen, and is sound',
  ({ bytes }) => {
    const rows = decode(bytes)
    expect(Buffer.compare(encode(decode(encode(rows))), encode(rows))).toBe(0)
    const ways = new Set(rows.filter(({ kind }) => kind === 'ENDED').map(({ how }) => how))
    expect([...ways].sort()).toEqual(WAYS)
    const notes = new Set(rows.filter(({ kind }) => kind === 'NOTED').map(({ note }) => note))
    expect([...notes].sort()).toEqual(NOTES)
    const states = new Set(rows.filter(({ kind }) => kind === 'OUTCOME').map(({ state }) => state))
    expect([...states].sort()).toEqual([3, 4, 5, 6, 9])
    for (const isWhole of [true, false]) {
      const checker = new Checker(isWhole)
      checker.push(bytes)
      expect(checker.finish()).toMatchObject({ findings: [], total: 0, ended: true })
    }
  },
)

test.each([...MUTATIONS, ...PROMISE_MUTATIONS, ...MOVE_MUTATIONS])(
  'mutation: $finds is found when $what',
  ({ change, finds }) => {
    for (const bytes of journals) {
      const rows = copied(decode(bytes))
      expect(change(rows)).toBe(true)
      expect(reportOf(rows).findings.map(({ kind }) => kind)).toContain(finds)
    }
  },
)
