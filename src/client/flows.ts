/**
 * Flows over NATS: submitted in one message, accepted in another, told of their end in a third.
 *
 *   SENT ──── accepted ───► OPEN ──── end ────► over
 *    │ ▲                     │ ▲
 *    │ └ connection back:    │ └ connection back, scheduler up: asked for again by its id
 *    │   sent again          └── flow_unknown: nobody has it any more
 *    └── refused, or nobody answers in time
 *
 * Runs in the thread of the client's connection. Invariant: a flow has an id before it is sent, of the
 * user's or of ours, so that whatever is said twice adds nothing; its bytes are kept until it is accepted.
 */
import type { Msg, MsgHdrs } from 'nats'
import { SignalboxError } from '../errors.ts'
import type { FlowHandle, FlowOptions, FlowView } from '../flow-views.ts'
import { checkFlow } from '../flows/options.ts'
import { LIMITS } from '../options.ts'
import { type AcceptedFlow, flowBody } from '../wire/flow-body.ts'
import { encodeHeaders, HEADER } from '../wire/headers.ts'
import { encodeJson } from '../wire/json.ts'
import { decodePayload } from '../wire/payload.ts'
import { quote, randomToken } from '../wire/tokens.ts'
import { errorOf, isNoResponder } from './answers.ts'
import type { Inbox, Waiter } from './inbox.ts'
import { disconnected, type Link, type LinkListener } from './link.ts'

const WANTS_END = encodeHeaders(`${HEADER.outcome}: 1`) as unknown as MsgHdrs
/** A scheduler may be back later than we are. */
const ASK_AGAIN_MS = 250
const ID_LENGTH = 12

export class Flows {
  readonly #link: Link
  readonly #inbox: Inbox

  constructor(link: Link, inbox: Inbox) {
    this.#link = link
    this.#inbox = inbox
  }

  /** @throws bad_flow and what else a flow is refused with; disconnected, no_scheduler */
  async submit(options: FlowOptions): Promise<FlowHandle> {
    const { queue } = checkFlow(options, { tasksMax: LIMITS.flowTasksMax })
    if (!this.#link.connected) throw disconnected('nothing was submitted')
    const isNamed = options.id !== undefined
    const id = options.id ?? `flow-${randomToken(ID_LENGTH)}`
    const body = flowBody({ ...options, id })
    return new OpenFlow(this.#link, this.#inbox, id, queue, body, isNamed).accepted
  }
}

class OpenFlow implements Waiter, FlowHandle {
  readonly id: string
  readonly queue: string
  readonly subject: string
  readonly accepted: Promise<FlowHandle>
  isDuplicate = false
  readonly #link: Link
  readonly #inbox: Inbox
  readonly #number: number
  readonly #isNamed: boolean
  readonly #end: Promise<FlowView>
  /** null once it is accepted. */
  #body: Uint8Array | null
  #timer: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  /** By when somebody has to be there, once more. */
  #giveUpAtMs = Number.POSITIVE_INFINITY
  #accept!: (handle: FlowHandle) => void
  #refuse!: (error: Error) => void
  #ended!: (view: FlowView) => void
  #lost!: (error: Error) => void

  /** @param isNamed its id is the user's. */
  constructor(
    link: Link,
    inbox: Inbox,
    id: string,
    queue: string,
    body: Uint8Array,
    isNamed: boolean,
  ) {
    this.#link = link
    this.#inbox = inbox
    this.id = id
    this.queue = queue
    this.subject = link.subjects.flow(queue)
    this.#body = body
    this.#isNamed = isNamed
    this.accepted = new Promise((resolve, reject) => {
      this.#accept = resolve
      this.#refuse = reject
    })
    this.#end = new Promise((resolve, reject) => {
      this.#ended = resolve
      this.#lost = reject
    })
    // Who does not ask for the end is not told that there is none.
    this.#end.catch(() => {})
    this.#number = inbox.add(this)
    this.#timer = setTimeout(() => this.#over(this.#unanswered()), link.timeoutMs)
    link.listen(this.#linkEvents)
    this.#say()
  }

  done(): Promise<FlowView> {
    return this.#end
  }

  readonly #linkEvents: LinkListener = {
    onDisconnect: () => clearTimeout(this.#again),
    onReconnect: () => this.#sayAgain(),
    onSchedulerUp: ({ queues }) => {
      if (queues.includes('*') || queues.includes(this.queue)) this.#sayAgain()
    },
  }

  /** It may have been with a predecessor, or its end have passed by. */
  #sayAgain(): void {
    this.#giveUpAtMs = Date.now() + this.#link.timeoutMs
    this.#say()
  }

