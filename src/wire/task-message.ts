/**
 * Tasks as messages: one JSON object that holds a task's id, type and priority, its promises and its
 * payload, as queue managers send them to each other. What Signalbox knows of it becomes options of a
 * submit, the payload becomes bytes, and a task is shown as such a message again.
 *
 * Any thread. Invariant: what a message says is either heeded, refused with a sentence, or about its
 * past (`timestamp`, `source_queue`, `routing.attempt`, `result`) or for people (`estimated_duration`).
 *
 * ```
 *  message_id                     id           metadata.ttl_seconds          ttlMs
 *  task_type                      type         metadata.processing_timeout   timeoutMs, of seconds
 *  priority                       priority     metadata.sla_target_seconds   slaTargetMs
 *  destination_queue              the queue    routing.max_retries           retryCount
 *  payload                        the payload  routing.retry_delay_seconds   retryDelayMs
 * ```
 */
import { SignalboxError } from '../errors.ts'
import { PRIORITIES, priorityLevel, type SubmitOptions, type TaskView } from '../task.ts'
import { encodeJson, type JsonObject, parseObject } from './json.ts'
import { type CheckedOptions, checkOptions } from './submit-options.ts'
import { isToken, quote, requireToken } from './tokens.ts'

const MS_PER_SECOND = 1_000
const EMPTY = new Uint8Array(0)

export interface TaskMessage {
  /** null where the message names none. */
  queue: string | null
  /** The payload as JSON; empty where there is none. */
  payload: Uint8Array
  options: SubmitOptions
}

/** @throws bad_body, bad_token, bad_priority, bad_option */
export function readTaskMessage(bytes: Uint8Array): TaskMessage {
  const body = parseObject(bytes, 'message')
  const routing = partOf(body, 'routing')
  const metadata = partOf(body, 'metadata')
  const options: SubmitOptions = {}
  if (isSaid(body.message_id)) options.id = idOf(body.message_id)
  if (isSaid(body.task_type)) options.type = requireToken(body.task_type, 'task_type')
  if (isSaid(body.priority)) options.priority = priorityOf(body.priority)
  if (isSaid(routing.max_retries)) options.retryCount = routing.max_retries as number
  const inMs = (part: JsonObject, key: string) => secondsOf(part[key], key)
  options.retryDelayMs = inMs(routing, 'retry_delay_seconds')
  options.ttlMs = inMs(metadata, 'ttl_seconds')
  options.timeoutMs = inMs(metadata, 'processing_timeout')
  options.slaTargetMs = inMs(metadata, 'sla_target_seconds')
  const queue = body.destination_queue
  return {
    queue: isSaid(queue) ? requireToken(queue, 'destination_queue') : null,
    payload: body.payload === undefined ? EMPTY : encodeJson(body.payload),
    options,
  }
}

/**
 * A submit whose body is such a message.
 * @param said in its headers and subject; what is said there and in the message too is refused, but
 *   for a priority that is the same.
 * @throws as `readTaskMessage`, and bad_header
 */
export function messageTask(
  bytes: Uint8Array,
  said: Readonly<CheckedOptions>,
  address: { readonly queue: string },
): { said: Readonly<CheckedOptions>; payload: Uint8Array } {
  const message = readTaskMessage(bytes)
  if (message.queue !== null && message.queue !== address.queue) {
    throw new SignalboxError(
      'bad_header',
      `The message is for queue "${message.queue}", the subject says "${address.queue}": give one.`,
    )
  }
  return { said: joined(said, checkOptions(message.options)), payload: message.payload }
}

function joined(
  said: Readonly<CheckedOptions>,
  own: Readonly<CheckedOptions>,
): Readonly<CheckedOptions> {
  if (said.level !== 0 && own.level !== 0 && said.level !== own.level) throw saidTwice('priority')
  return {
    ...said,
    id: one('id', said.id, own.id),
    level: said.level === 0 ? own.level : said.level,
    timeoutMs: one('time-out', said.timeoutMs, own.timeoutMs),
    retryCount: one('retry count', said.retryCount, own.retryCount),
    routing: withType(said, own),
    own: one('promises', said.own, own.own),
  }
}

