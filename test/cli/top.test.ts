import { afterEach, expect, test, vi } from 'vitest'
import { LATENCY_STAGES, type LatencyReport, type SchedulerStatus } from '../../src/api.ts'
import { cellsOf, fit } from '../../src/cli/render/cells.ts'
import { colorsFor, NO_COLORS } from '../../src/cli/render/colors.ts'
import { topLines } from '../../src/cli/render/top.ts'
import {
  short,
  TOP_SORTS,
  type TopModel,
  type TopSnapshot,
} from '../../src/cli/render/top-model.ts'
import { TopScreen } from '../../src/cli/top-screen.ts'
import type { HealthState, QueueRow } from '../../src/promise-views.ts'
import { Scheduler } from '../../src/scheduler.ts'
import type { AgentView } from '../../src/task.ts'
import { withNats } from '../support/nats.ts'
import { withHome } from './support.ts'

const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee\u0000'
const WIDE = '審査待ち行列の名前がとても長い場合👩‍👩‍👧é'
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

const LATENCY = Object.fromEntries(
  LATENCY_STAGES.map((stage) => [
    stage,
    {
      count: 9,
      meanUs: 92,
      p50Us: 92,
      p90Us: 200,
      p99Us: 1_240,
      p999Us: 5e3,
      maxUs: 9e3,
      encoded: '',
    },
  ]),
) as LatencyReport

function queue(name: string, state: HealthState, more: Partial<QueueRow> = {}): QueueRow {
  return {
    queue: name,
    paused: false,
    open: 30,
    waiting: 12,
    scheduled: 3,
    running: 15,
    bound: 0,
    guests: 0,
    health: { state, reasons: [], errorRate: 0.01, meanMs: 5, oldestMs: 754_000, ended: 5_000 },
    sla: {
      clock: 'assigned',
      targetsMs: { background: null, low: null, normal: null, high: null, critical: null },
      goal: 0.95,
      assigned: { kept: 94, missed: 6, rate: 0.94 },
      completed: { kept: 1, missed: 0, rate: 1 },
    },
    deadLetters: { name, count: 7 },
    ...more,
  }
}

function agent(id: string, more: Partial<AgentView> = {}): AgentView {
  return {
    id,
    instance: 'i',
    status: 'busy',
    queues: ['*'],
    capabilities: [],
    labels: {},
    specializations: {},
    latencyMeanUs: 1_240,
    successRate: 1,
    skills: {},
    concurrency: 256,
    prefetch: 0,
    keeps: true,
    running: 64,
    completed: 1_000,
    failed: 1,
    lost: 2,
    silentMs: 3,
    condition: 'fit',
    reason: null,
    ...more,
  } as AgentView
}

function snapshot(more: Partial<TopSnapshot> = {}, accepted = 20_000): TopSnapshot {
  const status = {
    scheduler: 'box',
    epoch: 7,
    uptimeMs: 200_000,
    draining: false,
    connected: true,
    tasks: {
      accepted,
      completed: accepted - 120,
      failed: 5,
      cancelled: 0,
      dead: 1,
      expired: 0,
      scheduled: 3,
      waiting: 12,
      offered: 1,
      bound: 0,
      running: 98,
      lost: 0,
    },
    moves: { stolen: 0, recalled: 0 },
    agents: { online: 2, offline: 1, draining: 0 },
    queues: [],
    unlisted: { queues: 0, waiting: 0, running: 0, agents: 0, completed: 0 },
  } as unknown as SchedulerStatus
  return {
    atMs: 10_000,
    status,
    latency: LATENCY,
    queues: [
      queue('ra_review_high', 'healthy'),
      queue('ra_review_medium', 'degraded', { waiting: 1_200, sla: null }),
      queue('paused', 'healthy', { paused: true, waiting: 0, scheduled: 0 }),
      queue('expert_review_low', 'unhealthy', {
        health: {
          state: 'unhealthy',
          reasons: [],
          errorRate: 1,
          meanMs: null,
          oldestMs: null,
          ended: 0,
        },
      }),
    ],
    agents: [
      agent('a-1'),
      agent('a-2', { running: 256, status: 'overloaded' }),
      agent('a-3', { status: 'offline', running: 0, latencyMeanUs: null }),
    ],
    ...more,
  }
}

