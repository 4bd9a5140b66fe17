import { expect, test } from 'vitest'
import {
  LATENCY_STAGES,
  type LatencyReport,
  type LatencySummary,
  type SchedulerStatus,
} from '../../src/api.ts'
import { colorsFor, NO_COLORS } from '../../src/cli/render/colors.ts'
import {
  liveLine,
  progressLine,
  startedLines,
  stayingLines,
  summaryLines,
} from '../../src/cli/render/dev.ts'
import { loadLiveLine, loadSummaryLines } from '../../src/cli/render/load.ts'
import { statusLines } from '../../src/cli/render/status.ts'
import { resultLines } from '../../src/cli/render/task.ts'
import {
  bar,
  bytes,
  count,
  cut,
  duration,
  latency,
  percent,
  plain,
  plainLines,
  safeJson,
} from '../../src/cli/render/text.ts'
import type { DevSummary } from '../../src/service/dev.ts'

const COLUMNS = 80
const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee\u0000'
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

const summary = (us: number): LatencySummary => ({
  count: us === 0 ? 0 : 1_000_000,
  meanUs: us,
  p50Us: us,
  p90Us: us * 2,
  p99Us: us * 4,
  p999Us: us * 8,
  maxUs: us * 16,
  encoded: '',
})
const report = (us: number) =>
  Object.fromEntries(LATENCY_STAGES.map((stage) => [stage, summary(us)])) as LatencyReport

const ATTEMPTS = {
  started: 100_012,
  retried: 12,
  timedOut: 0,
  lost: 0,
  dispatchFailed: 0,
  repeated: 0,
  lateResults: 0,
}
const DEV_SUMMARY: DevSummary = {
  tasks: 100_000,
  accepted: 100_000,
  completed: 100_000,
  failed: 0,
  lost: 0,
  wrong: 0,
  failedByCode: {},
  elapsedMs: 6_543,
  tasksPerSecond: 15_283,
  placedBy: { routers: 97_500, inline: 2_500 },
  attempts: ATTEMPTS,
  tasksPerAgent: Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`agent-${i + 1}`, 12_500]),
  ),
  latency: report(123_456),
  interrupted: false,
}
const STATUS: SchedulerStatus = {
  scheduler: 'dev',
  epoch: 1,
  uptimeMs: 3_723_000,
  placement: 'auto',
  draining: false,
  connected: true,
  tasks: {
    accepted: 1_234_567,
    duplicates: 0,
    completed: 1_234_000,
    failed: 10,
    cancelled: 1,
    dead: 2,
    expired: 0,
    scheduled: 0,
    blocked: 0,
    waiting: 3,
    offered: 4,
    bound: 0,
    running: 547,
    lost: 0,
  },
  attempts: ATTEMPTS,
  placedBy: { routers: 9, inline: 1 },
  moves: { stolen: 0, recalled: 0 },
  hedges: { started: 0, won: 0 },
  proposals: { conflicts: 0, stale: 0, overdue: 0, bounced: 0 },
  refused: { queue_full: 7 },
  tasksPerAgent: {},
  agents: { online: 8, offline: 1, draining: 0 },
  queues: [
    {
      queue: 'demo',
      waiting: 3,
      bound: 0,
      running: 4,
      bytes: 5_000_000,
      waitingFor: `no agent ${NASTY}`,
    },
  ],
  strategiesOff: {},
  unlisted: { queues: 0, waiting: 0, running: 0, agents: 0, completed: 0 },
  routers: [
    { router: 0, alive: true, decisions: 1, stale: 0, steals: 0, sleeps: 0, restarts: 2 },
    { router: 1, alive: false, decisions: 1, stale: 0, steals: 0, sleeps: 0, restarts: 0 },
  ],
}

function expectFits(lines: string[]): void {
  expect(lines.filter((line) => line.length > COLUMNS)).toEqual([])
  expect(lines.filter((line) => CONTROLS.test(line))).toEqual([])
}

test('text: nothing from outside keeps an escape sequence or a control character', () => {
  expect(plain(NASTY)).toBe('abcd e')
  expect(plainLines('one\r\n\ttwo\u001b[2K\u0007\n')).toBe('one\n\ttwo\n')
  expect(safeJson({ a: NASTY })).not.toMatch(CONTROLS)
  expect(JSON.parse(safeJson({ a: NASTY }))).toEqual({ a: NASTY })
  expect(resultLines('\u001b]0;x\u0007one\ntwo\n')).toEqual(['one', 'two'])
})

