import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import type { TaskView } from '../../src/task.ts'
import { NO_OPTIONS } from '../../src/wire/submit-options.ts'
import { messageTask, readTaskMessage, taskMessage } from '../../src/wire/task-message.ts'

/** As the document that the format is from prints it, its dots made values. */
const PRINTED = {
  message_id: 'msg-50-gap-001',
  task_type: 'gap_analysis',
  priority: 'NORMAL',
  timestamp: '2026-02-13T10:30:00Z',
  source_queue: 'data_validation',
  destination_queue: 'gap_analysis',
  payload: {
    project_name: 'cardio_stent_001',
    device_id: 'DQY-50',
    device_profile: {},
    predicates_csv: [],
    enrichment_data: {},
  },
  routing: { attempt: 1, max_retries: 1, retry_delay_seconds: 30, failed_destinations: [] },
  metadata: {
    ttl_seconds: 90,
    processing_timeout: 120,
    sla_target_seconds: 180,
    estimated_duration: 45,
  },
  result: { status: 'PENDING', gaps_detected: null, confidence: null, completion_time: null },
}

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

function refusal(message: unknown): SignalboxError | null {
  const address = { queue: 'gap_analysis' }
  try {
    messageTask(message instanceof Uint8Array ? message : bytesOf(message), NO_OPTIONS, address)
  } catch (error) {
    if (error instanceof SignalboxError) return error
    throw error
  }
  return null
}

test('message: the one that the document prints is read, with its numbers in ms', () => {
  const { queue, payload, options } = readTaskMessage(bytesOf(PRINTED))
  expect(queue).toBe('gap_analysis')
  expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(PRINTED.payload)
  expect(options).toEqual({
    id: 'msg-50-gap-001',
    type: 'gap_analysis',
    priority: 3,
    retryCount: 1,
    retryDelayMs: 30_000,
    ttlMs: 90_000,
    timeoutMs: 120_000,
    slaTargetMs: 180_000,
  })
})

test('message: what it does not say is left to the queue', () => {
  const { queue, payload, options } = readTaskMessage(bytesOf({ payload: null }))
  expect(queue).toBe(null)
  expect(new TextDecoder().decode(payload)).toBe('null')
  expect(Object.values(options).filter((value) => value !== undefined)).toEqual([])
  expect(readTaskMessage(bytesOf({})).payload.length).toBe(0)
})

test('message: the headers beside it may say what it does not, and not what it does', () => {
  const address = { queue: 'gap_analysis' }
  const own = { ...NO_OPTIONS, requires: ['ocr'], key: 'k', level: 3 as const }
  const { said } = messageTask(bytesOf(PRINTED), own, address)
  expect(said).toMatchObject({ id: 'msg-50-gap-001', level: 3, requires: ['ocr'], key: 'k' })
  expect(said).toMatchObject({ retryCount: 1, own: { ttlMs: 90_000, retryDelayMs: 30_000 } })
  for (const twice of [{ id: 'x' }, { level: 4 as const }, { timeoutMs: 5 }, { retryCount: 5 }]) {
    const both = () => messageTask(bytesOf(PRINTED), { ...NO_OPTIONS, ...twice }, address)
    expect(both).toThrow('stands in the message and in a header')
  }
})

