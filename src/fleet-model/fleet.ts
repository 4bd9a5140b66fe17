/**
 * The agents of one run, and how long a task takes each of them. Any thread.
 *
 * Invariant: a task's time with an agent is its work by the agent's speed, whatever else the agent
 * does meanwhile; an agent of concurrency 5 is five servers of that speed behind one name.
 */
import type { TaskType, Workload } from './workload.ts'

export interface ModelAgent {
  readonly name: string
  readonly concurrency: number
  /** 2 takes half the time. */
  readonly speed: number
  /** Sorted. */
  readonly capabilities: readonly string[]
  /** Numbers by name, the names sorted; none by default. */
  readonly labels?: Readonly<Record<string, number>>
  /** Serves these; all by default. */
  readonly queues?: readonly string[]
  /** Joins then, µs; from the start by default. */
  readonly fromUs?: number
  /** Takes nothing more from then on, µs. */
  readonly untilUs?: number
}

/** How long each task takes each agent; what stands behind may be a speed or a recording. */
export interface Service {
  /** @returns µs, above 0. */
  durationUs(task: number, agent: number): number
}

/** Tasks' work by agents' speeds. */
export class SpeedService implements Service {
  private readonly workUs: Float64Array
  private readonly speeds: Float64Array

  constructor(workload: Workload, fleet: readonly ModelAgent[]) {
    this.workUs = workload.workUs
    this.speeds = Float64Array.from(fleet, ({ speed }) => speed)
  }

  durationUs(task: number, agent: number): number {
    return this.workUs[task] / this.speeds[agent]
  }
}

export function isCapable(agent: ModelAgent, type: TaskType): boolean {
  return type.requires.every((name) => agent.capabilities.includes(name))
}

/** @returns tasks a second of this mean work that the whole fleet can do. */
export function capacityOf(fleet: readonly ModelAgent[], meanWorkUs: number): number {
  const servers = fleet.reduce((sum, { concurrency, speed }) => sum + concurrency * speed, 0)
  return (servers * 1e6) / meanWorkUs
}
