/**
 * Smaller frames than usual, for the picture of throughput against their size.
 *
 * Runs on: submitter, scheduler and agents of a run, each before it connects. Invariant: all three
 * have the same limit: what one writes the other reads.
 *
 * No option of ours sets it, since nobody gains by it: a frame is sent at the end of a turn in any
 * case, so the limit holds back nothing. Here the constant itself is changed.
 */
import { FRAME } from '../src/wire/frame-format.ts'

export function limitFrames(itemsMax: unknown): void {
  if (typeof itemsMax === 'number') (FRAME as { itemsMax: number }).itemsMax = itemsMax
}
