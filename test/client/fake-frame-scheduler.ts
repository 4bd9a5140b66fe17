/** The scheduler's side of submitting, by hand: keeps what arrives and says what the test tells it to. */
import { headers, type Msg, type NatsConnection, type Subscription } from 'nats'
import { ERROR_CODES, type ErrorCode } from '../../src/errors.ts'
import { MATCHES } from '../../src/options.ts'
import type { TaskState } from '../../src/task.ts'
import {
  ANSWER,
  ANSWER_FLAG,
  ANSWER_STATES,
  AnswerWriter,
  FramePool,
  type SubmitExtension,
  SubmitReader,
} from '../../src/wire/frames.ts'
import type { SaidPromises } from '../../src/wire/own-promises.ts'
import { encodePayload, payloadText } from '../../src/wire/payload.ts'
import { answerSubject } from '../../src/wire/subjects.ts'

const PROMISES = [
  'Sb-Ttl-Ms',
  'Sb-Deadline-Ms',
  'Sb-Sla-Target-Ms',
  'Sb-Retry-Delay-Ms',
  'Sb-Delay-Ms',
  'Sb-At',
]

/** A task as it arrived, in whichever form. */
export interface ArrivedTask {
  readonly form: 'frame' | 'plain'
  /** Its number in its frame; -1 in the plain form. */
  readonly number: number
  readonly id: string
  readonly requires: string
  /** What it says of placing, by option; nothing that it does not say. */
  readonly routing: Record<string, string>
  /** What it promises of itself, by header. */
  readonly promises: Record<string, number>
  readonly timeoutMs: number
  readonly retryCount: number
  readonly wantsAccepted: boolean
  readonly wantsOutcome: boolean
  readonly payload: string
  readonly payloadBytes: number
  readonly replyTo: string
  readonly subject: string
}

export interface ArrivedFrame {
  readonly subject: string
  readonly replyTo: string
  readonly number: number
  readonly bytes: number
  readonly tasks: ArrivedTask[]
}

export interface AnswerOptions {
  id?: string
  state?: TaskState
  code?: string
  message?: string
  retryable?: boolean
  attempts?: number
}

const EMPTY = new Uint8Array(0)

function said(extension: SubmitExtension | null): Record<string, string> {
  if (extension === null) return {}
  const { type, strategy, match, prefers, key } = extension
  const name = match === 0 ? '' : MATCHES[match - 1]
  return withoutEmpty({ type, strategy, match: name, prefers, key })
}

function withoutEmpty(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
}

export class FakeFrameScheduler {
  readonly frames: ArrivedFrame[] = []
  /** In the order of their arrival, of frames and in the plain form. */
  readonly tasks: ArrivedTask[] = []
  /** Called with each task as it arrives. */
  onTask: (task: ArrivedTask) => void = () => {}
  /** What every frame is refused with; null for none. */
  refusal: ErrorCode | null = null
  /** The newest version that it speaks: frames of a newer one are refused. */
  versionMax = 3
  /** Of each frame that arrived. */
  readonly versions: number[] = []
  readonly #nc: NatsConnection
  readonly #prefix: string
  readonly #reader = new SubmitReader()
  readonly #writer = new AnswerWriter(new FramePool())

  constructor(nc: NatsConnection, prefix: string) {
    this.#nc = nc
    this.#prefix = prefix
  }

