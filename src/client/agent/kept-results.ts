/**
 * Results that left in frames and were not acknowledged: a scheduler that repeats work is told the
 * result again instead of the work being done again.
 *
 * Invariant: `count` and `bytes` are those of the attempts in state KEPT or UNSENT that are in
 * frames. Beyond either limit no more work is begun, so that what runs by then is all that may come
 * on top; what waits is bounded by what the agent said it would take.
 *
 * Rejected: leaving new work lying until it is repeated, which takes two beats. Behind a burst of
 * 65,535 tasks the acknowledgements of the first wait until the last was read.
 *
 * Results of bytes are the handler's own, who may write into them again, and are copied; those made
 * of anything else were made for this and are kept as they are.
 */
import type { AttemptResult } from '../../agent-task.ts'
import type { Attempt } from './attempt.ts'
import type { OwnCopies } from './own-copies.ts'

export const KEPT_RESULTS_MAX = 10_000
export const KEPT_BYTES_MAX = 64 * 1024 * 1024

export class KeptResults {
  readonly #copies: OwnCopies
  #count = 0
  #bytes = 0

  constructor(copies: OwnCopies) {
    this.#copies = copies
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= KEPT_RESULTS_MAX || this.#bytes >= KEPT_BYTES_MAX
  }

  /** *Cost* nothing where the result is empty; a copy where it is bytes. */
  keep(attempt: Attempt, result: AttemptResult): void {
    attempt.result = this.own(result)
    this.#count++
    this.#bytes += result.bytes.length
  }

  /** @returns the result with bytes that nobody else writes into. */
  own(result: AttemptResult): AttemptResult {
    if (result.isOwn) return result
    const { code, message, retryable, yields, bytes } = result
    const own = this.#copies.copy(bytes, 0, bytes.length)
    return { code, message, retryable, yields, bytes: own, isOwn: true }
  }

  /** Its result was acknowledged, or nobody waits for it any more. */
  release(attempt: Attempt): void {
    this.#count--
    this.#bytes -= attempt.result!.bytes.length
    attempt.result = null
  }
}
