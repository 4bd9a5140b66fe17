/**
 * `GET /scaling/<queue>[?requires=ocr][&without=gpu]`: scaling advice as autoscalers read it, JSON with
 * flat snake_case keys. Main thread.
 *
 * Invariant: a queue that is there is answered with a number, also before a task ever came to it: what
 * asks is about to set the size of a fleet, and nothing said would be read as zero.
 */
import type { ScalingAdvice } from '../../balance-views.ts'
import { SignalboxError } from '../../errors.ts'
import type { Scheduler } from '../../scheduler.ts'
import { type HttpAnswer, type HttpQuestion, refusal } from './server.ts'

const PARAMETERS: readonly string[] = ['requires', 'without']
const STATUS: Readonly<Record<string, number>> = { queue_unknown: 404, not_supported: 404 }

export function scalingAnswer(scheduler: Scheduler, { rest, query }: HttpQuestion): HttpAnswer {
  try {
    refuseOthers(query)
    // Given once with commas, or several times.
    const [requires, without] = PARAMETERS.map((key) => query.getAll(key).join(','))
    const advice = scheduler.scalingOf(rest, { requires, without })
    const body = `${JSON.stringify(scalingBody(advice))}\n`
    return { status: 200, contentType: 'application/json; charset=utf-8', body }
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error
    return refusal(STATUS[error.code] ?? 400, error.code, error.message)
  }
}

/** With a parameter misspelt the number would be that of other work, and a fleet would follow it. */
function refuseOthers(query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (PARAMETERS.includes(name)) continue
    const words = `There is no parameter "${name}" here: give requires, without or neither.`
    throw new SignalboxError('bad_option', words)
  }
}

export function scalingBody(advice: ScalingAdvice): Record<string, unknown> {
  return {
    queue: advice.queue,
    requires: advice.requires,
    verdict: advice.verdict,
    agents: advice.agents,
    desired_agents: advice.desiredAgents,
    reason: advice.reason,
    arrivals_per_second: advice.arrivalsPerSecond,
    service_ms: advice.serviceMs,
    utilization: advice.utilization,
    waiting: advice.waiting,
    oldest_ms: advice.oldestMs,
    predicted_wait_ms: advice.predictedWaitMs,
    sla_ms: advice.slaMs,
    places: advice.places,
    desired_places: advice.desiredPlaces,
    since: advice.since,
  }
}
