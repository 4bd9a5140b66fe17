/**
 * Accounts for items that go somewhere and must come back: each once, none missing.
 *
 * Runs on: children of the harness, the thread that sends. Invariant: CPU and time are taken from
 * the end of the warm-up to the last item, so they hold neither start nor stop.
 */
import { cpuUs } from './cpu.ts'
import type { Values } from './harness.ts'

/** The share of all items that is run before the measuring begins. */
const WARM_UP = 0.25

/** Marks what came back, and says when all is done. */
export class Receipts {
  readonly count: number
  readonly #seen: Uint8Array
  readonly #measureFrom: number
  received = 0
  /** Resolves with the last item. */
  readonly done: Promise<void>
  #resolve!: () => void
  #cpuFromUs = 0
  #fromMs = 0
  #values: Values = {}

  constructor(count: number) {
    this.count = count
    this.#seen = new Uint8Array(count)
    this.#measureFrom = Math.floor(count * WARM_UP)
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** @throws Error when the item never went out or came back before. */
  take(item: number): void {
    if (this.#seen[item] !== 0) throw new Error(`item ${item} came back twice, or never went out`)
    this.#seen[item] = 1
    this.received++
    if (this.received === this.#measureFrom) this.#begin()
    else if (this.received === this.count) this.#end()
  }

  #begin(): void {
    this.#cpuFromUs = cpuUs()
    this.#fromMs = performance.now()
  }

  #end(): void {
    const measured = this.count - this.#measureFrom
    const tookMs = performance.now() - this.#fromMs
    this.#values = {
      cpuNs: ((cpuUs() - this.#cpuFromUs) * 1_000) / measured,
      itemsPerSecond: (measured * 1_000) / tookMs,
    }
    this.#resolve()
  }

  /** @throws Error unless every item came back once. */
  values(): Values {
    const missing = this.#seen.indexOf(0)
    if (missing >= 0) throw new Error(`item ${missing} never came back`)
    return this.#values
  }
}
