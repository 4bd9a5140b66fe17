/**
 * The payload arena. The NATS client hands out views of whole socket chunks, so that one small
 * payload kept would pin 27 KB: what is kept beyond its turn is copied in here. Main thread.
 *
 * Slabs of 1 MiB, each cut into cells of one power of two from 64 B to 64 KiB; larger payloads have
 * a buffer of their own. Bounded: `put` says REFUSED, nothing is thrown. A reference is a number,
 * slab * CELLS_MAX + cell, or one below REFUSED for a large one: small integers all, since a field
 * that once held another number costs an object in every record.
 *
 * Empty slabs go back to the system but for one of each size, so that a load that moves about the
 * edge of a slab does not make one come and go; where memory is short that one goes too.
 */
import { copyBytes } from '../wire/copy-bytes.ts'

export const NO_BYTES_REF = -1
export const REFUSED = -2

const SLAB_BYTES = 1024 * 1024
const CELL_MIN_LOG2 = 6
const CELL_MAX_LOG2 = 16
const CELLS_MAX = SLAB_BYTES >> CELL_MIN_LOG2
/** References from here down are payloads with a buffer of their own. */
const LARGE_BASE = -3
const EMPTY = new Uint8Array(0)

class Slab {
  readonly bytes = new Uint8Array(Buffer.allocUnsafeSlow(SLAB_BYTES).buffer)
  readonly cellLog2: number
  /** Uint16Array[cells]: free cells, a stack. */
  readonly freeCells: Uint16Array
  freeCount: number
  /** Whether its size's list of slabs with room names it. */
  listed = true

  constructor(cellLog2: number) {
    this.cellLog2 = cellLog2
    this.freeCount = SLAB_BYTES >> cellLog2
    this.freeCells = new Uint16Array(this.freeCount)
    for (let i = 0; i < this.freeCount; i++) this.freeCells[i] = this.freeCount - 1 - i
  }
}

export class PayloadArena {
  readonly #bytesMax: number
  readonly #slabs: (Slab | undefined)[] = []
  readonly #freeSlabs: number[] = []
  /** By cell size: slabs that may have a free cell, the last one first. */
  readonly #roomy: number[][] = Array.from({ length: CELL_MAX_LOG2 + 1 }, () => [])
  /** By cell size: the empty slab that stays, or -1. */
  readonly #spare: number[] = new Array(CELL_MAX_LOG2 + 1).fill(-1)
  /** By LARGE_BASE - reference. */
  readonly #large: Uint8Array[] = []
  readonly #freeLarge: number[] = []
  #heldBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Memory held by slabs and large payloads. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Copies a range. @returns a reference, NO_BYTES_REF for no bytes, or REFUSED when full. */
  put(bytes: Uint8Array, start: number, length: number): number {
    if (length === 0) return NO_BYTES_REF
    const log2 = Math.max(CELL_MIN_LOG2, 32 - Math.clz32(length - 1))
    if (log2 > CELL_MAX_LOG2) return this.#putLarge(bytes, start, length)
    const index = this.#slabWithRoom(log2)
    if (index < 0) return REFUSED
    if (this.#spare[log2] === index) this.#spare[log2] = -1
    const slab = this.#slabs[index]!
    const cell = slab.freeCells[--slab.freeCount]
    copyBytes(slab.bytes, cell << log2, bytes, start, length)
    return index * CELLS_MAX + cell
  }

  /** @returns what holds the bytes, from `startOf` on, until `free`. *Cost* no allocation. */
  bytesOf(ref: number): Uint8Array {
    if (ref >= 0) return this.#slabs[Math.trunc(ref / CELLS_MAX)]!.bytes
    return ref > LARGE_BASE ? EMPTY : this.#large[LARGE_BASE - ref]
  }

  startOf(ref: number): number {
    if (ref < 0) return 0
    return (ref % CELLS_MAX) << this.#slabs[Math.trunc(ref / CELLS_MAX)]!.cellLog2
  }

  /** @returns the bytes as a view, valid until `free`. */
  get(ref: number, length: number): Uint8Array {
    const bytes = this.bytesOf(ref)
    if (ref < 0) return bytes
    const start = this.startOf(ref)
    return bytes.subarray(start, start + length)
  }

  free(ref: number): void {
    if (ref < 0) {
      if (ref <= LARGE_BASE) this.#freeLargeOf(LARGE_BASE - ref)
      return
    }
    const index = Math.trunc(ref / CELLS_MAX)
    const slab = this.#slabs[index]!
    slab.freeCells[slab.freeCount++] = ref % CELLS_MAX
    if (!slab.listed) {
      slab.listed = true
      this.#roomy[slab.cellLog2].push(index)
    }
    if (slab.freeCount < slab.freeCells.length) return
    if (this.#spare[slab.cellLog2] >= 0) this.#release(index)
    else this.#spare[slab.cellLog2] = index
  }

  #slabWithRoom(log2: number): number {
    const roomy = this.#roomy[log2]
    while (roomy.length > 0) {
      const index = roomy[roomy.length - 1]
      const slab = this.#slabs[index]!
      if (slab.freeCount > 0) return index
      slab.listed = false
      roomy.pop()
    }
    if (!this.#mayHold(SLAB_BYTES)) return -1
    const index = this.#freeSlabs.pop() ?? this.#slabs.length
    this.#slabs[index] = new Slab(log2)
    this.#heldBytes += SLAB_BYTES
    roomy.push(index)
    return index
  }

  /** Tells whether so many bytes more may be held; gives up the slabs that stay for that. */
  #mayHold(bytes: number): boolean {
    for (const spare of this.#spare) {
      if (this.#heldBytes + bytes <= this.#bytesMax) return true
      if (spare < 0) continue
      this.#spare[this.#slabs[spare]!.cellLog2] = -1
      this.#release(spare)
    }
    return this.#heldBytes + bytes <= this.#bytesMax
  }

  /** An empty slab goes back to the system. */
  #release(index: number): void {
    const roomy = this.#roomy[this.#slabs[index]!.cellLog2]
    roomy.splice(roomy.indexOf(index), 1)
    this.#slabs[index] = undefined
    this.#freeSlabs.push(index)
    this.#heldBytes -= SLAB_BYTES
  }

  #putLarge(bytes: Uint8Array, start: number, length: number): number {
    if (!this.#mayHold(length)) return REFUSED
    const index = this.#freeLarge.pop() ?? this.#large.length
    const own = new Uint8Array(length)
    copyBytes(own, 0, bytes, start, length)
    this.#large[index] = own
    this.#heldBytes += length
    return LARGE_BASE - index
  }

  #freeLargeOf(index: number): void {
    this.#heldBytes -= this.#large[index].length
    this.#large[index] = EMPTY
    this.#freeLarge.push(index)
  }
}