/** Of placing a message says its type only. */
function withType(
  said: Readonly<CheckedOptions>,
  own: Readonly<CheckedOptions>,
): CheckedOptions['routing'] {
  if (said.routing === null || own.routing === null) return said.routing ?? own.routing
  return { ...said.routing, type: one('type', said.routing.type, own.routing.type) }
}

function one<Value>(what: string, first: Value | null, second: Value | null): Value | null {
  if (first !== null && second !== null) throw saidTwice(what)
  return first ?? second
}

function saidTwice(what: string): SignalboxError {
  return new SignalboxError(
    'bad_header',
    `The ${what} stands in the message and in a header or the subject: give one.`,
  )
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** @throws bad_body unless it is an object, or not there. */
function partOf(body: JsonObject, key: string): JsonObject {
  const part = body[key] ?? {}
  if (typeof part === 'object' && !Array.isArray(part)) return part as JsonObject
  throw new SignalboxError('bad_body', `"${key}" of a message is ${quote(part)}: give an object.`)
}

/** @throws bad_token */
function idOf(value: unknown): string {
  if (isToken(value)) return value
  throw new SignalboxError(
    'bad_token',
    `"message_id" ${quote(value)} cannot be a task’s id, since ids stand in subjects: use 1 to 64 of ` +
      'the characters A-Z a-z 0-9 _ and -, no dots.',
  )
}

/** Names and levels 1 to 5; @throws bad_priority for all else, as an urgency of 1 to 10. */
function priorityOf(value: unknown): SubmitOptions['priority'] {
  const level = priorityLevel(value)
  if (level !== undefined) return level
  throw new SignalboxError(
    'bad_priority',
    `The priority ${quote(value)} of the message is none: use ${Object.keys(PRIORITIES).join(', ')} ` +
      'or 1 to 5.',
  )
}

/** @returns ms, which `checkOptions` bounds. @throws bad_option unless it is a number. */
function secondsOf(value: unknown, key: string): number | undefined {
  if (!isSaid(value)) return undefined
  if (typeof value === 'number' && value >= 0) return Math.round(value * MS_PER_SECOND)
  throw new SignalboxError(
    'bad_option',
    `"${key}" of the message is ${quote(value)}: give a number of seconds.`,
  )
}

const STATUS: Readonly<Record<TaskView['state'], string>> = {
  pending: 'PENDING',
  blocked: 'BLOCKED',
  scheduled: 'PENDING',
  assigned: 'PENDING',
  processing: 'PROCESSING',
  completed: 'COMPLETED',
  failed: 'FAILED',
  expired: 'EXPIRED',
  cancelled: 'CANCELLED',
  dead: 'DEAD',
}

/**
 * @param payload its JSON value; null where it is not known any more.
 * @returns the task as a message: what Signalbox knows of it, in the message's words.
 */
export function taskMessage(view: TaskView, payload: unknown = null): JsonObject {
  const isMoved = view.servedBy !== view.queue
  return {
    message_id: view.id,
    task_type: view.type,
    priority: nameOf(view.priority),
    timestamp: timeOf(view.acceptedAt),
    source_queue: isMoved ? view.queue : null,
    destination_queue: view.servedBy,
    payload,
    routing: { attempt: view.attempts, failed_destinations: view.failedDestinations },
    metadata: {
      scheduled_for: timeOf(view.scheduledFor),
      sla_due_at: timeOf(view.slaDueAt),
      deadline_at: timeOf(view.deadlineAt),
    },
    result: {
      status: STATUS[view.state],
      code: view.code,
      message: view.message,
      value: view.result,
      completion_time: timeOf(view.finishedAt),
    },
  }
}

function nameOf(level: number): string {
  const found = Object.entries(PRIORITIES).find(([, each]) => each === level)
  return (found?.[0] ?? String(level)).toUpperCase()
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
