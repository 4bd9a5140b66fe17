/**
 * A core's whole state as bytes; `restore.ts` makes a core of them. Main thread.
 *
 * Invariant: two cores that will do the same whatever comes have equal images, and a restored core's
 * image is the one that it was restored from.
 *
 * ```
 *  ┌ magic, words, checksum ┬ shared columns ┬ fields of the core ┬ shared objects ┐
 *  │ 3 words                │ runs of words  │ values             │ each its fields│
 *  └────────────────────────┴────────────────┴────────────────────┴────────────────┘
 * ```
 *
 * A generic walk over what really is there. A value is a word of tag (4 bits) and number (28 bits),
 * and what the tag asks for. Shared objects are numbered as they are met and their fields written
 * after the core's, in that order: so a list of a million records costs no depth. Maps and sets keep
 * their order, because whoever goes through them in it decides by it.
 *
 * Not taken: a writer and a reader by hand for each class: a field that somebody adds would be
 * forgotten silently.
 */
import { createHash } from 'node:crypto'
import { FixedDeque } from 'mnemonist'
import { policyRanges, type SharedMemory } from '../../native-free/index.ts'
import type { PolicyOptions, PolicyState } from '../policy/state.ts'
import { CORE_OMITTED, STATE_CLASSES } from './state-classes.ts'
import { WordBuffer } from './word-buffer.ts'

/** "SBI1". */
export const IMAGE_MAGIC = 0x31494253
export const IMAGE_HEAD_WORDS = 3

/** Tags of values; n is the number in the same word. */
export const UNDEFINED = 0 // n in a row
export const NULL = 1 // n in a row
export const BOOL = 2 // n is 0 or 1
export const BYTES = 3 // n bytes, padded to words
export const SMALL = 4 // n itself, signed
export const INT = 5 // the next word
export const DOUBLE = 6 // the next two words
export const STRING = 7 // a text
export const KNOWN = 8 // shared object number n
export const NEW = 9 // the next shared object, of class n
export const OWNED = 10 // an object of class n: its fields
export const ARRAY = 11 // n values
export const MAP = 12 // n pairs
export const SET = 13 // n values
export const PLAIN = 14 // the values of names list n, which follows where it is new: number, texts
export const DEQUE = 15 // n words

/** Below this length words are not worth a run. */
const RUN_MIN = 4
const SMALL_MAX = 2 ** 27
const BUFFER_WORDS = 16 * 1024
const BUFFER_WORDS_KEPT = 2 ** 20

/** A core whose shared memory is at hand. */
export interface Imaged extends PolicyState {
  readonly memory: SharedMemory
}

type Fields = Readonly<Record<string, unknown>>

const DEQUE_CLASS = -1
const numberOf = new Map<unknown, number>(
  STATE_CLASSES.map(({ type }, number): [unknown, number] => [type, number]),
)
numberOf.set(FixedDeque, DEQUE_CLASS)
const isShared = STATE_CLASSES.map(({ shared }) => shared)
const NO_OPTIONS = { epoch: 0, keep: { count: 0, ageSeconds: 0, bytes: 0 } } as PolicyOptions

/** Which of an object's fields are state, in the order in which its constructor makes them. */
export type FieldMask = readonly boolean[]

export function maskOf(object: object, omitted: Readonly<Record<string, string>>): FieldMask {
  return Object.keys(object).map((field) => !Object.hasOwn(omitted, field))
}

/** By class number. */
export const MASKS: readonly FieldMask[] = STATE_CLASSES.map(({ blank, omitted }) =>
  maskOf(blank(NO_OPTIONS), omitted),
)

let maskOfCore: FieldMask | null = null
const out = new WordBuffer(BUFFER_WORDS)
const numbers = new Map<object, number>()
const bodies: object[] = []
/** Lists of names of plain objects, in the order in which they were met. */
const shapes = new Map<string, number>()
const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)

/** Every bit of a core's state that decides what it will do next. *Cost* linear in the state. */
export function imageOf(core: Imaged): Uint8Array {
  forget()
  out.length = IMAGE_HEAD_WORDS
  writeColumns(core)
  maskOfCore ??= maskOf(core, CORE_OMITTED)
  writeFields(core as unknown as Fields, maskOfCore)
  // Ends: each object is met once.
  for (let i = 0; i < bodies.length; i++) {
    const body = bodies[i]
    writeFields(body as Fields, MASKS[numberOf.get(body.constructor)!])
  }
  forget()
  out.words[0] = IMAGE_MAGIC
  out.words[1] = out.length
  out.words[2] = checksum(out.words, IMAGE_HEAD_WORDS, out.length)
  // The memory of a large image is not held for the next.
  return out.length > BUFFER_WORDS_KEPT ? out.take(BUFFER_WORDS) : out.copy()
}

/** Nothing of one image is held for the next. */
function forget(): void {
  numbers.clear()
  bodies.length = 0
  shapes.clear()
}

/** @returns SHA-256, hexadecimal. */
export function digestOf(image: Uint8Array): string {
  return createHash('sha256').update(image).digest('hex')
}

/** FNV-1a over words. */
export function checksum(words: Int32Array, from: number, end: number): number {
  let sum = 0x811c9dc5 | 0
  for (let i = from; i < end; i++) sum = Math.imul(sum ^ words[i], 0x01000193)
  return sum
}

