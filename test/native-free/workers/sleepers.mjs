/** A producer hands over one task at a time; routers sleep in between by the protocol. */
import {
  atomics,
  Sleepers,
  TaskRingConsumer,
  TaskRingProducer,
} from '../../../dist/native-free/index.js'
import { control, generationOf, meet, memory, report, role, TAKEN, take } from './common.mjs'

const LOST_MS = 10_000

meet()
if (role.kind === 'producer') produce()
else route()

function produce() {
  const ring = new TaskRingProducer(memory, 0)
  const sleepers = new Sleepers(memory)
  for (let item = 0; item < role.itemCount; item++) {
    if (!ring.push(item, generationOf(item))) throw new Error('the ring is full')
    sleepers.wakeOne()
    // One hand-over at a time: a lost wake-up stops everything at once. Ends: the router counts the
    // task, or the time runs out; a notify that belongs to an earlier task only costs a turn.
    while (atomics.load(control, TAKEN) === item) {
      if (atomics.wait(control, TAKEN, item, LOST_MS) === 'timed-out') {
        throw new Error(`task ${item} was published and nobody woke`)
      }
    }
  }
  for (const router of role.routers) sleepers.requestStop(router)
  report({ sleeps: 0, timeOuts: 0 })
}

function route() {
  const ring = new TaskRingConsumer(memory, 0)
  const sleepers = new Sleepers(memory)
  const into = new Int32Array(32)
  let sleeps = 0
  let timeOuts = 0
  // Ends: on the request to stop, which wakes the router; the test bounds the time.
  while (!sleepers.stopRequested(role.router)) {
    const count = ring.claim(into, 16)
    for (let i = 0; i < count; i++) {
      take(into[2 * i], into[2 * i + 1])
      atomics.add(control, TAKEN, 1)
      atomics.notify(control, TAKEN, 1)
    }
    if (count !== 0) continue
    sleepers.announce(role.router)
    if (ring.size() > 0 || sleepers.stopRequested(role.router)) {
      sleepers.retract(role.router)
      continue
    }
    sleeps++
    const before = Date.now()
    const isLate = sleepers.wait(role.router, LOST_MS) === 'timed-out'
    // A notify of an earlier wake ends a wait early; only a wait to its end is a lost wake-up.
    if (isLate && Date.now() - before >= LOST_MS) timeOuts++
  }
  report({ sleeps, timeOuts })
}
