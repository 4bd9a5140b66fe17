/**
 * What `top` shows: snapshots, the model of a frame, and the numbers that are differences of two. Pure.
 */
import type { LatencyReport, SchedulerStatus } from '../../api.ts'
import type { QueueRow } from '../../promise-views.ts'
import type { AgentView } from '../../task.ts'

export const TOP_SORTS = ['waiting', 'oldest', 'rate', 'name'] as const
export type TopSort = (typeof TOP_SORTS)[number]

/** What one refresh found. */
export interface TopSnapshot {
  /** Monotonic, for rates. */
  atMs: number
  status: SchedulerStatus
  latency: LatencyReport
  queues: QueueRow[]
  agents: AgentView[]
}

export interface TopEvent {
  /** Wall clock. */
  at: number
  kind: string
  message: string
}

export interface TopModel {
  /** Null before the first answer. */
  now: TopSnapshot | null
  /** The one before: rates are differences. */
  before: TopSnapshot | null
  /** Which server is asked, in words. */
  where: string
  /** Why there is nothing newer; null when all is well. */
  problem: string | null
  isPaused: boolean
  sort: TopSort
  /** The newest last. */
  events: readonly TopEvent[]
  /** `12:03:44`. */
  clock: string
  /** Without a terminal there are no keys. */
  hasKeys: boolean
}

export interface TopSize {
  columns: number
  rows: number
}

export function finishedOf({ tasks }: SchedulerStatus): number {
  return tasks.completed + tasks.failed + tasks.cancelled + tasks.dead + tasks.expired
}

/** @returns null without two snapshots of the same scheduler. */
export function perSecond(
  now: TopSnapshot,
  before: TopSnapshot | null,
  read: (snapshot: TopSnapshot) => number | undefined,
): number | null {
  if (before === null || before.status.epoch !== now.status.epoch) return null
  const [a, b] = [read(before), read(now)]
  const spanMs = now.atMs - before.atMs
  if (a === undefined || b === undefined || spanMs <= 0) return null
  return Math.max(0, ((b - a) / spanMs) * 1_000)
}

/** At most six characters: `12,345`, `1.23M`. */
export function short(value: number): string {
  if (value < 100_000) return Math.round(value).toLocaleString('en-US')
  if (value < 1e6) return `${Math.round(value / 1e3)}k`
  if (value < 1e9) return `${threeDigits(value / 1e6)}M`
  return `${threeDigits(value / 1e9)}G`
}

function threeDigits(value: number): string {
  if (value < 9.995) return value.toFixed(2)
  return value.toFixed(value < 99.95 ? 1 : 0)
}
