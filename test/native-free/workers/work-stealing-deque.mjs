/** Owners push and pop, thieves steal; routers do both; an owner may die and be replaced. */
import {
  atomics,
  CLAIM_MAX,
  DequeOwner,
  DequeThief,
  LINE_WORDS,
  stealHalf,
} from '../../../dist/native-free/index.js'
import { generationOf } from './scene.mjs'

const OWNED = 0

/** `role`: pops, whether the owner takes what it can; contenders, until each got its share. */
export function own(scene) {
  const { pops, contenders, share } = scene.role
  const deque = new DequeOwner(scene.memory, OWNED)
  const patience = scene.patience('room in the deque')
  const into = new Int32Array(2)
  let item = 0
  let taken = 0
  const pop = () => {
    if (!deque.pop(into)) return false
    scene.take(into[0], into[1])
    taken++
    return true
  }
  scene.meet()
  while (item < scene.itemCount) {
    let pushed = 0
    while (pushed < CLAIM_MAX && item < scene.itemCount && deque.push(item, generationOf(item))) {
      item++
      pushed++
    }
    // Every other batch is popped to the last entry: that is where owner and thieves meet.
    const most = !pops ? 0 : item % 2 === 0 ? CLAIM_MAX : 3
    for (let n = 0; n < most && pop(); n++) pushed++
    if (pushed > 0) patience.reset()
    else patience.miss()
    if (contenders !== undefined && taken >= share && scene.areServed(contenders, share)) break
  }
  // Ends: nothing is pushed any more.
  while (pops && pop());
  scene.finish()
  return { produced: item, taken, dropped: 0, deaths: 0 }
}

/** The owner dies after each batch, now and then in the middle of a pop. */
export function ownAndDie(scene) {
  const into = new Int32Array(2)
  let taken = 0
  let dropped = 0
  let deaths = 0
  scene.meet()
  for (let item = 0; item < scene.itemCount; ) {
    const deque = new DequeOwner(scene.memory, OWNED)
    for (let n = 0; n < CLAIM_MAX && item < scene.itemCount; n++) {
      if (!deque.push(item, generationOf(item))) throw new Error('a recovered deque was not empty')
      item++
    }
    for (let n = 0; n < item % 17 && deque.pop(into); n++) {
      scene.take(into[0], into[1])
      taken++
    }
    if (item % 3 === 0) {
      // As a pop that stopped for ever after its first step.
      atomics.sub(scene.memory.words, scene.memory.map.dequeBottoms + OWNED * LINE_WORDS, 1)
      deaths++
    }
    dropped += new DequeOwner(scene.memory, OWNED).recover()
  }
  scene.finish()
  return { produced: scene.itemCount, taken, dropped, deaths }
}

/** `role`: isAlone, when every entry must come, oldest first. */
export function steal(scene) {
  const { isAlone } = scene.role
  const deque = new DequeThief(scene.memory, OWNED)
  const patience = scene.patience('entries in the deque')
  const into = new Int32Array(2 * CLAIM_MAX)
  const scratch = new Int32Array(2)
  let taken = 0
  let last = -1
  scene.meet()
  // Ends: after the owner's last push, when the deque is empty.
  for (;;) {
    const isLast = scene.isFinished()
    const count = stealHalf(deque, into, scratch)
    for (let i = 0; i < count; i++) {
      const item = into[2 * i]
      if (isAlone ? item !== last + 1 : item <= last) {
        throw new Error(`item ${item} came after ${last}`)
      }
      last = item
      scene.take(item, into[2 * i + 1])
    }
    taken += count
    if (count > 0) {
      scene.served()
      patience.reset()
    } else if (isLast && deque.size() === 0) return { produced: 0, taken, dropped: 0, deaths: 0 }
    else patience.miss()
  }
}

/** `role`: router, first and end of its own items, routers. Pops its own, steals when it has none. */
export function ownAndSteal(scene) {
  const { router, first, end, routers } = scene.role
  const deque = new DequeOwner(scene.memory, router)
  const victims = routers
    .filter((other) => other !== router)
    .map((other) => new DequeThief(scene.memory, other))
  const patience = scene.patience('the other routers')
  const into = new Int32Array(2 * CLAIM_MAX)
  const scratch = new Int32Array(2)
  let item = first
  let taken = 0
  let stolen = 0
  let isFinished = false
  scene.meet()
  // Ends: when no router has items left, neither to push nor in its deque.
  for (;;) {
    const isLast = scene.isFinished(routers.length)
    for (let n = 0; n < CLAIM_MAX && item < end; n++) {
      if (!deque.push(item, generationOf(item))) break
      item++
    }
    if (item === end && !isFinished) {
      isFinished = true
      scene.finish()
    }
    let found = 0
    // Ends: each round takes an entry, and only this router pushes.
    while (deque.pop(scratch)) {
      scene.take(scratch[0], scratch[1])
      found++
    }
    taken += found
    if (item < end) continue
    for (let n = 0; n < victims.length && found === 0; n++) {
      found = stealHalf(victims[(router + n) % victims.length], into, scratch)
      for (let i = 0; i < found; i++) {
        if (!deque.push(into[2 * i], into[2 * i + 1])) throw new Error('an empty deque was full')
      }
      stolen += found
    }
    if (found > 0) patience.reset()
    else if (isLast && victims.every((victim) => victim.size() === 0)) return { taken, stolen }
    else patience.miss()
  }
}
