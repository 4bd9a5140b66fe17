/**
 * The scheduler of the end-to-end benchmark, as `serve` would run it with two routers.
 *
 * Runs on: a process of its own. Invariant: none of its own; it reports the scheduler's counters.
 */
import { Scheduler } from '../src/scheduler.ts'
import { play } from './role.ts'

let scheduler: Scheduler

play({
  start: async ({ url }) => {
    scheduler = new Scheduler({
      nats: { servers: url as string, wildcard: true },
      placement: 'auto',
      routers: 2,
    })
    await scheduler.start()
    return {}
  },
  status: () => {
    const { tasks, placedBy } = scheduler.statusNow()
    return { completed: tasks.completed, lost: tasks.lost, byRouters: placedBy.routers }
  },
})
