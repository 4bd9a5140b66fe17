/**
 * Records of tasks that are a part of another one, a vote or a second attempt: they have its payload. And
 * what becomes of records that the core did not take. Main thread.
 *
 * Invariant: each part has a reference to the payload of its own, so that either of the two may end first.
 */
import type { Origin, RecordOptions, TaskRecord } from '../policy/task-record.ts'
import type { FrontEndContext } from './context.ts'
import { REFUSED } from './payloads.ts'

const NO_BYTES = new Uint8Array(0)

export interface PartSpec {
  readonly options: RecordOptions
  /** Is told of its outcome where `wantsOutcome`. */
  readonly origin: Origin
  readonly wantsOutcome: boolean
  readonly receivedUs: number
  readonly admittedUs: number
}

/** @returns a record without a name, in the task's queue; null while there is no memory for its payload. */
export function partOf(
  { arena, records }: FrontEndContext,
  { payload, payloadBytes, queueName, keyHash }: TaskRecord,
  { options, origin, wantsOutcome, receivedUs, admittedUs }: PartSpec,
): TaskRecord | null {
  const ref = arena.put(arena.bytesOf(payload), arena.startOf(payload), payloadBytes)
  if (ref === REFUSED) return null
  const part = records.take(
    '',
    queueName,
    options,
    NO_BYTES,
    0,
    payloadBytes,
    origin,
    null,
    false,
    wantsOutcome,
    receivedUs,
  )
  part.payload = ref
  part.admittedUs = admittedUs
  part.keyHash = keyHash
  return part
}

/** Nothing of a record with a payload is kept: it was never admitted. */
export function discard({ arena, records }: FrontEndContext, record: TaskRecord): void {
  arena.free(record.payload)
  records.forget(record)
}
