/**
 * What a scripted agent has been sent, begun or not: some begin all at once, others as many as they
 * said that they do at a time, and let the rest wait; of these some hand back what waits when it is
 * called back.
 *
 *   sent ──► waits ──room──► begun ──► dropped
 *              └──called back──► handed back: whatever comes under its token is ignored
 */
import { newResultAddress, parseToken } from '../../src/wire/subjects.ts'
import type { Held } from './agent-hands.ts'
import type { AgentPlan } from './agent-plans.ts'
import type { Begins } from './begins.ts'

export class AgentQueue {
  readonly #plan: AgentPlan
  readonly #begins: Begins
  readonly #begin: (held: Held) => void
  #waiting: Held[] = []
  readonly #begun = new Set<string>()
  /** How to say it again. */
  readonly #back = new Map<string, () => void>()
  readonly #ever = new Set<string>()
  readonly #address = newResultAddress()

  constructor(plan: AgentPlan, begins: Begins, begin: (held: Held) => void) {
    this.#plan = plan
    this.#begins = begins
    this.#begin = begin
  }

  /** @returns how it was handed back: it must never be begun, since it is somebody else's. */
  handedBack(token: string): (() => void) | undefined {
    return this.#back.get(token)
  }

  hasBegun(token: string): boolean {
    return this.#begun.has(token)
  }

  /** It waits or was begun: the same, come twice, is to be ignored. */
  isHolding(token: string): boolean {
    return this.#plan.moves.holds && (this.#ever.has(token) || this.#indexOf(token) >= 0)
  }

  add(held: Held): void {
    this.#waiting.push(held)
    this.#next()
  }

  /** It is in nobody's hands any more: there may be room for the next. */
  drop(token: string): void {
    const at = this.#indexOf(token)
    if (at >= 0) this.#waiting.splice(at, 1)
    this.#begun.delete(token)
    this.#next()
  }

  /** @returns whether it waited, and now is not the agent's any more. */
  handBack(token: string, send: () => void): boolean {
    if (this.#indexOf(token) < 0) return false
    this.#back.set(token, send)
    this.#begins.back(this.#counterOf(token), this.#plan.id)
    return true
  }

  /** It says that it has not begun what it has. */
  lie(token: string): void {
    this.#begins.lied(this.#counterOf(token))
  }

  #next(): void {
    const { concurrency, moves } = this.#plan
    // Ends: each round begins one.
    while (this.#waiting.length > 0 && (!moves.holds || this.#begun.size < concurrency)) {
      const held = this.#waiting.shift()!
      this.#begun.add(held.token)
      this.#ever.add(held.token)
      this.#begins.begun(this.#counterOf(held.token), this.#plan.id)
      this.#begin(held)
    }
  }

  #indexOf(token: string): number {
    return this.#waiting.findIndex((held) => held.token === token)
  }

  #counterOf(token: string): number {
    parseToken(token, 0, this.#address)
    return this.#address.counter
  }
}
