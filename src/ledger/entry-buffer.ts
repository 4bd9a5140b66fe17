/**
 * Where entries are written: chunks of bytes that are handed over whole, come back and are used again.
 * The front end's thread.
 *
 * ```
 *   free ──take──► open ──full, old, or asked for──► handed over ──thread is done──► free
 *     └── none left: entries are counted as lost, and the next chunk begins with their number
 * ```
 *
 * Invariant: every entry is in exactly one chunk, in order, or counted in the `GAP` that stands where
 * it would have; times within a chunk never go back.
 *
 * A chunk is a block's room already: header, body, and space for its hash, so nothing is copied here.
 */
import {
  BLOCK_ENTRIES,
  CHUNK_BYTES,
  Entry,
  HASH_BYTES,
  HEADER,
  HEADER_BYTES,
  MAGIC,
  VERSION,
} from './format.ts'

export interface SealedChunk {
  /** Header, body and room for the hash; `bytes` of it are used, the hash's room not counted. */
  buffer: ArrayBuffer
  bytes: number
  entries: number
  /** Entries that were lost before it. */
  lost: number
}

const HEADER_WORDS = HEADER_BYTES >> 2
/** An entry and all definitions that it may need: 4 times 63 words at most. */
const ROOM_WORDS = 256
const FULL_WORDS = ((CHUNK_BYTES - HASH_BYTES) >> 2) - ROOM_WORDS
/** Length of a buffer without a chunk: beyond every bound, so the usual check finds it. */
const NO_CHUNK = 2 ** 30
/** What an entry's time has room for, ms. */
const AGE_MS_MAX = 0xffff
/** Chunks that wait to be used again; what a burst leaves beyond is given back to the collector. */
const FREE_MAX = 4
/** Below every number of a task by more than 31 bits: the first one of a chunk is always defined. */
const NO_BASE = -(2 ** 31)
/** The front end's clock and the wall's are taken for one while they drift by no more, ms. */
const DRIFT_MS_MAX = 10

const NOTHING = new Int32Array(0)
const NO_BYTES = new Uint8Array(0)
const encoder = new TextEncoder()
export const TEXT_BYTES_MAX = 200

export class EntryBuffer {
  /** Since the start; lost ones not counted. */
  entries = 0
  lostEntries = 0
  protected words: Int32Array = NOTHING
  protected bytes: Uint8Array = NO_BYTES
  /** Words in use, the header's among them. */
  protected length = NO_CHUNK
  /** Of the entry that is being written: its time, in place. */
  protected stamp = 0
  /** Chunks so far: what was defined in an earlier one is not defined. */
  protected chunkNumber = 0
  private readonly sink: (chunk: SealedChunk) => void
  private readonly epoch: number
  private readonly wallMs: () => number
  private readonly chunksMax: number
  private chunks = 0
  private readonly free: ArrayBuffer[] = []
  private baseMs = 0
  private ageMs = 0
  /** Wall clock less policy time. */
  private offsetMs = Number.NaN
  private entriesBefore = 0
  private lostBefore = 0
  private lostTold = 0
  private seqBase = NO_BASE
  private seqFirst = -1
  private seqLast = -1
  private readonly texts = new Map<string, number>()

  /**
   * @param chunksMax how many there may be, handed over ones included.
   * @param wallMs the wall's clock.
   */
  constructor(
    sink: (chunk: SealedChunk) => void,
    epoch: number,
    chunksMax: number,
    wallMs: () => number,
  ) {
    this.sink = sink
    this.wallMs = wallMs
    this.epoch = epoch
    this.chunksMax = chunksMax
  }

  /** Whether something was written that was not handed over. */
  get isOpen(): boolean {
    return this.length !== NO_CHUNK && this.entries > this.entriesBefore
  }

  /** A chunk that the thread is done with. */
  giveBack(buffer: ArrayBuffer): void {
    if (this.free.length < FREE_MAX) this.free.push(buffer)
    else this.chunks--
  }

  /** A chunk that never comes back. */
  forgetChunk(): void {
    this.chunks--
  }

  /** Hands over what was written so far. */
  handOver(): void {
    if (!this.isOpen) return
    const { words, length } = this
    this.seal()
    const bytes = 4 * length
    this.length = NO_CHUNK
    this.words = NOTHING
    this.bytes = NO_BYTES
    const entries = this.entries - this.entriesBefore
    const lost = this.lostBefore
    this.entriesBefore = this.entries
    this.sink({ buffer: words.buffer as ArrayBuffer, bytes, entries, lost })
  }

  /**
   * Begins an entry: there is room for it, and its time is in `stamp`.
   * @returns false when it is lost.
   */
  protected begin(nowMs: number): boolean {
    const age = nowMs - this.baseMs
    if (this.length > FULL_WORDS || age > AGE_MS_MAX) return this.turnOver(nowMs)
    if (age > this.ageMs) {
      this.ageMs = age
      this.stamp = age << 16
    }
    this.entries++
    return true
  }