function model(more: Partial<TopModel> = {}): TopModel {
  const now = snapshot()
  const before = snapshot({ atMs: 9_000 }, 17_176)
  before.queues = now.queues.map((row) => ({
    ...row,
    health: { ...row.health, ended: Math.max(0, row.health.ended - 300) },
  }))
  before.agents = now.agents.map((each) => ({ ...each, completed: each.completed - 40 }))
  return {
    now,
    before,
    where: '127.0.0.1:4222 (of the running `signalbox dev`)',
    problem: null,
    isPaused: false,
    sort: 'waiting',
    events: [
      {
        at: Date.parse('2026-03-02T12:03:41'),
        kind: 'health_changed',
        message: 'Queue x is slow.',
      },
    ],
    clock: '12:03:44',
    hasKeys: true,
    ...more,
  }
}

const lines = (columns: number, rows = 24, more: Partial<TopModel> = {}) =>
  topLines(model(more), { columns, rows }, NO_COLORS)

test('top: at 80 columns it is what the documentation shows', () => {
  expect(lines(80)).toEqual([
    'box  up 3 min 20 s, on 127.0.0.1:4222 (of the running `signalbox dev`)  12:03:44',
    'accepted 2,824/s   finished 2,824/s   assigned p50 92 µs, p99 1.24 ms',
    'waiting 13   running 98   scheduled 3   failed 6   agents 2, 1 offline',
    '',
    'QUEUE             HEALTH      WAITING RUNNING  LATER  OLDEST RATE/S   SLA   DEAD',
    'ra_review_medium  ▲ degraded    1,200      15      3  12 min    300     –      7',
    'expert_review_low ▲ unhealthy      12      15      3       –      0  94 %      7',
    'ra_review_high    ● healthy        12      15      3  12 min    300  94 %      7',
    'paused            ‖ paused          0      15      0  12 min    300  94 %      7',
    '',
    'AGENT         STATUS                             RUNNING  DONE/S  LATENCY FAILED',
    'a-2           overloaded  ██████████████████     256/256      40  1.24 ms      3',
    'a-1           busy        ████░░░░░░░░░░░░░░      64/256      40  1.24 ms      3',
    'a-3           offline     ░░░░░░░░░░░░░░░░░░       0/256      40        –      3',
    '',
    '12:03:41 health_changed  Queue x is slow.',
    'q quit   p pause   s sort queues by: waiting',
  ])
})

test('top: at 60 columns what matters least is gone, and names are cut', () => {
  expect(lines(60).slice(0, 9)).toEqual([
    'box  up 3 min 20 s, on 127.0.0.1:4222 (of the runn… 12:03:44',
    'accepted 2,824/s  finished 2,824/s  p50 92 µs, p99 1.24 ms',
    'waiting 13   running 98   scheduled 3   failed 6   agents 2…',
    '',
    'QUEUE       HEALTH      WAITING RUNNING  OLDEST RATE/S   SLA',
    'ra_review_… ▲ degraded    1,200      15  12 min    300     –',
    'expert_rev… ▲ unhealthy      12      15       –      0  94 %',
    'ra_review_… ● healthy        12      15  12 min    300  94 %',
    'paused      ‖ paused          0      15  12 min    300  94 %',
  ])
})

test('top: at 120 columns names have room', () => {
  const [, , , , title, first] = lines(120)
  expect(title).toMatch(/^QUEUE {36}HEALTH/)
  expect(first).toMatch(/^ra_review_medium {25}▲ degraded/)
})

