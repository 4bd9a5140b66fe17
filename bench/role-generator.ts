/**
 * The load generator: tasks out, answers back on an inbox of its own.
 *
 * Runs on: a process of its own. Invariant: an answer belongs to the task whose number its subject
 * ends in; a second answer, an error, or a wrong body ends the run.
 *
 * ```
 *  closed loop   always `window` tasks in flight: how many a second?
 *  open loop     so many a second, whatever comes back: how long does one take?
 * ```
 *
 * No `nc.request()`: it builds an error with a stack for each call and reaches a fifth of this.
 */
import { connect, createInbox, type Msg, type NatsConnection } from 'nats'
import { openLoop } from './pace.ts'
import { play } from './role.ts'
import { percentile } from './statistics.ts'

/** How long after the last task the answers may still come. */
const ANSWERS_MAX_MS = 10_000

let nc: NatsConnection
let subject = ''
let inbox = ''
let onAnswer: (item: number, msg: Msg) => void = () => {}

play({
  start: async (parameters) => {
    subject = parameters.subject as string
    nc = await connect({ servers: parameters.url as string })
    inbox = `${createInbox()}.`
    nc.subscribe(`${inbox}*`, {
      callback: (error, msg) => {
        if (error !== null) throw error
        onAnswer(Number(msg.subject.slice(inbox.length)), msg)
      },
    })
    await nc.flush()
    return {}
  },
  closed: async ({ tasks, window, payloadBytes, isEcho }) => {
    const run = new Run(tasks as number, payloadBytes as number, isEcho === 1)
    const startMs = performance.now()
    run.onEach = () => run.sendNext()
    for (let i = 0; i < (window as number); i++) run.sendNext()
    await run.over()
    const tookMs = performance.now() - startMs
    return { tasksPerSecond: (run.answered * 1_000) / tookMs, lost: run.lost }
  },
  open: async ({ tasks, ratePerSecond, payloadBytes }) => {
    const run = new Run(tasks as number, payloadBytes as number, false)
    const sentMs = new Float64Array(run.tasks)
    const plannedMs = new Float64Array(run.tasks)
    const tookUs = new Float64Array(run.tasks)
    const tookPlannedUs = new Float64Array(run.tasks)
    run.onEach = (item) => {
      const answeredMs = performance.now()
      tookUs[item] = (answeredMs - sentMs[item]) * 1_000
      tookPlannedUs[item] = (answeredMs - plannedMs[item]) * 1_000
    }
    await openLoop(run.tasks, ratePerSecond as number, (item, planned) => {
      plannedMs[item] = planned
      sentMs[item] = performance.now()
      run.sendNext()
    })
    await run.over()
    return {
      p50Us: percentile(tookUs, 50),
      p99Us: percentile(tookUs, 99),
      plannedP50Us: percentile(tookPlannedUs, 50),
      lost: run.lost,
    }
  },
})

/** One run: what went out, what came back. */
class Run {
  readonly tasks: number
  answered = 0
  onEach: (item: number) => void = () => {}
  readonly #payload: Uint8Array
  readonly #answerBytes: number
  readonly #seen: Uint8Array
  #sent = 0
  #allAnswered!: () => void
  #fail!: (error: Error) => void
  readonly #over: Promise<void>

  constructor(tasks: number, payloadBytes: number, isEcho: boolean) {
    this.tasks = tasks
    this.#payload = new Uint8Array(payloadBytes).fill(0x78)
    this.#answerBytes = isEcho ? payloadBytes : 0
    this.#seen = new Uint8Array(tasks)
    this.#over = new Promise((resolve, reject) => {
      this.#allAnswered = resolve
      this.#fail = reject
    })
    onAnswer = (item, msg) => this.#take(item, msg)
  }

  get lost(): number {
    return this.tasks - this.answered
  }

  sendNext(): void {
    if (this.#sent === this.tasks) return
    nc.publish(subject, this.#payload, { reply: inbox + this.#sent++ })
  }

  #take(item: number, msg: Msg): void {
    if (this.#seen[item] !== 0) this.#fail(new Error(`task ${item} was answered twice`))
    else if (msg.headers !== undefined || msg.data.length !== this.#answerBytes) {
      const words = msg.headers?.toString() ?? `${msg.data.length} bytes`
      this.#fail(new Error(`task ${item} was answered with ${words}`))
    }
    this.#seen[item] = 1
    this.answered++
    this.onEach(item)
    if (this.answered === this.tasks) this.#allAnswered()
  }

  /** Resolves when all are answered, or nothing was for ten seconds. */
  async over(): Promise<void> {
    let before = -1
    let onLate = () => {}
    const late = new Promise<void>((resolve) => {
      onLate = resolve
    })
    const timer = setInterval(() => {
      if (this.answered === before) onLate()
      before = this.answered
    }, ANSWERS_MAX_MS)
    try {
      await Promise.race([this.#over, late])
    } finally {
      clearInterval(timer)
    }
  }
}