test.each([
  [{ message_id: 'msg.50.gap' }, 'bad_token', 'no dots'],
  [{ message_id: 7 }, 'bad_token', 'message_id'],
  [{ task_type: 'gap analysis' }, 'bad_token', 'task_type'],
  [{ priority: 'URGENT' }, 'bad_priority', 'critical'],
  [{ priority: 7 }, 'bad_priority', '1 to 5'],
  [{ destination_queue: 'other' }, 'bad_header', 'the subject says'],
  [{ destination_queue: '>' }, 'bad_token', 'destination_queue'],
  [{ routing: [] }, 'bad_body', 'routing'],
  [{ metadata: 'x' }, 'bad_body', 'metadata'],
  [{ routing: { max_retries: 101 } }, 'bad_option', 'retryCount'],
  [{ routing: { max_retries: '1' } }, 'bad_option', 'retryCount'],
  [{ routing: { retry_delay_seconds: -1 } }, 'bad_option', 'retry_delay_seconds'],
  [{ metadata: { ttl_seconds: 1e18 } }, 'bad_option', 'ttlMs'],
  [{ metadata: { ttl_seconds: '90' } }, 'bad_option', 'ttl_seconds'],
  [{ metadata: { sla_target_seconds: -180 } }, 'bad_option', 'sla_target_seconds'],
  [{ metadata: { processing_timeout: 0 } }, 'bad_option', 'timeoutMs'],
  [{ payload: { text: 'x'.repeat(65_537) } }, 'bad_body', 'characters'],
])('message: %j is %s', (change, code, words) => {
  const error = refusal({ ...PRINTED, ...change })
  expect(error?.code).toBe(code)
  expect(error?.message).toContain(words)
})

test.each([
  ['nothing of JSON', Buffer.from('{"a":')],
  ['a list', Buffer.from('[]')],
  ['a million brackets', Buffer.alloc(200_000, '[')],
  ['a key that reaches into objects', Buffer.from('{"payload":{"__proto__":{}}}')],
  ['too many keys', bytesOf(Object.fromEntries([...Array(1_001).keys()].map((i) => [`k${i}`, i])))],
])('message: %s is refused', (_, bytes) => {
  expect(refusal(bytes)?.code).toBe('bad_body')
})

test.each([
  ['normal', 3],
  ['Critical', 5],
  ['BACKGROUND', 1],
  [4, 4],
  ['2', 2],
])('message: the priority %j is level %d', (priority, level) => {
  expect(readTaskMessage(bytesOf({ priority })).options.priority).toBe(level)
})

test('message: a task is shown as one, in the words of the format', () => {
  const view = {
    id: 'msg-50-gap-001',
    queue: 'gap_analysis',
    servedBy: 'expert_review_low',
    state: 'completed',
    priority: 3,
    type: 'gap_analysis',
    attempts: 2,
    failedDestinations: ['gap_analysis'],
    code: null,
    message: null,
    result: '{"gaps":3}',
    scheduledFor: null,
    slaDueAt: null,
    deadlineAt: null,
    acceptedAt: Date.UTC(2026, 1, 13, 10, 30),
    finishedAt: Date.UTC(2026, 1, 13, 10, 31),
  } as unknown as TaskView
  expect(taskMessage(view, PRINTED.payload)).toEqual({
    message_id: 'msg-50-gap-001',
    task_type: 'gap_analysis',
    priority: 'NORMAL',
    timestamp: '2026-02-13T10:30:00.000Z',
    source_queue: 'gap_analysis',
    destination_queue: 'expert_review_low',
    payload: PRINTED.payload,
    routing: { attempt: 2, failed_destinations: ['gap_analysis'] },
    metadata: { scheduled_for: null, sla_due_at: null, deadline_at: null },
    result: {
      status: 'COMPLETED',
      code: null,
      message: null,
      value: '{"gaps":3}',
      completion_time: '2026-02-13T10:31:00.000Z',
    },
  })
})

test('message: one that is shown can be submitted again, as it was', () => {
  const view = { id: 'a', queue: 'q', servedBy: 'q', type: 't', priority: 5, state: 'failed' }
  const shown = taskMessage(
    {
      ...view,
      scheduledFor: null,
      slaDueAt: null,
      deadlineAt: null,
      acceptedAt: 0,
      finishedAt: null,
    } as unknown as TaskView,
    { page: 7 },
  )
  const { queue, payload, options } = readTaskMessage(bytesOf(shown))
  expect([queue, options.id, options.type, options.priority]).toEqual(['q', 'a', 't', 5])
  expect(new TextDecoder().decode(payload)).toBe('{"page":7}')
})