function writeColumns(core: Imaged): void {
  const { memory, classes } = core
  const matchRowCount = core.matchRows.size + 1
  out.int(classes.length)
  out.int(matchRowCount)
  for (const [from, end] of policyRanges(memory, classes.length, matchRowCount)) {
    writeWords(memory.words, from, end)
  }
}

/** As runs: a number of words, then one word that stands for all (odd) or each of them (even). */
function writeWords(words: Int32Array, from: number, end: number): void {
  let at = from
  while (at < end) {
    const literals = at
    let run = 1
    // Looks for the next run; what stands before it is written as it is.
    while (at < end) {
      const value = words[at]
      let next = at + 1
      while (next < end && words[next] === value) next++
      run = next - at
      if (run >= RUN_MIN) break
      at = next
    }
    if (at > literals) {
      out.int((at - literals) << 1)
      out.reserve(at - literals)
      for (let i = literals; i < at; i++) out.words[out.length++] = words[i]
    }
    if (at === end) return
    out.int((run << 1) | 1)
    out.int(words[at])
    at += run
  }
}

/**
 * `for in`, because V8 then reads fields by their place in the object instead of by name: that is
 * twice as fast as a loop over the names of many classes.
 */
function writeFields(object: Fields, mask: FieldMask): void {
  let i = 0
  for (const field in object) if (isState(mask, i++, field)) writeValue(object[field])
}

/** @throws Error for a field that no constructor made: it could be forgotten. */
export function isState(mask: FieldMask, place: number, field: string): boolean {
  if (place < mask.length) return mask[place]
  throw new Error(`image: field "${field}" was added to an object after it was made`)
}

function writeValue(value: unknown): void {
  switch (typeof value) {
    case 'number':
      writeNumber(value)
      return
    case 'string':
      out.int(STRING)
      out.text(value)
      return
    case 'boolean':
      out.int(((value ? 1 : 0) << 4) | BOOL)
      return
    case 'object':
      if (value === null) out.int((1 << 4) | NULL)
      else writeObject(value)
      return
    case 'undefined':
      out.int((1 << 4) | UNDEFINED)
      return
    default:
      throw new Error(`image: a ${typeof value} is no state`)
  }
}

function writeNumber(value: number): void {
  const int = value | 0
  if (int !== value) {
    out.int(DOUBLE)
    double[0] = value
    out.int(halves[0])
    out.int(halves[1])
  } else if (int >= -SMALL_MAX && int < SMALL_MAX) out.int((int << 4) | SMALL)
  else {
    out.int(INT)
    out.int(int)
  }
}

function writeObject(value: object): void {
  const type = value.constructor
  if (type === Array) {
    writeArray(value as unknown[])
    return
  }
  const number = numberOf.get(type)
  if (number === undefined) writeContainer(value)
  else if (number === DEQUE_CLASS) writeDeque(value as FixedDeque<number>)
  else if (isShared[number]) {
    const known = numbers.get(value)
    if (known !== undefined) {
      out.int((known << 4) | KNOWN)
      return
    }
    numbers.set(value, bodies.length)
    bodies.push(value)
    out.int((number << 4) | NEW)
  } else {
    out.int((number << 4) | OWNED)
    writeFields(value as Fields, MASKS[number])
  }
}

function writeContainer(value: object): void {
  if (value instanceof Map) {
    out.int((value.size << 4) | MAP)
    for (const [key, one] of value) {
      writeValue(key)
      writeValue(one)
    }
  } else if (value instanceof Set) {
    out.int((value.size << 4) | SET)
    for (const one of value) writeValue(one)
  } else if (value instanceof Uint8Array) {
    out.int((value.length << 4) | BYTES)
    out.copyBytes(value)
  } else if (value.constructor === Object) {
    writePlain(value as Fields)
  } else throw new Error(`image: ${value.constructor.name} is not in the list of state’s classes`)
}

/** In the order of the names: nobody decides by another, and what was read of a text may have one. */
function writePlain(value: Fields): void {
  const names = Object.keys(value).sort()
  const shape = names.join('\n')
  const known = shapes.get(shape)
  out.int(((known ?? shapes.size) << 4) | PLAIN)
  if (known === undefined) {
    shapes.set(shape, shapes.size)
    out.int(names.length)
    for (const name of names) out.text(name)
  }
  for (const name of names) writeValue(value[name])
}

/** Rows of null or undefined take one word: places that are free are most of some arrays. */
function writeArray(array: readonly unknown[]): void {
  const { length } = array
  out.int((length << 4) | ARRAY)
  for (let i = 0; i < length; i++) {
    const value = array[i]
    if (value !== null && value !== undefined) {
      writeValue(value)
      continue
    }
    let next = i + 1
    while (next < length && array[next] === value) next++
    out.int(((next - i) << 4) | (value === null ? NULL : UNDEFINED))
    i = next - 1
  }
}

/** From first to last; where in its ring they lie decides nothing. */
function writeDeque(deque: FixedDeque<number>): void {
  const { size } = deque
  out.int((size << 4) | DEQUE)
  for (let i = 0; i < size; i++) out.int(deque.get(i)!)
}
