/**
 * The dead letters of a scheduler: by name, in the order of their making, the newest last. Main thread.
 *
 * ```
 *   keep ──► kept | file: PATH | moved: QUEUE ──replay──► replayed: ID ──┐
 *                        │                                             ├──► gone
 *                        └──────────── purge, or more than may be ─────┘
 * ```
 *
 * Invariant: letters and their payload bytes stay within the bounds; what goes for the sake of a newer
 * one is counted and told. A payload has one owner: the task, its letter, or nobody.
 *
 * They are no part of the policy core: nothing that it decides depends on them.
 */
import { policyMs } from '../../clock.ts'
import type { DeadLetterKeepOptions, DeadLetterRoute } from '../../options.ts'
import { isFinal, type TaskRecord } from '../../policy/task-record.ts'
import type { EventSink } from '../complete.ts'
import { NO_BYTES_REF, type PayloadArena, REFUSED } from '../payloads.ts'
import { askedFor, DeadLetter } from './letter.ts'
import { LetterFiles } from './letter-files.ts'
import { LetterList, type Stretch } from './letter-list.ts'

export interface DeadLetterOptions {
  /** By name; `keep` for those not named. */
  readonly routes: Readonly<Record<string, DeadLetterRoute>>
  readonly keep: Readonly<DeadLetterKeepOptions>
}

/** Letters of one name. */
interface Named {
  readonly list: LetterList
  /** The newest of each id. */
  readonly byId: Map<string, DeadLetter>
}

/** Overflow is told of at most so often. */
const FULL_EVENT_MS = 1_000

export class DeadLetters {
  #routes: DeadLetterOptions['routes']
  readonly #keep: DeadLetterOptions['keep']
  readonly #strategies: readonly { readonly name: string }[]
  readonly #arena: PayloadArena
  readonly #event: EventSink
  readonly #files: LetterFiles
  readonly #all = new LetterList()
  readonly #named = new Map<string, Named>()
  #nextSerial = 0
  #bytes = 0
  #dropped = 0
  #fullToldMs = Number.NEGATIVE_INFINITY

  /** @param strategies names by index. */
  constructor(
    options: DeadLetterOptions,
    strategies: readonly { readonly name: string }[],
    arena: PayloadArena,
    event: EventSink,
  ) {
    this.#routes = options.routes
    this.#keep = options.keep
    this.#strategies = strategies
    this.#arena = arena
    this.#event = event
    this.#files = new LetterFiles(event)
  }

  /** All that are kept have a lower one. */
  get nextSerial(): number {
    return this.#nextSerial
  }

  /** Of letters that are kept, over all names. */
  get count(): number {
    return this.#all.count
  }

  /** Of their payloads. */
  get bytes(): number {
    return this.#bytes
  }

  /** Letters that went because there were more than may be. */
  get dropped(): number {
    return this.#dropped
  }

  /** Of letters from now on. */
  setRoutes(routes: DeadLetterOptions['routes']): void {
    this.#routes = routes
  }

  countOf(name: string): number {
    return this.#named.get(name)?.list.count ?? 0
  }

  /** Whether letters of this name are kept, or a route names it. */
  knows(name: string): boolean {
    return this.#named.has(name) || Object.hasOwn(this.#routes, name)
  }

