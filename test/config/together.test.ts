import { expect, test } from 'vitest'
import { lines } from './support.ts'

const of = (options: string) => `queues:\n  q: {${options}}\n  boss: {}\n`

const WRONG: [string, string[]][] = [
  [
    'ttl_seconds: 300, sla_target_seconds: 600',
    [
      '2:45: queues.q.sla_target_seconds: "600": the task expires before its SLA of 600 s, by ttl_seconds of 300 s: give at most 300 s, or raise ttl_seconds.',
    ],
  ],
  [
    'ttl_seconds: 300, sla_targets: {low: 301}',
    [
      '2:38: queues.q.sla_targets: low: the task expires before its SLA of 301 s, by ttl_seconds of 300 s: give at most 300 s, or raise ttl_seconds.',
    ],
  ],
  [
    'deadline_seconds: 60, sla_target_seconds: 90, sla_clock: completed',
    [
      '2:49: queues.q.sla_target_seconds: "90": the task expires before its SLA of 90 s, by deadline_seconds of 60 s: give at most 60 s, or raise deadline_seconds.',
    ],
  ],
  [
    'escalate_on: [human_timeout]',
    ['2:20: queues.q.escalate_on: nobody is named to escalate to: give escalate_to.'],
  ],
  [
    'escalate_to: q',
    [
      '2:20: queues.q.escalate_to: "q": a task cannot be escalated to the queue that it is in: name another.',
    ],
  ],
  [
    'escalate_to: boss, escalate_to_agent: ann',
    ['2:45: queues.q.escalate_to_agent: "ann": give this or escalate_to, not both.'],
  ],
  [
    'escalate_to: bos',
    [
      '2:20: queues.q.escalate_to: "bos": there is no queue "bos": add it to the queues; did you mean "boss"?',
    ],
  ],
  [
    'exponential_backoff: true',
    [
      '2:28: queues.q.exponential_backoff: "true": there is no delay to be changed: give retry_delay_seconds.',
    ],
  ],
  [
    'retry_jitter: full',
    [
      '2:21: queues.q.retry_jitter: "full": there is no delay to be changed: give retry_delay_seconds.',
    ],
  ],
  [
    'retry_delay_seconds: 90, retry_delay_max_seconds: 60',
    [
      '2:28: queues.q.retry_delay_seconds: "90": it is cut by a retry_delay_max_seconds of 60 s: give less, or raise that.',
    ],
  ],
  [
    'heartbeat_timeout_seconds: 31',
    [
      '2:34: queues.q.heartbeat_timeout_seconds: "31": it is never reached under a processing_timeout of 30 s: give less, or raise that.',
    ],
  ],
]

test.each(WRONG)('config: {%s} cannot be together, and is refused', (options, said) => {
  expect(lines(of(options))).toEqual(said)
})

test.each([
  'ttl_seconds: 300, sla_target_seconds: 300',
  'ttl_seconds: 300, sla_target_seconds: 600, sla_clock: completed',
  'type: fifo, sla_targets: {critical: 300}',
  'retry_count: 0, exponential_backoff: true',
  'escalate_to: boss, escalate_on: [human_timeout]',
  'escalate_to_agent: ann, escalate_on: [human_timeout]',
  'heartbeat_timeout_seconds: 30',
])('config: {%s} can be together', (options) => {
  expect(lines(of(options))).toEqual([])
})

test('config: what works otherwise than it looks is a warning, and starts', () => {
  expect(
    lines(of('ttl_seconds: 90, deadline_seconds: 60, retry_count: 0, retry_on: [timeout]')),
  ).toEqual([
    '2:20: warning: queues.q.ttl_seconds: "90": it is never reached under a deadline_seconds of 60 s.',
    '2:72: warning: queues.q.retry_on: nothing is retried with a retry_count of 0.',
  ])
})

test('config: a contradiction with a default is told at the default', () => {
  const text = 'queue_defaults:\n  ttl_seconds: 60\nqueues:\n  a: {sla_target_seconds: 90}\n'
  expect(lines(text)[0]).toMatch(
    /^4:27: queues\.a\.sla_target_seconds: "90": .* ttl_seconds of 60 s/,
  )
  const inherited = 'queue_defaults:\n  exponential_backoff: true\nqueues:\n  a: {}\n'
  expect(lines(inherited)[0]).toMatch(/^2:24: queues\.a\.exponential_backoff: "true": /)
})

test('config: tasks that may go in a circle are a warning that names it', () => {
  const text = `queues:
  a: {escalate_to: b}
  b: {dead_letter_queue: b_errors}
  c: {escalate_to: a}
dead_letters:
  b_errors: {route: queue, queue: c}
`
  expect(lines(text)).toEqual([
    '2:3: warning: queues.a: tasks may go in a circle, a → b → c → a; each goes round once at most.',
  ])
})

test('config: a row of queues that each go on in the next is no circle', () => {
  const rows = Array.from({ length: 2_000 }, (_, n) => `  q${n}: {escalate_to: q${n + 1}}`)
  expect(lines(`queues:\n${rows.join('\n')}\n  q2000: {}\n`)).toEqual([])
})

test('config: routes go to queues that there are, where queues are strict', () => {
  const text = 'queues: {a: }\ndead_letters:\n  a: {route: queue, queue: b}\n  c: {route: keep}\n'
  expect(lines(text)).toEqual([
    '3:28: dead_letters.a.queue: there is no queue "b": add it to the queues.',
    '4:3: warning: dead_letters.c: no queue has dead letters of this name.',
  ])
  expect(lines(text, { isStrict: false })).toEqual([])
  expect(lines(text, { queues: ['b', 'c'] })).toEqual([])
})
