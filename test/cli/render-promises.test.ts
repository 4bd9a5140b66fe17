/** Queues, dead letters and histories as text: what is said, at 80 columns, with nothing harmful. */
import { expect, test } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { deadLines, deadListLines, replayedLines } from '../../src/cli/render/dead.ts'
import { ageingSentence, queueLines, queueListLines } from '../../src/cli/render/queues.ts'
import { historyLines, taskLines } from '../../src/cli/render/task.ts'
import { share, span, wrap } from '../../src/cli/render/text.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { ageingOf } from '../../src/policy/age-plan.ts'
import type { DeadLetterView, HistoryEntry, QueueRow, QueueView } from '../../src/promise-views.ts'
import type { TaskView } from '../../src/task.ts'

const COLUMNS = 80
const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee\u0000'
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

function expectFits(lines: string[]): void {
  expect(lines.filter((line) => line.length > COLUMNS)).toEqual([])
  expect(lines.filter((line) => CONTROLS.test(line))).toEqual([])
}

const HOUR_MS = 3_600_000
const OPTIONS = { ...QUEUE_DEFAULTS, slaTargetMs: 120_000, retryOn: ['timeout'], maxAgeMs: 90_000 }
const HEALTH: QueueRow['health'] = {
  state: 'healthy',
  reasons: [],
  errorRate: 0,
  meanMs: 20,
  oldestMs: null,
  ended: 0,
}
const ROW: QueueRow = {
  queue: 'ocr',
  paused: false,
  open: 20,
  waiting: 12,
  scheduled: 3,
  running: 4,
  bound: 1,
  guests: 2,
  health: HEALTH,
  sla: {
    clock: 'assigned',
    targetsMs: { background: null, low: null, normal: null, high: 60_000, critical: 1_500 },
    goal: 0.95,
    assigned: { kept: 9_496, missed: 504, rate: 0.9496 },
    completed: { kept: 0, missed: 0, rate: null },
  },
  deadLetters: { name: 'review_errors', count: 7 },
}
const VIEW: QueueView = {
  ...ROW,
  health: { ...HEALTH, state: 'unhealthy', reasons: [`7 % of ${NASTY} failed`, 'it is old'] },
  ageing: ageingOf(OPTIONS),
  feasibility: {
    feasible: false,
    arithmetic:
      '5 tasks, 1 place, 90 min each: 2 of 5 (40 %) begin within 120 min, 90 % are promised; ' +
      '3 places would do, for 5 in time.',
    tasks: 5,
    places: 1,
    meanMs: 90,
    targetMs: 120,
    attainable: 0.4,
    placesNeeded: 3,
  },
  options: OPTIONS,
}

test('text: times that somebody has set are exact, and a share never reaches a goal too soon', () => {
  expect([0, 250, 2_500, 30_000, 90_000, HOUR_MS, HOUR_MS + 1_001].map(span)).toEqual([
    '0 ms',
    '250 ms',
    '2.5 s',
    '30 s',
    '1 min 30 s',
    '1 h',
    '1 h 1 s 1 ms',
  ])
  expect([0, 0.29, 0.9496, 0.95, 0.99999, 1].map(share)).toEqual([
    '0 %',
    '29 %',
    '94.9 %',
    '95 %',
    '99.9 %',
    '100 %',
  ])
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrap('x'.repeat(9), 4)).toEqual(['xxxx', 'xxxx', 'x'])
})

test('queues: a line each in order of their names, how they are and whether promises are kept', () => {
  const rows: QueueRow[] = [
    { ...ROW, queue: 'z'.repeat(64), paused: true, waiting: 1_000_000, running: 65_535 },
    ROW,
    { ...ROW, queue: 'mail', paused: true, health: { ...HEALTH, state: 'degraded' }, sla: null },
  ]
  const lines = queueListLines(rows, COLUMNS, NO_COLORS)
  expect(lines[0]).toMatch(/^ {2}queue +health +waiting +running +later +SLA kept +dead$/)
  expect(lines[1]).toMatch(/^ {2}mail +paused, degraded +13 \+2 +4 +3 +– +7$/)
  expect(lines[2]).toMatch(/^ {2}ocr +healthy +13 \+2 +4 +3 +94\.9 % of 95 % +7$/)
  expect(lines[3]).toMatch(/^ {2}z+… +paused +1,000,001 \+2 +65,535 /)
  expectFits(lines)
  expect(queueListLines([], COLUMNS, NO_COLORS)[0]).toMatch(/^No queues\./)
})

