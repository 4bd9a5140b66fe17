/**
 * Where a task goes on after a result, by its queue's rules. Front-end thread.
 *
 * Invariant: only results of queues that have rules are ever looked into; what comes of one depends on
 * the result, the rules and the stages behind the task, and on nothing else.
 */
import { isUtf8 } from 'node:buffer'
import type { NextStage, QueueOptions } from '../options.ts'
import { extrasOf } from '../policy/extras.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { questionOf } from '../policy/twins.ts'
import { confidenceOf } from '../rules/confidence.ts'
import { hopsIn, nextOf } from '../rules/next.ts'

/** The result is no JSON: it cannot be told where the task is to go. */
export const BAD_RESULT = 'bad_result'

/**
 * @returns whether what an attempt at the task brings must be looked into. Of a vote it need not: the rules
 *   are for what all of them agree on.
 */
export function hasRules(record: TaskRecord): boolean {
  return record.cls!.queue.options.rules.length > 0 && questionOf(record) === null
}

/**
 * The result of a task of a queue with rules; how sure it says that it is stays with the task.
 * @param bytes the result from `start` on, `length` long.
 * @returns null where it is the outcome.
 */
export function nextStage(
  record: TaskRecord,
  bytes: Uint8Array,
  start: number,
  length: number,
): NextStage | null | typeof BAD_RESULT {
  const value = parsed(bytes.subarray(start, start + length))
  if (value === undefined) return BAD_RESULT
  const { options, name } = record.cls!.queue
  // A second attempt speaks for its task.
  const task = record.extras?.standsFor ?? record
  const next = nextOf(options.rules, value, hopsIn(name, task.extras?.stages ?? []))
  // Of what goes no further nobody asks any more: it gets no extras that a replay would not give it.
  if (next !== null) noteConfidence(task, value, options)
  return next
}

/** @param value a result as JSON has it. */
function noteConfidence(
  record: TaskRecord,
  value: unknown,
  { confidenceField }: QueueOptions,
): void {
  const confidence = confidenceOf(value, confidenceField)
  if (confidence >= 0) extrasOf(record).confidence = confidence
}

/** @returns undefined when it is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
