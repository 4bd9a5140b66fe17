/**
 * The last stretch of a ledger, in memory: whole blocks, the oldest go first. The ledger's thread.
 *
 * ```
 *   segment ──full──► segment ──full──► segment        1 MiB each; the oldest one's memory becomes
 *      └─────────── its blocks are forgotten ─────────►   the newest one's
 * ```
 *
 * Invariant: blocks are in the order of the chain, and the segments are never larger than `bytesMax`
 * together, unless the newest block alone is.
 *
 * Not taken: memory of its own for each block. To get that from the system and give it back cost more
 * than the hash.
 */
import { type BlockHeader, readHeader } from './chain.ts'

export interface KeptBlock {
  header: BlockHeader
  bytes: Uint8Array
}

interface Segment {
  bytes: Uint8Array
  used: number
  blocks: KeptBlock[]
}

const SEGMENT_BYTES_MAX = 1024 * 1024
const SEGMENT_BYTES_MIN = 4 * 1024
const SEGMENTS = 16

export class LedgerMemory {
  readonly #bytesMax: number
  readonly #segmentBytes: number
  readonly #segments: Segment[] = []
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    const share = Math.floor(bytesMax / SEGMENTS)
    this.#segmentBytes = Math.min(SEGMENT_BYTES_MAX, Math.max(SEGMENT_BYTES_MIN, share))
  }

  /** Memory of all segments. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param block is copied: its memory is used again. */
  keep(block: Uint8Array): void {
    let segment = this.#segments.at(-1)
    if (segment === undefined || segment.used + block.length > segment.bytes.length) {
      segment = this.#next(block.length)
    }
    const bytes = segment.bytes.subarray(segment.used, segment.used + block.length)
    bytes.set(block)
    // A block begins where words do; all are whole words long.
    segment.used += block.length
    segment.blocks.push({ header: readHeader(bytes)!, bytes })
  }

  /** The oldest first; valid until the next one is kept. */
  blocks(): KeptBlock[] {
    return this.#segments.flatMap(({ blocks }) => blocks)
  }

  #next(blockBytes: number): Segment {
    const size = Math.max(this.#segmentBytes, blockBytes)
    let bytes: Uint8Array | undefined
    // Ends: each round lets a segment go.
    while (this.#segments.length > 0 && this.#bytes + size > this.#bytesMax) {
      const oldest = this.#segments.shift()!
      this.#bytes -= oldest.bytes.length
      if (oldest.bytes.length === size) bytes = oldest.bytes
    }
    const segment = { bytes: bytes ?? new Uint8Array(size), used: 0, blocks: [] }
    this.#segments.push(segment)
    this.#bytes += size
    return segment
  }
}