test('queue: why it is as it is, its promise with the arithmetic, and every option', () => {
  const lines = queueLines(VIEW, COLUMNS, NO_COLORS)
  const text = lines.join('\n')
  const words = text.replace(/\s+/g, ' ')
  expect(lines[0]).toBe('Queue ocr is unhealthy')
  expect(text).toMatch(/because +7 % of abcd e failed\n +because +it is old\n/)
  expect(text).toContain('12 waiting, 4 running, 1 at agents, 3 for later')
  expect(words).toContain('95 % are assigned in time: critical within 1.5 s, high within 1 min')
  expect(text).toMatch(/assigned +94\.9 % in time: 9,496 of 10,000\n +completed +none yet\n/)
  expect(text).toMatch(/not feasible +5 tasks, 1 place, 90 min each: 2 of 5 \(40 %\) begin within/)
  expect(text).toContain('7 as review_errors')
  for (const key of Object.keys(QUEUE_DEFAULTS)) expect(text).toMatch(new RegExp(`^  ${key} `, 'm'))
  expect(text).toMatch(/timeoutMs +30 s\n/)
  expect(text).toMatch(/retryOn +timeout\n/)
  expect(text).toMatch(/boostAfterMs +background 4 h, low 2 h, normal 1 h\n/)
  expect(text).toMatch(/concurrency +as many as agents have room\n/)
  expectFits(lines)
  const paused = queueLines({ ...VIEW, paused: true }, COLUMNS, NO_COLORS)
  expect(paused[0]).toBe('Queue ocr is paused and unhealthy')
})

test('queue: the longest wait of each level is a sentence', () => {
  const sentences = (options: typeof QUEUE_DEFAULTS) =>
    ageingOf(options).map((row) => ageingSentence(row, options))
  expect(sentences(QUEUE_DEFAULTS)).toEqual([
    'Served as low after 4 h, as normal after 6 h, as high after 7 h. From 7 h on no later task ' +
      'goes before it that is not critical.',
    'Served as normal after 2 h, as high after 3 h. From 3 h on no later task goes before it that ' +
      'is not critical.',
    'Served as high after 1 h. From 1 h on no later task goes before it that is not critical.',
    'From 10 min on no later task goes before it that is not critical.',
    'No later task goes before it that is not critical too.',
  ])
  expect(sentences({ ...QUEUE_DEFAULTS, ttlMs: 90_000 })[0]).toBe(
    'Waits 1 min 30 s at most, then it expires.',
  )
})

test('queue: what is escalated when its SLA is broken does not expire then', () => {
  const both = { ...QUEUE_DEFAULTS, ttlMs: 600_000, slaTargetMs: 600_000, escalateTo: 'boss' }
  const said = ageingOf(both).map((row) => ageingSentence(row, both))
  expect(said[2]).toBe(
    'Served as high after 8 min. From 8 min on no later task goes before it that is not ' +
      'critical. After 10 min it goes to boss.',
  )
  expect(said[3]).toBe('Waits 10 min at most, then it goes to boss.')
  expect(said[4]).toBe(
    'No later task goes before it that is not critical too. After 10 min it goes to boss.',
  )
  const sooner = { ...both, ttlMs: 60_000 }
  expect(ageingSentence(ageingOf(sooner)[3], sooner)).toBe('Waits 1 min at most, then it expires.')
})

test('queue: of a fifo queue only its own level is told', () => {
  const options = { ...OPTIONS, type: 'fifo' as const, priority: 2 as const }
  const text = queueLines({ ...VIEW, options, ageing: ageingOf(options) }, COLUMNS, NO_COLORS)
  const from = text.indexOf('How long its tasks wait at most')
  const levels = text.slice(from + 1, text.indexOf('Options')).join('\n')
  expect(levels).toMatch(/^ {2}low +Served/)
  expect(levels).not.toMatch(/background|critical +No/)
})

const LETTER: DeadLetterView = {
  name: 'review_errors',
  id: 'order-1',
  queue: 'review',
  state: 'failed',
  route: 'moved: supervisor',
  priority: 4,
  code: 'api_error',
  message: NASTY,
  attempts: 3,
  agent: 'reader',
  acceptedAt: 1_700_000_000_000,
  diedAt: 1_700_000_060_000,
  payloadBytes: 20,
  payload: `{"page":1}\n${NASTY}`,
  failedDestinations: ['review', 'manual'],
}

test('dead letters: a line each, cut to the terminal', () => {
  const long = 'x'.repeat(64)
  const letters: DeadLetterView[] = [
    LETTER,
    { ...LETTER, id: long, name: long, code: long, route: `file: /${long}`, attempts: 101 },
    { ...LETTER, route: NASTY, state: 'expired' },
  ]
  const lines = deadListLines(letters, LETTER.diedAt + 125_000, COLUMNS, NO_COLORS)
  expect(lines[0]).toMatch(/^ {2}task +name +code +tries +ago +route$/)
  expect(lines[1]).toMatch(/^ {2}order-1 +review_err\S* +api_error +3 +2 min 5 s +moved/)
  expect(lines[2]).toMatch(/^ {2}x{5,}…x{5,} +x{7,}… +x{7,}… +101 /)
  expectFits(lines)
  const short = deadListLines([LETTER], LETTER.diedAt + 125_000, COLUMNS, NO_COLORS)
  expect(short[1]).toMatch(/^ {2}order-1 +review_errors +api_error .* moved: supervisor$/)
  expectFits(short)
  expect(deadListLines([], 0, COLUMNS, NO_COLORS)).toEqual(['No dead letters.'])
})

