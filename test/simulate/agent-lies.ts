/** What an agent says that is not so (agent-plans.ts lists the lies), until the faults stop. */
import { encodeJson } from '../../src/wire/json.ts'
import { attemptToken, newResultAddress, parseToken } from '../../src/wire/subjects.ts'
import type { Held, ResultClaim, Say } from './agent-hands.ts'
import type { AgentPlan, Lie } from './agent-plans.ts'
import type { Company } from './agents.ts'
import type { Dice } from './dice.ts'

/** How often a liar lies on its own account, and a share of its chances. */
const EVERY_MS = 40
const OFTEN = 0.5
const NOTHING = new Uint8Array(0)
const NOBODY_THERE = { headers: { encode: () => Buffer.from('NATS/1.0 503\r\n\r\n') } }

type Report = { seen: string | null; running: string[] }

export class AgentLies {
  readonly #plan: AgentPlan
  readonly #company: Company
  readonly #instance: string
  readonly #dice: Dice
  readonly #say: Say
  readonly #answered: Held[] = []
  readonly #late: (() => void)[] = []
  readonly #address = newResultAddress()
  #before: Report | null = null
  #isOver = false

  constructor(plan: AgentPlan, company: Company, instance: string, dice: Dice, say: Say) {
    this.#plan = plan
    this.#company = company
    this.#instance = instance
    this.#dice = dice
    this.#say = say
  }

  tells(lie: Lie): boolean {
    return !this.#isOver && this.#plan.lies.includes(lie)
  }

  #now(lie: Lie): boolean {
    return this.tells(lie) && this.#dice.chance(OFTEN)
  }

  stop(): void {
    this.#isOver = true
  }

  begin(): void {
    if (this.#isOver) return
    this.#say.after(this.#dice.between(1, 2 * EVERY_MS), () => this.begin())
    if (this.#now('stolen-token')) this.#steal()
    if (this.#now('old-token') && this.#answered.length > 0) {
      this.#claim(this.#dice.pick(this.#answered).reply)
    }
    if (this.#now('resizes')) this.#resize()
    if (this.#now('stranger')) this.#pretend()
  }

  beforeResult({ reply }: Held): void {
    if (this.#now('wrong-token')) this.#claim(this.#wrong(reply))
    if (this.#now('plays-dead')) this.#say.publish(reply, NOTHING, NOBODY_THERE)
    if (this.#now('malformed')) {
      const subject = reply.slice(0, reply.lastIndexOf('.'))
      this.#say.publish(
        `${subject}.${this.#dice.pick(['1-2', 'x-1-1', '1--1', '-'])}`,
        Buffer.from('x'),
      )
    }
  }

  afterResult(held: Held, again: () => void): void {
    this.#answered.push(held)
    if (this.#now('twice')) this.#say.after(this.#dice.between(0, 30), again)
  }

  enlarge(result: Uint8Array): Uint8Array {
    if (!this.#now('huge')) return result
    return Buffer.concat([result, Buffer.alloc(this.#dice.pick([2_100, 5_000]), 32)])
  }

  #steal(): void {
    const { overheard } = this.#company
    if (overheard.length === 0) return
    // The newest are the ones that may still run.
    const newest = overheard.slice(-12)
    const parts = this.#dice.pick(newest).split('.')
    parts[2] = this.#plan.id
    this.#claim(parts.join('.'))
  }

  /** A token that nobody was given, or was given in another life of the scheduler. */
  #wrong(reply: string): string {
    const at = reply.lastIndexOf('.')
    if (!parseToken(reply, at + 1, this.#address)) return reply
    const { epoch, counter, seq } = this.#address
    const parts = reply.slice(0, at).split('.')
    const under = (token: string): string => `${parts.join('.')}.${token}`
    switch (this.#dice.weighted({ counter: 3, epoch: 3, slot: 1, seq: 1 })) {
      case 'counter': {
        const other = Math.max(0, counter + this.#dice.pick([-1, 1, 7, -3]))
        return under(attemptToken(epoch, other, seq))
      }
      case 'epoch':
        return under(attemptToken(epoch + this.#dice.pick([-1, 1, -1_000]), counter, seq))
      case 'slot':
        parts[parts.length - 1] = String(this.#dice.whole(0, 70))
        return under(attemptToken(epoch, counter, seq))
      default:
        return under(attemptToken(epoch, counter, seq + 1))
    }
  }

  /** Sends a result that is about nothing, under the token of a subject. */
  #claim(subject: string): void {
    const token = subject.slice(subject.lastIndexOf('.') + 1)
    const claim: ResultClaim = {
      task: '',
      key: '',
      agent: this.#plan.id,
      token,
      checkpoint: null,
      isHonest: false,
    }
    this.#say.publish(subject, encodeJson(claim))
  }

  #resize(): void {
    const { queues, capabilities, beats } = this.#plan
    const concurrency = this.#dice.pick([1, 2, 5, 9, 65_535, 0, -1, 1e9, 1.5])
    const hello = { instance: this.#instance, queues, capabilities, concurrency, beats }
    this.#say.publish(this.#company.subjects.from(this.#plan.id, 'hello'), encodeJson(hello))
  }

  /** A message in the name of an instance or an agent that it is not. */
  #pretend(): void {
    const { id } = this.#plan
    const { subjects } = this.#company
    const verb = this.#dice.pick(['beat', 'bye', 'hello'] as const)
    const body = this.#dice.pick<object>([
      { instance: 'nobody', schedulers: {} },
      { instance: this.#instance, id: 'somebody-else' },
      { instance: 'not a token', queues: ['*'] },
      { instance: this.#instance, queues: [] },
      { instance: this.#instance, schedulers: [] },
      { instance: this.#instance, schedulers: { main: { running: 7 } } },
    ])
    // An unseen instance's hello would be a twin, which is a fault and no lie.
    const isTwin = verb === 'hello' && 'schedulers' in body
    if (!isTwin) this.#say.publish(subjects.from(id, verb), encodeJson(body))
    else this.#say.publish(subjects.from(id, 'beat'), Buffer.from('{'))
  }

  report(report: Report): Report {
    const { seen, running } = report
    const before = this.#before
    this.#before = report
    if (this.#now('beats-backwards') && before !== null) return before
    if (this.#now('beats-too-little')) return { seen, running: this.#dice.some(running, 0.5) }
    if (this.#now('beats-too-much')) {
      const { overheard } = this.#company
      const others = overheard.slice(-8).map((reply) => reply.slice(reply.lastIndexOf('.') + 1))
      return { seen, running: [...running, ...others, 'no-token', attemptToken(1, 1, 1)] }
    }
    return report
  }

  sendBeat(send: () => void): void {
    if (this.tells('beats-late') && this.#dice.chance(0.8)) this.#late.push(send)
    else {
      for (const late of this.#late.splice(0)) late()
      send()
    }
  }
}
