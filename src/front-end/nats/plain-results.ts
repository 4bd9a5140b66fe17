/**
 * Results and progress in plain form, on the reply subject that the work named: identity and token
 * are the subject's. Also the server's word that nobody listened where work was sent. Main thread.
 */
import type { Msg, MsgHdrs } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import { HEADER } from '../../wire/headers.ts'
import { payloadText } from '../../wire/payload.ts'
import { newResultAddress, parseResultSubject } from '../../wire/subjects.ts'
import type { FrontEndContext } from '../context.ts'
import {
  newResultBody,
  type ResultBody,
  takeNoResponder,
  takeProgress,
  takeResult,
} from '../result.ts'
import type { Arrival } from '../transport.ts'
import type { Acks } from './acks.ts'
import type { AdoptedAgents } from './adopted.ts'
import { linkOf } from './agent-link.ts'
import { headersOf, isNoResponder } from './incoming.ts'
import type { Outlet } from './outlet.ts'
import { refuseMessage } from './refuse-message.ts'

export class PlainResults {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #adopted: AdoptedAgents
  readonly #acks: Acks
  readonly #fromLength: number
  /** Reused for every result. */
  readonly #address = newResultAddress()
  readonly #body = newResultBody()

  /** @param fromLength length of `<prefix>.from.` */
  constructor(
    context: FrontEndContext,
    outlet: Outlet,
    adopted: AdoptedAgents,
    acks: Acks,
    fromLength: number,
  ) {
    this.#context = context
    this.#outlet = outlet
    this.#adopted = adopted
    this.#acks = acks
    this.#fromLength = fromLength
  }

  readonly results: Arrival<Msg> = {
    take: (msg) => {
      try {
        this.#takeResult(msg)
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error
        refuseMessage(this.#context, this.#outlet, msg, error)
      }
    },
  }

  #takeResult(msg: Msg): void {
    const address = this.#address
    if (!parseResultSubject(msg.subject, this.#fromLength, address)) {
      throw new SignalboxError('bad_subject', 'The result’s token is malformed.')
    }
    const headers = headersOf(msg)
    if (isNoResponder(msg, headers)) {
      takeNoResponder(this.#context, address)
      this.#adopted.absent(address.agent)
      return
    }
    this.#adopted.answered(address.agent)
    const refusal = takeResult(this.#context, address, this.#readBody(msg, headers))
    this.#acknowledge(msg)
    if (refusal !== null) refuseMessage(this.#context, this.#outlet, msg, refusal)
    else this.#outlet.answer(msg.reply)
  }

  /** Also what was refused: the agent has said it, and need not say it again. */
  #acknowledge(msg: Msg): void {
    const link = linkOf(this.#context, this.#address.agent)
    if (link?.keeps !== true) return
    this.#acks.heardPlain(link, msg.subject.slice(msg.subject.lastIndexOf('.') + 1))
  }

  #readBody(msg: Msg, headers: MsgHdrs | undefined): ResultBody {
    const body = this.#body
    body.bytes = msg.data
    body.length = msg.data.length
    body.code = null
    body.yields = headers !== undefined && readsYield(headers)
    if (headers === undefined || !headers.has(HEADER.errorCode)) return body
    body.code = headers.get(HEADER.code) || this.#plainCode(headers)
    body.message = headers.get(HEADER.error)
    body.retryable = headers.get(HEADER.retryable) !== '0'
    return body
  }

  /** A service that knows nothing of our codes gives its own number. */
  #plainCode(headers: MsgHdrs): string {
    return this.#adopted.has(this.#address.agent) ? headers.get(HEADER.errorCode) : 'error'
  }

  readonly progress: Arrival<Msg> = {
    take: (msg) => {
      if (!parseResultSubject(msg.subject, this.#fromLength, this.#address)) {
        this.#context.count('bad_subject')
        return
      }
      const text = payloadText(msg.data.subarray(0, LIMITS.progressBytesMax))
      takeProgress(this.#context, this.#address, text)
    },
  }
}

/** @throws bad_header for anything but 0 and 1, and for a failure that yields as well. */
function readsYield(headers: MsgHdrs): boolean {
  const value = headers.get(HEADER.yields)
  if (value === '' || value === '0') return false
  if (value === '1' && !headers.has(HEADER.errorCode)) return true
  throw new SignalboxError(
    'bad_header',
    `${HEADER.yields} is 1 with a checkpoint, and left out else.`,
  )
}
