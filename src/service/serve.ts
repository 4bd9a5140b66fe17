/**
 * `serve`: a scheduler for named queues on somebody's NATS, until it is told to end.
 *
 * Runs in the process of the command. Invariant: it takes tasks of the named queues and no others;
 * told to end it takes no new ones and waits for those it has accepted.
 */

import type { NatsAddress } from '../address/nats-address.ts'
import type { AdoptedAgentOptions, Placement } from '../options.ts'
import { Scheduler, type SchedulerEvent } from '../scheduler.ts'
import type { RoutingChoice } from './routing-environment.ts'

export interface ServeOptions {
  address: NatsAddress
  queues: string[]
  name?: string
  adopt: readonly AdoptedAgentOptions[]
  routers: number
  placement: Placement
  /** File of the journal; none is recorded without. */
  journal?: string
  /** Who chooses the agents. */
  routing?: RoutingChoice
}

export interface ServeReporter {
  ready(facts: { scheduler: string; nats: string; queues: string[]; routers: number }): void
  event(event: SchedulerEvent): void
  draining(openTasks: number): void
}

/** Events that somebody who runs a scheduler wants in the log; the rest is a matter of status. */
const TOLD = /^(nats_|router_|journal_|responder_|strategy_)/

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
  const scheduler = new Scheduler({
    ...options.routing,
    name: options.name,
    strictQueues: true,
    queues: Object.fromEntries(options.queues.map((queue) => [queue, {}])),
    routers: options.routers,
    placement: options.placement,
    journal: options.journal === undefined ? undefined : { file: options.journal },
    nats: { servers, user, password, token, wildcard: false, agents: options.adopt },
  })
  scheduler.onEvent((event) => {
    if (TOLD.test(event.kind)) reporter.event(event)
  })
  await scheduler.start()
  reporter.ready({
    scheduler: scheduler.name,
    nats: scheduler.natsServer,
    queues: options.queues,
    routers: options.routers,
  })
  if (!interrupted.aborted) {
    await new Promise((resolve) => interrupted.addEventListener('abort', resolve, { once: true }))
  }
  const stopped = scheduler.stop({ drain: true })
  reporter.draining(openTasks(scheduler))
  await stopped
  return openTasks(scheduler)
}

function openTasks(scheduler: Scheduler): number {
  const { waiting, offered, bound, running } = scheduler.statusNow().tasks
  return waiting + offered + bound + running
}
