/**
 * `dev`: everything on one machine, with a job that shows what it does.
 *
 * Runs in the process of the command, which hosts the scheduler. Invariant: when `runDev` has
 * settled, nothing that it started is left; when the process is killed instead, the children and the
 * nats-server's guardian notice and end themselves.
 *
 *   STARTING ──► JOB ──► SUMMARY ──► STAYING ──► stopped
 *      │          │                     │ only if asked to
 *      └──────────┴── interrupted ──────┴──────► stopped
 *
 * It prints nothing: whoever runs it is told through a `DevReporter`.
 */

import { stat } from 'node:fs/promises'
import { announceDev, readDevState } from '../address/dev-state.ts'
import type { LatencyReport, SchedulerStatus } from '../api.ts'
import { nowMs } from '../clock.ts'
import { type Fleet, type FleetOptions, startFleet } from './dev-fleet.ts'
import type { LoadCounts } from './load.ts'
import { type Watching, type WatchOptions, watch } from './watching.ts'

const PROGRESS_MS = 100
const LATENCY_MS = 500
const RATE_WINDOW_MS = 1_000

export interface DevOptions extends FleetOptions {
  /** Tasks of the job; 0 for none. */
  tasks: number
  /** Goes on serving after the job, until it is interrupted. */
  stay: boolean
  /** Its HTTP server. */
  watch?: WatchOptions
}

export interface DevStarted {
  url: string | null
  /** `http://127.0.0.1:43121`; null without HTTP. */
  http: string | null
  scheduler: string
  routers: number
  placement: string
  agents: number
  tasks: number
}

export interface DevProgress {
  done: number
  total: number
  tasksPerSecond: number
  latency: LatencyReport | null
}

export interface DevSummary {
  tasks: number
  accepted: number
  completed: number
  failed: number
  /** Accepted without an outcome, and sent without an answer, whichever is more. */
  lost: number
  /** Answers that were not their task's. */
  wrong: number
  failedByCode: Record<string, number>
  elapsedMs: number
  tasksPerSecond: number
  placedBy: SchedulerStatus['placedBy']
  attempts: SchedulerStatus['attempts']
  tasksPerAgent: Record<string, number>
  latency: LatencyReport
  interrupted: boolean
}

export interface DevReporter {
  say(sentence: string): void
  started(facts: DevStarted): void
  progress(progress: DevProgress): void
  finished(summary: DevSummary): void
  staying(url: string | null): void
  /** The journal is complete. */
  recorded(journal: DevRecorded): void
}

export interface DevRecorded {
  file: string
  bytes: number
}

/**
 * @param interrupted ends the job, or the staying, in order.
 * @returns the job's summary; null when there was no job or it had not begun.
 * @throws SignalboxError when something does not start or the load generator fails.
 */
export async function runDev(
  options: DevOptions,
  reporter: DevReporter,
  interrupted: AbortSignal,
): Promise<DevSummary | null> {
  const aborted = whenAborted(interrupted)
  const starting = startFleet(options, reporter.say)
  const fleet = await Promise.race([starting, aborted.then(() => null)])
  if (fleet === null) {
    starting.then(
      (late) => late.stop(),
      () => {},
    )
    return null
  }
  const takeBack = announce(fleet, reporter)
  const toldEnd = tellOfJournal(fleet, options.journal, reporter)
  let watching: Watching | undefined
  try {
    watching = await watch(fleet.scheduler, options.watch ?? {})
    watching.started()
    reporter.started(startedFacts(fleet, options, watching.url))
    const summary =
      options.tasks === 0 || interrupted.aborted
        ? null
        : await runJob(fleet, options.tasks, reporter, interrupted)
    if (summary !== null) reporter.finished(summary)
    if (options.stay && !interrupted.aborted) {
      reporter.staying(fleet.url)
      const stopTelling = fleet.scheduler.onEvent(({ kind }) => {
        if (kind === 'nats_disconnected') reporter.say('The connection to the NATS server is lost.')
      })
      await aborted
      stopTelling()
    }
    return summary
  } finally {
    takeBack()
    await fleet.stop()
    await watching?.stop()
    await toldEnd()
  }
}

