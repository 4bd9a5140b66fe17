import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { explanationLines } from '../../src/cli/render/explain.ts'
import { commitProposals, placeBounced } from '../../src/front-end/commit.ts'
import { explainTask } from '../../src/front-end/explain/explain.ts'
import { KEPT_SCORES_MAX } from '../../src/front-end/explain/kept-scores.ts'
import { SCORE_ROWS_MAX } from '../../src/front-end/explain/scores.ts'
import { match } from '../../src/front-end/match.ts'
import { LIMITS } from '../../src/options.ts'
import { Policy } from '../policy/support.ts'
import { withFakeRouter } from './fake-router.ts'
import { contextOf, leave, NOW_MS } from './large-fleet.ts'
import { answer, joinSilent, placed, submitted } from './placing.ts'

beforeEach(() => {
  vi.spyOn(performance, 'now').mockReturnValue(NOW_MS)
  vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 2, 3, 4, 5))
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** Three who serve `ocr`: a fast one, a slow one, one without what is required. */
function fleet(options: Parameters<typeof contextOf>[0] = {}) {
  const context = contextOf({ strategy: 'least_loaded', ...options })
  const spec = { queues: ['ocr'], concurrency: 4 }
  const fast = joinSilent(context, 'fast', { ...spec, capabilities: ['eyes'], labels: { gpu: 24 } })
  const slow = joinSilent(context, 'slow', { ...spec, capabilities: ['eyes'], labels: { gpu: 24 } })
  const small = joinSilent(context, 'small', { ...spec, labels: { gpu: 8 } })
  joinSilent(context, 'other', { queues: ['mail'] })
  return { context, fast, slow, small }
}
const REQUIRES = ['eyes', 'gpu>=16']

test('explain: who won, by what, with which load, and what kept the others out', () => {
  const { context } = fleet()
  placed(context, 'ocr', { id: 'first', requires: REQUIRES })
  placed(context, 'ocr', { id: 'second', requires: REQUIRES })
  placed(context, 'ocr', { id: 'third', requires: REQUIRES })
  const third = explainTask(context, 'third')
  expect(third.placement).toMatchObject({
    agent: context.core.find('third')!.agentId,
    hasLeft: false,
    strategy: 'least_loaded',
    by: 'inline',
    load: 1,
    capacity: 4,
    room: 6,
    candidates: null,
    conflicts: 0,
    bounces: 0,
    takings: [],
  })
  expect(third.agents).toEqual({
    registered: 4,
    serving: 3,
    lacking: 1,
    missing: [
      { term: 'eyes', agents: 1 },
      { term: 'gpu>=16', agents: 1 },
    ],
    draining: 0,
    paused: 0,
    limited: 0,
    full: 0,
    free: 2,
  })
  expect(third.waiting).toBe(null)
  expect(third.scores?.asOf).toBe('now')
})

test('explain: in a queue that keeps them, the scores are those of the decision', () => {
  const { context, fast, slow } = fleet({ queueDefaults: { explain: true } })
  const record = placed(context, 'ocr', { id: 'first', requires: REQUIRES })
  const before = explainTask(context, 'first')
  expect(before.scores?.asOf).toBe('commit')
  expect(before.placement?.candidates).toBe(2)
  expect(before.scores?.rows.map(({ load }) => load)).toEqual([0, 0])
  const [chosen, other] = before.scores!.rows
  expect(chosen).toMatchObject({ agent: record.agentId, isChosen: true })
  expect([chosen.agent, other.agent].sort()).toEqual(['fast', 'slow'])
  for (let n = 0; n < 6; n++) placed(context, 'ocr', { requires: REQUIRES })
  expect(fast.running.length + slow.running.length).toBe(7)
  expect(explainTask(context, 'first').scores).toEqual(before.scores)
})

test('explain: scores go with the record of their task', () => {
  const { context } = fleet({ queueDefaults: { explain: true }, keep: { count: 1 } })
  for (let n = 0; n < 5; n++) answer(context, placed(context, 'ocr', { id: `t${n}` }), 500)
  // One that is kept, no other.
  expect(context.keptScores.size).toBe(1)
  expect(explainTask(context, 't4').scores?.asOf).toBe('commit')
})

test('explain: scores of as many tasks as may be are kept, the latest placed', () => {
  const { context } = fleet({ queueDefaults: { explain: true } })
  const kept = context.keptScores
  const table = { asOf: 'commit' as const, rows: [], unlisted: 0, candidates: 1 }
  const records = Array.from({ length: KEPT_SCORES_MAX + 5 }, () => Policy.record('ocr', {}))
  for (const record of records) kept.keep(record, table)
  expect(kept.size).toBe(KEPT_SCORES_MAX)
  expect(kept.find(records[4])).toBe(null)
  expect(kept.find(records[5])).not.toBe(null)
})

