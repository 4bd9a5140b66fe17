/**
 * Copies of small ranges that live on their own: what a handler may hold on to when its message is
 * gone, and results that are kept while the handler writes into its buffer again.
 *
 * Invariant: nobody else ever writes into a range that was given out.
 *
 * Small ranges share a slab, as Node's `Buffer` has it: memory of one's own costs 1,050 ns for 256
 * bytes, a copy in a slab and a view of it 92. What is held on to for long pins its slab, 8 KiB. A
 * slab cannot be transferred to another thread, which would take it from all that have a part of it.
 */
import { markAsUntransferable } from 'node:worker_threads'

const SLAB_BYTES = 8 * 1024
/** Larger ones get memory of their own. */
const SHARED_MAX = SLAB_BYTES / 4
/** So that numbers of any kind may be read in place. */
const ALIGNMENT = 8
const EMPTY = new Uint8Array(0)

export class OwnCopies {
  #slab = EMPTY
  #at = 0

  copy(bytes: Uint8Array, start: number, length: number): Uint8Array {
    if (length === 0) return EMPTY
    if (length > SHARED_MAX) return Uint8Array.prototype.slice.call(bytes, start, start + length)
    if (this.#at + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES)
      markAsUntransferable(this.#slab.buffer)
      this.#at = 0
    }
    const end = this.#at + length
    this.#slab.set(bytes.subarray(start, start + length), this.#at)
    const own = this.#slab.subarray(this.#at, end)
    this.#at = (end + ALIGNMENT - 1) & -ALIGNMENT
    return own
  }
}
