/**
 * Builds a core from a journal and runs it again, event by event. Any thread.
 *
 * Invariant: after each event the core is in the state in which the recorded one was, or there has
 * been a `JournalMismatch`: every answer and every effect is compared with what the journal says.
 *
 * Two things are taken from the journal instead of compared: how many bytes of a result the front end
 * kept, and what an agent said of its progress, which is nothing to the policy.
 */
import { createMemory } from '../../native-free/index.ts'
import { SignalboxError } from '../errors.ts'
import type { PolicyEffects, PolicyOptions } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { differenceOf } from './difference.ts'
import { EffectComparer } from './effect-comparer.ts'
import { applyEvent } from './events.ts'
import { isEffect, isEvent, type JournalHead, Kind, kindName } from './format.ts'
import { nodeTold, type ToldNode } from './graph-events.ts'
import { digestOf, imageOf } from './image.ts'
import { JournalBroken, JournalReader } from './reader.ts'
import type { RecordedCore } from './recorder.ts'
import { restore } from './restore.ts'

/** What happened again is not what the journal says. */
export class JournalMismatch extends SignalboxError {
  override readonly name = 'JournalMismatch'
  /** Number of the record, the first being 1; and of the event. */
  readonly record: number
  readonly event: number

  constructor(record: number, event: number, message: string, cause?: unknown) {
    super('journal_mismatch', message, { cause })
    this.record = record
    this.event = event
  }
}

export class Replayer {
  readonly reader = new JournalReader()
  /** Accepted and not forgotten, by `seq`. */
  readonly tasks = new Map<number, TaskRecord>()
  /** In all, over HEADs. */
  events = 0
  effects = 0
  /** Tasks of the graph that the next event is about. */
  readonly nodes: ToldNode[] = []
  head: JournalHead | null = null
  /** The digest in END, once it has been seen and was right. */
  end: string | null = null
  /** The journal stops in the middle of a record or of an event. */
  isCut = false
  private rebuilt: RecordedCore | null = null
  private readonly comparer: EffectComparer
  private parts: Uint8Array[] = []
  private isFinishing = false

  /** @param told is told of each effect again, after it was compared. */
  constructor(told?: PolicyEffects) {
    this.comparer = new EffectComparer(this, told)
  }

  /** @throws JournalBroken before the first image was read. */
  get core(): RecordedCore {
    if (this.rebuilt === null) throw new JournalBroken('The journal has no image of the state.')
    return this.rebuilt
  }

  /** No image was read yet. */
  get isEmpty(): boolean {
    return this.rebuilt === null
  }

  /** SHA-256 of the state now, hexadecimal. */
  digest(): string {
    return digestOf(imageOf(this.core))
  }

  /**
   * Takes the next bytes and does what they say.
   * @param more the bytes are cut anywhere, as a file is read: an event waits until it is sure that
   *   all its effects are there; call `finish` in the end. Without it, bytes end with a whole event,
   *   as what a writer hands on does.
   * @throws JournalMismatch, JournalBroken
   */
  push(bytes: Uint8Array, more = false): void {
    this.reader.push(bytes)
    this.run(more)
  }

  /** The journal has ended, perhaps cut: does what is left, as far as it goes. */
  finish(): void {
    this.isFinishing = true
    this.run(false)
    if (this.reader.leftBytes > 0 || this.nodes.length > 0) this.isCut = true
  }

  private run(more: boolean): void {
    const { reader } = this
    while (reader.isReady(more) || (this.isFinishing && reader.peek() !== 0)) {
      if (!reader.next()) return
      if (isEvent(reader.kind)) this.apply()
      else if (isEffect(reader.kind)) this.mismatch('the effect', 'none', kindName(reader.kind))
      else if (reader.kind === Kind.NODE) this.nodes.push(nodeTold(this))
      else if (reader.kind === Kind.HEAD) this.takeHead()
      else if (reader.kind === Kind.IMAGE) this.takeImage()
      else if (reader.kind === Kind.END) this.takeEnd()
    }
  }

  private apply(): void {
    const { reader, core } = this
    this.events++
    try {
      applyEvent(this, core)
    } catch (error) {
      if (error instanceof JournalMismatch || error instanceof JournalBroken) throw error
      const what = error instanceof Error ? error.message : String(error)
      throw this.difference(`the event cannot have happened: ${what}`, error)
    }
    if (!this.isCut && isEffect(reader.peek())) {
      this.mismatch('the effect', kindName(reader.peek()), 'none')
    }
  }