test('explain: of a large fleet the chosen is named, and as many as there is room for', () => {
  const context = contextOf({ queueDefaults: { explain: true } })
  for (let n = 0; n < 100; n++) joinSilent(context, `a${n}`)
  const record = placed(context, 'q', { id: 'one' })
  const { scores, placement } = explainTask(context, 'one')
  expect(scores!.rows).toHaveLength(SCORE_ROWS_MAX)
  expect(scores!.unlisted).toBe(100 - SCORE_ROWS_MAX)
  expect(placement!.candidates).toBe(100)
  expect(new Set(scores!.rows.map(({ agent }) => agent)).size).toBe(SCORE_ROWS_MAX)
  expect(scores!.rows[0]).toMatchObject({ agent: record.agentId, isChosen: true })
})

test('explain: a router’s choice, and one that did not hold', () => {
  const { context, router } = withFakeRouter()
  const first = joinSilent(context, 'a')
  joinSilent(context, 'b')
  submitted(context, 'q', { id: 'one' })
  submitted(context, 'q', { id: 'two' })
  context.nowMs = NOW_MS
  match(context)
  // The second time it has no credit left, and the task is placed here instead.
  for (const entry of router.take()) router.propose(entry, first)
  commitProposals(context)
  expect(explainTask(context, 'one').placement).toMatchObject({
    agent: 'a',
    by: 'router',
    conflicts: 0,
    load: 0,
    room: 2,
  })
  expect(explainTask(context, 'two').placement).toMatchObject({
    agent: 'b',
    by: 'inline',
    conflicts: 1,
    bounces: 0,
    room: 1,
  })
})

test('explain: a task that nobody was free for when its turn came', () => {
  const { context, router } = withFakeRouter()
  const agent = joinSilent(context, 'a')
  const record = submitted(context, 'q', { id: 'one' })
  context.nowMs = NOW_MS
  match(context)
  expect(explainTask(context, 'one').waiting).toMatchObject({ where: 'offer', position: 1 })
  const [entry] = router.take()
  context.core.drainAgent('a')
  router.propose(entry, agent)
  commitProposals(context)
  expect(record.bounced).toBe(true)
  joinSilent(context, 'b')
  placeBounced(context)
  expect(explainTask(context, 'one').placement).toMatchObject({
    agent: 'b',
    by: 'inline',
    conflicts: 1,
    bounces: 1,
  })
})

test('explain: who has left is still named, and the task waits again', () => {
  const { context } = fleet()
  const record = placed(context, 'ocr', { id: 'one', requires: REQUIRES })
  const winner = record.agentId!
  leave(context, winner)
  const { placement, waiting } = explainTask(context, 'one')
  expect(placement).toMatchObject({ agent: winner, hasLeft: true })
  expect(waiting).toMatchObject({ where: 'lane', for: null, position: 1 })
})

test('explain: what a task waits for, its place, and who comes nearest', () => {
  const { context } = fleet()
  for (let n = 0; n < 3; n++) submitted(context, 'ocr', { requires: ['eyes', 'gpu>=48'] })
  submitted(context, 'ocr', { requires: ['eyes', 'gpu>=48'], level: 5 })
  submitted(context, 'ocr', { id: 'late', requires: ['eyes', 'gpu>=48'] })
  const { waiting, placement, scores, agents } = explainTask(context, 'late')
  expect([placement, scores]).toEqual([null, null])
  expect(waiting).toMatchObject({
    where: 'lane',
    position: 4,
    isPositionExact: true,
    before: 1,
    nearestMiss: {
      agent: 'fast',
      met: 1,
      required: 2,
      lacks: [{ term: 'gpu>=48', has: 24 }],
      missing: ['gpu>=48'],
    },
  })
  expect(waiting!.for).toContain('no agent offers gpu>=48')
  expect(agents).toMatchObject({ lacking: 3, free: 0 })
})