/** Tells when the journal stops by itself. @returns tells of it once it is complete. */
function tellOfJournal(
  { scheduler }: Fleet,
  file: string | undefined,
  reporter: DevReporter,
): () => Promise<void> {
  if (file === undefined) return async () => {}
  const stopped = (reason: unknown) =>
    reporter.say(`The journal ${file} was stopped: ${reason}. Everything else goes on.`)
  if (scheduler.journal?.stoppedBecause) stopped(scheduler.journal.stoppedBecause)
  scheduler.onEvent(({ kind, detail }) => {
    if (kind === 'journal_stopped') stopped(detail.reason)
  })
  return async () => {
    if (scheduler.journal?.stoppedBecause === null) {
      reporter.recorded({ file, bytes: (await stat(file)).size })
    }
  }
}

/** Leaves the address where commands find it; the process's end takes it back in any case. */
function announce(fleet: Fleet, reporter: DevReporter): () => void {
  if (fleet.url === null) return () => {}
  const other = readDevState()
  if (other !== undefined) {
    reporter.say(
      `Another dev runs (process ${other.pid}, ${other.url}): commands now reach this one; ` +
        `give --nats ${other.url} for the other.`,
    )
  }
  let takeBack: () => void
  try {
    takeBack = announceDev(fleet.url)
  } catch (error) {
    reporter.say(
      `The address cannot be left for other commands (${(error as Error).message}): ` +
        `give them --nats ${fleet.url}.`,
    )
    return () => {}
  }
  process.on('exit', takeBack)
  return () => {
    process.off('exit', takeBack)
    takeBack()
  }
}

function startedFacts(
  { scheduler, url }: Fleet,
  options: DevOptions,
  http: string | null,
): DevStarted {
  const status = scheduler.statusNow()
  return {
    url,
    http,
    scheduler: status.scheduler,
    routers: status.routers.length,
    placement: status.placement,
    agents: status.agents.online,
    tasks: options.tasks,
  }
}

async function runJob(
  fleet: Fleet,
  tasks: number,
  reporter: DevReporter,
  interrupted: AbortSignal,
): Promise<DevSummary> {
  const { scheduler } = fleet
  const startedAtMs = nowMs()
  const job = await fleet.startJob(tasks)
  const rate = new RecentRate()
  let latency: LatencyReport | null = null
  const latencyTimer = setInterval(async () => {
    latency = await scheduler.latency().catch(() => latency)
  }, LATENCY_MS)
  const timer = setInterval(() => {
    const done = settled(job.counts())
    reporter.progress({ done, total: tasks, tasksPerSecond: rate.at(nowMs(), done), latency })
  }, PROGRESS_MS)
  try {
    const counts = await Promise.race([job.done, whenAborted(interrupted).then(() => null)])
    return await summarise(scheduler, tasks, counts ?? job.counts(), {
      interrupted: counts === null,
      elapsedMs: counts?.elapsedMs || nowMs() - startedAtMs,
    })
  } finally {
    clearInterval(timer)
    clearInterval(latencyTimer)
  }
}

async function summarise(
  scheduler: Fleet['scheduler'],
  tasks: number,
  counts: LoadCounts,
  { interrupted, elapsedMs }: { interrupted: boolean; elapsedMs: number },
): Promise<DevSummary> {
  const status = scheduler.statusNow()
  const unanswered = interrupted ? 0 : counts.inFlight
  return {
    tasks,
    accepted: status.tasks.accepted,
    completed: counts.completed,
    failed: counts.failedTotal + counts.wrong,
    lost: Math.max(Math.abs(status.tasks.lost), unanswered),
    wrong: counts.wrong,
    failedByCode: counts.failed,
    elapsedMs,
    tasksPerSecond: elapsedMs > 0 ? (counts.completed / elapsedMs) * 1000 : 0,
    placedBy: status.placedBy,
    attempts: status.attempts,
    tasksPerAgent: status.tasksPerAgent,
    latency: await scheduler.latency(),
    interrupted,
  }
}

function settled({ completed, wrong, failedTotal }: LoadCounts): number {
  return completed + wrong + failedTotal
}

/** Tasks a second over the last second. */
class RecentRate {
  readonly #points: { atMs: number; done: number }[] = []

  at(atMs: number, done: number): number {
    const points = this.#points
    points.push({ atMs, done })
    while (points.length > 2 && points[0].atMs < atMs - RATE_WINDOW_MS) points.shift()
    const span = atMs - points[0].atMs
    return span > 0 ? ((done - points[0].done) / span) * 1000 : 0
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
