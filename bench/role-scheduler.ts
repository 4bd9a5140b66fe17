/**
 * The scheduler of the benchmarks over NATS, as `serve` would run it with two routers.
 *
 * Runs on: a process of its own. Invariant: none of its own; it reports the scheduler's counters and
 * what its threads cost.
 */
import { Scheduler } from '../src/scheduler.ts'
import { limitFrames } from './frame-limit.ts'
import { residentBytes } from './resident.ts'
import { play } from './role.ts'
import { Watch } from './watch.ts'

let scheduler: Scheduler
const watch = new Watch()

play({
  start: async ({ url, keepCount, tasksMax, frameItemsMax }) => {
    limitFrames(frameItemsMax)
    await watch.open()
    scheduler = new Scheduler({
      nats: { servers: url as string, wildcard: true },
      placement: 'auto',
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
  resident: residentBytes,
  ...watch.handlers,
})
