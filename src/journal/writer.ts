/**
 * Writes records and hands them on in chunks. Main thread; allocates for chunks and new strings only.
 *
 * Invariant: a chunk holds whole events, each with all its effects, so whoever has some chunks from
 * the beginning has a journal.
 *
 * ```
 *  name() ──► STRING ─┐
 *  time() ──► TIME   ─┼─► chunk ──► full, at the end of an event ──► sink
 *  event() … endEvent ┘     ▲
 *  effect() … endEffect ────┘ after the event whose effect it is
 * ```
 *
 * Effects come while their event is still being worked on, and the event's answer is known only
 * after them; so they are kept aside and copied behind it.
 */
import { createHash } from 'node:crypto'
import { type JournalHead, Kind, MAGIC, VERSION } from './format.ts'
import { WordBuffer } from './word-buffer.ts'

/** Strings that stand for numbers; beyond either the numbers begin anew. */
const STRINGS_MAX = 65_536
const STRING_UNITS_MAX = 4 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024

export interface JournalWriterOptions {
  /** Gets whole events; the bytes are its own. */
  sink: (bytes: Uint8Array) => void
  /** About how many bytes the sink gets at once; an event that is larger is not divided. */
  chunkBytes?: number
}

export class JournalWriter {
  /** Since HEAD. */
  events = 0
  effects = 0
  private readonly sink: (bytes: Uint8Array) => void
  private readonly chunkWords: number
  private readonly chunk: WordBuffer
  private readonly aside = new WordBuffer(256)
  private readonly numbers = new Map<string, number>()
  private units = 0
  private atMs = -1

  constructor(options: JournalWriterOptions) {
    this.sink = options.sink
    this.chunkWords = Math.max(64, (options.chunkBytes ?? CHUNK_BYTES) >> 2)
    this.chunk = new WordBuffer(this.chunkWords + 256)
  }

  /** Bytes that the sink does not have yet. */
  get pendingBytes(): number {
    return 4 * this.chunk.length
  }

  /** Begins a journal: what stands behind it can be read without what stands before. */
  head(about: JournalHead): void {
    this.events = 0
    this.effects = 0
    this.atMs = -1
    this.forgetStrings()
    const { chunk } = this
    chunk.begin(Kind.HEAD)
    chunk.int(MAGIC)
    chunk.int(VERSION)
    chunk.text(JSON.stringify(about))
    chunk.end()
  }

  /** The core's whole state at this point, in parts that fit into chunks. */
  image(image: Uint8Array): void {
    const partBytes = 4 * this.chunkWords
    const parts = Math.max(1, Math.ceil(image.length / partBytes))
    for (let part = 0; part < parts; part++) {
      const { chunk } = this
      chunk.begin(Kind.IMAGE)
      chunk.int(part)
      chunk.int(parts)
      chunk.copyBytes(image.subarray(part * partBytes, (part + 1) * partBytes))
      chunk.end()
      this.endRecord()
    }
  }

  /** @returns a string's number, written before when it has none yet. Not inside of a record. */
  name(string: string): number {
    if (string === '') return 0
    const known = this.numbers.get(string)
    if (known !== undefined) return known
    const number = this.numbers.size + 1
    this.numbers.set(string, number)
    this.units += string.length
    const { chunk } = this
    chunk.begin(Kind.STRING)
    chunk.int(number)
    chunk.text(string)
    chunk.end()
    return number
  }

  /** The policy's time of the events that follow. Not inside of a record. */
  time(nowMs: number): void {
    if (nowMs === this.atMs) return
    this.atMs = nowMs
    const { chunk } = this
    chunk.begin(Kind.TIME)
    chunk.wide(nowMs)
    chunk.end()
  }

  /** Begins a record that belongs to the event that is to come; the caller writes its fields and ends it. */
  before(kind: Kind): WordBuffer {
    this.chunk.begin(kind)
    return this.chunk
  }

  /** Begins an event; the caller writes its fields and calls `endEvent`. */
  event(kind: Kind): WordBuffer {
    this.chunk.begin(kind)
    return this.chunk
  }

  endEvent(): void {
    const { chunk, aside } = this
    chunk.end()
    this.events++
    if (aside.length > 0) {
      chunk.append(aside)
      aside.length = 0
    }
    if (this.numbers.size >= STRINGS_MAX || this.units >= STRING_UNITS_MAX) this.forgetStrings()
    this.endRecord()
  }

  /** Begins an effect of the event that is to come; the caller writes its fields and ends it. */
  effect(kind: Kind): WordBuffer {
    this.effects++
    this.aside.begin(kind)
    return this.aside
  }

  /** @returns an END record for a journal that ends here, whether or not this one goes on. */
  endOf(image: Uint8Array): Uint8Array {
    const buffer = new WordBuffer(16)
    this.writeEnd(buffer, image)
    return buffer.copy()
  }

  /** Ends the journal and hands on what is left. */
  end(image: Uint8Array): void {
    this.writeEnd(this.chunk, image)
    this.flush()
  }

  /** Hands on what there is. */
  flush(): void {
    const { chunk } = this
    if (chunk.length === 0) return
    // A small part of a chunk is copied: its memory would be held for little.
    if (4 * chunk.length < this.chunkWords) {
      const bytes = chunk.copy()
      chunk.length = 0
      this.sink(bytes)
    } else this.sink(chunk.take(this.chunkWords + 256))
  }

  private endRecord(): void {
    if (this.chunk.length >= this.chunkWords) this.flush()
  }

  private forgetStrings(): void {
    this.numbers.clear()
    this.units = 0
  }

  private writeEnd(buffer: WordBuffer, image: Uint8Array): void {
    buffer.begin(Kind.END)
    const digest = createHash('sha256').update(image).digest()
    for (let i = 0; i < 8; i++) buffer.int(digest.readInt32LE(4 * i))
    buffer.wide(this.events)
    buffer.wide(this.effects)
    buffer.end()
  }
}
