/** Entries of graphs, of stages, and of what people do. */
import { createHash } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { Chain, readHeader } from '../../src/ledger/chain.ts'
import type { SealedChunk } from '../../src/ledger/entry-buffer.ts'
import { DECISION_WORDS } from '../../src/ledger/entry-words.ts'
import { ENDS } from '../../src/ledger/format.ts'
import { type LedgerEntry, readEntries } from '../../src/ledger/reader.ts'
import { DECISIONS } from '../../src/people-views.ts'
import { extrasOf } from '../../src/policy/extras.ts'
import { Flow, Links } from '../../src/policy/graphs.ts'
import { Stage } from '../../src/policy/stages.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'
import { agentNamed, EPOCH, queueNamed, taskOf, writerWith } from './support.ts'

const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

const SEEN = createHash('sha256').update('what they saw').digest()
const HEX = SEEN.toString('hex')
const queue = queueNamed('review')
const alice = agentNamed('alice', 3)

/** @returns what was written, read again. */
function written(write: (writer: ReturnType<typeof writerWith>) => void) {
  const chunks: SealedChunk[] = []
  const writer = writerWith((chunk) => chunks.push(chunk))
  write(writer)
  writer.handOver()
  const chain = new Chain(EPOCH)
  const entries: LedgerEntry[] = []
  for (const { buffer, bytes } of chunks) {
    const block = chain.append(buffer, bytes)
    readEntries(block, readHeader(block)!, (entry) => entries.push(entry))
  }
  return entries.map(({ what, agent, detail }) => [what, agent, detail])
}

test('ledger: a claim says who, how sure the task was, and what they saw', () => {
  const rows = written((writer) => {
    const task = taskOf(queue, 1)
    writer.claimed(task, alice, 91.25, SEEN, 10)
    writer.claimed(task, alice, null, SEEN, 11)
    writer.claimed(task, alice, 0, SEEN, 12)
  })
  expect(rows).toEqual([
    ['claimed', 'alice', `confidence 91.25, saw ${HEX}`],
    ['claimed', 'alice', `saw ${HEX}`],
    ['claimed', 'alice', `confidence 0, saw ${HEX}`],
  ])
})

test('ledger: a decision says which, by whom, of what, and why', () => {
  const rows = written((writer) => {
    const task = taskOf(queue, 1)
    for (const [at] of DECISIONS.entries()) writer.decided(task, alice, at, 40, SEEN, 'because', 10)
    writer.decided(task, alice, 0, null, SEEN, '', 10)
  })
  expect(rows).toEqual([
    ...DECISION_WORDS.map((word) => [
      'decided',
      'alice',
      `${word}, confidence 40, saw ${HEX}: because`,
    ]),
    ['decided', 'alice', `accept, saw ${HEX}`],
  ])
  expect(DECISION_WORDS.map((word) => word.replace(' ', '_'))).toEqual(DECISIONS)
})

test('ledger: no word of a comment is left out, however long, and no character is cut', () => {
  const text = Array.from({ length: 300 }, (_, i) => `${i}·wörd-😀`).join(' ')
  const rows = written((writer) => writer.commented(taskOf(queue, 1), 'alice', text, 10))
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.every(([what, agent]) => what === 'commented' && agent === 'alice')).toBe(true)
  const pieces = rows.map(([, , detail]) => String(detail))
  expect(pieces.slice(0, -1).every((piece) => piece.endsWith(' …'))).toBe(true)
  expect(pieces.map((piece) => piece.replace(/ …$/, '')).join('')).toBe(text)
})

test('ledger: a decision with a long comment has it right before', () => {
  const comment = 'x'.repeat(1_000)
  const rows = written((writer) =>
    writer.decided(taskOf(queue, 1), alice, 1, null, SEEN, comment, 10),
  )
  expect(rows.at(-1)).toEqual(['decided', 'alice', `reject, saw ${HEX}`])
  const said = rows.slice(0, -1).map(([, , detail]) => String(detail).replace(/ …$/, ''))
  expect(said.join('')).toBe(comment)
})

