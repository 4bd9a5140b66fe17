/**
 * A fleet that grows and shrinks while a model runs: whoever decides says how many agents there should
 * be; those that are asked for come after their start, those that are too many are asked to leave and
 * go when they have done what they run. Any thread.
 *
 * ```
 *   free ──asked for──► starting ──startupUs──► working ──asked to leave──► leaving ──idle──► free
 *    ▲                     │                                                                   │
 *    └──no more wanted─────┴───────────────────────────────────────────────────────────────────┘
 * ```
 *
 * Invariant: an agent costs from being asked for until it is gone, its start and its last tasks
 * included. The latest to be asked for is the first to be called off; of those that work, whoever has
 * least to do leaves first.
 */
import type { PolicyCore } from '../policy/core.ts'
import type { AttemptEnd } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'

/** Decides in a model how many agents there should be. */
export interface Controller {
  /** At the start of the run. @param core is only read. */
  begin(core: PolicyCore): void
  /** An attempt has ended. */
  ended(record: TaskRecord, how: AttemptEnd, nowMs: number): void
  /** @returns how many agents there should be; the first call is at 0. */
  desired(nowMs: number): number
}

export interface ElasticSpec {
  readonly controller: Controller
  /** Between two questions to the controller. */
  readonly everyUs: number
  /** From being asked for to the first task. */
  readonly startupUs: number
  /** Agents that are there at the start: the first ones of the fleet. */
  readonly agentsAtStart: number
}

/** What the model does with an agent by its place in the fleet. */
export interface ElasticDoors {
  join(place: number): void
  /** It takes nothing more. */
  drain(place: number): void
  leave(place: number): void
  runningAt(place: number): number
}

const FREE = 0
const STARTING = 1
const WORKING = 2
const LEAVING = 3

export class ElasticFleet {
  /** When something is to be done next; Infinity once the run is over. */
  nextUs = 0
  /** Agents that are there or on their way, and the most there ever were. */
  size = 0
  sizeMax = 0
  changes = 0
  readonly #spec: ElasticSpec
  readonly #doors: ElasticDoors
  readonly #states: Uint8Array
  /** When it comes, or was asked for; by place. */
  readonly #sinceUs: Float64Array
  readonly #atUs: Float64Array
  #askUs = 0
  #agentUs = 0

  constructor(spec: ElasticSpec, fleetSize: number, doors: ElasticDoors) {
    this.#spec = spec
    this.#doors = doors
    this.#states = new Uint8Array(fleetSize)
    this.#sinceUs = new Float64Array(fleetSize)
    this.#atUs = new Float64Array(fleetSize)
    for (let place = 0; place < spec.agentsAtStart; place++) {
      this.#states[place] = STARTING
      this.size++
    }
  }

  /** What all agents cost so far, those that are still there not counted; µs. */
  get agentUs(): number {
    return this.#agentUs
  }

  /** It is `nextUs`. */
  act(nowUs: number): void {
    for (let place = 0; place < this.#states.length; place++) {
      if (this.#states[place] !== STARTING || this.#atUs[place] > nowUs) continue
      this.#states[place] = WORKING
      this.#doors.join(place)
    }
    if (nowUs >= this.#askUs) {
      this.#follow(this.#spec.controller.desired(Math.floor(nowUs / 1_000)), nowUs)
      this.#askUs = nowUs + this.#spec.everyUs
    }
    this.#arm()
  }

  /** A task of that agent has ended. */
  ended(place: number, nowUs: number): void {
    if (this.#states[place] === LEAVING && this.#doors.runningAt(place) === 0) {
      this.#gone(place, nowUs, true)
    }
  }

  /** The run is over: whoever is there is paid until now. */
  close(nowUs: number): void {
    this.nextUs = Number.POSITIVE_INFINITY
    for (let place = 0; place < this.#states.length; place++) {
      if (this.#states[place] !== FREE) this.#gone(place, nowUs, false)
    }
  }

  #follow(desired: number, nowUs: number): void {
    const wanted = Math.max(0, Math.min(desired, this.#states.length))
    if (wanted !== this.size) this.changes++
    for (let place = 0; place < this.#states.length && this.size < wanted; place++) {
      if (this.#states[place] === FREE) this.#start(place, nowUs)
    }
    // Ends: each round makes the fleet smaller.
    while (this.size > wanted) this.#callOff(nowUs)
    this.sizeMax = Math.max(this.sizeMax, this.size)
  }

  #start(place: number, nowUs: number): void {
    this.#states[place] = STARTING
    this.#sinceUs[place] = nowUs
    this.#atUs[place] = nowUs + this.#spec.startupUs
    this.size++
  }

  #callOff(nowUs: number): void {
    const starting = this.#best(STARTING, (place) => -this.#atUs[place])
    if (starting >= 0) {
      this.size--
      this.#gone(starting, nowUs, false)
      return
    }
    const place = this.#best(WORKING, (place) => this.#doors.runningAt(place))
    this.size--
    this.#states[place] = LEAVING
    this.#doors.drain(place)
    this.ended(place, nowUs)
  }

  #gone(place: number, nowUs: number, isMember: boolean): void {
    this.#states[place] = FREE
    this.#agentUs += nowUs - this.#sinceUs[place]
    if (isMember) this.#doors.leave(place)
  }

  /** @returns the place in that state with the least cost; -1 without any. */
  #best(state: number, costOf: (place: number) => number): number {
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (let place = 0; place < this.#states.length; place++) {
      if (this.#states[place] !== state || costOf(place) >= least) continue
      best = place
      least = costOf(place)
    }
    return best
  }

  #arm(): void {
    this.nextUs = this.#askUs
    for (let place = 0; place < this.#states.length; place++) {
      if (this.#states[place] === STARTING) this.nextUs = Math.min(this.nextUs, this.#atUs[place])
    }
  }
}
