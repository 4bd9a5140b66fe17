/**
 * Recorded tasks, agents and service times, as the fleet model takes them.
 *
 * Runs in the process of the command. Invariant: an attempt with the agent that had it takes as long as
 * it took; with another one it takes longer or shorter by the ratio of the two agents' mean times for
 * tasks of that type. An agent that had none of that type counts as the mean of those who had.
 */
import type { ModelAgent, Service } from '../fleet-model/fleet.ts'
import { type Distribution, distributionOf } from '../fleet-model/measures.ts'
import { runModel } from '../fleet-model/model.ts'
import type { Workload } from '../fleet-model/workload.ts'
import type { Binding } from '../options.ts'
import type { Recording } from './recording.ts'

/** Waits from arrival to start and times from arrival to completion, ms. */
export interface ReplayedWaits {
  wait: Distribution
  total: Distribution
}

/** Of what ended in the millisecond in which it began: half of one, as it is in the mean. */
const SHORTEST_MS = 0.5
/** The same for all runs. */
const SEED = 1

export class RecordedTasks implements Service {
  readonly workload: Workload
  private readonly fleet: readonly ModelAgent[]
  private readonly startedMs: Float64Array
  private readonly endedMs: Float64Array
  private readonly arrivedMs: Float64Array
  /** By task: who had it; agents are numbered by id, whatever their stays. */
  private readonly hadBy: Int32Array
  /** By place in the fleet: the agent's number. */
  private readonly numberOf: Int32Array
  /** By type and agent's number: its mean time by the type's mean, 1 when it had none. */
  private readonly slowness: readonly Float64Array[]

  constructor(recording: Recording) {
    const { types, stays } = recording
    const order = recording.arrivedMs.map((_, task) => task)
    order.sort((a, b) => recording.arrivedMs[a] - recording.arrivedMs[b] || a - b)
    const sorted = (values: readonly number[]) => Float64Array.from(order, (task) => values[task])
    this.arrivedMs = sorted(recording.arrivedMs)
    this.startedMs = sorted(recording.startedMs)
    this.endedMs = sorted(recording.endedMs)
    const zeroMs = this.arrivedMs[0]
    this.workload = {
      count: order.length,
      types: types.map((type) => ({ ...type, share: 0 })),
      arrivalUs: this.arrivedMs.map((ms) => (ms - zeroMs) * 1_000),
      workUs: sorted(recording.tookMs).map((ms) => Math.max(SHORTEST_MS, ms) * 1_000),
      typeOf: Uint16Array.from(order, (task) => recording.typeOf[task]),
      keyHashOf: Int32Array.from(order, (task) => recording.keyHashOf[task]),
    }
    this.fleet = stays.map(({ agent, fromMs, untilMs }) => ({
      name: agent.id,
      // More room than there are tasks is no more room.
      concurrency: Math.max(1, Math.min(agent.concurrency, order.length)),
      speed: 1,
      capabilities: agent.capabilities,
      labels: agent.labels,
      queues: agent.queues,
      fromUs: Math.max(0, fromMs - zeroMs) * 1_000,
      untilUs: (untilMs - zeroMs) * 1_000,
    }))
    const numbers = new Map<string, number>()
    for (const { agent } of stays) {
      if (!numbers.has(agent.id)) numbers.set(agent.id, numbers.size)
    }
    this.hadBy = Int32Array.from(order, (task) => numbers.get(recording.agentOf[task])!)
    this.numberOf = Int32Array.from(stays, ({ agent }) => numbers.get(agent.id)!)
    this.slowness = this.means(numbers.size)
  }

  durationUs(task: number, agent: number): number {
    const { workUs, typeOf } = this.workload
    const had = this.hadBy[task]
    const has = this.numberOf[agent]
    if (had === has) return workUs[task]
    const slowness = this.slowness[typeOf[task]]
    return (workUs[task] * slowness[has]) / slowness[had]
  }

  /** As it was. */
  recorded(): ReplayedWaits {
    const { arrivedMs, startedMs, endedMs } = this
    return {
      wait: distributionOf(startedMs.map((ms, task) => ms - arrivedMs[task])),
      total: distributionOf(endedMs.map((ms, task) => ms - arrivedMs[task])),
    }
  }

  /** As it is in the model. @param queues who chooses, and how tasks are bound, by queue. */
  run(
    strategy: string,
    queues: Record<string, { strategy: string; binding: Binding }>,
  ): { waits: ReplayedWaits; unplaced: number } {
    const { workload, fleet } = this
    const { startUs, endUs } = runModel({
      workload,
      fleet,
      service: this,
      strategy,
      binding: 'late',
      queues,
      seed: SEED,
      warmUp: 0,
      isPartial: true,
    })
    const { arrivalUs } = workload
    const sinceArrival = (us: number, task: number) => (us - arrivalUs[task]) / 1_000
    const waits = startUs.map(sinceArrival).filter((ms) => !Number.isNaN(ms))
    const totals = endUs.map(sinceArrival).filter((ms) => !Number.isNaN(ms))
    return {
      waits: { wait: distributionOf(waits), total: distributionOf(totals) },
      unplaced: workload.count - waits.length,
    }
  }

  private means(agents: number): Float64Array[] {
    const { types, typeOf, workUs, count } = this.workload
    const sums = types.map(() => new Float64Array(agents))
    const counts = types.map(() => new Int32Array(agents))
    for (let task = 0; task < count; task++) {
      sums[typeOf[task]][this.hadBy[task]] += workUs[task]
      counts[typeOf[task]][this.hadBy[task]]++
    }
    return sums.map((ofType, type) => {
      const means = ofType.map((sum, agent) => sum / counts[type][agent])
      const known = means.filter((mean) => !Number.isNaN(mean))
      const usual = known.reduce((sum, mean) => sum + mean, 0) / known.length
      return means.map((mean) => (Number.isNaN(mean) ? 1 : mean / usual))
    })
  }
}
