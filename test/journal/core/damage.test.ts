/** Journals that were cut or changed: whatever there is can be read, and what is wrong is told. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../../src/errors.ts'
import { isEffect, Kind, kindName } from '../../../src/journal/format.ts'
import { imageOf } from '../../../src/journal/image.ts'
import { Replayer } from '../../../src/journal/replayer.ts'
import { COMMANDS } from '../../policy/commands.ts'
import { type Model, World } from '../../policy/world.ts'
import { Twin } from './support.ts'

/** A short journal of a bit of everything: a chunk for each event, and the state after it. */
function example(): { journal: Uint8Array; chunks: Uint8Array[]; states: Uint8Array[] } {
  const commands = fc.commands(COMMANDS, { maxCommands: 90, size: 'max' })
  const [given] = fc.sample(commands, { seed: 12, numRuns: 1 })
  const model: Model = { tasks: new Map(), ends: new Map() }
  const world = new World()
  const { core } = world.policy
  const twin = new Twin(core)
  const states = [imageOf(core)]
  core.onEvent = () => {
    twin.compare()
    states.push(imageOf(core))
  }
  fc.modelRun(() => ({ model, real: world }), given)
  return { journal: twin.end(), chunks: twin.chunks, states }
}

test('damage: a journal that is cut at any byte is read as far as it is whole', () => {
  const { journal, states } = example()
  let cuts = 0
  for (let length = 0; length <= journal.length; length++) {
    const replayer = new Replayer()
    replayer.push(journal.subarray(0, length), true)
    replayer.finish()
    if (replayer.isCut) cuts++
    if (replayer.head === null || replayer.isEmpty) continue
    const same = Buffer.compare(imageOf(replayer.core), states[replayer.events]) === 0
    if (!same) throw new Error(`cut at ${length}: another state after ${replayer.events} events`)
  }
  expect(states.length).toBeGreaterThan(50)
  expect(cuts).toBeGreaterThan((journal.length * 3) / 4)
}, 300_000)

test('damage: pieces of any size make the same journal', () => {
  const { journal, states } = example()
  for (const size of [1, 3, 4, 64, 1_000]) {
    const replayer = new Replayer()
    for (let from = 0; from < journal.length; from += size) {
      replayer.push(journal.subarray(from, from + size), true)
    }
    replayer.finish()
    expect(replayer.isCut).toBe(false)
    expect(replayer.events).toBe(states.length - 1)
    expect(replayer.end).toBe(replayer.digest())
  }
})

test('damage: a changed word is told, unless it is of what was refused or soon overwritten', () => {
  const { journal, chunks, states } = example()
  const words = new Int32Array(new Uint8Array(journal).buffer)
  const kinds = kindOfEachWord(journal)
  const counts = { told: 0, harmless: 0, overwritten: 0 }
  for (let i = 0; i < words.length; i++) {
    for (const flip of [1, 0x100, -0x80000000]) {
      words[i] ^= flip
      const bytes = new Uint8Array(words.buffer)
      if (isTold(bytes)) counts.told++
      else {
        const said = `word ${i} (${kindName(kinds[i])}) is changed and nobody says so`
        // Effects, images and ends are compared with what happens; events are what happens.
        if (isEffect(kinds[i]) || ALWAYS_TOLD.has(kinds[i])) throw new Error(said)
        if (hasStates(bytes, chunks, states)) counts.harmless++
        else counts.overwritten++
      }
      words[i] ^= flip
    }
  }
  expect(counts.told).toBeGreaterThan(20 * counts.overwritten)
  expect(counts.told).toBeGreaterThan(4 * counts.harmless)
}, 300_000)

const ALWAYS_TOLD = new Set<number>([
  Kind.IMAGE,
  Kind.END,
  Kind.OFFER,
  Kind.BOUNCE,
  Kind.WITHDRAW,
  Kind.SUCCEEDED,
  Kind.TICK,
])

/** By an error, or because the end is not reached. */
function isTold(journal: Uint8Array): boolean {
  const replayer = new Replayer()
  try {
    replayer.push(journal)
    return replayer.end === null
  } catch (error) {
    if (error instanceof SignalboxError) return true
    throw error
  }
}

/** Whether the state is the recorded one after each event. */
function hasStates(bytes: Uint8Array, chunks: Uint8Array[], states: Uint8Array[]): boolean {
  const replayer = new Replayer()
  let from = 0
  return states.every((state, event) => {
    const { length } = chunks[event]
    replayer.push(bytes.subarray(from, from + length))
    from += length
    return Buffer.compare(imageOf(replayer.core), state) === 0
  })
}

function kindOfEachWord(journal: Uint8Array): number[] {
  const view = new DataView(journal.buffer, journal.byteOffset)
  const kinds: number[] = []
  for (let at = 0; at < journal.length; ) {
    const word = view.getUint32(at, true)
    kinds.push(...new Array(word >>> 8).fill(word & 255))
    // How many bytes of a result were kept is taken from there, and compared with nothing.
    if ((word & 255) === Kind.OUTCOME) kinds[kinds.length - 1] = Kind.HEARD
    at += 4 * (word >>> 8)
  }
  return kinds
}

test('damage: what is no journal, or of another version, is refused in one sentence', () => {
  const { journal } = example()
  const read = (bytes: Uint8Array) => () => {
    const replayer = new Replayer()
    replayer.push(bytes)
    return replayer.core
  }
  const changed = (at: number, byte: number) => {
    const copy = new Uint8Array(journal)
    copy[at] = byte
    return copy
  }
  expect(read(Buffer.from('This is a text, and no journal at all.'))).toThrow(/not a journal/)
  expect(read(changed(8, 5))).toThrow(/version 5, known is 6/)
  expect(read(changed(8, 7))).toThrow(/version 7, known is 6/)
  expect(read(changed(4, 0))).toThrow(/not a journal/)
  expect(read(new Uint8Array(0))).toThrow(/no image/)
  expect(read(changed(13, 255))).toThrow(/too short for its bytes/)
})

test('damage: kinds of a later version are passed over', () => {
  const { journal, chunks } = example()
  const unknown = new Uint8Array(Int32Array.of(15 | (3 << 8), 7, 7).buffer)
  const with15 = Buffer.concat([chunks[0], unknown, ...chunks.slice(1)])
  expect(with15.length).toBe(journal.length + 12)
  const replayer = new Replayer()
  replayer.push(with15)
  expect(replayer.end).toBe(replayer.digest())
})
