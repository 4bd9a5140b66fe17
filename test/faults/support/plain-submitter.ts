/**
 * A submitter written by hand over the plain NATS client, which keeps the books: per task what was
 * accepted and which outcomes came, counted from outside.
 */
import { createInbox, headers, type Msg, type NatsConnection } from 'nats'
import { expect } from 'vitest'
import { until } from '../../support/until.ts'

export interface Outcome {
  state: string
  code: string | null
  message: string
  attempts: number
  body: string
}

/** What one submit was answered. */
export interface Answers {
  accepted: { id: string; state: string; waitingFor: string | null; duplicate?: boolean }[]
  outcomes: Outcome[]
  /** The code of a refusal, or `no_responders`. */
  refused: string[]
}

export interface SubmitWords {
  queue?: string
  payload?: string | Uint8Array
  headers?: Record<string, string>
}

export class PlainSubmitter {
  readonly nc: NatsConnection
  readonly #inbox = createInbox()
  readonly #byReply = new Map<string, Answers>()
  /** All submits of a task id. */
  readonly books = new Map<string, Answers[]>()
  readonly #words = new Map<string, SubmitWords>()
  #replies = 0
  readonly #listeners = new Set<(id: string) => void>()
  /** Ids that have at least one outcome. */
  readonly finished = new Set<string>()

  constructor(nc: NatsConnection) {
    this.nc = nc
    nc.subscribe(`${this.#inbox}.*`, { callback: (_, msg) => this.#onMessage(msg) })
  }

  /** Submits under an id and asks for the outcome. */
  submit(id: string, words: SubmitWords = {}): Answers {
    const answers: Answers = { accepted: [], outcomes: [], refused: [] }
    const reply = `${this.#inbox}.${++this.#replies}`
    this.#byReply.set(reply, answers)
    this.books.set(id, [...(this.books.get(id) ?? []), answers])
    this.#words.set(id, words)
    this.#idOf.set(answers, id)
    const block = headers()
    block.set('Nats-Msg-Id', id)
    block.set('Sb-Outcome', '1')
    for (const [name, value] of Object.entries(words.headers ?? {})) block.set(name, value)
    const subject = `sb.task.${words.queue ?? 'work'}`
    this.nc.publish(subject, words.payload ?? `payload of ${id}`, { reply, headers: block })
    return answers
  }

  readonly #idOf = new Map<Answers, string>()

  #onMessage(msg: Msg): void {
    const answers = this.#byReply.get(msg.subject)
    if (answers === undefined) return
    const header = (name: string) => msg.headers?.get(name) ?? ''
    const code = header('Sb-Code') || null
    if (header('Sb-State') !== '') {
      answers.outcomes.push({
        state: header('Sb-State'),
        code,
        message: header('Nats-Service-Error'),
        attempts: Number(header('Sb-Attempt')),
        body: msg.string(),
      })
      const id = this.#idOf.get(answers)!
      this.finished.add(id)
      for (const listener of this.#listeners) listener(id)
    } else if (code !== null) answers.refused.push(code)
    else if (msg.headers?.code === 503) answers.refused.push('no_responders')
    else answers.accepted.push(msg.json())
  }

  /** Calls `listener` with the id at each outcome. */
  onOutcome(listener: (id: string) => void): void {
    this.#listeners.add(listener)
  }

  /** Submits every task that has no outcome once more under its id, as after a lost connection. */
  askAgain(): void {
    for (const id of this.books.keys()) {
      if (!this.finished.has(id)) this.submit(id, this.#words.get(id))
    }
  }

  /** Waits until every task has an outcome. */
  async allFinished(timeoutMs = 10_000): Promise<void> {
    await until(() => this.finished.size === this.books.size, {
      what: `an outcome of every task (${this.finished.size} of ${this.books.size})`,
      timeoutMs,
    })
  }

  /** The only outcome of a task; each of its submits may have got it once. */
  outcomeOf(id: string): Outcome {
    const answers = this.books.get(id)!
    for (const { outcomes } of answers) expect(outcomes.length).toBeLessThanOrEqual(1)
    const outcomes = answers.flatMap((one) => one.outcomes)
    expect(outcomes.length, `task ${id} has no outcome`).toBeGreaterThan(0)
    for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0])
    return outcomes[0]
  }

  /** Every task completed, with its own payload as result, no submit answered twice. */
  expectAllCompletedOnce(): void {
    for (const [id, answers] of this.books) {
      expect(this.outcomeOf(id)).toMatchObject({ state: 'completed', body: `payload of ${id}` })
      for (const { accepted } of answers) expect(accepted.length).toBeLessThanOrEqual(1)
    }
  }
}

/** A closed loop: always `window` tasks in flight until stopped or `total` were submitted. */
export class Load {
  submitted = 0
  readonly #submitter: PlainSubmitter
  readonly #prefix: string
  readonly #total: number
  #running = true

  constructor(
    submitter: PlainSubmitter,
    options: { window: number; total?: number; prefix?: string },
  ) {
    this.#submitter = submitter
    this.#prefix = options.prefix ?? 't'
    this.#total = options.total ?? Number.POSITIVE_INFINITY
    const seen = new Set<string>()
    submitter.onOutcome((id) => {
      if (seen.has(id)) return
      seen.add(id)
      this.#next()
    })
    for (let n = 0; n < options.window; n++) this.#next()
  }

  #next(): void {
    if (!this.#running || this.submitted >= this.#total) return
    this.#submitter.submit(`${this.#prefix}${++this.submitted}`)
  }

  stop(): void {
    this.#running = false
  }
}