  /** @returns what stands for a task's number in this chunk. */
  protected task(seq: number): number {
    let delta = seq - this.seqBase
    if (delta !== (delta | 0)) {
      this.tasksFrom(seq)
      delta = 0
    }
    this.seqLast = seq
    return delta
  }

  /** @returns a text's number in this chunk, written before when it has none; 0 for no text. */
  protected text(text: string): number {
    if (text === '') return 0
    const known = this.texts.get(text)
    if (known !== undefined) return known
    const number = this.texts.size + 1
    this.texts.set(text, number)
    const start = this.length
    this.words[start + 1] = number
    this.define(Entry.TEXT, start, this.writeText(text, start + 2))
    return number
  }

  /** @returns the word behind it. At most 200 bytes of it are written. */
  protected writeText(text: string, at: number): number {
    const from = 4 * (at + 1)
    const { bytes } = this
    const length = Math.min(text.length, TEXT_BYTES_MAX)
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) break
      bytes[from + i] = unit
    }
    let byteLength = length
    if (i < length) {
      byteLength = encoder.encodeInto(text, bytes.subarray(from, from + TEXT_BYTES_MAX)).written
    }
    this.words[at] = byteLength
    const end = from + byteLength
    const behind = (end + 3) >> 2
    for (let pad = end; pad < 4 * behind; pad++) bytes[pad] = 0
    return behind
  }

  /** Ends a definition, which is no entry. */
  protected define(kind: number, start: number, behind: number): void {
    this.words[start] = kind | ((behind - start) << 6) | this.stamp
    this.length = behind
  }

  /** Once a chunk; a new one begins with nothing defined. */
  protected forgetDefinitions(): void {
    this.texts.clear()
  }

  private turnOver(nowMs: number): boolean {
    this.handOver()
    // A chunk in which nothing was written is taken again.
    const buffer = (this.length === NO_CHUNK ? undefined : this.words.buffer) ?? this.take()
    if (buffer === undefined) {
      this.lostEntries++
      return false
    }
    this.openChunk(buffer as ArrayBuffer, nowMs)
    this.entries++
    return true
  }

  private take(): ArrayBuffer | undefined {
    const free = this.free.pop()
    if (free !== undefined || this.chunks >= this.chunksMax) return free
    this.chunks++
    return new ArrayBuffer(CHUNK_BYTES)
  }

  private openChunk(buffer: ArrayBuffer, nowMs: number): void {
    this.words = new Int32Array(buffer)
    this.bytes = new Uint8Array(buffer)
    this.length = HEADER_WORDS
    this.chunkNumber++
    // Also from chunk to chunk times never go back.
    this.baseMs = Math.max(nowMs, this.baseMs + this.ageMs)
    this.ageMs = 0
    this.stamp = 0
    this.seqBase = NO_BASE
    this.seqFirst = -1
    this.seqLast = -1
    this.forgetDefinitions()
    const offsetMs = this.wallMs() - this.baseMs
    const isKept = Math.abs(offsetMs - this.offsetMs) <= DRIFT_MS_MAX
    if (!isKept) this.offsetMs = offsetMs
    this.lostBefore = this.lostEntries - this.lostTold
    this.lostTold = this.lostEntries
    if (this.lostBefore > 0) this.writeWide(Entry.GAP, this.lostBefore)
  }

  private tasksFrom(seq: number): void {
    this.seqBase = seq
    if (this.seqFirst < 0) this.seqFirst = seq
    this.writeWide(Entry.TASKS_FROM, seq)
  }

  private writeWide(kind: number, value: number): void {
    const start = this.length
    setWide(this.words, start + 1, value)
    this.define(kind, start, start + 3)
  }

  /** All that is known of the block before it has its place in the chain. */
  private seal(): void {
    const { words, offsetMs, baseMs } = this
    words.fill(0, 0, HEADER_WORDS)
    words[HEADER.magic] = MAGIC
    words[HEADER.kind] = (VERSION << 8) | BLOCK_ENTRIES
    words[HEADER.bodyBytes] = 4 * (this.length - HEADER_WORDS)
    words[HEADER.entries] = this.entries - this.entriesBefore
    setWide(words, HEADER.fromMs_F64, offsetMs + baseMs)
    setWide(words, HEADER.toMs_F64, offsetMs + baseMs + this.ageMs)
    setWide(words, HEADER.seqFirst_F64, this.seqFirst)
    setWide(words, HEADER.seqLast_F64, this.seqLast)
    setWide(words, HEADER.epoch_F64, this.epoch)
    setWide(words, HEADER.lost_F64, this.lostBefore)
  }
}

const wide = new Float64Array(1)
const wideWords = new Int32Array(wide.buffer)

/** A number of 64 bits in two words; rare, so no view of its own. */
export function setWide(words: Int32Array, at: number, value: number): void {
  wide[0] = value
  words[at] = wideWords[0]
  words[at + 1] = wideWords[1]
}

export function wideAt(words: Int32Array, at: number): number {
  wideWords[0] = words[at]
  wideWords[1] = words[at + 1]
  return wide[0]
}
