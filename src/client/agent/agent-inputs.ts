/**
 * Results that an agent's tasks may read: they lie with the scheduler, and are asked for by their names
 * when a handler wants them.
 *
 *   question ──► bytes
 *      ▲ │ └───► refused: the attempt has ended, there is no such input
 *      │ ├─ nobody answers ──► in a while, for as long as any request may take
 *      └─┴─ connection away ──► when it is back, however long that takes
 *
 * Runs in the thread of the client's connection. Invariant: whoever asks is answered once, and nothing is
 * asked for an attempt whose handler has returned.
 *
 * Rejected: sending results along with the work, which copies each as often as there are tasks that may
 * read it, whether they do or not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Msg } from 'nats'
import type { InputSource, TaskDetails } from '../../agent-task.ts'
import { SignalboxError, TaskError } from '../../errors.ts'
import type { TaskInputView } from '../../flow-views.ts'
import { NO_INPUTS } from '../../task-inputs.ts'
import type { WorkExtension } from '../../wire/frames.ts'
import type { InputPage } from '../../wire/messages.ts'
import { decodePayload } from '../../wire/payload.ts'
import { attemptToken } from '../../wire/subjects.ts'
import { errorOf, isNoResponder } from '../answers.ts'
import type { Inbox, Waiter } from '../inbox.ts'
import { disconnected, type Link } from '../link.ts'
import type { Attempt } from './attempt.ts'

const ASK_AGAIN_MS = 250
/** Of answers after which it is asked again. */
const NOT_HEARD: readonly string[] = ['disconnected', 'no_scheduler']

export class AgentInputs {
  readonly #link: Link
  readonly #inbox: Inbox
  readonly #agent: string

  constructor(link: Link, inbox: Inbox, agent: string) {
    this.#link = link
    this.#inbox = inbox
    this.#agent = agent
  }

  /** What a task is told beside what all are; its attempt gets what it may read. */
  detailsOf(attempt: Attempt, { sourceQueue, checkpoint, graph }: WorkExtension): TaskDetails {
    if (graph === null) return { sourceQueue, checkpoint }
    const { flow, node, inputs: list } = graph
    const place = flow === '' ? {} : { flow, node }
    if (list !== null && list.length === 0) return { sourceQueue, checkpoint, ...place }
    attempt.inputs = new AttemptInputs(this, attempt, list)
    return { sourceQueue, checkpoint, ...place, inputs: attempt.inputs }
  }

  /**
   * @param name `*` and a number for the list of them from there on.
   * @returns the answer's bytes, nobody else's.
   */
  async ask(attempt: Attempt, name: string): Promise<Uint8Array> {
    const { scheduler, slot, counter, seq } = attempt
    const token = attemptToken(scheduler.epoch, counter, seq)
    const subject = this.#link.subjects.input(this.#agent, scheduler.name, slot, token)
    let giveUpAtMs = Date.now() + this.#link.timeoutMs
    // Ends: with an answer, or when none came for as long as the connection was there.
    for (;;) {
      if (attempt.task === null) throw ended()
      if (!this.#link.connected) {
        await this.#back()
        giveUpAtMs = Date.now() + this.#link.timeoutMs
      }
      const answer = await this.#askOnce(subject, name)
      if (!(answer instanceof SignalboxError)) return answer
      const isOver = !NOT_HEARD.includes(answer.code) || Date.now() >= giveUpAtMs
      if (isOver) throw taskError(answer)
      await sleep(ASK_AGAIN_MS)
    }
  }

  #askOnce(subject: string, name: string): Promise<Uint8Array | SignalboxError> {
    return new Promise((resolve) => {
      const question = new Question(subject, resolve)
      const number = this.#inbox.add(question)
      const giveUp = () => this.#inbox.fail(number, silence(this.#link.timeoutMs))
      const lost = { onDisconnect: () => this.#inbox.fail(number, disconnected('no input came')) }
      const timer = setTimeout(giveUp, this.#link.timeoutMs)
      question.onOver = () => {
        clearTimeout(timer)
        this.#link.unlisten(lost)
      }
      this.#link.listen(lost)
      this.#link.nc.publish(subject, name, { reply: this.#inbox.replyTo(number) })
    })
  }

  /** @returns when the connection is back. @throws TaskError disconnected when it will not be. */
  #back(): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = () => reject(taskError(disconnected('the client was closed')))
      if (this.#link.nc.isClosed()) closed()
      const over = (then: () => void) => () => {
        this.#link.unlisten(listener)
        then()
      }
      const listener = { onReconnect: over(resolve), onClosed: over(closed) }
      this.#link.listen(listener)
    })
  }
}

/** What one attempt may read. */
export class AttemptInputs implements InputSource {
  list: readonly TaskInputView[]
  /** Not where the list was too long for a message. */
  isListed: boolean
  readonly #inputs: AgentInputs
  readonly #attempt: Attempt

  constructor(inputs: AgentInputs, attempt: Attempt, list: readonly TaskInputView[] | null) {
    this.#inputs = inputs
    this.#attempt = attempt
    this.list = list ?? NO_INPUTS
    this.isListed = list !== null
  }

  fetch(name: string): Promise<Uint8Array> {
    return this.#inputs.ask(this.#attempt, name)
  }

  async readList(): Promise<void> {
    const list: TaskInputView[] = []
    // Ends: each page goes on behind the one before.
    for (let from: number | null = 0; from !== null; ) {
      const bytes = await this.#inputs.ask(this.#attempt, `*${from}`)
      const page: InputPage = decodePayload(bytes)
      list.push(...page.inputs)
      from = page.next !== null && page.next > from ? page.next : null
    }
    this.list = list
    this.isListed = true
  }
}

class Question implements Waiter {
  readonly subject: string
  onOver: () => void = () => {}
  readonly #resolve: (answer: Uint8Array | SignalboxError) => void

  constructor(subject: string, resolve: (answer: Uint8Array | SignalboxError) => void) {
    this.subject = subject
    this.#resolve = resolve
  }

  answer(msg: Msg): boolean {
    this.#end(this.#read(msg))
    return true
  }

  #read(msg: Msg): Uint8Array | SignalboxError {
    const { headers, data } = msg
    if (headers === undefined) return Uint8Array.from(data)
    if (isNoResponder(msg)) return silence(0)
    return (errorOf(headers) as SignalboxError | null) ?? Uint8Array.from(data)
  }

  fail(error: SignalboxError): void {
    this.#end(error)
  }

  #end(answer: Uint8Array | SignalboxError): void {
    this.onOver()
    this.#resolve(answer)
  }
}

function taskError(error: SignalboxError): TaskError {
  const { code, message, retryable } = error
  return new TaskError(code, message, { retryable, cause: error })
}

function ended(): TaskError {
  const message = 'The attempt has ended: read its inputs before the handler returns.'
  return new TaskError('late_result', message, { retryable: false })
}

function silence(ms: number): SignalboxError {
  const message = `The scheduler did not answer within ${ms} ms when it was asked for an input.`
  return new SignalboxError('no_scheduler', message)
}