test('text: numbers read as people write them', () => {
  expect([0, 999, 1_234_567.8].map(count)).toEqual(['0', '999', '1,234,568'])
  expect([0, 92, 999, 1_240, 12_400, 124_000, 1_500_000].map(latency)).toEqual([
    '0 µs',
    '92 µs',
    '999 µs',
    '1.24 ms',
    '12.4 ms',
    '124 ms',
    '1.50 s',
  ])
  expect([420, 6_200, 200_000, 18_120_000].map(duration)).toEqual([
    '420 ms',
    '6.2 s',
    '3 min 20 s',
    '5 h 2 min',
  ])
  expect([0, 1_023, 1_536, 5_000_000, 2 ** 31].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1.50 KiB',
    '4.77 MiB',
    '2.00 GiB',
  ])
})

test('text: a percentage is 100 only when it is all, and 0 only when it is nothing', () => {
  expect(percent(0, 0)).toBe('0 %')
  expect(percent(0, 5)).toBe('0 %')
  expect(percent(1, 1_000_000)).toBe('<1 %')
  expect(percent(999_999, 1_000_000)).toBe('99 %')
  expect(percent(5, 5)).toBe('100 %')
})

test('text: a bar is as wide as it should be', () => {
  expect(bar(0, 4)).toBe('░░░░')
  expect(bar(0.5, 4)).toBe('██░░')
  expect(bar(2, 4)).toBe('████')
  expect(cut('abcdef', 4)).toBe('abc…')
  expect(cut('abcd', 4)).toBe('abcd')
})

test('colours: only for a terminal, and not against NO_COLOR', () => {
  const tty = { isTTY: true }
  expect(colorsFor(tty, {}).red('x')).not.toBe('x')
  expect(colorsFor(tty, { NO_COLOR: '1' }).red('x')).toBe('x')
  expect(colorsFor(tty, { TERM: 'dumb' }).red('x')).toBe('x')
  expect(colorsFor({}, { CI: '1' }).red('x')).toBe('x')
})

test('dev: the live line fits any terminal and leaves room for ^C', () => {
  const progress = { done: 62_114, total: 100_000, tasksPerSecond: 18_420.4 }
  const line = liveLine({ ...progress, latency: report(123_456) }, COLUMNS, NO_COLORS)
  expect(line).toMatch(
    /^ █+░+ 62 % {2}18,420 tasks\/s {2}assigned p50 123 ms {2}p99 494 ms {2}p99\.9 988 ms$/,
  )
  for (const columns of [20, 40, 60, COLUMNS, 200]) {
    for (const us of [0, 1, 999_999, 86_400_000_000]) {
      const text = liveLine({ ...progress, latency: report(us) }, columns, NO_COLORS)
      if (columns >= 40) expect(text.length).toBeLessThanOrEqual(columns - 2)
      expect(text).toContain('62 %')
    }
  }
})

test('dev: without a terminal a line tells how far it is', () => {
  const progress = { done: 20_048, total: 100_000, tasksPerSecond: 17_519, latency: null }
  expect(progressLine(progress)).toBe(' 20 %  20,048 of 100,000  17,519 tasks/s')
  expect(progressLine({ ...progress, latency: report(92) })).toMatch(/assigned p50 92 µs +p99 368/)
})

test('dev: what it starts and what to try next fit 80 columns', () => {
  const facts = {
    url: 'nats://127.0.0.1:45678',
    http: 'http://127.0.0.1:43121',
    scheduler: 'dev',
    routers: 2,
    placement: 'auto',
    agents: 8,
    tasks: 100_000,
  }
  const started = startedLines(facts, NO_COLORS)
  expect(started.join('\n')).toContain('2 router threads')
  expect(startedLines({ ...facts, url: null }, NO_COLORS)[0]).toBe(
    'Signalbox in this process alone',
  )
  const staying = stayingLines(facts.url, NO_COLORS)
  expect(staying).toContain('  npx signalbox load demo --rate 1000')
  expect(stayingLines(null, NO_COLORS).join('\n')).not.toContain('npx')
  expectFits([...started, ...staying])
})

test('dev: the summary tells what was done, where, by whom and how fast', () => {
  const lines = summaryLines(DEV_SUMMARY, NO_COLORS)
  const text = lines.join('\n')
  expect(text).toContain('Done: 100,000 tasks in 6.5 s: 15,283 tasks/s')
  expect(text).toMatch(/accepted +100,000\n +completed +100,000\n +failed +0\n +lost +0\n/)
  expect(text).toContain('routers 97,500 (98 %), inline 2,500 (3 %)')
  for (const stage of LATENCY_STAGES) expect(text).toMatch(new RegExp(`^  ${stage} `, 'm'))
  for (let i = 1; i <= 8; i++) expect(text).toContain(`agent-${i} `)
  expectFits(lines)
})

