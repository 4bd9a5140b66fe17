/**
 * What comes back for tasks: answer frames with up to 64 of them, single answers in the plain form,
 * and the word that a frame was not taken.
 *
 * Runs in the thread of the client's connection. Invariant: nothing is thrown into the NATS client,
 * which would end its reader and with it every other answer; and an answer to a task that
 * is not in flight changes nothing.
 *
 * An answer frame that cannot be read names no task that could be failed for it, and is dropped.
 */
import type { Msg, MsgHdrs } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { Answer } from '../../submit/answer.ts'
import { ACCEPTED, type InFlight, WANTS_ACCEPTED } from '../../submit/in-flight.ts'
import type { TaskState } from '../../task.ts'
import { ANSWER, ANSWER_STATES, AnswerReader } from '../../wire/frames.ts'
import { HEADER } from '../../wire/headers.ts'
import type { Accepted } from '../../wire/messages.ts'
import { decodePayload } from '../../wire/payload.ts'
import { quote } from '../../wire/tokens.ts'
import { errorOf, isNoResponder } from '../answers.ts'
import type { Lane } from './lane.ts'
import type { SubmitFrames } from './submit-frames.ts'

export class TaskAnswers {
  readonly #inFlight: InFlight<Lane>
  readonly #frames: SubmitFrames
  readonly #reader = new AnswerReader()
  readonly #answer = new Answer()

  constructor(inFlight: InFlight<Lane>, frames: SubmitFrames) {
    this.#inFlight = inFlight
    this.#frames = frames
  }

  /** @param frame that the message's subject names; 0 for answers to any. */
  onFrame(frame: number, msg: Msg): void {
    if (isNoResponder(msg)) {
      this.#frames.cameBack(frame)
      return
    }
    const { headers } = msg
    if (headers?.has(HEADER.errorCode)) {
      this.#onRefusedFrame(Number(headers.get(HEADER.frame)) || frame, headers)
      return
    }
    try {
      this.#reader.open(msg.data)
    } catch {
      return
    }
    // Ends: a frame counts at most 64 items.
    while (this.#reader.next()) this.#onItem()
  }

  /** Nothing of it was taken. A scheduler that speaks another version takes the plain form. */
  #onRefusedFrame(frame: number, headers: MsgHdrs): void {
    const error = errorOf(headers) as SignalboxError
    // One of before a queue had a priority knows no frames of level 0.
    if (error.code === 'frame_version' || error.code === 'bad_priority') {
      this.#frames.cameBack(frame)
      return
    }
    for (const number of this.#frames.tasksOf(frame)) this.#inFlight.fail(number, error)
  }

  #onItem(): void {
    const reader = this.#reader
    const inFlight = this.#inFlight
    const place = inFlight.placeOf(reader.number)
    if (place < 0) return
    const frame = inFlight.frameAt(place)
    if (frame !== 0) this.#frames.answered(frame)
    const answer = this.#answer
    if (reader.what === ANSWER.accepted) {
      answer.setAccepted(reader.id(), ANSWER_STATES[reader.state], reader.message() || null)
      this.#inFlight.accept(place, answer)
    } else if (reader.what === ANSWER.refused) {
      answer.setRefused(reader.code(), reader.message(), reader.isRetryable)
      this.#inFlight.refuse(place, answer)
    } else {
      this.#readOutcome(place)
      this.#inFlight.end(place, answer)
    }
  }

  #readOutcome(place: number): void {
    const reader = this.#reader
    const { attempts, payloadStart, payloadLength } = reader
    const flags = this.#inFlight.flagsAt(place)
    const id = (flags & (WANTS_ACCEPTED | ACCEPTED)) === WANTS_ACCEPTED ? reader.id() : ''
    const state = ANSWER_STATES[reader.state]
    if (state === 'completed') {
      this.#answer.setCompleted(id, attempts, reader.bytes, payloadStart, payloadLength)
    } else {
      const { isRetryable } = reader
      this.#answer.setEnded(id, state, reader.code(), reader.message(), isRetryable, attempts)
    }
  }

  onPlain(number: number, msg: Msg): void {
    const place = this.#inFlight.placeOf(number)
    if (place < 0) return
    try {
      this.#readPlain(place, msg)
    } catch (cause) {
      const message = `The answer to a task of queue ${quote(this.#queueAt(place))} could not be read.`
      this.#inFlight.fail(number, new SignalboxError('bad_body', message, { cause }))
    }
  }

  #readPlain(place: number, msg: Msg): void {
    const { headers, data } = msg
    const answer = this.#answer
    if (headers === undefined) {
      if ((this.#inFlight.flagsAt(place) & WANTS_ACCEPTED) !== 0) {
        const { id, state, waitingFor } = decodePayload<Accepted>(data)
        answer.setAccepted(id, state as TaskState, waitingFor)
        this.#inFlight.accept(place, answer)
      } else {
        answer.setCompleted('', 0, data, 0, data.length)
        this.#inFlight.end(place, answer)
      }
    } else if (isNoResponder(msg)) {
      answer.setRefused('queue_unknown', nobody(this.#queueAt(place)), false)
      this.#inFlight.refuse(place, answer)
    } else if (!headers.has(HEADER.errorCode)) {
      const attempts = Number(headers.get(HEADER.attempt)) || 0
      answer.setCompleted(headers.get(HEADER.taskId), attempts, data, 0, data.length)
      this.#inFlight.end(place, answer)
    } else {
      this.#readPlainError(place, headers)
    }
  }

  #readPlainError(place: number, headers: MsgHdrs): void {
    const answer = this.#answer
    const code = headers.get(HEADER.code) || 'error'
    const message = headers.get(HEADER.error)
    const retryable = headers.get(HEADER.retryable) !== '0'
    if (!headers.has(HEADER.state)) {
      answer.setRefused(code, message, retryable)
      this.#inFlight.refuse(place, answer)
      return
    }
    const state = headers.get(HEADER.state) as TaskState
    const attempts = Number(headers.get(HEADER.attempt)) || 0
    answer.setEnded(headers.get(HEADER.taskId), state, code, message, retryable, attempts)
    this.#inFlight.end(place, answer)
  }

  #queueAt(place: number): string {
    return this.#inFlight.laneAt(place).queue
  }
}

function nobody(queue: string): string {
  return `No scheduler serves queue ${quote(queue)}: start one, or check the name.`
}
