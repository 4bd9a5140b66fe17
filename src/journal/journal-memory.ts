/**
 * The last stretch of a journal, kept in memory within a bound.
 *
 * Runs on the front end's thread. Invariant: both halves together never exceed `bytesMax`, and each
 * begins with HEAD and IMAGE, so that what is left can be replayed whenever the older one has gone.
 *
 *   write ──► newer ── full ──► the owner begins a half ──► older := newer, newer := empty
 *
 * A half can begin only between two events of the core, but it becomes full in the middle of one. So
 * the owner is asked, and until it does what it was asked, the newer half grows past its size at the
 * older one's cost.
 */
export interface JournalMemoryOptions {
  bytesMax: number
  /** Asks the owner for `beginHalf` and a new HEAD and IMAGE, after the present event. */
  onFull(): void
  /** Told once why nothing more is taken; never from within `write`. */
  onStopped(reason: string): void
}

class Half {
  readonly chunks: Uint8Array[] = []
  bytes = 0
}

export class JournalMemory {
  readonly #options: JournalMemoryOptions
  readonly #halfBytes: number
  #older: Half | null = null
  #newer = new Half()
  #isAsked = false
  #stopped = false

  constructor(options: JournalMemoryOptions) {
    this.#options = options
    this.#halfBytes = Math.floor(options.bytesMax / 2)
  }

  get bytes(): number {
    return this.#newer.bytes + (this.#older?.bytes ?? 0)
  }

  /** Takes a chunk of whole events, and its memory with it. @returns false when it was not taken. */
  write(bytes: Uint8Array): boolean {
    if (this.#stopped) return false
    const { bytesMax } = this.#options
    // What counts is the memory that a chunk holds, not only what stands in it.
    const held = bytes.buffer.byteLength
    if (this.bytes + held > bytesMax) this.#older = null
    if (this.bytes + held > bytesMax) {
      this.#stop(`${bytesMax} bytes of memory do not hold it`)
      return false
    }
    this.#newer.chunks.push(bytes)
    this.#newer.bytes += held
    if (this.#newer.bytes + held > this.#halfBytes && !this.#isAsked) {
      this.#isAsked = true
      this.#options.onFull()
    }
    return true
  }

  /** What is written next begins with HEAD. */
  beginHalf(): void {
    this.#older = this.#newer
    this.#newer = new Half()
    this.#isAsked = false
  }

  /**
   * HEAD and IMAGE of a half are written. When they alone fill it, another half would have to follow
   * at once, and so on: then recording stops.
   */
  checkImage(): void {
    if (!this.#isAsked) return
    const { bytesMax } = this.#options
    const size = this.#newer.bytes
    this.#stop(`the state alone takes ${size} bytes, and half of ${bytesMax} is what it may have`)
  }

  /** The chunks of both halves, oldest first, as they are now. */
  chunks(): Uint8Array[] {
    return [...(this.#older?.chunks ?? []), ...this.#newer.chunks]
  }

  #stop(reason: string): void {
    if (this.#stopped) return
    this.#stopped = true
    queueMicrotask(() => this.#options.onStopped(reason))
  }
}
