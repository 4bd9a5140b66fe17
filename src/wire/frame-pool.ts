/**
 * Buffers that frames are written into, used again and again.
 *
 * Belongs to one connection and is used on its thread.
 *
 * Invariant: a buffer is at one place only: free here, with a writer, or lent to the connection
 * in a finished frame.
 *
 * ```
 *            take                lend
 *   free  ---------->  writer  ---------->  lent
 *    ^ ^                 |                   |
 *    | '---- giveBack ---'                   |
 *    '---------------- reclaim --------------'
 * ```
 *
 * A frame that was published is copied by the connection when it flushes, in a microtask after
 * the publish, and not before; hence `reclaim`, once a turn and before anything is written.
 *
 * Most frames are short and many writers are open at a time (one for each agent and client), so
 * there are three sizes instead of one of 64 KiB: a thousand frames of one item each take 4 MiB.
 */
import { FRAME } from './frame-format.ts'

interface SizeClass {
  readonly bytes: number
  readonly keptMax: number
  readonly free: Buffer[]
}

/** At most 4 MiB of each size is kept. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024
/** Finished frames of one turn whose buffers come back; those beyond are left to the collector. */
const LENT_MAX = 4_096

const sizeClass = (bytes: number): SizeClass => ({
  bytes,
  keptMax: KEPT_BYTES_MAX / bytes,
  free: [],
})

export class FramePool {
  private readonly classes = [sizeClass(4_096), sizeClass(16_384), sizeClass(FRAME.bytesMax)]
  private readonly lent: Buffer[] = []

  /** @returns a buffer of at least so many bytes; what stands in it is of no meaning. */
  take(bytes: number): Buffer {
    for (const size of this.classes) {
      if (bytes <= size.bytes) return size.free.pop() ?? Buffer.allocUnsafeSlow(size.bytes)
    }
    return Buffer.allocUnsafeSlow(bytes)
  }

  /** A buffer that nobody else has seen. One of no class, an oversized item's, is dropped. */
  giveBack(buffer: Buffer): void {
    for (const size of this.classes) {
      if (buffer.length === size.bytes && size.free.length < size.keptMax) size.free.push(buffer)
    }
  }

  /** A buffer in a frame that is being published; comes back with the next `reclaim`. */
  lend(buffer: Buffer): void {
    if (this.lent.length < LENT_MAX) this.lent.push(buffer)
  }

  /** The connection has copied all that was finished so far: its buffers may be written again. */
  reclaim(): void {
    for (const buffer of this.lent) this.giveBack(buffer)
    this.lent.length = 0
  }
}
