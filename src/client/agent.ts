/**
 * An agent over NATS: says hello, runs what it is sent, tells by beats what it works on, says bye.
 *
 *   JOINING ── first answer ──► SERVING ── stop(), or a scheduler's drain ──► DRAINING
 *      │                           │                                             │ idle, bye said
 *      └── refused, no scheduler   └── fenced, denied, client closed ──► ENDED ◄─┘
 *
 * Invariant: it never refuses work that a scheduler with a current epoch sends; the scheduler
 * counts its credit. Results that are ready while the connection is away are held (there can be no
 * more than the credit given out) and leave when it is back.
 */
import type { Msg, MsgHdrs, Subscription } from 'nats'
import {
  type AgentHandle,
  type AgentOptions,
  AgentTask,
  type AttemptResult,
  type Handler,
  runHandler,
} from '../agent-task.ts'
import { SignalboxError, TaskError } from '../errors.ts'
import { errorHeaders, HEADER } from '../wire/headers.ts'
import { encodeJson } from '../wire/json.ts'
import type { Control, Hello, HelloAnswer } from '../wire/messages.ts'
import { decodePayload } from '../wire/payload.ts'
import { checkHello } from './agent-options.ts'
import { errorOf, isNoResponder } from './answers.ts'
import type { Inbox, Waiter } from './inbox.ts'
import { disconnected, type Link, type LinkListener } from './link.ts'
import { type SchedulerWork, WorkInHand } from './work-in-hand.ts'

const EMPTY = new Uint8Array(0)
const RESULT = '.result.'
/** Hello again so long after nobody was there to hear it. */
const HELLO_AGAIN_MS = 100
/** How long schedulers may take to answer a bye; one that is gone never does. */
const BYE_ANSWER_MS = 1_000

type State = 'joining' | 'serving' | 'draining' | 'ended'
type Verb = 'hello' | 'beat' | 'bye'

export class NatsAgent implements AgentHandle, LinkListener {
  readonly id: string
  readonly closed: Promise<void>
  readonly #hello: Hello
  readonly #handler: Handler
  readonly #link: Link
  readonly #inbox: Inbox
  readonly #work = new WorkInHand()
  readonly #subscriptions: Subscription[] = []
  /** Numbers of the waiters for answers to hello and to beats. */
  readonly #waiters: number[] = []
  /** Results that were ready while the connection was away. */
  readonly #held: (() => void)[] = []
  /** `<prefix>.from.<id>.`: where the scheduler's name begins in a reply subject. */
  readonly #replyStart: number
  #state: State = 'joining'
  #beatMs = Number.POSITIVE_INFINITY
  #beatTimer: NodeJS.Timeout | undefined
  #helloDue = false
  #onIdle: (() => void) | null = null
  #joined!: () => void
  #refused!: (error: Error) => void
  #resolveClosed!: () => void
  #rejectClosed!: (error: Error) => void

  constructor(link: Link, inbox: Inbox, options: AgentOptions, handler: Handler) {
    const { id, hello } = checkHello(options)
    this.id = id
    this.#hello = hello
    this.#handler = handler
    this.#link = link
    this.#inbox = inbox
    this.#replyStart = `${link.subjects.prefix}.from.${id}.`.length
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve
      this.#rejectClosed = reject
    })
    this.closed.catch(() => {})
  }

  /** @throws no_scheduler when none answers within `timeoutMs`; what a scheduler refused with. */
  async join(): Promise<this> {
    const answered = new Promise<void>((resolve, reject) => {
      this.#joined = resolve
      this.#refused = reject
    })
    const { subjects, timeoutMs } = this.#link
    const { instance } = this.#hello
    this.#link.listen(this)
    this.#subscribe(subjects.work(this.id, instance), this.#onWork)
    this.#subscribe(subjects.control(this.id, instance), this.#onControl)
    const helloReply = this.#await('hello', this.#onHelloAnswer)
    const beatReply = this.#await('beat', this.#onBeatAnswer)
    const timer = setTimeout(() => this.#refused(nobody(timeoutMs)), timeoutMs)
    this.#helloReply = helloReply
    this.#beatReply = beatReply
    try {
      this.#sayHello()
      await answered
    } catch (error) {
      this.#end(error as Error)
      throw error
    } finally {
      clearTimeout(timer)
    }
    return this
  }
}
