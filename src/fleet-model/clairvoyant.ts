/**
 * The clairvoyant twin: a list schedule by somebody who knows how long every task will take every
 * agent. Any thread.
 *
 * Invariant: tasks are taken in the order of their arrival, and each goes, on arrival and for good, to
 * the server that will be done with it first; a server works off what it was given in order.
 *
 * It sees the future of what has arrived and nothing of what will: it is greedy, and no bound. Each
 * task takes what is best for itself, so fast servers get queues until waiting for them costs what a
 * slow one costs, which is more waiting than is best for all. A queue that nobody is bound in can
 * beat it, and does where speeds differ.
 *
 * Source: Graham, "Bounds on multiprocessing timing anomalies", 1969 (lists); Ibarra and Kim,
 * "Heuristic algorithms for scheduling independent tasks on nonidentical processors", 1977 (earliest
 * finisher).
 */
import { isCapable, type ModelAgent, type Service } from './fleet.ts'
import { type Measured, Measures } from './measures.ts'
import type { Workload } from './workload.ts'

/** @throws Error when nobody can do a type. */
export function runClairvoyant(
  workload: Workload,
  fleet: readonly ModelAgent[],
  service: Service,
): Measured {
  const { count, types, arrivalUs, typeOf } = workload
  const measures = new Measures(
    workload,
    fleet.map(({ concurrency }) => concurrency),
  )
  const capable = types.map((type) => {
    const agents = fleet.flatMap((agent, index) => (isCapable(agent, type) ? [index] : []))
    if (agents.length === 0) throw new Error(`nobody can do ${type.name}`)
    return Int32Array.from(agents)
  })
  /** By agent: when each of its servers has done all it was given, and which is the first. */
  const freeUs = fleet.map(({ concurrency }) => new Float64Array(concurrency))
  const firstFree = new Int32Array(fleet.length)
  for (let task = 0; task < count; task++) {
    let best = -1
    let bestUs = Number.POSITIVE_INFINITY
    for (const agent of capable[typeOf[task]]) {
      const startUs = Math.max(arrivalUs[task], freeUs[agent][firstFree[agent]])
      const endUs = startUs + service.durationUs(task, agent)
      if (endUs >= bestUs) continue
      best = agent
      bestUs = endUs
    }
    const startUs = Math.max(arrivalUs[task], freeUs[best][firstFree[best]])
    measures.start(task, best, startUs, bestUs)
    freeUs[best][firstFree[best]] = bestUs
    firstFree[best] = leastOf(freeUs[best])
  }
  return measures.measured()
}

function leastOf(values: Float64Array): number {
  let least = 0
  for (let i = 1; i < values.length; i++) if (values[i] < values[least]) least = i
  return least
}

/**
 * The least mean time to completion that anybody could have who does not know durations: no task ever
 * waits and the fastest agents are busy all the time. One type only.
 * @param load share of the fleet's capacity, 0 … 1.
 */
export function blindBoundUs(
  fleet: readonly ModelAgent[],
  load: number,
  meanWorkUs: number,
): number {
  const capacity = fleet.reduce((sum, { concurrency, speed }) => sum + concurrency * speed, 0)
  let left = load * capacity
  let servers = 0
  for (const { concurrency, speed } of fleet.toSorted((a, b) => b.speed - a.speed)) {
    const taken = Math.min(left, concurrency * speed)
    servers += taken / speed
    left -= taken
  }
  return (servers / (load * capacity)) * meanWorkUs
}
