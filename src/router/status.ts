/** What a router looks like from outside. Runs on: the front end. */
import type { RouterStatusReader } from '../../native-free/router-status.ts'
import type { RouterState } from './router-thread.ts'

export interface RouterStatus {
  readonly router: number
  readonly alive: boolean
  readonly state: RouterState
  readonly threadId: number
  /** Progress: decisions and turns of the loop, wrapping. */
  readonly turns: number
  readonly decisions: number
  readonly stale: number
  readonly steals: number
  readonly sleeps: number
  readonly restarts: number
}

interface Shown {
  readonly state: RouterState
  readonly status: RouterStatusReader
  readonly restarts: number
}

export function routerStatus({ state, status, restarts }: Shown, router: number): RouterStatus {
  return {
    router,
    alive: state === 'running',
    state,
    threadId: status.threadId(),
    turns: status.progress(),
    decisions: status.decisions(),
    stale: status.staleDropped(),
    steals: status.steals(),
    sleeps: status.sleeps(),
    restarts,
  }
}
