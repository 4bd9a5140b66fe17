/**
 * Dead letters become tasks again: as they were, or one with another payload. Main thread.
 *
 * Invariant: a letter is replayed once, or stays as it is. Its payload's memory goes over to the new
 * task without a copy, and comes back when that is refused.
 *
 * Not taken: submits by way of the inbox, whose answers come a turn later: a letter could be replayed
 * twice meanwhile, or go while its bytes are on their way.
 */
import { nowUs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import { NOBODY } from '../../policy/task-record.ts'
import type { FrontEndContext } from '../context.ts'
import { NO_BYTES_REF, REFUSED } from '../payloads.ts'
import type { DeadLetter } from './letter.ts'

const NO_BYTES = new Uint8Array(0)

/**
 * Submits what the letter's task asked for once more, under an id that is made up.
 * @param edited instead of its payload; null for its own.
 * @returns the new task's id.
 * @throws bad_option when its payload is not kept and none is given; stopping, payload_too_large,
 *   out_of_memory; whatever a submit is refused with. The letter is as before then.
 */
export function replayLetter(
  context: FrontEndContext,
  letter: DeadLetter,
  edited: Uint8Array | null,
): string {
  const { deadLetters, arena } = context
  if (context.draining) {
    throw new SignalboxError('stopping', `Scheduler "${context.options.name}" is stopping.`)
  }
  if (edited !== null) {
    const payload = putEdited(context, edited)
    try {
      const id = submitAgain(context, letter, payload, edited.length)
      deadLetters.replayed(letter, id)
      return id
    } catch (error) {
      arena.free(payload)
      throw error
    }
  }
  if (!letter.hasPayload) throw withoutPayload(letter)
  const payload = deadLetters.giveUpPayload(letter)
  try {
    const id = submitAgain(context, letter, payload, letter.payloadBytes)
    deadLetters.replayed(letter, id)
    return id
  } catch (error) {
    deadLetters.takeBackPayload(letter, payload)
    throw error
  }
}

function putEdited({ arena, payloadBytesMax }: FrontEndContext, edited: Uint8Array): number {
  if (edited.length > payloadBytesMax) {
    throw new SignalboxError(
      'payload_too_large',
      `The edited payload is ${edited.length} bytes, the limit is ${payloadBytesMax}.`,
    )
  }
  const payload = arena.put(edited, 0, edited.length)
  if (payload !== REFUSED) return payload
  throw new SignalboxError(
    'out_of_memory',
    'The memory for payloads is full: replay again when some tasks have finished.',
  )
}

function submitAgain(
  context: FrontEndContext,
  letter: DeadLetter,
  payload: number,
  payloadBytes: number,
): string {
  const stampUs = nowUs()
  const { queue, asked } = letter
  const record = context.records.take(
    '',
    queue,
    asked,
    NO_BYTES,
    0,
    payloadBytes,
    NOBODY,
    null,
    false,
    false,
    stampUs,
  )
  record.keyHash = asked.keyHash
  record.payload = payload
  record.admittedUs = stampUs
  const { core, together, nowMs } = context
  const votes = together.votesOn(record)
  const refusal = votes === null ? core.submit(record, nowMs) : together.submit(record, votes)
  if (refusal === null) {
    context.ledger?.writer.accepted(record, context.nowMs)
    context.ledger?.writer.change('dead letter replayed', `${letter.id} as ${record.id}`)
    return record.id
  }
  record.payload = NO_BYTES_REF
  context.count(refusal.code)
  context.records.forget(record)
  throw new SignalboxError(refusal.code as SignalboxError['code'], refusal.message)
}

function withoutPayload({ id, route, payloadBytes }: DeadLetter): SignalboxError {
  const why = route.startsWith('replayed')
    ? `was replayed already (${route})`
    : `is kept without its payload of ${payloadBytes} bytes`
  return new SignalboxError(
    'bad_option',
    `The dead letter of "${id}" ${why}: give a payload to replay it with.`,
  )
}
