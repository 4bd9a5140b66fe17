/**
 * What is measured of a run: waits and times to completion, and how busy each agent was. Any thread.
 *
 * Invariant: only tasks that arrive after the warm-up count, and agents' work between the first and
 * the last of these arrivals: the empty fleet of the beginning and the last tasks' finish are left out.
 */
import type { Workload } from './workload.ts'

export interface Distribution {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Measured {
  /** Tasks that count. */
  readonly tasks: number
  /** Arrival to start, µs. */
  readonly waitUs: Distribution
  /** Share that did not start on arrival. */
  readonly waited: number
  /** Arrival to completion, µs. */
  readonly totalUs: Distribution
  /** Tasks a second that were completed while those that count arrived. */
  readonly rate: number
  /** Share of all servers' time that was work, 0 … 1. */
  readonly utilisation: number
  /** Coefficient of variation of the agents' utilisations: 0 when all are equally busy. */
  readonly spread: number
  /** By agent: utilisation, and tasks that it was given. */
  readonly utilisations: readonly number[]
  readonly agentTasks: readonly number[]
}

/** Share of the tasks, the first ones, that do not count. */
export const WARM_UP = 0.1

/** Collects while a run goes; columns by task and by agent. */
export class Measures {
  readonly startUs: Float64Array
  readonly endUs: Float64Array
  private readonly workload: Workload
  private readonly concurrencies: readonly number[]
  private readonly first: number
  private readonly fromUs: number
  private readonly untilUs: number
  private readonly busyUs: Float64Array
  private readonly given: Int32Array

  constructor(workload: Workload, concurrencies: readonly number[], warmUp = WARM_UP) {
    const { count, arrivalUs } = workload
    this.workload = workload
    this.concurrencies = concurrencies
    this.first = Math.floor(count * warmUp)
    this.fromUs = count === 0 ? 0 : arrivalUs[this.first]
    this.untilUs = count === 0 ? 0 : arrivalUs[count - 1]
    this.startUs = new Float64Array(count).fill(Number.NaN)
    this.endUs = new Float64Array(count).fill(Number.NaN)
    this.busyUs = new Float64Array(concurrencies.length)
    this.given = new Int32Array(concurrencies.length)
  }

  /** A task starts at an agent, which will be done with it then. */
  start(task: number, agent: number, nowUs: number, endUs: number): void {
    this.startUs[task] = nowUs
    this.endUs[task] = endUs
    if (task >= this.first) this.given[agent]++
    const counted = Math.min(endUs, this.untilUs) - Math.max(nowUs, this.fromUs)
    if (counted > 0) this.busyUs[agent] += counted
  }

  /** @returns all of it; allocates columns of its own. */
  measured(): Measured {
    const { workload, first, concurrencies } = this
    const { arrivalUs, count } = workload
    const tasks = count - first
    const waits = new Float64Array(tasks)
    const totals = new Float64Array(tasks)
    let waited = 0
    for (let i = 0; i < tasks; i++) {
      waits[i] = this.startUs[first + i] - arrivalUs[first + i]
      totals[i] = this.endUs[first + i] - arrivalUs[first + i]
      if (waits[i] > 0) waited++
    }
    const spanUs = this.untilUs - this.fromUs
    const completed = this.endUs.reduce(
      (sum, endUs) => sum + (endUs > this.fromUs && endUs <= this.untilUs ? 1 : 0),
      0,
    )
    const utilisations = concurrencies.map((servers, i) => this.busyUs[i] / (servers * spanUs))
    const servers = concurrencies.reduce((sum, count) => sum + count, 0)
    return {
      tasks,
      waitUs: distributionOf(waits),
      waited: waited / tasks,
      totalUs: distributionOf(totals),
      rate: (completed * 1e6) / spanUs,
      utilisation: this.busyUs.reduce((sum, us) => sum + us, 0) / (servers * spanUs),
      spread: variationOf(utilisations),
      utilisations,
      agentTasks: [...this.given],
    }
  }
}

/** @param values are sorted in place. @returns NaN throughout for none. */
export function distributionOf(values: Float64Array): Distribution {
  let sum = 0
  for (const value of values) sum += value
  values.sort()
  const at = (share: number) =>
    values.length === 0 ? Number.NaN : values[Math.max(0, Math.ceil(share * values.length) - 1)]
  return { mean: sum / values.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** @returns standard deviation by mean; 0 for equal values. */
export function variationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return mean === 0 ? 0 : Math.sqrt(variance) / mean
}