test('dead letter: its error, its way and its payload', () => {
  const lines = deadLines(LETTER, NO_COLORS)
  const text = lines.join('\n')
  expect(lines[0]).toBe('Dead letter order-1 of review_errors')
  expect(text).toMatch(/error +api_error: abcd e\n/)
  expect(text).toMatch(/given up in +review, manual\n/)
  expect(text).toMatch(/died +2023-11-14T22:14:20\.000Z\n/)
  expect(text).toMatch(/payload +20 B\n\{"page":1\}\nabcd\ne$/)
  expectFits(lines)
  const hidden = deadLines({ ...LETTER, payload: null }, NO_COLORS)
  expect(hidden.at(-1)).toMatch(/payload +20 B, not shown$/)
})

test('replayed: which task became which, and why some stayed', () => {
  const replayed = Array.from({ length: 25 }, (_, i) => ({ id: `t${i}`, as: `1-${i}` }))
  const lines = replayedLines({ replayed, refused: [] }, NO_COLORS)
  expect(lines[0]).toBe('25 tasks submitted again.')
  expect(lines[1]).toMatch(/^ {2}t0 +as 1-0$/)
  expect(lines.at(-1)).toBe('  and 5 more')
  const refused = [{ id: 'b', code: 'queue_full', message: NASTY }]
  const some = replayedLines({ replayed: replayed.slice(0, 1), refused }, NO_COLORS)
  expect(some[0]).toBe('1 task submitted again, 1 stay as they were.')
  expect(some.at(-1)).toBe('  b: queue_full: abcd e')
  expectFits([...lines, ...some])
  expect(replayedLines({ replayed: [], refused: [] }, NO_COLORS)).toEqual([
    '0 tasks submitted again.',
  ])
})

test('history: what happened, how long after the beginning, by whom', () => {
  const entry = { attempt: null, agent: null, detail: '' }
  const history: HistoryEntry[] = [
    { ...entry, at: 1_700_000_000_000, what: 'accepted', detail: 'queue work, normal' },
    { ...entry, at: 1_700_000_000_420, what: 'assigned', attempt: 1, agent: 'reader' },
    { ...entry, at: 1_700_000_065_000, what: NASTY, detail: `${NASTY} ${'long '.repeat(40)}` },
  ]
  const lines = historyLines(history, COLUMNS, NO_COLORS)
  expect(lines[1]).toBe('What happened, from 2023-11-14T22:13:20.000Z on')
  expect(lines[3]).toMatch(/^ +\+0 ms {2}accepted +queue work, normal$/)
  expect(lines[4]).toMatch(/^ +\+420 ms {2}assigned +attempt 1, reader$/)
  expect(lines[5]).toMatch(/^ +\+1 min 5 s {2}abcd e +abcd e long/)
  expect(lines.join(' ').match(/long/g)).toHaveLength(40)
  expectFits(lines)
  expect(historyLines([], COLUMNS, NO_COLORS)).toEqual([])
})

test('task: what it promises, where it moved and what became of it', () => {
  const task: TaskView = {
    id: 'order-1',
    queue: 'review',
    state: 'scheduled',
    priority: 2,
    type: 'review',
    requires: [],
    prefers: [],
    match: 'exact',
    strategy: 'least_loaded',
    attempts: 1,
    agent: null,
    waitingFor: null,
    code: null,
    message: null,
    payloadBytes: 2,
    resultBytes: null,
    result: null,
    progress: null,
    servedBy: 'supervisor',
    failedDestinations: ['review'],
    effectivePriority: 4,
    sla: 'warning',
    preemptions: 2,
    dependsOn: [],
    flow: null,
    node: null,
    stages: [],
    standsFor: null,
    votes: [],
    claimed: null,
    deadLetter: 'review_errors',
    scheduledFor: 1_700_000_001_000,
    slaDueAt: 1_700_000_002_000,
    deadlineAt: 1_700_000_003_000,
    acceptedAt: 1_700_000_000_000,
    startedAt: null,
    finishedAt: null,
  }
  const text = taskLines(task, NO_COLORS).join('\n')
  expect(text).toMatch(/served by +supervisor\n +moved from +review\n/)
  expect(text).toMatch(/not before +2023-11-14T22:13:21\.000Z\n/)
  expect(text).toMatch(/priority +2 low, served as high\n/)
  expect(text).toMatch(/promise +nearly too late, due 2023-11-14T22:13:22\.000Z\n/)
  expect(text).toMatch(/over by +2023-11-14T22:13:23\.000Z\n/)
  expect(text).toMatch(/interrupted +2 times\n/)
  expect(text).toMatch(/dead letter +review_errors\n/)
  expectFits(taskLines(task, NO_COLORS))
})
