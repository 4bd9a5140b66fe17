/**
 * Questions of agents for what their tasks may read, on
 * `<prefix>.from.<agent>.<scheduler>.input.<slot>.<token>` with the name as body. Main thread.
 *
 * Invariant: only who runs an attempt reads its inputs, and only while it runs.
 */
import type { Msg } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { encodeJson } from '../../wire/json.ts'
import type { InputPage } from '../../wire/messages.ts'
import { payloadText } from '../../wire/payload.ts'
import { newResultAddress, parseResultSubject } from '../../wire/subjects.ts'
import { quote, requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import { inputViews, readInput } from '../inputs.ts'
import { isPersons } from '../result.ts'
import type { Arrival } from '../transport.ts'
import type { Outlet } from './outlet.ts'
import { refuseMessage } from './refuse-message.ts'
import { inputJsonBytes } from './work-graph.ts'

/** Begins a question for the list; no name does. */
const ASKS_LIST = '*'.charCodeAt(0)
const DIGITS_MAX = 8
/** Of a page, but for what is in its list. */
const LIST_BYTES = 64
const LATE = 'The attempt had ended before its input was asked for: stop working on it.'
const UNKNOWN = 'No attempt of this scheduler has that token: ask where the work came from.'

export class AgentInputs {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #fromLength: number
  /** Reused for every question. */
  readonly #address = newResultAddress()

  /** @param fromLength length of `<prefix>.from.` */
  constructor(context: FrontEndContext, outlet: Outlet, fromLength: number) {
    this.#context = context
    this.#outlet = outlet
    this.#fromLength = fromLength
  }

  readonly questions: Arrival<Msg> = {
    take: (msg) => {
      try {
        this.#outlet.answer(msg.reply, this.#read(msg))
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error
        refuseMessage(this.#context, this.#outlet, msg, error)
      }
    },
  }

  #read({ subject, data }: Msg): Uint8Array {
    const record = this.#running(subject)
    if (data[0] === ASKS_LIST) return this.#list(record, payloadText(data.subarray(1, DIGITS_MAX)))
    // What is longer is no name, and is not made a text to find that out.
    const name = payloadText(data.subarray(0, LIMITS.tokenLengthMax + 1))
    return readInput(this.#context, record, requireToken(name, 'input'))
  }

  /** @throws bad_option */
  #list(record: TaskRecord, text: string): Uint8Array {
    const from = /^\d+$/.test(text) ? Number(text) : Number.NaN
    const views = inputViews(record)
    if (!(from <= views.length)) {
      const message = `A list of inputs begins at ${quote(text)}: give *0 to *${views.length}.`
      throw new SignalboxError('bad_option', message)
    }
    let room = Math.min(LIMITS.controlBytesMax, this.#outlet.messageBytesMax) - LIST_BYTES
    let end = from
    // Ends: each round takes one of the list.
    for (; end < views.length; end++) {
      room -= inputJsonBytes(views[end])
      if (room < 0) break
    }
    const next = end < views.length ? end : null
    return encodeJson({ inputs: views.slice(from, end), next } satisfies InputPage)
  }

  /** @throws bad_subject, result_unknown, late_result */
  #running(subject: string): TaskRecord {
    const address = this.#address
    if (!parseResultSubject(subject, this.#fromLength, address)) {
      throw new SignalboxError(
        'bad_subject',
        'The token of the task that wants an input is malformed.',
      )
    }
    const { agent, slot, epoch, counter } = address
    const { core } = this.#context
    const record = core.running(agent, slot, epoch, counter)
    if (record !== null && !isPersons(record)) return record
    const wasGiven = epoch === core.options.epoch && counter < core.nextCounter
    const code = wasGiven ? 'late_result' : 'result_unknown'
    this.#context.count(code)
    throw new SignalboxError(code, wasGiven ? LATE : UNKNOWN)
  }
}
