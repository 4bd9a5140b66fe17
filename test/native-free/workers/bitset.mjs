/** One writer adds and removes; readers must always find those who stay. */
import { atomics, Bitset, nextInBoth } from '../../../dist/native-free/index.js'
import { PUBLISHED, SIGNAL, TAKEN } from './scene.mjs'

/** Changes between two looks at what the others do. */
const BATCH = 512

function setsOf({ memory }) {
  const size = memory.shape.agentCountMax
  return {
    set: new Bitset(memory.words, memory.map.agentFree, size),
    other: new Bitset(memory.words, memory.map.candidates, size),
    size,
  }
}

/** Elements in an order that looks random, the same on both sides. */
function shuffled(size) {
  let state = 20_260_101
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 8) % size
  }
}

function toggle(set, i) {
  if (set.has(i)) set.clear(i)
  else set.set(i)
}

/** `role`: rounds, batch. Says after each batch that it is written, and waits until it was read. */
export function write(scene) {
  const { rounds, batch } = scene.role
  const { set, size } = setsOf(scene)
  const random = shuffled(size)
  scene.meet()
  for (let round = 1; round <= rounds; round++) {
    for (let n = 0; n < batch; n++) toggle(set, random())
    atomics.store(scene.control, PUBLISHED, round)
    atomics.notify(scene.control, PUBLISHED, 1)
    // Ends: the reader follows, or the wait throws.
    for (let read = round - 1; read < round; read = atomics.load(scene.control, TAKEN)) {
      scene.waitWhile(TAKEN, read, `the reader of round ${round}`)
    }
  }
  return { passes: 0, missed: 0 }
}

/** `role`: rounds, batch. Compares after each batch all members with those of a plain set. */
export function compare(scene) {
  const { rounds, batch } = scene.role
  const { set, size } = setsOf(scene)
  const random = shuffled(size)
  const twin = new Set()
  let missed = 0
  scene.meet()
  for (let round = 1; round <= rounds; round++) {
    // Ends: the writer follows, or the wait throws.
    for (let now = round - 1; now < round; now = atomics.load(scene.control, PUBLISHED)) {
      scene.waitWhile(PUBLISHED, now, `the writer of round ${round}`)
    }
    for (let n = 0; n < batch; n++) {
      const i = random()
      if (!twin.delete(i)) twin.add(i)
    }
    let found = 0
    // Ends: each step returns a higher index, or -1.
    for (let i = set.next(0); i >= 0; i = set.next(i + 1)) {
      if (twin.has(i)) found++
      else missed++
    }
    missed += twin.size - found
    if (set.count() !== twin.size) missed++
    atomics.store(scene.control, TAKEN, round)
    atomics.notify(scene.control, TAKEN, 1)
  }
  return { passes: rounds, missed }
}

/** `role`: residents, changes; contenders and share, after which it may stop. */
export function comeAndGo(scene) {
  const { residents, changes, contenders, share } = scene.role
  const { set, size } = setsOf(scene)
  const stays = new Set(residents)
  const passers = Int32Array.from({ length: size }, (_, i) => i).filter((i) => !stays.has(i))
  scene.meet()
  let change = 0
  while (change < changes) {
    // A stride without a common factor: all come, and then all go, spread over all words.
    for (let n = 0; n < BATCH && change < changes; n++, change++) {
      toggle(set, passers[(change * 37) % passers.length])
    }
    atomics.store(scene.control, SIGNAL, change)
    if (contenders !== undefined && scene.areServed(contenders, share)) break
  }
  scene.finish()
  return { passes: 0, missed: 0, change }
}

/** `role`: residents. */
export function find(scene) {
  const { residents } = scene.role
  const { set, other, size } = setsOf(scene)
  let passes = 0
  let missed = 0
  scene.meet()
  // Ends: when the writer has made its last change.
  do {
    let found = 0
    let last = -1
    // Ends: each step returns a higher index, or -1.
    for (let i = nextInBoth(set, other, 0); i >= 0; i = nextInBoth(set, other, i + 1)) {
      if (i <= last || i >= size) throw new Error(`${i} came after ${last}`)
      last = i
      found++
    }
    if (found !== residents.length) missed++
    passes++
    scene.served()
  } while (!scene.isFinished())
  return { passes, missed, change: 0 }
}
