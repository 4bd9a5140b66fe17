/** A producer hands tasks over through a ring; routers sleep in between by the protocol. */
import {
  atomics,
  EMPTY,
  Sleepers,
  TaskRingConsumer,
  TaskRingProducer,
} from '../../../dist/native-free/index.js'
import { generationOf, PUBLISHED, SIGNAL, TAKEN } from './scene.mjs'

/** A producer whose task nobody took in this time has lost a wake-up. */
const LOST_MS = 10_000
/** Longer, so that a router that is not woken does not help itself before that is noticed. */
const SLEEP_MS = 20_000

/** `role`: burst, tasks at most that are handed over at once; routers. */
export function handOver(scene) {
  const { burst, routers } = scene.role
  const ring = new TaskRingProducer(scene.memory, 0)
  const sleepers = new Sleepers(scene.memory)
  scene.meet()
  for (let item = 0; item < scene.itemCount; ) {
    // Bursts of all lengths: a surplus is what routers wake each other for.
    const end = Math.min(item + 1 + ((item * 7) % burst), scene.itemCount)
    for (; item < end; item++) {
      if (!ring.write(item, generationOf(item))) throw new Error('the ring is full')
    }
    // Written before the ring's tail, so that whoever takes the last task sees it.
    atomics.store(scene.control, PUBLISHED, end)
    ring.publish()
    sleepers.wakeOne()
    waitUntilTaken(scene, end)
  }
  for (const router of routers) sleepers.requestStop(router)
  return { sleeps: 0, timeOuts: 0, woken: 0 }
}

/** `role`: rounds, routers. As many tasks at once as routers, each of which keeps its router. */
export function handOverRounds(scene) {
  const { rounds, routers } = scene.role
  const ring = new TaskRingProducer(scene.memory, 0)
  const sleepers = new Sleepers(scene.memory)
  scene.meet()
  for (let round = 0, item = 0; round < rounds; round++) {
    atomics.store(scene.control, PUBLISHED, item + routers.length)
    for (let n = 0; n < routers.length; n++, item++) {
      if (!ring.push(item, generationOf(item))) throw new Error('the ring is full')
      sleepers.wakeOne()
    }
    waitUntilTaken(scene, item)
    atomics.store(scene.control, SIGNAL, round + 1)
    atomics.notify(scene.control, SIGNAL, routers.length)
  }
  for (const router of routers) sleepers.requestStop(router)
  return { sleeps: 0, timeOuts: 0, woken: 0 }
}

/** A lost wake-up stops everything at once. Ends: the last task is counted, or time runs out. */
function waitUntilTaken({ control }, end) {
  for (
    let taken = atomics.load(control, TAKEN);
    taken !== end;
    taken = atomics.load(control, TAKEN)
  ) {
    if (atomics.wait(control, TAKEN, taken, LOST_MS) === 'timed-out') {
      const left = end - atomics.load(control, TAKEN)
      if (left > 0) throw new Error(`${left} tasks before ${end} were published and nobody woke`)
    }
  }
}

/** `role`: router, max; and isKept, when a task keeps its router until its round is over. */
export function route(scene) {
  const { router, max, isKept } = scene.role
  const { control } = scene
  const ring = new TaskRingConsumer(scene.memory, 0)
  const sleepers = new Sleepers(scene.memory)
  const into = new Int32Array(2 * max)
  let sleeps = 0
  let timeOuts = 0
  let woken = 0
  scene.meet()
  // Ends: on the request to stop, which wakes the router.
  while (!sleepers.stopRequested(router)) {
    const count = ring.claim(into, max)
    if (count > 0) {
      // A surplus wakes the next; so one wake a burst is enough.
      if (ring.size() > 0) sleepers.wakeOne()
      for (let i = 0; i < count; i++) scene.take(into[2 * i], into[2 * i + 1])
      const round = atomics.load(control, SIGNAL)
      const taken = atomics.add(control, TAKEN, count) + count
      if (taken === atomics.load(control, PUBLISHED)) atomics.notify(control, TAKEN, 1)
      if (isKept) scene.waitWhile(SIGNAL, round, 'the other routers of this round')
    }
    if (count !== EMPTY) continue
    sleepers.announce(router)
    if (ring.size() > 0 || sleepers.stopRequested(router)) {
      sleepers.retract(router)
      continue
    }
    sleeps++
    const before = Date.now()
    if (sleepers.wait(router, SLEEP_MS) === 'woken') woken++
    // A notify of an earlier wake ends a wait early; only a wait to its end is a lost wake-up.
    else if (Date.now() - before >= SLEEP_MS) timeOuts++
  }
  return { sleeps, timeOuts, woken }
}
