/**
 * What scripted agents have begun and what they have handed back unbegun, by the counter of its token:
 * the one thing about a call-back that the core cannot see.
 *
 * Invariant: of an agent that does not lie, a token that is handed back is never begun, neither before
 * nor after; so where the core ends an attempt as `recalled`, no handler has run or ever will.
 */
import { Broken, holds } from './known.ts'

export class Begins {
  readonly #begun = new Set<number>()
  readonly #back = new Set<number>()
  /** Of these somebody said that it had not begun them, and had. */
  readonly #lied = new Set<number>()
  #recalled = 0

  /** How often the core believed that nothing had begun. */
  get recalled(): number {
    return this.#recalled
  }

  begun(counter: number, agent: string): void {
    holds(!this.#back.has(counter), () => `${agent} begins ${counter}, which it had handed back`)
    this.#begun.add(counter)
  }

  back(counter: number, agent: string): void {
    holds(!this.#begun.has(counter), () => `${agent} hands back ${counter}, which it had begun`)
    this.#back.add(counter)
  }

  lied(counter: number): void {
    this.#lied.add(counter)
  }

  /** The core has ended the attempt as one that was not begun. */
  recalledOf(counter: number, what: () => string): void {
    this.#recalled++
    if (this.#lied.has(counter)) return
    if (this.#begun.has(counter)) throw new Broken(`${what()}, and its handler had begun it`)
    holds(this.#back.has(counter), () => `${what()}, and nobody had handed it back`)
  }
}
