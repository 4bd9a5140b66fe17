/**
 * What looks at a running scheduler from outside: its log and its HTTP server. Main thread.
 *
 * Invariant: it begins before the scheduler does, so that a probe hears that it is starting, and ends
 * after it, so that one hears that it is draining.
 */
import type { LogOptions } from '../config/service-options.ts'
import type { Scheduler, SchedulerEvent } from '../scheduler.ts'
import { version } from '../version.ts'
import type { HttpAddress } from './http/guard.ts'

export interface WatchOptions {
  /** None without. */
  http?: HttpAddress
  /** Asked of every request; needed where others than this machine can ask. */
  httpToken?: string
  log?: LogOptions
}

export interface Watching {
  /** `http://127.0.0.1:9100`; null without. */
  readonly url: string | null
  /** What was told until now is logged; when a start fails it is not, for its error says it once. */
  started(): void
  stop(): Promise<void>
}

/** @throws bad_option when the address cannot be had, or needs a token. */
export async function watch(
  scheduler: Scheduler,
  { http, httpToken, log }: WatchOptions,
): Promise<Watching> {
  const stops: (() => unknown)[] = []
  let started = () => {}
  if (log !== undefined) {
    const { Log } = await import('./log.ts')
    const logged = new Log(log)
    const early: SchedulerEvent[] = []
    const tell = (event: SchedulerEvent) => logged.event(scheduler.name, event)
    let take = (event: SchedulerEvent): unknown => early.push(event)
    started = () => {
      take = tell
      for (const event of early.splice(0)) tell(event)
    }
    stops.push(scheduler.onEvent((event) => take(event)))
    stops.push(() => logged.end())
  }
  let url: string | null = null
  if (http !== undefined) {
    const [{ HttpServer }, { schedulerRoutes }, { Api }] = await Promise.all([
      import('./http/server.ts'),
      import('./http/routes.ts'),
      import('./http/api/api.ts'),
    ])
    const { routes, stop } = schedulerRoutes(scheduler, version())
    stops.push(stop)
    const api = new Api(scheduler, version())
    const server = new HttpServer(http, routes, { token: httpToken, api })
    url = await server.start()
    stops.unshift(() => server.stop())
  }
  return {
    url,
    started: () => started(),
    stop: async () => {
      for (const stop of stops) await stop()
    },
  }
}
