import { expect, test } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { explanationLines } from '../../src/cli/render/explain.ts'
import type { ScoreRow, TaskExplanation } from '../../src/explanation.ts'

const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee\u0000'
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
const LONG = 'n'.repeat(64)

const WAITING: TaskExplanation = {
  id: LONG,
  queue: 'q',
  type: 'q',
  state: 'pending',
  priority: 3,
  requires: [],
  prefers: [],
  match: 'best_fit',
  binding: 'early',
  attempts: 0,
  strategy: 'capability_best',
  strategyOf: 'task',
  placement: null,
  isForgotten: false,
  agents: {
    registered: 12_000,
    serving: 9_000,
    lacking: 4_000,
    missing: Array.from({ length: 32 }, (_, n) => ({
      term: `${LONG.slice(n)}>=24`,
      agents: n + 1,
    })),
    draining: 1_000,
    limited: 0,
    paused: 1_000,
    full: 2_000,
    free: 1_000,
  },
  scores: null,
  waiting: {
    where: 'lane',
    for: `no agent offers ${LONG}`,
    position: 123_456,
    isPositionExact: false,
    before: 1,
    nearestMiss: {
      agent: LONG,
      met: 1,
      required: 32,
      lacks: Array.from({ length: 31 }, (_, n) => ({
        term: `gpu>=${n}`,
        has: n % 2 ? n - 1 : null,
      })),
      missing: ['gpu>=30'],
    },
  },
}

const row = (agent: string, isChosen: boolean): ScoreRow => ({
  agent,
  isChosen,
  isPreferred: false,
  load: 3,
  capacity: 65_535,
  score: 0.123_456,
  terms: Object.fromEntries(
    Array.from({ length: 12 }, (_, n) => [`term${n}Us`, n * 1_000 + 0.5] as const),
  ),
})

const PLACED: TaskExplanation = {
  ...WAITING,
  state: 'completed',
  strategy: 'hybrid',
  placement: {
    agent: LONG,
    hasLeft: true,
    strategy: 'least_loaded',
    by: 'router',
    at: Date.UTC(2026, 0, 2),
    load: 3,
    capacity: 65_535,
    candidates: 1,
    room: 1,
    conflicts: 2,
    takings: [],
    bounces: 1,
  },
  scores: { asOf: 'now', rows: [row(LONG, true), row('b', false)], unlisted: 1 },
  waiting: null,
}

test.each([
  ['a waiting task', WAITING],
  ['a placed task', PLACED],
])('explain: %s fits its terminal, however long its names', (_, explanation) => {
  for (const width of [40, 80, 132]) {
    const lines = explanationLines({ ...explanation, id: 'short' }, width, NO_COLORS)
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(width)
  }
})

test('explain: what is told of a placement that no strategy of now made', () => {
  const text = explanationLines(PLACED, 80, NO_COLORS).join('\n').replaceAll(/\n +/g, ' ')
  expect(text).toContain(
    'hybrid, as the task says, bound early, best fit, least_loaded when it was',
  )
  expect(text).toContain('n>=24 (8 agents), 24 more')
  expect(text).toContain('by a router, 2026-01-02T00:00:00.000Z')
  expect(text).toContain('for 1 task at 1 candidate then')
  expect(text).toContain('2 choices did not hold; nobody was free once')
  expect(text).toContain('Scores as they would be now')
  expect(text).toMatch(/1 candidate more -o json also shows term5, .*term11/)
})

test('explain: a choice that was not the best by the scores is not left to wonder about', () => {
  const NOTE = 'not the highest: chosen a moment before'
  const rowsOf = (chosen: number) => [{ ...row('a', true), score: chosen }, row('b', false)]
  const textOf = (asOf: 'commit' | 'now', chosen: number) => {
    const scores = { asOf, unlisted: 0, rows: rowsOf(chosen) }
    return explanationLines({ ...PLACED, scores }, 80, NO_COLORS).join('\n')
  }
  expect(textOf('commit', 0.1)).toContain(NOTE)
  expect(textOf('commit', 0.2)).not.toContain(NOTE)
  expect(textOf('now', 0.1)).not.toContain(NOTE)
})

test('explain: what is not known is said', () => {
  const forgotten = { ...PLACED, placement: null, scores: null, isForgotten: true }
  expect(explanationLines(forgotten, 80, NO_COLORS).join('\n')).toContain('too many placements ago')
  const nobody = { ...WAITING.agents, serving: 0, missing: [] }
  const lines = explanationLines({ ...WAITING, agents: nobody }, 80, NO_COLORS)
  expect(lines.join('\n')).toContain('none of 12,000 serves the queue')
})

test('explain: nothing from outside reaches the terminal with a control character', () => {
  const { nearestMiss } = WAITING.waiting!
  const harmful: TaskExplanation = {
    ...PLACED,
    id: NASTY,
    queue: NASTY,
    strategy: NASTY,
    placement: { ...PLACED.placement!, agent: NASTY },
    agents: { ...PLACED.agents, missing: [{ term: NASTY, agents: 1 }] },
    scores: { asOf: 'now', unlisted: 0, rows: [{ ...row(NASTY, true), terms: { [NASTY]: 1 } }] },
    waiting: {
      ...WAITING.waiting!,
      for: NASTY,
      nearestMiss: { ...nearestMiss!, agent: NASTY, lacks: [{ term: NASTY, has: null }] },
    },
  }
  for (const line of explanationLines(harmful, 80, NO_COLORS)) expect(line).not.toMatch(CONTROLS)
})
