/**
 * Result frames that know when each of their items was received, so that how long an item was held
 * is told as of the moment at which its frame leaves, with one reading of the clock for all.
 */
import type { AttemptResult } from '../../agent-task.ts'
import { elapsedUs } from '../../clock.ts'
import { FRAME, putU32 } from '../../wire/frame-format.ts'
import { type FramePool, RESULT_FLAG, ResultWriter } from '../../wire/frames.ts'
import type { Attempt } from './attempt.ts'

/** Where `heldUs` stands in a result item. */
const HELD_AT = 20
/** What is longer than the clock can tell, 35 minutes. */
const US_MAX = 0x7fff_ffff

export class StampedResultWriter extends ResultWriter {
  /** Int32Array[items]: where each item of the open frame begins. */
  readonly #starts = new Int32Array(FRAME.itemsMax)
  /** Int32Array[items]: `nowUs` of its arrival. */
  readonly #receivedUs = new Int32Array(FRAME.itemsMax)

  constructor(pool: FramePool, epoch: number, bytesMax: number) {
    super(pool, bytesMax)
    this.begin(epoch)
  }

  /** @returns false when it does not fit: finish first. */
  addResult(attempt: Attempt): boolean {
    const { code, message, bytes } = attempt.result!
    const start = this.at === 0 ? FRAME.headBytes : this.at
    const isIn = this.add(
      attempt.slot,
      attempt.counter,
      attempt.seq,
      0,
      attempt.workUs,
      code ?? '',
      flagsOf(attempt.result!),
      message,
      bytes,
      0,
      bytes.length,
    )
    if (!isIn) return false
    const item = this.count - 1
    this.#starts[item] = start
    this.#receivedUs[item] = attempt.receivedUs
    return true
  }

  /** @param leavesUs `nowUs`. */
  finishAt(leavesUs: number): Uint8Array {
    const { count } = this
    for (let item = 0; item < count; item++) {
      const heldUs = spanUs(this.#receivedUs[item], leavesUs)
      putU32(this.buffer, this.#starts[item] + HELD_AT, heldUs)
    }
    return this.finish()
  }
}

function flagsOf({ code, retryable, yields }: AttemptResult): number {
  if (yields) return RESULT_FLAG.yields
  return retryable && code !== null ? RESULT_FLAG.retryable : 0
}

/** @returns µs from one stamp to a later one; the longest that there is when it cannot be told. */
export function spanUs(fromUs: number, toUs: number): number {
  const us = elapsedUs(fromUs, toUs)
  return us < 0 ? US_MAX : us
}