  /** Listens to the frames of a queue. */
  async takeFrames(queue: string): Promise<Subscription> {
    const subscription = this.#nc.subscribe(`${this.#prefix}.frame.${queue}.*`, {
      queue: 'sb',
      callback: (_, msg) => this.#onFrame(msg),
    })
    await this.#nc.flush()
    return subscription
  }

  /** Listens to tasks of a queue in the plain form. */
  async takePlain(queue: string): Promise<void> {
    for (const verb of ['call', 'task']) {
      for (const rest of [queue, `${queue}.*`]) {
        this.#nc.subscribe(`${this.#prefix}.${verb}.${rest}`, {
          queue: 'sb',
          callback: (_, msg) => this.#onPlain(msg, verb),
        })
      }
    }
    await this.#nc.flush()
  }

  #onFrame(msg: Msg): void {
    const { subject } = msg
    const replyTo = msg.reply!
    this.#reader.open(msg.data)
    const number = this.#reader.frameNumber
    this.versions.push(msg.data[2])
    if (msg.data[2] > this.versionMax) {
      this.frames.push({ subject, replyTo, number, bytes: msg.data.length, tasks: [] })
      this.#refuseFrame(replyTo, number, 'frame_version')
      return
    }
    if (this.refusal !== null) {
      this.frames.push({ subject, replyTo, number, bytes: msg.data.length, tasks: [] })
      this.#refuseFrame(replyTo, number, this.refusal)
      return
    }
    const tasks: ArrivedTask[] = []
    while (this.#reader.next()) {
      const { payloadStart, payloadLength, timeoutMs, retryCount } = this.#reader
      const payload = msg.data.subarray(payloadStart, payloadStart + payloadLength)
      tasks.push({
        form: 'frame',
        number: this.#reader.number,
        id: this.#reader.id(),
        requires: this.#reader.requires(),
        routing: said(this.#reader.extension()),
        promises: promised(this.#reader.promises()),
        timeoutMs,
        retryCount,
        wantsAccepted: this.#reader.wantsAccepted,
        wantsOutcome: this.#reader.wantsOutcome,
        payload: payloadText(payload),
        payloadBytes: payloadLength,
        replyTo,
        subject,
      })
    }
    this.frames.push({ subject, replyTo, number, bytes: msg.data.length, tasks })
    for (const task of tasks) this.#take(task)
  }

  #refuseFrame(replyTo: string, number: number, code: ErrorCode): void {
    const block = headers()
    block.set('Nats-Service-Error-Code', String(ERROR_CODES[code].status))
    block.set('Nats-Service-Error', 'as the test says')
    block.set('Sb-Code', code)
    block.set('Sb-Frame', String(number))
    this.#nc.publish(replyTo, EMPTY, { headers: block })
  }

  #onPlain(msg: Msg, verb: string): void {
    const header = (name: string): string => msg.headers?.get(name) ?? ''
    this.#take({
      form: 'plain',
      number: -1,
      id: header('Nats-Msg-Id'),
      requires: header('Sb-Requires'),
      routing: withoutEmpty({
        type: header('Sb-Type'),
        strategy: header('Sb-Strategy'),
        match: header('Sb-Match'),
        prefers: header('Sb-Prefers'),
        key: header('Sb-Key'),
      }),
      promises: Object.fromEntries(
        PROMISES.filter((name) => msg.headers?.has(name)).map((name) => [
          name,
          Number(header(name)),
        ]),
      ),
      timeoutMs: Number(header('Sb-Timeout-Ms')),
      retryCount: header('Sb-Retry-Count') === '' ? 255 : Number(header('Sb-Retry-Count')),
      wantsAccepted: verb === 'task',
      wantsOutcome: verb === 'call' || header('Sb-Outcome') === '1',
      payload: payloadText(msg.data),
      payloadBytes: msg.data.length,
      replyTo: msg.reply!,
      subject: msg.subject,
    })
  }

  #take(task: ArrivedTask): void {
    this.tasks.push(task)
    this.onTask(task)
  }

  accept(task: ArrivedTask, options: AnswerOptions = {}): void {
    const { id = 'made-up', state = 'pending', message = '' } = options
    if (task.form === 'plain') {
      const [, , queue] = task.subject.split('.')
      const body = { id, queue, state, waitingFor: message || null }
      this.#nc.publish(task.replyTo, encodePayload(body))
      return
    }
    this.#answer(task, ANSWER.accepted, { ...options, id, state }, EMPTY)
  }

  /** Completes the task with a JSON value, or ends it as the options say. */
  end(task: ArrivedTask, value: unknown, options: AnswerOptions = {}): void {
    const bytes = encodePayload(value)
    if (task.form === 'plain') this.#nc.publish(task.replyTo, bytes)
    else this.#answer(task, ANSWER.outcome, { state: 'completed', attempts: 1, ...options }, bytes)
  }

  refuse(task: ArrivedTask, code: ErrorCode): void {
    const { retryable } = ERROR_CODES[code]
    this.#answer(task, ANSWER.refused, { code, message: 'as the test says', retryable }, EMPTY)
  }

  #answer(task: ArrivedTask, what: number, options: AnswerOptions, bytes: Uint8Array): void {
    const { id = '', state = 'pending', code = '', message = '', retryable, attempts } = options
    const writer = this.#writer
    writer.begin(1)
    writer.add(
      task.number,
      what,
      ANSWER_STATES.indexOf(state),
      retryable ? ANSWER_FLAG.retryable : 0,
      id,
      0,
      code,
      message,
      attempts ?? 0,
      bytes,
      0,
      bytes.length,
    )
    this.#nc.publish(answerSubject(task.replyTo), Uint8Array.from(writer.finish()))
  }
}

function promised(said: SaidPromises | null): Record<string, number> {
  if (said === null) return {}
  const { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs } = said.own!
  const values = [ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs || null, said.atMs]
  const named = PROMISES.map((name, at): [string, number | null] => [name, values[at]])
  return Object.fromEntries(named.filter((pair): pair is [string, number] => pair[1] !== null))
}