  /**
   * Takes a task's payload over, or a copy of it when the task goes on in another queue, which still
   * needs it.
   */
  keep(record: TaskRecord, name: string): void {
    const route = Object.hasOwn(this.#routes, name) ? this.#routes[name] : null
    const isMoved = route?.route === 'queue' && !isFinal(record.state)
    const words = isMoved ? `moved: ${route.queue}` : 'kept'
    const asked = askedFor(record, this.#strategies)
    const letter = new DeadLetter(this.#nextSerial++, record, name, words, asked)
    const { payload, payloadBytes } = record
    if (route?.route === 'file') {
      this.#files.add(letter, route.file, this.#arena.get(payload, payloadBytes))
    }
    this.#takePayload(letter, record)
    this.#add(letter)
    this.#shrink()
  }

  /** @returns the payload as a view, valid until the letter changes; null when it is not kept. */
  payloadOf(letter: DeadLetter): Uint8Array | null {
    return letter.hasPayload ? this.#arena.get(letter.payload, letter.payloadBytes) : null
  }

  /** @returns the newest of that id. */
  find(name: string, id: string): DeadLetter | null {
    return this.#named.get(name)?.byId.get(id) ?? null
  }

  /** @returns as `LetterList.from`. */
  from(name: string, serial: number, until: number, max: number): Stretch {
    return this.#named.get(name)?.list.from(serial, until, max) ?? { letters: [], next: -1 }
  }

  /** @param name of one name; null for all. @returns as `LetterList.before`. */
  before(
    name: string | null,
    serial: number,
    steps: number,
    fits: (letter: DeadLetter) => boolean,
  ): number {
    const list = name === null ? this.#all : this.#named.get(name)?.list
    return list?.before(serial, steps, fits) ?? -1
  }

  /** Somebody else has the payload's memory from now on. @returns its reference. */
  giveUpPayload(letter: DeadLetter): number {
    const { payload } = letter
    if (letter.hasPayload) this.#bytes -= letter.payloadBytes
    letter.payload = NO_BYTES_REF
    letter.hasPayload = false
    return payload
  }

  /** What `giveUpPayload` gave comes back. */
  takeBackPayload(letter: DeadLetter, payload: number): void {
    letter.payload = payload
    letter.hasPayload = true
    this.#bytes += letter.payloadBytes
  }

  replayed(letter: DeadLetter, as: string): void {
    this.#dropPayload(letter)
    letter.route = `replayed: ${as}`
  }

  remove(letter: DeadLetter): void {
    this.#dropPayload(letter)
    letter.isGone = true
    this.#all.lost()
    const named = this.#named.get(letter.name)!
    named.list.lost()
    if (letter.newer !== null) letter.newer.older = letter.older
    else if (letter.older !== null) named.byId.set(letter.id, letter.older)
    else named.byId.delete(letter.id)
    if (letter.older !== null) letter.older.newer = letter.newer
    if (named.list.count === 0) this.#named.delete(letter.name)
  }

  /** Resolves when files have what they are to have. */
  stop(): Promise<void> {
    return this.#files.flush()
  }

  #add(letter: DeadLetter): void {
    this.#all.add(letter)
    let named = this.#named.get(letter.name)
    if (named === undefined) {
      named = { list: new LetterList(), byId: new Map() }
      this.#named.set(letter.name, named)
    }
    named.list.add(letter)
    letter.older = named.byId.get(letter.id) ?? null
    if (letter.older !== null) letter.older.newer = letter
    named.byId.set(letter.id, letter)
  }

  /** One that is larger than all of them may be, or for which there is no memory, is kept without. */
  #takePayload(letter: DeadLetter, record: TaskRecord): void {
    const { payload, payloadBytes } = record
    if (payloadBytes > this.#keep.bytes || this.#keep.count === 0) return
    if (isFinal(record.state)) {
      record.payload = NO_BYTES_REF
      letter.payload = payload
    } else {
      const bytes = this.#arena.bytesOf(payload)
      letter.payload = this.#arena.put(bytes, this.#arena.startOf(payload), payloadBytes)
      if (letter.payload === REFUSED) {
        letter.payload = NO_BYTES_REF
        return
      }
    }
    letter.hasPayload = true
    this.#bytes += payloadBytes
  }

  #dropPayload(letter: DeadLetter): void {
    this.#arena.free(this.giveUpPayload(letter))
  }

  #shrink(): void {
    const { count, bytes } = this.#keep
    const before = this.#dropped
    // Ends: each round removes one of finitely many.
    while (this.#all.count > count || this.#bytes > bytes) {
      this.remove(this.#all.oldest()!)
      this.#dropped++
    }
    if (this.#dropped === before) return
    const nowMs = policyMs()
    if (nowMs - this.#fullToldMs < FULL_EVENT_MS) return
    this.#fullToldMs = nowMs
    const message =
      `More than ${count} dead letters or ${bytes} bytes of payloads: the oldest go, ` +
      `${this.#dropped} so far. Replay or purge some, or raise deadLettersKeep.`
    this.#event('dead_letters_full', { dropped: this.#dropped, kept: this.#all.count, message })
  }
}
