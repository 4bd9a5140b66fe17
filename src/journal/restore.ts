/**
 * Makes a core of an image. Main thread.
 *
 * Invariant: `imageOf(restore(image, …))` is `image`, byte for byte.
 *
 * Objects are made by their own constructors and then filled, so that they have the shape of all
 * others; shared ones are made when they are first named and filled in the order of their names.
 */
import { FixedDeque } from 'mnemonist'
import { MATCH_ROW_COUNT_MAX, policyRanges, type SharedMemory } from '../../native-free/index.ts'
import type { PolicyEffects, PolicyOptions } from '../policy/core.ts'
import type { JournalAbout } from './about.ts'
import * as image from './image.ts'
import { JournalBroken } from './reader.ts'
import { RecordedCore } from './recorder.ts'
import { CORE_OMITTED, STATE_CLASSES } from './state-classes.ts'

type Filled = Record<string, unknown>

/**
 * @param memory fresh, with as many slots, agents and classes as the one that the image is of.
 * @throws JournalBroken when the image is damaged, or of another size.
 */
export function restore(
  bytes: Uint8Array,
  memory: SharedMemory,
  options: PolicyOptions,
  effects: PolicyEffects,
  about?: JournalAbout,
): RecordedCore {
  const reader = new ImageReader(bytes, options)
  const classCount = reader.int()
  const matchRowCount = reader.int()
  if (classCount < 0 || classCount > memory.shape.classCountMax) throw wrongSize()
  if (matchRowCount < 1 || matchRowCount > MATCH_ROW_COUNT_MAX) throw wrongSize()
  // First the core, since a new one writes into its memory.
  const core = new RecordedCore(memory, options, effects, about)
  for (const [from, end] of policyRanges(memory, classCount, matchRowCount)) {
    reader.columns(memory.words, from, end)
  }
  reader.fields(core as unknown as Filled, image.maskOf(core, CORE_OMITTED))
  reader.bodies()
  return core
}

class ImageReader {
  private readonly words: Int32Array
  private readonly bytes: Uint8Array
  private readonly options: PolicyOptions
  private at = image.IMAGE_HEAD_WORDS
  /** Names of plain objects. */
  private readonly shapes: string[][] = []
  private readonly shared: { object: Filled; number: number }[] = []

  constructor(bytes: Uint8Array, options: PolicyOptions) {
    // A copy stands at a whole word, wherever the bytes came from.
    this.bytes = new Uint8Array(bytes)
    this.words = new Int32Array(this.bytes.buffer, 0, bytes.length >> 2)
    this.options = options
    const { words } = this
    const isWhole =
      words.length > image.IMAGE_HEAD_WORDS &&
      words[0] === image.IMAGE_MAGIC &&
      words[1] * 4 === bytes.length &&
      words[2] === image.checksum(words, image.IMAGE_HEAD_WORDS, words.length)
    if (!isWhole) throw new JournalBroken('The image of the core’s state is damaged.')
  }

  int(): number {
    return this.words[this.at++]
  }

  columns(into: Int32Array, from: number, end: number): void {
    let at = from
    while (at < end) {
      const head = this.int()
      const count = head >>> 1
      if (count === 0 || at + count > end) throw wrongSize()
      if (head & 1) into.fill(this.int(), at, at + count)
      else for (let i = 0; i < count; i++) into[at + i] = this.int()
      at += count
    }
  }

  fields(object: Filled, mask: image.FieldMask): void {
    let i = 0
    for (const field in object) if (image.isState(mask, i++, field)) object[field] = this.value()
  }

  /** Fills the shared objects; each may name further ones. */
  bodies(): void {
    for (let i = 0; i < this.shared.length; i++) {
      const { object, number } = this.shared[i]
      this.fields(object, image.MASKS[number])
    }
  }

  private value(): unknown {
    const word = this.int()
    const n = word >>> 4
    switch (word & 15) {
      case image.UNDEFINED:
        return undefined
      case image.NULL:
        return null
      case image.BOOL:
        return n === 1
      case image.BYTES:
        return this.blob()
      case image.SMALL:
        return word >> 4
      case image.INT:
        return this.int()
      case image.DOUBLE:
        return this.double()
      case image.STRING:
        return this.text()
      case image.KNOWN:
        return this.shared[n].object
      case image.NEW:
        return this.made(n)
      case image.OWNED: {
        const object = STATE_CLASSES[n].blank(this.options) as Filled
        this.fields(object, image.MASKS[n])
        return object
      }
      case image.ARRAY:
        return this.array(n)
      case image.MAP:
        return this.map(n)
      case image.SET: {
        const set = new Set()
        for (let i = 0; i < n; i++) set.add(this.value())
        return set
      }
      case image.PLAIN:
        return this.plain(n)
      default:
        return this.deque(n)
    }
  }

  private double(): number {
    const halves = new Int32Array([this.int(), this.int()])
    return new Float64Array(halves.buffer)[0]
  }

  private text(): string {
    return new TextDecoder().decode(this.raw())
  }

  private blob(): Uint8Array {
    return this.raw().slice()
  }

  private raw(): Uint8Array {
    const length = this.int()
    const from = 4 * this.at
    this.at += (length + 3) >> 2
    return this.bytes.subarray(from, from + length)
  }

  private made(number: number): object {
    const object = STATE_CLASSES[number].blank(this.options) as Filled
    this.shared.push({ object, number })
    return object
  }

  private map(size: number): Map<unknown, unknown> {
    const map = new Map()
    for (let i = 0; i < size; i++) {
      const key = this.value()
      map.set(key, this.value())
    }
    return map
  }

  private plain(shape: number): Filled {
    if (shape === this.shapes.length) {
      this.shapes.push(Array.from({ length: this.int() }, () => this.text()))
    }
    const object: Filled = {}
    for (const name of this.shapes[shape]) object[name] = this.value()
    return object
  }

  private array(length: number): unknown[] {
    const array: unknown[] = []
    while (array.length < length) {
      const tag = this.words[this.at] & 15
      const value = tag <= image.NULL ? this.words[this.at] >>> 4 : 0
      if (tag > image.NULL) array.push(this.value())
      else {
        this.at++
        for (let i = 0; i < value; i++) array.push(tag === image.NULL ? null : undefined)
      }
    }
    return array
  }

  private deque(size: number): FixedDeque<number> {
    const { slots } = this.options
    const deque = new FixedDeque<number>(Int32Array as unknown as ArrayConstructor, slots)
    for (let i = 0; i < size; i++) deque.push(this.int())
    return deque
  }
}

function wrongSize(): JournalBroken {
  return new JournalBroken('The image is of a memory of another size.')
}
