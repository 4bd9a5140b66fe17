/**
 * `serve`: a scheduler for named queues on somebody's NATS, until it is told to end.
 *
 * Runs in the process of the command. Invariant: it takes tasks of the configured queues and no others;
 * told to end it takes no new ones and waits for those it has accepted; told to read its configuration
 * again it takes all of it over, or nothing.
 */

import type { NatsAddress } from '../address/nats-address.ts'
import type { Configuration } from '../config/read.ts'
import { ROUTERS_WITH_NATS } from '../config/section-keys.ts'
import type { NatsOptions, SchedulerOptions } from '../options.ts'
import { Scheduler } from '../scheduler.ts'
import { type Reloaded, Reloader, type Reread } from './reload.ts'
import { type WatchOptions, watch } from './watching.ts'

export type ServedOptions = Omit<SchedulerOptions, 'nats'> & { nats: NatsOptions }

export interface ServeOptions {
  address: NatsAddress
  /** Flags and file together. */
  scheduler: ServedOptions
  /** Its log and its HTTP server. */
  watch?: WatchOptions
  /** What it was started with, and how to read it again; without a file there is nothing to read. */
  reload?: {
    configuration: Configuration
    reread: Reread
    /** Calls back whenever it is to be read again. @returns ends that. */
    onSignal(listener: () => void): () => void
  }
}

export interface ServeFacts {
  scheduler: string
  nats: string
  queues: string[]
  routers: number
  /** `http://127.0.0.1:9100`; null without HTTP. */
  http: string | null
}

export interface ServeReporter {
  ready(facts: ServeFacts): void
  draining(openTasks: number): void
  reloaded(result: Reloaded): void
}

/**
 * @param interrupted drains and ends it.
 * @returns how many accepted tasks were still open when the time to drain was up; 0 normally.
 * @throws nats_unreachable, permission_denied, bad_option, bad_token, bad_concurrency, journal_failed
 */
export async function runServe(
  options: ServeOptions,
  reporter: ServeReporter,
  interrupted: AbortSignal,
): Promise<number> {
  const { servers, user, password, token } = options.address
  const { nats, ...own } = options.scheduler
  const scheduler = new Scheduler({ ...own, nats: { ...nats, servers, user, password, token } })
  const watching = await watch(scheduler, options.watch ?? {})
  let stopReloading = () => {}
  try {
    await scheduler.start()
    watching.started()
    if (options.reload !== undefined) {
      const { configuration, reread, onSignal } = options.reload
      const reloader = new Reloader(scheduler, configuration, reread, reporter.reloaded)
      stopReloading = onSignal(() => reloader.request())
    }
    reporter.ready({
      scheduler: scheduler.name,
      nats: scheduler.natsServer,
      queues: Object.keys(own.queues ?? {}),
      routers: own.routers ?? ROUTERS_WITH_NATS,
      http: watching.url,
    })
    return await untilInterrupted(scheduler, reporter, interrupted)
  } finally {
    stopReloading()
    await watching.stop()
  }
}

async function untilInterrupted(
  scheduler: Scheduler,
  reporter: ServeReporter,
  interrupted: AbortSignal,
): Promise<number> {
  if (!interrupted.aborted) {
    await new Promise((resolve) => interrupted.addEventListener('abort', resolve, { once: true }))
  }
  const stopped = scheduler.stop({ drain: true })
  reporter.draining(openTasks(scheduler))
  await stopped
  return openTasks(scheduler)
}

function openTasks(scheduler: Scheduler): number {
  const { waiting, offered, bound, running, scheduled } = scheduler.statusNow().tasks
  return waiting + offered + bound + running + scheduled
}
