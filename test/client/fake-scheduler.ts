/** The scheduler's side of the wire for one agent, by hand: says what the test tells it to. */
import { headers, type Msg, type NatsConnection } from 'nats'
import { ERROR_CODES, type ErrorCode } from '../../src/errors.ts'
import { encodeJson } from '../../src/wire/json.ts'
import type { Beat, Bye, Control, Hello, Pull } from '../../src/wire/messages.ts'
import { decodePayload } from '../../src/wire/payload.ts'
import { until } from '../support/until.ts'

export interface FakeOptions {
  name: string
  epoch?: number
  beatMs?: number
  leaseMs?: number
}

export class FakeScheduler {
  readonly hellos: Hello[] = []
  readonly beats: Beat[] = []
  readonly byes: Bye[] = []
  readonly results: Msg[] = []
  readonly progress: Msg[] = []
  /** What the next beats are answered with. */
  beatError: ErrorCode | null = null
  helloError: ErrorCode | null = null
  epoch: number
  /** What the next pulls are answered with. */
  pullError: ErrorCode | null = null
  readonly pulls: Pull[] = []
  /** Version of frames that hellos are answered with. */
  frames: number | undefined
  readonly name: string
  protected readonly nc: NatsConnection
  protected readonly prefix: string
  readonly #beatMs: number
  readonly #leaseMs: number
  #counter = 0

  constructor(
    nc: NatsConnection,
    prefix: string,
    { name, epoch = 1000, beatMs = 20, leaseMs = 10_000 }: FakeOptions,
  ) {
    this.nc = nc
    this.prefix = prefix
    this.name = name
    this.#beatMs = beatMs
    this.#leaseMs = leaseMs
    this.epoch = epoch
  }

  async start(): Promise<this> {
    this.listen('from.*.hello', (msg) => {
      this.hellos.push(decodePayload(msg.data))
      const { epoch } = this
      this.answer(msg, this.helloError, {
        scheduler: this.name,
        epoch,
        leaseMs: this.#leaseMs,
        beatMs: this.#beatMs,
        frames: this.frames,
      })
    })
    this.listen('from.*.beat', (msg) => {
      this.beats.push(decodePayload(msg.data))
      this.answer(msg, this.beatError, { scheduler: this.name })
    })
    this.listen('from.*.bye', (msg) => {
      this.byes.push(decodePayload(msg.data))
      this.answer(msg, null, { scheduler: this.name })
    })
    this.listen('from.*.pull', (msg) => {
      this.pulls.push(decodePayload(msg.data))
      if (msg.reply) this.answer(msg, this.pullError, { scheduler: this.name, granted: 1 })
    })
    this.listen(`from.*.${this.name}.result.*.*`, (msg) => this.results.push(msg))
    this.listen(`from.*.${this.name}.progress.*.*`, (msg) => this.progress.push(msg))
    await this.nc.flush()
    return this
  }

  protected listen(subject: string, take: (msg: Msg) => void): void {
    this.nc.subscribe(`${this.prefix}.${subject}`, { callback: (_, msg) => take(msg) })
  }

  protected answer(msg: Msg, code: ErrorCode | null, body: object): void {
    if (code === null) {
      msg.respond(encodeJson(body))
      return
    }
    const block = headers()
    block.set('Nats-Service-Error-Code', String(ERROR_CODES[code].status))
    block.set('Nats-Service-Error', 'as the test says')
    block.set('Sb-Code', code)
    msg.respond(new Uint8Array(0), { headers: block })
  }

  /** @returns the token of the attempt that was sent. */
  dispatch(agent: string, payload: unknown, epoch = this.epoch, type?: string): string {
    const { instance } = this.hellos.at(-1)!
    const counter = ++this.#counter
    const token = `${epoch}-${counter}-${counter}`
    const block = headers()
    block.set('Sb-Id', `task-${counter}`)
    block.set('Sb-Queue', 'work')
    block.set('Sb-Attempt', '1')
    if (type !== undefined) block.set('Sb-Type', type)
    this.nc.publish(`${this.prefix}.agent.${agent}.${instance}.work`, encodeJson(payload), {
      headers: block,
      reply: `${this.prefix}.from.${agent}.${this.name}.result.7.${token}`,
    })
    return token
  }

  say(subject: string, body: Uint8Array): void {
    this.nc.publish(subject, body)
  }

  control(agent: string, control: Control): void {
    const { instance } = this.hellos.at(-1)!
    this.nc.publish(`${this.prefix}.agent.${agent}.${instance}.control`, encodeJson(control))
  }

  /** Waits for a beat that was sent after now and reports what is expected. */
  async beatWith(running: string[]): Promise<Beat> {
    const first = this.beats.length
    return until(
      () =>
        this.beats.slice(first).find((beat) => {
          const report = beat.schedulers[this.name]
          return JSON.stringify(report?.running) === JSON.stringify(running)
        }),
      { what: `a beat with ${JSON.stringify(running)}` },
    )
  }
}