test.each([
  [60, 16],
  [80, 24],
  [120, 50],
  [80, 16],
])('top: whatever names hold, %i columns and %i rows are enough', (columns, rows) => {
  const many = Array.from({ length: 60 }, (_, i) => queue(`${i % 2 ? NASTY : WIDE}${i}`, 'slow'))
  const agents = Array.from({ length: 60 }, (_, i) => agent(`${i % 2 ? NASTY : WIDE}${i}`))
  const now = snapshot({ queues: many, agents })
  now.status.scheduler = NASTY + WIDE
  const events = Array.from({ length: 9 }, () => ({
    at: 0,
    kind: NASTY,
    message: `${NASTY}${WIDE}`.repeat(9),
  }))
  for (const sort of TOP_SORTS) {
    const more = { now, events, sort, where: NASTY + WIDE, problem: NASTY + WIDE.repeat(9) }
    const frame = lines(columns, rows, more)
    expect(frame.length).toBeLessThanOrEqual(rows)
    for (const line of frame) {
      expect(line).not.toMatch(CONTROLS)
      expect(cellsOf(line), line).toBeLessThanOrEqual(columns)
    }
    expect(frame.join('\n')).toMatch(/and \d+ more queues/)
    expect(frame.join('\n')).toMatch(/and \d+ more agents/)
  }
})

test('top: what agents take from others is told where there is room, once something was', () => {
  const moving = snapshot()
  moving.status.moves = { stolen: 30, recalled: 6 }
  const before = snapshot({ atMs: 9_000 }, 17_176)
  before.status.moves = { stolen: 20, recalled: 4 }
  const rates = (columns: number) => lines(columns, 24, { now: moving, before })[1]
  expect(rates(96)).toBe(`${lines(96)[1]}   moved 12/s`)
  expect(rates(72)).toBe(lines(72)[1])
  expect(lines(200)[1]).not.toContain('moved')
})

test('top: an agent that is not fit is shown so, in place of what it does', () => {
  const conditions = ['slow', 'silent', 'failing', 'flapping', 'trial', 'maintenance'] as const
  const agents = conditions.map((condition, i) => agent(`a-${i}`, { condition }))
  const shown = lines(80, 24, { now: snapshot({ agents, queues: [] }) })
  for (const condition of conditions.slice(0, 5)) {
    expect(shown.filter((line) => line.includes(`▲ ${condition} `))).toHaveLength(1)
  }
})

test('top: what is left out is counted right', () => {
  const queues = Array.from({ length: 30 }, (_, i) => queue(`q${i}`, 'healthy'))
  const frame = lines(80, 24, { now: snapshot({ queues }) })
  const shown = frame.filter((line) => /^q\d+ /.test(line)).length
  expect(frame).toContain(`and ${30 - shown} more queues`)
})