test('dev: the summary does not call a loss done', () => {
  const lines = summaryLines(
    {
      ...DEV_SUMMARY,
      failed: 3,
      lost: 2,
      wrong: 1,
      failedByCode: { [NASTY]: 2 },
      tasksPerAgent: { [NASTY]: 5 },
    },
    NO_COLORS,
  )
  const text = lines.join('\n')
  expect(text).toContain('not as it should be')
  expect(text).toMatch(/lost +2\n/)
  expect(text).toMatch(/wrong answer +1\n/)
  expectFits(lines)
})

test('dev: an interrupted job says how far it came and what was open', () => {
  const summary = { ...DEV_SUMMARY, completed: 40_000, accepted: 41_000, interrupted: true }
  const text = summaryLines(summary, NO_COLORS).join('\n')
  expect(text).toContain('Interrupted after 40,000 of 100,000 tasks')
  expect(text).toMatch(/still open +1,000\n/)
})

test('load: summary and live line fit 80 columns', () => {
  const counts = {
    sent: 1_000_000,
    completed: 900_000,
    wrong: 0,
    failed: { [NASTY]: 99_000 },
    failedTotal: 99_000,
    inFlight: 1_000,
    elapsedMs: 60_000,
  }
  const latencies = { fromIntended: summary(54_321), fromSent: summary(12_345) }
  expectFits([loadLiveLine(counts, latencies, COLUMNS), loadLiveLine(counts, undefined, COLUMNS)])
  const open = { queue: 'demo', pace: { kind: 'rate', perSecond: 1000 } as const, counts }
  const lines = loadSummaryLines({ ...open, ...latencies }, NO_COLORS)
  expect(lines[0]).toBe('Queue demo, open loop at 1,000/s, 1 min 0 s')
  expect(lines.join('\n')).toMatch(/throughput +15,000 tasks\/s/)
  expect(lines.join('\n')).toMatch(/from when it was due +1,000,000 +54\.3 ms/)
  expectFits(lines)
  const pace = { kind: 'window', window: 50, burst: 1 } as const
  const closed = loadSummaryLines({ ...open, pace, ...latencies }, NO_COLORS)
  expect(closed.join('\n')).not.toContain('due')
})

test('status: it fits 80 columns and shows what waits, who is gone and what was refused', () => {
  const lines = statusLines(STATUS, report(92), `127.0.0.1:4222 ${NASTY}`, NO_COLORS)
  const text = lines.join('\n')
  expect(lines[0]).toBe('Scheduler dev  up 1 h 2 min, placement auto')
  expect(text).toMatch(/demo +3 +4 +4\.77 MiB +no agent abcd e/)
  expect(text).toMatch(/accepted +completed +failed +expired +dead +cancelled\n/)
  expect(text).toMatch(/waiting +running +later +lost\n/)
  expect(text).toContain('1 of 2 alive, 2 replaced')
  expect(text).toContain('queue_full 7')
  expectFits(lines)
})

test('status: it says what was moved, where something was', () => {
  const moves = { stolen: 1_234, recalled: 5 }
  const lines = statusLines({ ...STATUS, moves }, report(92), '127.0.0.1:4222', NO_COLORS)
  expect(lines.join('\n')).toMatch(/moved +1,234 stolen, 5 handed back unbegun\n/)
  expectFits(lines)
  expect(statusLines(STATUS, report(92), '', NO_COLORS).join('\n')).not.toContain('stolen')
})

test('status: it says how much of the queues it leaves out', () => {
  const unlisted = { queues: 9_744, waiting: 1_234_567, running: 20, agents: 0, completed: 0 }
  const lines = statusLines({ ...STATUS, unlisted }, report(92), '127.0.0.1:4222', NO_COLORS)
  expect(lines).toContain('and 9,744 less busy queues, 1,234,567 waiting and 20 running in all')
  expectFits(lines)
  expect(statusLines(STATUS, report(92), '', NO_COLORS).join('\n')).not.toContain('less busy')
})

test('text: a duration never says 1000 ms or 60.0 s, and long ones are days', () => {
  const given = [999.4, 999.6, 59_940, 59_960, 3_599_600, 172_800_000 + 10_800_000]
  expect(given.map(duration)).toEqual([
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1 min 0 s',
    '1 h 0 min',
    '2 d 3 h',
  ])
})
