import { expect, test } from 'vitest'
import type { LogOptions } from '../../src/config/service-options.ts'
import { Log } from '../../src/service/log.ts'
import { EVENT_LEVELS, levelOf } from '../../src/service/log-levels.ts'
import type { LogSink } from '../../src/service/log-sink.ts'
import { text } from '../support/files.ts'

const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee\u0000"\\'

class Sink implements LogSink {
  text = ''
  write(line: string): void {
    this.text += line
  }
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }
}

function log(options: Partial<LogOptions> = {}) {
  const sink = new Sink()
  const clock = { ms: 1_700_000_000_000 }
  const made = new Log({ format: 'json', level: 'info', ...options }, sink, () => clock.ms)
  return { log: made, sink, clock }
}

test('log: an event is a line of JSON with what it happened to as fields', () => {
  const { log: made, sink } = log()
  made.event('box', {
    kind: 'sla_breach',
    detail: { queue: 'review', task: 't-17', attempt: 2, code: 'x', message: 'SLA BREACH: t-17' },
  })
  const line = JSON.parse(sink.lines[0])
  expect(line).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    kind: 'sla_breach',
    scheduler: 'box',
    queue: 'review',
    task: 't-17',
    attempt: 2,
    code: 'x',
    msg: 'SLA BREACH: t-17',
  })
})

test('log: the kind of a line is the event’s, also where what happened has a kind', () => {
  const { log: made, sink } = log()
  made.event('box', { kind: 'router_failed', detail: { router: 1, kind: 'exited', message: 'm' } })
  expect(JSON.parse(sink.lines[0])).toMatchObject({
    level: 'warn',
    kind: 'router_failed',
    how: 'exited',
    router: 1,
  })
})

test('log: for a person it is one short line', () => {
  const { log: made, sink } = log({ format: 'text' })
  made.event('box', { kind: 'agent_down', detail: { agent: 'a-1', reason: 'agent_lost' } })
  made.event('box', { kind: 'queue_paused', detail: { queue: 'two words' } })
  expect(sink.lines).toEqual([
    expect.stringMatching(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}agent_down {2}agent down {2}scheduler=box agent=a-1 reason=agent_lost$/,
    ),
    expect.stringMatching(
      /INFO {2}queue_paused {2}queue paused {2}scheduler=box queue="two words"$/,
    ),
  ])
})

test.each(['json', 'text'] as const)(
  'log: %s stays one harmless line, whatever it says',
  (format) => {
    const { log: made, sink } = log({ format })
    made.event(NASTY, { kind: 'dead_letter', detail: { queue: NASTY, message: NASTY, [NASTY]: 1 } })
    expect(sink.text.match(/\n/g)).toHaveLength(1)
    expect(sink.text).not.toMatch(CONTROLS)
    if (format === 'json') expect(JSON.parse(sink.text).queue).toBe(NASTY)
  },
)

test('log: payloads, results and secrets never stand in it', () => {
  const { log: made, sink } = log()
  const detail = {
    queue: 'q',
    payload: 'SECRET',
    result: 'SECRET',
    checkpoint: 'SECRET',
    password: 'SECRET',
    token: 'SECRET',
    deep: { payload: 'SECRET' },
    bytes: new TextEncoder().encode('SECRET'),
  }
  made.event('box', { kind: 'dead_letter', detail })
  expect(Object.keys(JSON.parse(sink.text)).sort()).toEqual([
    'kind',
    'level',
    'msg',
    'queue',
    'scheduler',
    'time',
  ])
  expect(sink.text).not.toContain('SECRET')
})

test('log: a text that has no end is cut', () => {
  const { log: made, sink } = log()
  made.event('box', {
    kind: 'nats_error',
    detail: { message: 'x'.repeat(1e6), reason: 'y'.repeat(1e6) },
  })
  expect(sink.text.length).toBeLessThan(4_096)
})

test('log: below its level nothing is written, and silent is silent', () => {
  const event = { kind: 'priority_boosted', detail: { task: 't' } }
  const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
  const written = levels.map((level) => {
    const { log: made, sink } = log({ level })
    made.event('box', event)
    made.event('box', { kind: 'agent_up', detail: {} })
    made.event('box', { kind: 'sla_breach', detail: {} })
    made.event('box', { kind: 'journal_stopped', detail: {} })
    return sink.lines.length
  })
  expect(written).toEqual([4, 3, 2, 1, 0])
})

test('log: a queue that gets worse is a warning, one that is well again is none', () => {
  expect(levelOf('health_changed', { to: 'unhealthy' })).toBe('warn')
  expect(levelOf('health_changed', { to: 'slow' })).toBe('warn')
  expect(levelOf('health_changed', { to: 'healthy' })).toBe('info')
  expect(levelOf('something_new', {})).toBe('info')
})

test('log: a storm is bounded, and how much of it was left out is told', () => {
  const { log: made, sink, clock } = log()
  for (let i = 0; i < 5_000; i++) made.write('warn', 'sla_breach', 'x')
  expect(sink.lines).toHaveLength(1_000)
  clock.ms += 1_000
  made.write('warn', 'sla_breach', 'the next one')
  const [told, next] = sink.lines.slice(1_000).map((line) => JSON.parse(line))
  expect(told).toMatchObject({ kind: 'lines_suppressed', count: 4_000, level: 'warn' })
  expect(next.msg).toBe('the next one')
})

test('docs/operating.md: it has every kind of event with its level', () => {
  const rows = [
    ...text('docs/operating.md').matchAll(/^\| `([a-z_]+)`\s*\| (\w+)(?: or (\w+))?\s*\|/gm),
  ]
  const levels = new Map(rows.map(([, kind, level]) => [kind, level]))
  for (const [kind, level] of Object.entries(EVENT_LEVELS))
    expect(levels.get(kind), kind).toBe(level)
  expect(levels.get('health_changed')).toBe('info')
})
