/**
 * Words that grow: where records and images are written. Any thread, one writer.
 *
 * Plain stores into an Int32Array, and a byte view of the same memory for texts; a machine whose
 * words are big-endian is not supported (Node runs on none that matters).
 */
const encoder = new TextEncoder()
const HIGH = 2 ** 32

export class WordBuffer {
  words: Int32Array
  bytes: Uint8Array
  length = 0
  private start = 0

  constructor(capacity: number) {
    this.words = new Int32Array(capacity)
    this.bytes = new Uint8Array(this.words.buffer)
  }

  /** Room for `count` more words. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.words.length) return
    const words = new Int32Array(Math.max(needed, 2 * this.words.length))
    words.set(this.words.subarray(0, this.length))
    this.words = words
    this.bytes = new Uint8Array(words.buffer)
  }

  int(value: number): void {
    if (this.length === this.words.length) this.reserve(1)
    this.words[this.length++] = value
  }

  bool(value: boolean): void {
    this.int(value ? 1 : 0)
  }

  /** @param value a whole number, 0 … 2^53 - 1. */
  wide(value: number): void {
    this.int(value | 0)
    this.int(value > 0x7fff_ffff ? Math.floor(value / HIGH) : 0)
  }

  /** Length in bytes, then UTF-8, padded with zeros; half a surrogate pair becomes U+FFFD. */
  text(text: string): void {
    const { length } = text
    // Three bytes at most for each unit.
    this.reserve(2 + length)
    const from = 4 * (this.length + 1)
    const { bytes } = this
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) break
      bytes[from + i] = unit
    }
    this.pad(from, i === length ? length : encoder.encodeInto(text, bytes.subarray(from)).written)
  }

  copyBytes(source: Uint8Array): void {
    this.reserve(2 + (source.length >> 2))
    const from = 4 * (this.length + 1)
    this.bytes.set(source, from)
    this.pad(from, source.length)
  }

  /** Writes the length before bytes that are there, and makes them whole words. */
  private pad(from: number, byteLength: number): void {
    this.words[this.length] = byteLength
    const end = from + byteLength
    const wordsEnd = (end + 3) >> 2
    for (let i = end; i < 4 * wordsEnd; i++) this.bytes[i] = 0
    this.length = wordsEnd
  }

  /** Begins a record; `end` puts its length into its first word. */
  begin(kind: number): void {
    this.start = this.length
    this.int(kind)
  }

  end(): void {
    this.words[this.start] |= (this.length - this.start) << 8
  }

  append(other: WordBuffer): void {
    const { length, words } = other
    this.reserve(length)
    for (let i = 0; i < length; i++) this.words[this.length + i] = words[i]
    this.length += length
  }

  /** @returns a copy of what was written. */
  copy(): Uint8Array {
    return this.bytes.slice(0, 4 * this.length)
  }

  /** @returns the memory itself; the buffer goes on in another. */
  take(capacity: number): Uint8Array {
    const taken = this.bytes.subarray(0, 4 * this.length)
    this.words = new Int32Array(capacity)
    this.bytes = new Uint8Array(this.words.buffer)
    this.length = 0
    return taken
  }
}