  /** Compares a field. @throws JournalMismatch */
  same(field: string, expected: unknown, found: unknown): void {
    if (expected !== found) this.mismatch(field, shown(expected), shown(found))
  }

  mismatch(field: string, expected: unknown, found: unknown): never {
    throw this.difference(`${field}: expected ${expected}, found ${found}`)
  }

  private difference(what: string, cause?: unknown): JournalMismatch {
    const { record, kind } = this.reader
    const name = kindName(kind) ?? `kind ${kind}`
    const message = `Record ${record} (${name}), event ${this.events}: ${what}.`
    return new JournalMismatch(record, this.events, message, cause)
  }

  /** Goes on to the effect that must come now. @returns false when the journal was cut before it. */
  expect(kind: Kind): boolean {
    const { reader } = this
    const next = reader.peek()
    if (next === 0 && this.isFinishing) this.isCut = true
    if (this.isCut) return false
    if (next !== kind) {
      this.mismatch('the effect', isEffect(next) ? kindName(next) : 'none', kindName(kind))
    }
    reader.next()
    this.effects++
    return true
  }

  /** A HEAD in the middle begins the other half of a journal that was kept in memory. */
  private takeHead(): void {
    const { reader } = this
    reader.int()
    reader.int()
    const about = reader.text()
    reader.close()
    let head: JournalHead
    try {
      head = JSON.parse(about) as JournalHead
    } catch (error) {
      throw new JournalBroken('The head of the journal is damaged.', { cause: error })
    }
    if (this.head !== null) this.same('epoch', this.head.epoch, head.epoch)
    this.head = head
  }

  private takeImage(): void {
    const { reader } = this
    const part = reader.int()
    const parts = reader.int()
    const isNext = part === this.parts.length && part < parts
    if (!isNext) reader.broken('is not the part that comes next')
    this.parts.push(reader.blob().slice())
    reader.close()
    if (part < parts - 1) return
    const image = Buffer.concat(this.parts)
    this.parts = []
    if (this.rebuilt === null) {
      this.rebuilt = this.built(image)
      for (const record of this.core.index.records()) {
        this.tasks.set(record.seq, record)
      }
    } else if (!image.equals(imageOf(this.rebuilt))) {
      const where = differenceOf(this.built(image), this.rebuilt)
      throw this.difference(`the state, ${where ?? 'in the order of its parts'}`)
    }
  }

  /** HEAD is believed as far as it agrees with the image, whose checksum must be right. */
  private built(image: Uint8Array): RecordedCore {
    try {
      return this.build(image)
    } catch (error) {
      if (error instanceof JournalBroken) throw error
      throw new JournalBroken('The head of the journal describes no scheduler.', { cause: error })
    }
  }

  private build(image: Uint8Array): RecordedCore {
    const { name, startedAt, strategies, counterStart, shape, policy } = this.head!
    const options = {
      ...(policy as unknown as PolicyOptions),
      // Infinity is null in JSON.
      routersOnlyFrom: (policy.routersOnlyFrom as number | null) ?? Number.POSITIVE_INFINITY,
      strategyIndex: (strategy: string) => strategies.indexOf(strategy),
    }
    const { slotCount, agentCountMax, classCountMax } = shape
    if (
      options.slots > slotCount ||
      options.agentsMax > agentCountMax ||
      options.classesMax > classCountMax
    ) {
      throw new RangeError('more slots, agents or classes than the memory has room for')
    }
    // What only routers and latencies need is left out.
    const small = { routerCount: 0, ringCapacity: 2, publishMax: 1, latencyStageCount: 0 }
    const memory = createMemory({ slotCount, agentCountMax, classCountMax, ...small }, counterStart)
    const about = { name, startedAt, strategies, counterStart }
    return restore(image, memory, options, this.comparer, about)
  }

  private takeEnd(): void {
    const { reader } = this
    const digest = reader.digest()
    this.same('events', reader.wide(), reader.events)
    this.same('effects', reader.wide(), reader.effects)
    reader.close()
    this.same('digest', digest, this.digest())
    this.end = digest
  }
}

/** What the empty text means is left to the field: no error, no code. */
function shown(value: unknown): unknown {
  return value === '' ? 'none' : value
}
