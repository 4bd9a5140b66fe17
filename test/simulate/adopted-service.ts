/**
 * A service that the scheduler has adopted: it answers requests on a subject of its own, or is not
 * there for a while, and knows nothing of tokens, beats or hellos.
 */
import type { AdoptedAgentOptions } from '../../src/options.ts'
import { encodeHeaders } from '../../src/wire/headers.ts'
import { keyOf, type ResultClaim } from './agent-hands.ts'
import type { Company } from './agents.ts'
import { Dice } from './dice.ts'
import type { Delivery, Peer, PeerSubscription } from './peer.ts'
import type { Theme } from './themes.ts'

const NAME = 'adopted'
const SUBJECT = 'services.adopted'

export interface AdoptedPlan {
  readonly agent: AdoptedAgentOptions
  /** When it is not there. */
  readonly gone: readonly { readonly atMs: number; readonly lastsMs: number }[]
  /** In place of the first pause. */
  readonly pauseMsMin: number
  readonly workMs: readonly [from: number, to: number]
  /** Shares of its tasks, 0 … 1. */
  readonly fails: number
  readonly hangs: number
}

/** Themes that count agents, or lead through one narrow place. */
const WITHOUT: readonly Theme[] = ['crowd', 'window', 'wideWindow', 'calm']

/** @returns null for most seeds: what they mean stays as it was. */
export function planAdopted(dice: Dice, theme: Theme, faultyMs: number): AdoptedPlan | null {
  if (!dice.chance(0.2) || WITHOUT.includes(theme)) return null
  const queues = [dice.pick(['*', 'red', 'green', 'blue'])]
  const gone = Array.from({ length: dice.whole(0, 3) }, () => ({
    atMs: dice.chance(0.3) ? 0 : dice.between(0, faultyMs),
    lastsMs: dice.between(1, faultyMs / 2),
  }))
  return {
    agent: { subject: SUBJECT, name: NAME, queues, concurrency: dice.whole(1, 6) },
    gone,
    pauseMsMin: dice.pick([5, 40, 250]),
    workMs: [0, dice.pick([0, 5, 60])],
    fails: dice.chance(0.5) ? dice.between(0, 0.4) : 0,
    hangs: dice.chance(0.5) ? dice.between(0, 0.3) : 0,
  }
}

export class AdoptedService {
  readonly #plan: AdoptedPlan
  readonly #peer: Peer
  readonly #dice: Dice
  #ears: PeerSubscription | null = null
  #isCalm = false

  constructor(plan: AdoptedPlan, company: Company) {
    this.#plan = plan
    this.#dice = new Dice(company.seed, NAME)
    this.#peer = company.connect(NAME)
  }

  start(): void {
    this.#listen()
    for (const { atMs, lastsMs } of this.#plan.gone) {
      this.#peer.after(atMs, () => this.#leave(lastsMs))
    }
  }

  #leave(lastsMs: number): void {
    if (this.#isCalm) return
    this.#ears?.unsubscribe()
    this.#ears = null
    this.#peer.after(lastsMs, () => this.#listen())
  }

  #listen(): void {
    this.#ears ??= this.#peer.subscribe(SUBJECT, (message) => this.#take(message))
  }

  #take({ reply, headers, data }: Delivery): void {
    if (!this.#isCalm && this.#dice.chance(this.#plan.hangs)) return
    const claim: ResultClaim = {
      task: headers?.get('Sb-Id') ?? '',
      key: keyOf(data),
      agent: NAME,
      token: reply.slice(reply.lastIndexOf('.') + 1),
      checkpoint: null,
      isHonest: true,
    }
    const said = JSON.stringify(claim)
    const isFailure = this.#dice.chance(this.#plan.fails)
    this.#peer.after(this.#dice.between(...this.#plan.workMs), () => {
      if (!isFailure) this.#peer.publish(reply, Buffer.from(said))
      else this.#peer.publish(reply, new Uint8Array(0), { headers: failure(said) })
    })
  }

  /** The faults are over: it is there, and answers. */
  calm(): void {
    this.#isCalm = true
    this.#listen()
  }

  end(): void {
    this.#peer.close()
  }
}

/** As NATS services tell it, with none of our headers. */
function failure(said: string): { encode(): Uint8Array } {
  return encodeHeaders('Nats-Service-Error-Code: 422', `Nats-Service-Error: ${said}`)
}
