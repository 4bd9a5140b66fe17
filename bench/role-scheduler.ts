/**
 * The scheduler of the benchmarks over NATS, as `serve` would run it with two routers.
 *
 * Runs on: a process of its own. Invariant: none of its own; it reports the scheduler's counters and
 * what its threads cost.
 */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { Placement } from '../src/options.ts'
import { Scheduler } from '../src/scheduler.ts'
import { limitFrames } from './frame-limit.ts'
import { residentBytes } from './resident.ts'
import { play } from './role.ts'
import { Watch } from './watch.ts'

let scheduler: Scheduler
let before: Histogram
const watch = new Watch()

play({
  start: async ({ url, keepCount, tasksMax, frameItemsMax, placement }) => {
    limitFrames(frameItemsMax)
    await watch.open()
    scheduler = new Scheduler({
      nats: { servers: url as string, wildcard: true },
      placement: (placement ?? 'auto') as Placement,
      routers: 2,
      ...(keepCount === undefined ? {} : { keep: { count: keepCount as number } }),
      ...(tasksMax === undefined ? {} : { queueDefaults: { tasksMax: tasksMax as number } }),
    })
    await scheduler.start()
    watch.started('routers')
    return {}
  },
  status: () => {
    const { tasks, placedBy } = scheduler.statusNow()
    const { completed, waiting, lost } = tasks
    return { completed, waiting, lost, byRouters: placedBy.routers }
  },
  /** Around a part of the load: received → delivered of that part alone. */
  beginLatency: async () => {
    before = await delivered()
    return {}
  },
  endLatency: async ({ tasks }) => {
    const after = await delivered()
    after.subtract(before)
    if (after.totalCount !== tasks) throw new Error(`${after.totalCount} latencies of ${tasks}`)
    return { p50Us: after.getValueAtPercentile(50) }
  },
  resident: residentBytes,
  ...watch.handlers,
})

async function delivered(): Promise<Histogram> {
  return decodeFromCompressedBase64((await scheduler.latency()).total.encoded)
}
