/**
 * Submitters of flows on NATS: subscriptions on `flow`, the acceptance, and the end where it is wanted.
 * Main thread.
 *
 * Invariant: a flow is taken whole or answered with one refusal; one without tasks asks again for the flow
 * of its id, and adds nothing.
 */
import type { Msg, MsgHdrs, NatsConnection } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { checkFlow } from '../../flows/options.ts'
import type { Flow } from '../../policy/graphs.ts'
import { type AcceptedFlow, readFlowBody } from '../../wire/flow-body.ts'
import { encodeHeaders, HEADER } from '../../wire/headers.ts'
import { encodeJson, type JsonObject } from '../../wire/json.ts'
import { quote, requireToken } from '../../wire/tokens.ts'
import { flowView, withoutTasks } from '../calls/flows.ts'
import type { FrontEndContext } from '../context.ts'
import type { FlowOrigin } from '../flows.ts'
import { refuse } from '../receive.ts'
import type { Arrival } from '../transport.ts'
import { headersOf, throwOutside } from './incoming.ts'
import type { Outlet } from './outlet.ts'
import { QueueSubscriptions } from './queue-subscriptions.ts'
import type { SubmitterOptions } from './submitters.ts'

/** Of two headers. */
const HEADER_BYTES = 256

/** A flow that somebody asks for by its id. */
interface Question {
  readonly id: string
  readonly replyTo: string
  readonly wantsEnd: boolean
}

export class NatsFlows implements FlowOrigin {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #options: SubmitterOptions
  readonly #subscriptions: QueueSubscriptions

  constructor(
    context: FrontEndContext,
    nc: NatsConnection,
    outlet: Outlet,
    options: SubmitterOptions,
  ) {
    this.#context = context
    this.#subscriptions = new QueueSubscriptions(nc, (msg) => this.#onMessage(msg))
    this.#outlet = outlet
    this.#options = options
  }

  subscribe(queues = this.#options.queues): void {
    const { prefix } = this.#options
    for (const queue of queues) this.#subscriptions.listen(`${prefix}.flow.${queue}`)
  }

  /** No more; what is on its way already is still heard, and answered `stopping`. */
  unsubscribe(): void {
    this.#subscriptions.drain()
  }

  #onMessage(msg: Msg): void {
    const replyTo = msg.reply ?? ''
    try {
      const isSafe = replyTo === '' || this.#outlet.mayAnswer(replyTo)
      if (isSafe) this.#take(msg, replyTo)
      else this.#context.count('bad_subject')
    } catch (error) {
      if (!(error instanceof SignalboxError)) throwOutside(error)
      else refuse(this.#context, this, replyTo, error.code, error.message)
    }
  }

  #take(msg: Msg, replyTo: string): void {
    const { flows, inbox } = this.#context
    const queue = requireToken(msg.subject.slice(`${this.#options.prefix}.flow.`.length), 'queue')
    const wantsEnd = readsOutcome(headersOf(msg))
    const body = readFlowBody(msg.data, this.#outlet.messageBytesMax)
    if (isQuestion(body)) {
      const id = requireToken(body.id, 'flow id')
      inbox.arrive(this.#questions, { id, replyTo, wantsEnd })
      return
    }
    const flow = checkFlow(body, { tasksMax: flows.tasksMax, queue })
    flows.receive({ flow, origin: this, replyTo, wantsEnd })
  }

  readonly #questions: Arrival<Question> = {
    take: ({ id, replyTo, wantsEnd }) => {
      const { core, flows } = this.#context
      const flow = core.flows.get(id)
      if (flow !== undefined) flows.again(flow, this, replyTo, wantsEnd)
      else refuse(this.#context, this, replyTo, 'flow_unknown', unknown(id))
    },
  }

  accepted({ id, queue, state, nodes }: Flow, replyTo: unknown, isDuplicate: boolean): void {
    if (replyTo === '') return
    const body: AcceptedFlow = { flow: id, queue, state, tasks: nodes.length }
    if (isDuplicate) body.duplicate = true
    this.#outlet.send(replyTo as string, encodeJson(body))
  }

  ended(flow: Flow, replyTos: Iterable<unknown>): void {
    const heard = [...replyTos].filter((replyTo) => replyTo !== '')
    if (heard.length === 0) return
    const headers = encodeHeaders(`${HEADER.state}: ${flow.state}`, `${HEADER.flow}: ${flow.id}`)
    // A view of a thousand tasks: made once, however many wait for it.
    const bytes = flowBytes(flow, this.#outlet)
    for (const replyTo of heard) this.#outlet.send(replyTo as string, bytes, headers)
  }

  refused(
    replyTo: unknown,
    code: string,
    message: string,
    status: number,
    retryable: boolean,
  ): void {
    this.#outlet.refuse(replyTo as string, code, message, status, retryable)
  }
}

/** It names a flow and brings none. */
function isQuestion(body: JsonObject): boolean {
  return Object.hasOwn(body, 'id') && Object.keys(body).length === 1
}

/** @throws bad_header, not_supported: what a task may be told by headers, those of a flow say in its body. */
function readsOutcome(headers: MsgHdrs | undefined): boolean {
  let wantsEnd = false
  for (const key of headers?.keys() ?? []) {
    if (!/^(sb-|nats-msg-id$)/i.test(key)) continue
    if (key !== HEADER.outcome) {
      throw new SignalboxError(
        'not_supported',
        `The header ${quote(key)} says nothing of a flow: say it in the body, of the flow or a task.`,
      )
    }
    const values = headers!.values(key)
    if (values.length !== 1 || (values[0] !== '0' && values[0] !== '1')) {
      throw new SignalboxError(
        'bad_header',
        `${key} is ${quote(values.join())}: give 0 or 1, once.`,
      )
    }
    wantsEnd = values[0] === '1'
  }
  return wantsEnd
}

/** All of it; without its tasks where that is more than the server lets through. */
function flowBytes(flow: Flow, { messageBytesMax }: Outlet): Uint8Array {
  const view = flowView(flow)
  const whole = encodeJson(view)
  const room = messageBytesMax - HEADER_BYTES
  return whole.length <= room ? whole : encodeJson(withoutTasks(view))
}

function unknown(id: string): string {
  return `No flow "${id}" is open or still kept: check the id, or submit it with its tasks.`
}