test('ledger: a task of a flow says its name there and for how many it waits', () => {
  const parents = [taskOf(queue, 1), taskOf(queue, 2)]
  const flow = new Flow(
    'nightly',
    'review',
    [null, null, null],
    ['a', 'b', 'c'],
    [[], [], [0, 1]],
    5,
  )
  const rows = written((writer) => {
    const task = taskOf(queue, 3)
    extrasOf(task).links = new Links(parents, ['a', 'b'], ['a', 'b'], 'fail', false, flow, 'c')
    writer.flowAccepted(flow, 5)
    writer.accepted(task, 5)
    const root = taskOf(queue, 4)
    extrasOf(root).links = new Links([], [], [], 'fail', false, flow, 'a')
    writer.accepted(root, 6)
    const child = taskOf(queue, 5)
    extrasOf(child).links = new Links([root], ['a'], ['a'], 'fail', false, null, '')
    writer.accepted(child, 6)
    flow.state = 'failed'
    writer.flowEnded(flow, 7)
  }).filter(([what]) => what !== 'accepted')
  expect(rows).toEqual([
    ['flow accepted', null, 'nightly, 3 tasks'],
    ['linked', null, 'flow nightly as c, waits for 2 tasks'],
    ['linked', null, 'flow nightly as a'],
    ['linked', null, 'waits for 1 task'],
    ['flow ended', null, 'nightly: failed'],
  ])
})

test('ledger: stages, second attempts and what was decided together are told', () => {
  const rows = written((writer) => {
    const task = taskOf(queue, 1)
    task.agentId = 'analyst'
    task.attempts = 2
    task.resultBytes = 17
    writer.stageLeft(task, new Stage(task, 0, 20), 20)
    writer.hedged(task, taskOf(queue, 9, { id: 'twin' }), 21)
    writer.resolved(task, null, 22)
    writer.resolved(task, 'consensus_required', 23)
  })
  expect(rows).toEqual([
    ['stage left', 'analyst', 'review by its rule 1, 2 attempts, 17 B'],
    ['hedged', null, 'a second attempt elsewhere, twin'],
    ['decided together', null, 'as completed'],
    ['decided together', null, 'consensus_required'],
  ])
})

test('ledger: attempts that were declined or handed on have names, at the end of those there were', () => {
  expect(ENDS.slice(-3)).toEqual(['recalled', 'declined', 'handed_on'])
})

test('ledger: the way of a task through a rule and a person is told in order', async () => {
  const box = await new Scheduler({
    queues: { analysis: { rules: [{ queue: 'review' }] }, review: {} },
    people: { alice: { queues: ['review'] } },
  } as ConstructorParameters<typeof Scheduler>[0]).start()
  schedulers.push(box)
  await box.agent({ id: 'analyst', queues: ['analysis'] }, () => ({ confidence: 91 }))
  const task = await box.submit('analysis', { device: 1 }, { id: 'one' })
  const isHers = async () => (await box.getTask('one')).agent === 'alice'
  await until(isHers, { what: 'the review to be hers' })
  const { seen } = await box.claimTask('one', { by: 'alice' })
  await box.commentTask('one', { by: 'alice', text: 'checked twice' })
  await box.decideTask('one', { by: 'alice', decision: 'accept', comment: 'fine' })
  await task.result()
  const history = await box.taskHistory('one')
  expect(history.map(({ what, agent, detail }) => [what, agent, detail])).toEqual([
    ['accepted', null, expect.stringContaining('queue analysis')],
    ['assigned', 'analyst', 'least_loaded'],
    ['stage left', 'analyst', 'analysis by its rule 1, 1 attempt, 17 B'],
    ['moved', null, 'rule: review'],
    ['assigned', 'alice', 'least_loaded'],
    ['claimed', 'alice', `confidence 91, saw ${seen}`],
    ['commented', 'alice', 'checked twice'],
    ['decided', 'alice', `accept, confidence 91, saw ${seen}: fine`],
    ['completed', 'alice', expect.stringMatching(/^\d+ B$/)],
  ])
})
