/** What can be asked of a scheduler over HTTP: `/metrics`, `/scaling/<queue>`, `/livez`, `/readyz`. */
import { NamedQueues } from '../../observe/figures.ts'
import type { Metrics, MetricsSource } from '../../observe/metrics.ts'
import type { Scheduler } from '../../scheduler.ts'
import { scalingAnswer } from './scaling.ts'
import type { HttpAnswer, HttpRoutes } from './server.ts'

/** Kinds of events are words of ours; whatever comes beyond so many is one kind more. */
const KINDS_MAX = 64

const WHY_NOT_READY = {
  starting: 'The scheduler is starting.',
  draining: 'The scheduler is draining and takes no new tasks.',
  disconnected: 'The connection to NATS is lost; it is tried again.',
} as const

export interface SchedulerRoutes {
  readonly routes: HttpRoutes
  /** Ends the counting of events. */
  stop(): void
}

export function schedulerRoutes(scheduler: Scheduler, version: string): SchedulerRoutes {
  const events: Record<string, number> = {}
  const stop = scheduler.onEvent(({ kind }) => {
    const isKnown = Object.hasOwn(events, kind) || Object.keys(events).length < KINDS_MAX
    const counted = isKnown ? kind : 'other'
    events[counted] = (events[counted] ?? 0) + 1
  })
  const named = new NamedQueues()
  const source: MetricsSource = {
    scrape: async () => ({
      latency: await scheduler.latencyBuckets(),
      figures: scheduler.figures(named),
      version,
      events: { ...events },
    }),
  }
  let metrics: Promise<Metrics> | undefined
  return {
    stop,
    routes: {
      '/livez': () => text(200, 'The event loop turns.'),
      '/readyz': () => {
        const why = scheduler.unready
        return why === null
          ? text(200, 'The scheduler takes tasks.')
          : text(503, WHY_NOT_READY[why])
      },
      '/metrics': async () => {
        metrics ??= loadMetrics(source)
        const { contentType, text } = await (await metrics).scrape()
        return { status: 200, contentType, body: text }
      },
      '/scaling/': (question) => scalingAnswer(scheduler, question),
    },
  }
}

/** With the first scrape: whom nobody scrapes pays nothing for it. */
async function loadMetrics(source: MetricsSource): Promise<Metrics> {
  const { Metrics } = await import('../../observe/metrics.ts')
  return new Metrics(source)
}

function text(status: number, sentence: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${sentence}\n` }
}