test('explain: draining, not answering and full agents are told apart', () => {
  const { context, fast } = fleet()
  placed(context, 'ocr', { requires: REQUIRES })
  context.core.drainAgent('slow')
  for (let n = 0; n < 5; n++) placed(context, 'ocr', { id: `t${n}`, requires: REQUIRES })
  const full = explainTask(context, 't4')
  expect(full.agents).toMatchObject({ lacking: 1, draining: 1, full: 1, free: 0, paused: 0 })
  expect(full.waiting).toMatchObject({ for: 'the only agent is full', nearestMiss: null })
  const running = fast.running.head!
  context.core.dispatchFailed(running, NOW_MS)
  expect(explainTask(context, 't4').agents).toMatchObject({ paused: 1, full: 0 })
})

test('explain: a place in a long lane is an estimate', () => {
  const context = contextOf()
  const count = LIMITS.listStepsMax + 1_000
  const records = Array.from({ length: count }, () => submitted(context, 'q'))
  const last = submitted(context, 'q', { id: 'last' })
  const at = explainTask(context, 'last').waiting!
  expect([at.position, at.isPositionExact]).toEqual([count + 1, false])
  for (const record of records.slice(1, 500)) context.core.cancel(record, NOW_MS)
  expect(explainTask(context, 'last').waiting!.position).toBe(count + 1 - 499)
  expect(last.cls!.laneOf(last).length).toBe(count + 1 - 499)
})

test('explain: a task that is bound early waits in its own agent’s queue', () => {
  const context = contextOf({ queueDefaults: { binding: 'early' } })
  joinSilent(context, 'a')
  for (let n = 0; n < 3; n++) placed(context, 'q', { id: `t${n}` })
  const bound = explainTask(context, 't2')
  expect(bound).toMatchObject({ state: 'assigned', binding: 'early' })
  expect(bound.waiting).toMatchObject({
    where: 'agent',
    position: 2,
    for: 'agent "a", which is full',
  })
  expect(bound.placement).toMatchObject({ agent: 'a', load: 2, capacity: 1 })
})

test('explain: facts of a placement that is too long ago are said to be gone', () => {
  const { context } = fleet()
  placed(context, 'ocr', { id: 'old', requires: REQUIRES })
  for (let n = 0; n < 65_536; n++) context.decisions.placed(1_000 + n, true, 0, 0, 0, 0, 1, 1, 0)
  expect(explainTask(context, 'old')).toMatchObject({
    placement: null,
    isForgotten: true,
    scores: null,
  })
})

test('explain: an unknown task is told with what to do', () => {
  const { context } = fleet()
  expect(() => explainTask(context, 'nobody')).toThrow(/No task "nobody" is open or still kept/)
  expect(() => explainTask(context, 'no body')).toThrow(/task id/)
})

test('explain: a placed task, as it is shown', () => {
  const { context } = fleet({ strategy: 'hybrid', queueDefaults: { explain: true } })
  answer(context, placed(context, 'ocr', { requires: REQUIRES }), 1_500)
  placed(context, 'ocr', { requires: REQUIRES })
  placed(context, 'ocr', { id: 'order-17', requires: REQUIRES })
  expect(explanationLines(explainTask(context, 'order-17'), 80, NO_COLORS)).toEqual([
    'Task order-17 in ocr is processing',
    "  strategy   hybrid, its queue's",
    '  agent      fast',
    '  placed     inline, 2026-01-02T03:04:05.000Z',
    '  its load   0 of 4 before this task',
    '  room       for 7 tasks at 2 candidates then',
    '  agents     now 3 of 4 serve the queue: 1 not able, 2 free',
    '  not met    eyes (1 agent), gpu>=16 (1 agent)',
    'Scores when it was placed',
    '  agent   score  load   free  specialization  performance  latency',
    '  > fast  0.789   0/4      1           0.496        0.955  1.50 ms',
    '    slow  0.690   1/4  0.750           0.500        0.950  1.50 ms',
  ])
})

test('explain: a waiting task, as it is shown', () => {
  const { context } = fleet()
  submitted(context, 'ocr', { requires: ['eyes', 'gpu>=48'], level: 5 })
  submitted(context, 'ocr', { id: 'order-18', requires: ['eyes', 'gpu>=48'] })
  expect(explanationLines(explainTask(context, 'order-18'), 80, NO_COLORS)).toEqual([
    'Task order-18 in ocr is pending',
    "  strategy   least_loaded, its queue's",
    '  waits for  no agent offers gpu>=48; the nearest is "fast" with gpu 24',
    '  position   1 in its priority; 1 task of higher priority before it',
    '  nearest    fast meets 1 of 2; lacks gpu>=48 (has 24)',
    '  agents     now 3 of 4 serve the queue: 3 not able',
    '  not met    gpu>=48 (3 agents), eyes (1 agent)',
  ])
})
