/** Routers count what they do and how long it took, each in its own words; one reader looks on. */
import {
  LatencyReader,
  LatencyWriter,
  RouterStatusReader,
  RouterStatusWriter,
} from '../../../dist/native-free/index.js'

/** Counts of one thread before the next thread of that router begins. */
const INCARNATION = 1_000
const LOOK = 64

/** `role`: router, count; watcher, after whose word it may stop. */
export function move(scene) {
  const { router, count, watcher } = scene.role
  let status = new RouterStatusWriter(scene.memory, router)
  let incarnation = 0
  scene.meet()
  let n = 0
  while (n < count) {
    if (n % INCARNATION === 0) {
      status = new RouterStatusWriter(scene.memory, router)
      status.begin(++incarnation)
    }
    status.decided()
    status.progress()
    n++
    if (watcher !== undefined && n % LOOK === 0 && scene.areServed([watcher], 1)) break
  }
  scene.finish()
  return { counted: n, seen: [] }
}

/** `role`: routers, share. Sees each router move, and never backwards. */
export function watchMoves(scene) {
  const { routers, share } = scene.role
  const statuses = routers.map((router) => new RouterStatusReader(scene.memory, router))
  const patience = scene.patience('the routers')
  const seen = routers.map(() => 0)
  const last = routers.map(() => 0)
  scene.meet()
  // Ends: when all routers have counted.
  while (!scene.isFinished(routers.length)) {
    for (let n = 0; n < routers.length; n++) {
      const incarnation = statuses[n].incarnation()
      const threadId = statuses[n].threadId()
      if (threadId < incarnation) throw new Error(`thread ${threadId} is no. ${incarnation}`)
      const progress = statuses[n].progress()
      const decisions = statuses[n].decisions()
      if (progress < last[n]) throw new Error(`router ${n} went from ${last[n]} to ${progress}`)
      if (decisions < progress) throw new Error(`${progress} moves for ${decisions} decisions`)
      if (progress > last[n]) seen[n]++
      last[n] = progress
    }
    if (seen.every((times) => times >= share)) scene.served()
    patience.miss()
  }
  return { counted: 0, seen }
}

/** `role`: writer, base, span of its values; count; watcher, after whose word it may stop. */
export function record(scene) {
  const { writer, base, span, count, watcher } = scene.role
  const latency = new LatencyWriter(scene.memory, writer)
  scene.meet()
  let n = 0
  while (n < count) {
    latency.record(0, base + ((n * 37) % span))
    n++
    if (watcher !== undefined && n % LOOK === 0 && scene.areServed([watcher], 1)) break
  }
  scene.finish()
  return { counted: n, seen: [] }
}

/** `role`: writers, ranges of counts and the span of each, share. Sees sums grow, never shrink. */
export function watchSums(scene) {
  const { writers, ranges, span, share } = scene.role
  const latency = new LatencyReader(scene.memory)
  const patience = scene.patience('the writers')
  const counts = new Int32Array(latency.countsLength)
  const seen = new Int32Array(ranges)
  const last = new Int32Array(ranges)
  scene.meet()
  // Ends: when all writers have counted.
  while (!scene.isFinished(writers)) {
    latency.copy(0, counts)
    for (let n = 0; n < ranges; n++) {
      let sum = 0
      for (let i = n * span; i < (n + 1) * span; i++) sum += counts[i]
      if (sum < last[n]) throw new Error(`range ${n} went from ${last[n]} to ${sum}`)
      if (sum > last[n]) seen[n]++
      last[n] = sum
    }
    if (seen.every((times) => times >= share)) scene.served()
    patience.miss()
  }
  return { counted: 0, seen: [...seen] }
}
