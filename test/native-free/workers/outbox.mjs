/** Routers propose, each into its own outbox; the front end reads them in turn. */
import { OutboxConsumer, OutboxProducer } from '../../../dist/native-free/index.js'
import { generationOf } from './scene.mjs'

/** Proposals that the front end reads from one outbox before it goes on to the next. */
const BATCH = 100

/** `role`: router, first and end of its items; and share, after which it may stop. */
export function propose(scene) {
  const { router, first, end, share } = scene.role
  const outbox = new OutboxProducer(scene.memory, router)
  const patience = scene.patience('room in the outbox')
  const start = outbox.producedCount()
  scene.meet()
  let item = first
  while (item < end) {
    if (outbox.push(item, generationOf(item), item & 63, ~item, item ^ 5)) {
      item++
      patience.reset()
    } else patience.miss()
    if (share === undefined || item % 64 !== 0) continue
    // Settled so often, and yet it goes on until all others are.
    if (((outbox.consumedCount() - start) | 0) >= share) scene.served()
    if (scene.areServed(scene.role.contenders, 1)) break
  }
  scene.finish()
  return { produced: item - first, read: 0 }
}

/** `role`: routers, and the first item of each. Every proposal must be whole, and in order. */
export function settle(scene) {
  const { routers, firsts } = scene.role
  const outboxes = routers.map((router) => new OutboxConsumer(scene.memory, router))
  const expected = [...firsts]
  const patience = scene.patience('proposals in the outboxes')
  const into = new Int32Array(5)
  scene.meet()
  let all = 0
  // Ends: after the last push of the last router, when all outboxes are read.
  for (;;) {
    const isLast = scene.isFinished(routers.length)
    let found = 0
    for (let n = 0; n < outboxes.length; n++) {
      const waiting = outboxes[n].size()
      let read = 0
      while (read < BATCH && outboxes[n].next(into)) {
        const item = expected[n]++
        if (into[0] !== item) throw new Error(`item ${into[0]} came instead of ${item}`)
        if (into[2] !== (item & 63) || into[3] !== ~item || into[4] !== (item ^ 5)) {
          throw new Error(`item ${item} is torn`)
        }
        scene.take(item, into[1])
        read++
      }
      outboxes[n].commitReads()
      if (read < Math.min(waiting, BATCH)) {
        throw new Error(`router ${routers[n]} had ${waiting} proposals waiting, ${read} were read`)
      }
      found += read
    }
    all += found
    if (found > 0) patience.reset()
    else if (isLast) return { produced: 0, read: all }
    else patience.miss()
  }
}