  /** The flow until it is accepted; then a question for its end. */
  #say(): void {
    const body = this.#body ?? encodeJson({ id: this.id })
    const reply = this.#inbox.replyTo(this.#number)
    try {
      this.#link.nc.publish(this.subject, body, { reply, headers: WANTS_END })
    } catch (cause) {
      this.#over(publishError(cause, body.length))
    }
  }

  answer(msg: Msg): boolean {
    const { headers, data } = msg
    if (headers === undefined) return this.#onAccepted(decodePayload<AcceptedFlow>(data))
    if (isNoResponder(msg)) return this.#onNobody()
    const error = errorOf(headers)
    if (error !== null) return this.#settle(error as SignalboxError)
    const view = decodePayload<FlowView>(data)
    // Its acceptance was lost on the way.
    this.#onAccepted({ flow: view.id, queue: view.queue, state: view.state, tasks: 0 })
    this.#ended(view)
    return this.#settle(null)
  }

  #onAccepted({ duplicate }: AcceptedFlow): false {
    if (this.#body === null) return false
    this.#body = null
    clearTimeout(this.#timer)
    // Said by us before, under an id that nobody else has.
    this.isDuplicate = duplicate === true && this.#isNamed
    this.#accept(this)
    return false
  }

  /** Right after a connection came back, its scheduler may not be there yet. */
  #onNobody(): boolean {
    if (this.#giveUpAtMs === Number.POSITIVE_INFINITY || Date.now() >= this.#giveUpAtMs) {
      return this.#settle(nobody(this.queue))
    }
    clearTimeout(this.#again)
    this.#again = setTimeout(() => {
      if (this.#link.connected) this.#say()
    }, ASK_AGAIN_MS)
    return false
  }

  fail(error: SignalboxError): void {
    this.#settle(error)
  }

  #over(error: SignalboxError): void {
    this.#inbox.fail(this.#number, error)
  }

  /** Nothing more is expected. @param error null when it has ended. */
  #settle(error: SignalboxError | null): true {
    clearTimeout(this.#timer)
    clearTimeout(this.#again)
    this.#link.unlisten(this.#linkEvents)
    this.#body = null
    if (error !== null) {
      this.#refuse(error)
      this.#lost(error)
    }
    return true
  }

  #unanswered(): SignalboxError {
    const { connected, timeoutMs } = this.#link
    const again = `submit it again with the id ${quote(this.id)}: what was accepted is not run twice`
    if (!connected) return disconnected(`whether the flow was accepted is unknown; ${again}`)
    const message = `No scheduler answered within ${timeoutMs} ms: ${again}.`
    return new SignalboxError('no_scheduler', message)
  }
}

function nobody(queue: string): SignalboxError {
  const message = `No scheduler serves queue ${quote(queue)}: start one, or check the name.`
  return new SignalboxError('queue_unknown', message)
}

function publishError(cause: unknown, bytes: number): SignalboxError {
  const { code, message } = cause as { code?: string; message?: string }
  if (code !== 'MAX_PAYLOAD_EXCEEDED') return disconnected(`the flow did not leave (${message})`)
  return new SignalboxError(
    'payload_too_large',
    `The flow is ${bytes} bytes, more than the NATS server takes: store what its tasks need ` +
      'elsewhere and send where it is.',
    { cause },
  )
}
