/**
 * Where a thread's CPU time goes, by stage of a task's path: a sampling profile, summed by file.
 *
 * Runs on: the process of a part that is watched, its main thread. Invariant: every sample that is
 * not idle counts for exactly one stage.
 *
 * A profile in steps of 200 µs slows the thread down by about a tenth, so shares are taken from a run
 * of their own and times from runs without it. A function that was inlined counts for its own file.
 */
import { type Profiler, Session } from 'node:inspector/promises'

const INTERVAL_US = 200

/** First match wins; names are those of `src/README.md` where it has one. */
const STAGES: readonly (readonly [stage: string, where: RegExp])[] = [
  ['collect', /^\(garbage collector\)$/],
  ['natsClient', /\/node_modules\/nats\//],
  ['transport', /\/src\/front-end\/(nats\/|transport|in-process\/)/],
  ['receive', /\/src\/front-end\/(receive|decode|inbox)\./],
  ['admit', /\/src\/front-end\/(admit|payloads)\./],
  ['match', /\/src\/front-end\/(match|offers|take-back)\./],
  ['commit', /\/src\/front-end\/commit\./],
  ['result', /\/src\/front-end\/result\./],
  ['complete', /\/src\/front-end\/complete\./],
  ['policy', /\/src\/policy\//],
  ['learning', /\/src\/(learning|front-end\/(learned|explain\/))/],
  ['choose', /\/src\/routing\//],
  ['codec', /\/src\/wire\//],
  ['shared', /\/native-free\//],
  ['latency', /\/src\/observe\//],
  ['turn', /\/src\//],
  ['node', /^node:/],
  ['native', /^(?:\(program\)$|$)/],
]
const OTHER = 'other'

export const STAGE_NAMES = [...STAGES.map(([stage]) => stage), OTHER]

export class StageProfile {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
    await this.#session.post('Profiler.start')
  }

  /** @returns for each stage its share of the time in which the thread was not idle. */
  async stop(): Promise<Record<string, number>> {
    const { profile } = await this.#session.post('Profiler.stop')
    this.#session.disconnect()
    return sharesOf(profile)
  }
}

/** @returns shares by stage, all of `STAGE_NAMES`; they add up to 1. */
export function sharesOf({ nodes, samples, timeDeltas }: Profiler.Profile): Record<string, number> {
  const stages = new Map(nodes.map(({ id, callFrame }) => [id, stageOf(callFrame)]))
  const sums: Record<string, number> = Object.fromEntries(STAGE_NAMES.map((name) => [name, 0]))
  let busyUs = 0
  samples!.forEach((node, index) => {
    const stage = stages.get(node)
    if (stage === undefined) return
    const us = timeDeltas![index]
    sums[stage] += us
    busyUs += us
  })
  for (const name of STAGE_NAMES) sums[name] /= busyUs
  return sums
}

/** @returns undefined for idle time. */
function stageOf({ functionName, url }: { functionName: string; url: string }): string | undefined {
  if (functionName === '(idle)') return undefined
  const where = url === '' && functionName.startsWith('(') ? functionName : url
  return STAGES.find(([, pattern]) => pattern.test(where))?.[0] ?? OTHER
}
