/**
 * Reads a journal's records one after the other from bytes that come in any pieces. Any thread.
 *
 * Invariant: a record is given out when all of it is there; what is left in the end is a cut one.
 */
import { SignalboxError } from '../errors.ts'
import { isEffect, isEvent, Kind, kindName, MAGIC, VERSION } from './format.ts'
import { type Field, LAYOUT, proposeFields } from './layout.ts'

/** The bytes are no journal, or are damaged. */
export class JournalBroken extends SignalboxError {
  override readonly name = 'JournalBroken'

  constructor(message: string, options?: { cause?: unknown }) {
    super('bad_journal', message, options)
  }
}

const decoder = new TextDecoder()
const HIGH = 2 ** 32

export class JournalReader {
  /** Of the record that `next` gave out: its kind, and its number, the first being 1. */
  kind = 0
  record = 0
  /** Whole records read of each sort, since HEAD. */
  events = 0
  effects = 0
  /** As the last TIME said. */
  nowMs = 0
  private words = new Int32Array(1024)
  private bytes = new Uint8Array(this.words.buffer)
  /** Bytes that are there; word that is read next; first word behind the record. */
  private filled = 0
  private at = 0
  private end = 0
  private names: string[] = ['']

  /** Takes the next bytes, cut anywhere; they are copied. @throws JournalBroken for other files */
  push(bytes: Uint8Array): void {
    const from = 4 * this.end
    const left = this.filled - from
    if (left + bytes.length > this.bytes.length) {
      const words = new Int32Array(Math.max(2 * this.words.length, (left + bytes.length + 3) >> 2))
      const grown = new Uint8Array(words.buffer)
      grown.set(this.bytes.subarray(from, this.filled))
      this.words = words
      this.bytes = grown
    } else if (from > 0) this.bytes.copyWithin(0, from, this.filled)
    this.bytes.set(bytes, left)
    this.filled = left + bytes.length
    this.at = 0
    this.end = 0
    if (this.record > 0 || this.filled < 8) return
    if ((this.words[0] & 255) === Kind.HEAD && this.words[1] === MAGIC) return
    throw new JournalBroken('This is not a journal: it does not begin as one.')
  }

  /** Bytes behind the last whole record: not 0 at the end of a journal that was cut. */
  get leftBytes(): number {
    return this.filled - 4 * this.end
  }

  /**
   * Goes on to the next whole record. TIME and STRING are taken on the way and given out too.
   * @returns false when there is none (yet).
   * @throws JournalBroken
   */
  next(): boolean {
    const start = this.end
    const there = this.filled >> 2
    if (start >= there) return false
    const words = this.words[start] >>> 8
    if (words === 0) this.broken('has a length of 0 words')
    if (start + words > there) return false
    this.kind = this.words[start] & 255
    this.record++
    this.at = start + 1
    this.end = start + words
    if (isEvent(this.kind)) this.events++
    else if (isEffect(this.kind)) this.effects++
    else this.take()
    return true
  }

  /** The kind of the record behind this one, 0 when it is not there as a whole (yet). */
  peek(): number {
    const there = this.filled >> 2
    if (this.end >= there || this.end + (this.words[this.end] >>> 8) > there) return 0
    return this.words[this.end] & 255
  }

  /**
   * Tells whether `next` may go on to an event: all its effects are there too.
   * @param more bytes will come, and the last effect that is there need not be the last.
   */
  isReady(more: boolean): boolean {
    const there = this.filled >> 2
    if (this.end >= there) return false
    let at = this.end + (this.words[this.end] >>> 8)
    if (!isEvent(this.words[this.end] & 255)) return at <= there
    // Ends: a record has at least one word, or is damaged.
    while (at < there && isEffect(this.words[at] & 255)) at += Math.max(1, this.words[at] >>> 8)
    return at < there || (at === there && !more)
  }

  /** Of the record, not read yet. */
  get leftWords(): number {
    return this.end - this.at
  }

  int(): number {
    if (this.at >= this.end) this.broken('is too short')
    return this.words[this.at++]
  }

  bool(): boolean {
    const value = this.int()
    if (value !== 0 && value !== 1) this.broken(`has ${value} where 0 or 1 must be`)
    return value === 1
  }

  ms(): number {
    const value = this.int()
    return value === -1 ? -1 : value >>> 0
  }

  wide(): number {
    const low = this.int() >>> 0
    return low + this.int() * HIGH
  }

  string(): string {
    const number = this.int()
    const string = this.names[number]
    if (string === undefined) this.broken(`names string ${number}, which there is not`)
    return string
  }

  text(): string {
    return decoder.decode(this.blob())
  }

  /** A view, valid until the next `push`. */
  blob(): Uint8Array {
    const length = this.int() >>> 0
    const from = 4 * this.at
    const words = Math.ceil(length / 4)
    if (this.at + words > this.end) this.broken('is too short for its bytes')
    this.at += words
    for (let i = from + length; i < 4 * this.at; i++) {
      if (this.bytes[i] !== 0) this.broken('has bytes behind its end')
    }
    return this.bytes.subarray(from, from + length)
  }

  /** The fields must have been all. */
  close(): void {
    if (this.at !== this.end) this.broken(`has ${this.end - this.at} words too many`)
  }

  /** @returns the fields by name, for people: slow. The record can be read once. */
  fields(): Record<string, unknown> {
    const name = kindName(this.kind)
    const values: Record<string, unknown> = {}
    if (name === undefined) return values
    for (const field of LAYOUT[name]) values[field[0]] = this.field(field, values)
    if (this.kind === Kind.PROPOSE) {
      const more = proposeFields(values.answer as number)
      for (const field of more) values[field[0]] = this.field(field, values)
    }
    return values
  }

  broken(why: string): never {
    const kind = kindName(this.kind) ?? `kind ${this.kind}`
    throw new JournalBroken(`Record ${this.record} (${kind}) ${why}: the journal is damaged.`)
  }

  private field([, type]: Field, before: Record<string, unknown>): unknown {
    switch (type) {
      case 'int':
        return this.int()
      case 'bool':
        return this.bool()
      case 'ms':
        return this.ms()
      case 'wide':
        return this.wide()
      case 'name':
        return this.string()
      case 'text':
        return this.text()
      case 'bytes':
        return this.blob()
      case 'wides':
        return Array.from({ length: before.count as number }, () => this.wide())
      default:
        return this.digest()
    }
  }

  digest(): string {
    const bytes = new Uint8Array(32)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < 8; i++) view.setInt32(4 * i, this.int(), true)
    return Buffer.from(bytes).toString('hex')
  }

  /** What every reader needs of the records that are neither events nor effects. */
  private take(): void {
    const { at } = this
    if (this.kind === Kind.HEAD) {
      this.events = 0
      this.effects = 0
      this.names = ['']
      if (this.int() !== MAGIC) this.broken('is not the head of a journal')
      const version = this.int()
      if (version !== VERSION) this.broken(`has version ${version}, known is ${VERSION}`)
    } else if (this.kind === Kind.TIME) {
      this.nowMs = this.wide()
      this.close()
    } else if (this.kind === Kind.STRING) {
      const number = this.int()
      if (number < 1 || number > this.names.length) this.broken(`numbers a string ${number}`)
      this.names[number] = this.text()
      this.close()
    }
    this.at = at
  }
}
