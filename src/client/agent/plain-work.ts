/**
 * Work and results one a message, for a scheduler that does not speak in frames: nothing is
 * acknowledged, so what has left is forgotten.
 */
import type { Msg, MsgHdrs } from 'nats'
import { AgentTask, type AttemptResult, failureResult } from '../../agent-task.ts'
import { nowUs } from '../../clock.ts'
import { encodeHeaders, errorHeaders, HEADER } from '../../wire/headers.ts'
import { newResultAddress, parseResultSubject } from '../../wire/subjects.ts'
import { ownBytes } from '../answers.ts'
import type { Link } from '../link.ts'
import type { AgentInputs } from './agent-inputs.ts'
import { Attempt } from './attempt.ts'
import { readWorkHeaders } from './work-headers.ts'
import type { WorkInHand } from './work-in-hand.ts'

const EMPTY = new Uint8Array(0)
const YIELDS = encodeHeaders(`${HEADER.yields}: 1`) as unknown as MsgHdrs

export class PlainWork {
  readonly #link: Link
  readonly #inHand: WorkInHand
  readonly #inputs: AgentInputs
  /** What comes before the scheduler's name in `<prefix>.from.<id>.<scheduler>.result.…`. */
  readonly #own: string
  readonly #address = newResultAddress()
  readonly #progress: (attempt: Attempt, bytes: Uint8Array) => void

  constructor(
    link: Link,
    inHand: WorkInHand,
    inputs: AgentInputs,
    own: string,
    progress: (attempt: Attempt, bytes: Uint8Array) => void,
  ) {
    this.#link = link
    this.#inHand = inHand
    this.#inputs = inputs
    this.#own = own
    this.#progress = progress
  }

  /** @returns the attempt that a message is, or null when it is none to be taken. */
  read(msg: Msg): Attempt | null {
    const { reply = '' } = msg
    if (!reply.startsWith(this.#own)) return null
    if (!parseResultSubject(reply, this.#own.length, this.#address)) return null
    const name = reply.slice(this.#own.length, reply.indexOf('.', this.#own.length))
    const { slot, epoch, counter, seq } = this.#address
    const scheduler = this.#inHand.meet(name, epoch)
    if (scheduler === null) return null
    scheduler.seenCounter = counter
    scheduler.seenSeq = seq
    if (scheduler.attempts.get(counter) !== null) return null
    const attempt = new Attempt(scheduler, slot, counter, seq, reply, nowUs())
    const { id, queue, type, attempt: count, extension } = readWorkHeaders(msg)
    const details = extension === null ? undefined : this.#inputs.detailsOf(attempt, extension)
    const progress = (bytes: Uint8Array) => this.#progress(attempt, bytes)
    attempt.task = new AgentTask(id, queue, count, ownBytes(msg.data), progress, type, details)
    return attempt
  }

  publish(reply: string, result: AttemptResult): void {
    try {
      if (result.yields) this.#link.nc.publish(reply, result.bytes, { headers: YIELDS })
      else if (result.code === null) this.#link.nc.publish(reply, result.bytes)
      else this.#publishFailure(reply, result)
    } catch (error) {
      if ((error as { code?: string }).code !== 'MAX_PAYLOAD_EXCEEDED') return
      this.#publishFailure(reply, tooLarge(result))
    }
  }

  #publishFailure(reply: string, { code, message, retryable }: AttemptResult): void {
    const headers = errorHeaders(500, message, code!, retryable) as unknown as MsgHdrs
    this.#link.nc.publish(reply, EMPTY, { headers })
  }
}

/** @returns the failure that takes the place of a result which the server would not pass on. */
export function tooLarge({ bytes }: AttemptResult): AttemptResult {
  const message = `The result is ${bytes.length} bytes, more than the NATS server takes.`
  return failureResult('payload_too_large', message, false)
}
