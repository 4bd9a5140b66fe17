/** As mutation.test.ts, of work that hangs together. */
import { expect, test } from 'vitest'
import { Kind } from '../../src/journal/format.ts'
import { GRAPH_KINDS } from '../journal/core/recorded.ts'
import { graphRun } from './graph-run.ts'
import { decode, type Row } from './rows.ts'
import { reportOf } from './story.ts'

const bytes = graphRun()

type Found = (row: Row, index: number, rows: readonly Row[]) => boolean

const of =
  (kind: string): Found =>
  (row) =>
    row.kind === kind
const note =
  (detail: string): Found =>
  (row) =>
    row.kind === 'NOTED' && row.detail === detail
const ends =
  (code: string): Found =>
  (row) =>
    row.kind === 'OUTCOME' && row.code === code
const endsAs =
  (how: string): Found =>
  (row) =>
    row.kind === 'ENDED' && row.how === how
/** The commit of the second attempt at a task, and the outcome of one that was cancelled. */
const twinGoes: Found = (row, i, rows) =>
  row.kind === 'PROPOSE' && rows.slice(0, i).some((one) => one.twin === row.task)
const twinGone: Found = (row, i, rows) =>
  row.code === 'cancelled' && rows.some((one) => one.twin === row.task) && i > 0
const isVote: Found = (row, _, rows) =>
  row.kind === 'PROPOSE' &&
  rows.some((one) => one.kind === 'NODE' && one.task === row.task && one.apart === 0)

const drop = (rows: Row[], i: number) => rows.splice(i, 1)
const twice = (rows: Row[], i: number) => rows.splice(i, 0, { ...rows[i] })
const set = (field: string, value: Row[string]) => (rows: Row[], i: number) => {
  rows[i][field] = value
}

/** The agent of another that was committed before. */
function sameAgent(rows: Row[], i: number): void {
  const its = rows.slice(0, i).findLast((row) => row.kind === 'PROPOSE' && row.answer === 0)!
  Object.assign(rows[i], { agent: its.agent, agentGeneration: its.agentGeneration })
}

/** It begins as soon as it is there, by a commit of the journal's first agent. */
function beginsAtOnce(rows: Row[], i: number): void {
  const { task } = rows[i]
  const graph = rows.findIndex((row, at) => at > i && row.kind === 'GRAPH')
  const more = { slot: 900, generation: 0, class: 0, strategy: 0, wasBounced: 0 }
  rows.splice(graph + 1, 0, { kind: 'OFFER', task, ...more })
}