test('top: colours take no room', () => {
  const colors = colorsFor({ isTTY: true }, {})
  const bare = topLines(model(), { columns: 80, rows: 24 }, colors).map((line) =>
    line.replace(/\u001b\[\d+m/g, '').trimEnd(),
  )
  expect(bare).toEqual(lines(80).map((line) => line.trimEnd()))
})

test('top: queues are sorted by what waits, the oldest, the rate or the name', () => {
  const order = (sort: TopModel['sort']) =>
    lines(80, 24, { sort })
      .slice(5, 9)
      .map((line) => line.split(' ')[0])
  expect(order('waiting')[0]).toBe('ra_review_medium')
  expect(order('oldest').at(-1)).toBe('expert_review_low')
  expect(order('rate').at(-1)).toBe('expert_review_low')
  expect(order('name')).toEqual([
    'expert_review_low',
    'paused',
    'ra_review_high',
    'ra_review_medium',
  ])
})

test('top: before the first answer, without one, and of a scheduler that began anew', () => {
  expect(lines(80, 24, { now: null, events: [] })[0]).toMatch(/^Signalbox {2}asking … +12:03:44$/)
  const problem = 'No NATS server answers at 127.0.0.1:4222.'
  const away = lines(80, 24, { now: null, problem })
  expect(away[0]).toMatch(/^Signalbox {2}no answer yet/)
  expect(away).toContain(problem)
  expect(lines(80, 24, { problem })).toContain(problem)
  const long = `No scheduler is connected: ${'start one '.repeat(9)}or check the address.`
  const told = lines(80, 24, { now: null, problem: long })
  expect(told.join(' ')).toContain(long)
  expect(told.filter((line) => line.length > 80)).toEqual([])
  const before = snapshot({ atMs: 9_000 })
  before.status.epoch = 6
  expect(lines(80, 24, { before })[1]).toMatch(/^accepted – +finished – /)
  expect(lines(80, 24, { isPaused: true })[0]).toMatch(/ paused$/)
})

test('top: nobody is registered, nothing is served', () => {
  const frame = lines(80, 24, { now: snapshot({ queues: [], agents: [] }) })
  expect(frame).toContain('None is registered.')
})

test('top: numbers take six characters at most', () => {
  for (const value of [0, 7, 99_999, 100_000, 999_499, 999_999, 1e6, 999_999_999, 1e9, 9e11]) {
    expect(short(value).length, String(value)).toBeLessThanOrEqual(6)
  }
  expect([short(12_345), short(123_456), short(1_234_567)]).toEqual(['12,345', '123k', '1.23M'])
})

test('cells: a text fills its place, whatever it is made of', () => {
  for (const text of ['', 'abc', NASTY, WIDE, '👩‍👩‍👧'.repeat(9), 'e\u0301'.repeat(30), '●▲…']) {
    for (const width of [1, 2, 5, 20]) {
      expect(cellsOf(fit(text, width)), `${text} ${width}`).toBe(width)
      expect(cellsOf(fit(text, width, true))).toBe(width)
    }
  }
  expect(cellsOf('審査')).toBe(4)
  expect(cellsOf('e\u0301')).toBe(1)
})

afterEach(() => {
  vi.restoreAllMocks()
})

test('top: the terminal is given back once, whatever is drawn afterwards', () => {
  const written: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  const screen = new TopScreen(
    () => {},
    () => {},
  )
  const exits = process.listenerCount('exit')
  screen.enter()
  screen.draw(['one', 'two'])
  screen.leave()
  screen.leave()
  screen.draw(['late'])
  expect(written).toEqual([
    '\u001b[?1049h\u001b[?25l',
    '\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J',
    '\u001b[?25h\u001b[?1049l',
  ])
  expect(process.listenerCount('exit')).toBe(exits)
})

const { cli } = withHome()
const nats = withNats()

test('top: without a terminal it prints one frame; as JSON what it shows', async () => {
  const scheduler = new Scheduler({ name: 'box', queues: { q: {} }, nats: { servers: nats.url } })
  await scheduler.start()
  try {
    await scheduler.submit('q', 1)
    const env = { NATS_URL: nats.url }
    const { stdout, code, stderr } = await cli(['top'], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^box {2}up /)
    expect(stdout).toMatch(/\nq +● healthy +1 +0 /)
    expect(stdout).not.toContain('\u001b')
    const json = await cli(['top', '--once', '-o', 'json'], { env })
    expect(JSON.parse(json.stdout)).toMatchObject({
      status: { scheduler: 'box' },
      queues: [{ queue: 'q', waiting: 1 }],
      agents: [],
    })
  } finally {
    await scheduler.stop()
  }
})

test('top: without a server one frame is one sentence', async () => {
  const { code, stderr } = await cli(['top', '--once', '--nats', '127.0.0.1:1'])
  expect(code).toBe(3)
  expect(stderr).toMatch(/^error nats_unreachable: /)
  expect(stderr.trimEnd()).not.toContain('\n')
})