const MUTATIONS: readonly [
  finds: string,
  what: string,
  is: Found,
  act: (rows: Row[], i: number) => void,
][] = [
  [
    'doubled',
    'a task goes before its parents',
    (row) => row.kind === 'NODE' && row.node === 'two',
    beginsAtOnce,
  ],
  ['doubled', 'a question is tried', (row) => row.kind === 'NODE' && row.held === 1, beginsAtOnce],
  ['lost', 'who waits for nobody is not released', note('parents'), drop],
  [
    'untimely',
    'a task is released too early',
    note('parents'),
    (rows, i) => {
      const submit = rows.findIndex((row) => row.kind === 'GRAPH')
      rows.splice(submit + 1, 0, { ...rows[i] })
    },
  ],
  ['lost', 'a task of a graph is left out', of('NODE'), drop],
  ['lost', 'who depends on a failed one does not end', ends('parent_failed'), drop],
  [
    'uncaused',
    'a parent completed, and its child fails',
    ends('error'),
    (rows, i) => {
      rows[i].state = 3
    },
  ],
  ['lost', 'a flow ends and nobody is told', of('FLOW_ENDED'), drop],
  ['uncaused', 'a flow ends twice', of('FLOW_ENDED'), twice],
  ['miscounted', 'a flow that completed has failed', of('FLOW_ENDED'), set('state', 'failed')],
  ['lost', 'a rule sends a task on, and it stays', note('rule: desk'), drop],
  ['uncaused', 'a rule sends a task elsewhere', note('rule: desk'), set('detail', 'rule: plain')],
  ['miscounted', 'a task goes on with another level', note('rule: desk'), set('level', 5)],
  ['uncaused', 'a stage ends of which no rule was told', of('ADVANCED'), set('rule', 7)],
  ['miscounted', 'a stage had other attempts', of('ADVANCED'), set('attempts', 4)],
  ['mis-assigned', 'a second attempt goes to the same agent', twinGoes, sameAgent],
  ['lost', 'a second attempt goes on when its task is over', twinGone, drop],
  [
    'doubled',
    'a task has two second attempts',
    of('HEDGE'),
    (rows, i) => {
      const { twin } = rows[i]
      rows.splice(i, 0, { ...rows[i], twin: (twin as number) - 0.5 })
    },
  ],
  [
    'mis-assigned',
    'two votes are one agent’s',
    (row, i, rows) => isVote(row, i, rows) && isVote(rows[i - 2], i - 2, rows),
    sameAgent,
  ],
  [
    'lost',
    'a vote goes on when its question is resolved',
    (row, i, rows) =>
      ends('cancelled')(row, i, rows) &&
      rows.slice(0, i).findLast(({ kind }) => kind === 'RESOLVE') !== undefined,
    drop,
  ],
  [
    'lost',
    'a question is resolved and has no outcome',
    (row, i, rows) =>
      row.kind === 'OUTCOME' &&
      rows.slice(i - 4, i).some(({ kind }) => kind === 'RESOLVE') &&
      row.state === 3,
    drop,
  ],
  ['doubled', 'what is parked is offered', of('UNPARK'), drop],
  [
    'uncaused',
    'a machine’s work is claimed',
    of('CLAIM'),
    (rows) => {
      for (const row of rows) if (row.kind === 'HELLO') row.claims = 0
    },
  ],
  ['doubled', 'work is claimed twice', of('CLAIM'), twice],
  ['uncaused', 'a declined attempt counts as a failure', endsAs('declined'), set('how', 'failed')],
  ['uncaused', 'what was handed on is declined', endsAs('handed_on'), set('how', 'declined')],
  [
    'doubled',
    'what runs is taken',
    of('ASSIGN'),
    (rows, i) => {
      const { slot, counter } = rows[i]
      const again = { slot: (slot as number) + 500, counter: (counter as number) + 0.5 }
      rows.splice(i + 1, 0, { ...rows[i], ...again })
    },
  ],
  [
    'lost',
    'of a tree a leaf is not cancelled',
    (row, i, rows) => ends('cancelled')(row, i, rows) && rows[i - 1].kind === 'CANCEL_TREE',
    drop,
  ],
  ['miscounted', 'more is cancelled than was open', of('CANCEL_TREE'), set('cancelled', 9)],
  [
    'lost',
    'an input is forgotten',
    note('parents'),
    (rows, i) => {
      rows.splice(i + 1, 0, {
        kind: 'FORGOTTEN',
        task: rows.find(({ kind }) => kind === 'NODE')!.task,
      })
    },
  ],
]

test('mutation: the journal of what hangs together has every kind of record, and is sound', () => {
  const kinds = new Set(decode(bytes).map(({ kind }) => kind))
  expect(GRAPH_KINDS.filter((kind) => !kinds.has(kind))).toEqual([])
  expect(GRAPH_KINDS.every((kind) => kind in Kind)).toBe(true)
  expect(reportOf(decode(bytes))).toMatchObject({ findings: [], total: 0, ended: true })
})

test.each(MUTATIONS)('mutation: %s is found when %s', (finds, _, is, act) => {
  const rows = decode(bytes).map((row) => ({ ...row }))
  const index = rows.findIndex(is)
  expect(index).toBeGreaterThanOrEqual(0)
  act(rows, index)
  expect(reportOf(rows).findings.map(({ kind }) => kind)).toContain(finds)
})
