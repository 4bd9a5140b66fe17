/**
 * Queues with a shadow: where their routers count what it would have done, and what came of it. Main
 * thread.
 *
 * Invariant: a queue whose shadow was begun has a row of its own in shared memory, and each of its
 * classes that was offered since is assigned to it.
 */
import {
  AgentTableReader,
  SHADOW_ROW_COUNT_MAX,
  ShadowCountsReader,
} from '../../native-free/index.ts'
import type { SharedMemory } from '../../native-free/memory-map.ts'
import { SignalboxError } from '../errors.ts'
import type { ClassState } from '../policy/classes.ts'
import type { PolicyCore } from '../policy/core.ts'
import type { ShadowReport } from '../strategy-views.ts'

const UNASSIGNED = -1

export class Shadows {
  readonly #core: PolicyCore
  readonly #counts: ShadowCountsReader
  readonly #agents: AgentTableReader
  /** Queues by row. */
  readonly #queues: (string | null)[] = new Array(SHADOW_ROW_COUNT_MAX).fill(null)
  /** Int32Array[classes]: rows that the routers were told. */
  readonly #assigned: Int32Array

  constructor(memory: SharedMemory, core: PolicyCore) {
    this.#core = core
    this.#counts = new ShadowCountsReader(memory)
    this.#agents = new AgentTableReader(memory)
    this.#assigned = new Int32Array(memory.shape.classCountMax).fill(UNASSIGNED)
  }

  /**
   * Counts from now on, and forgets what was counted for the queue.
   * @throws bad_option when as many queues have a shadow as can be counted.
   */
  begin(queue: string): void {
    if (this.#take(queue) !== UNASSIGNED) return
    throw new SignalboxError(
      'bad_option',
      `${SHADOW_ROW_COUNT_MAX} queues have a shadow, and more are not counted: end one of them first.`,
    )
  }

  /** A class of a queue with a shadow is offered. *Cost* two look-ups. */
  cover(cls: ClassState): void {
    if (cls.queue.shadowIndex < 0) return
    let row = this.#queues.indexOf(cls.queue.name)
    if (row === UNASSIGNED) row = this.#take(cls.queue.name)
    if (this.#assigned[cls.index] === row) return
    this.#assigned[cls.index] = row
    this.#counts.assign(cls.index as never, row)
  }

  /** What was counted since `begin`; all zero before the first choice. */
  report(queue: string): Pick<ShadowReport, 'decisions' | 'agreements' | 'predictedUs' | 'spread'> {
    const row = this.#queues.indexOf(queue)
    if (row === UNASSIGNED) {
      const none = { live: 0, shadow: 0 }
      return { decisions: 0, agreements: 0, predictedUs: none, spread: none }
    }
    const { decisions, agreements, liveUs, shadowUs } = this.#counts.sums(row)
    const count = Math.max(1, decisions)
    return {
      decisions,
      agreements,
      predictedUs: { live: liveUs / count, shadow: shadowUs / count },
      spread: this.#spread(row, queue),
    }
  }

  /** @returns the queue's row, empty, or UNASSIGNED when none is left. */
  #take(queue: string): number {
    let row = this.#queues.indexOf(queue)
    if (row === UNASSIGNED) row = this.#queues.findIndex((other) => this.#isOver(other))
    if (row === UNASSIGNED) return UNASSIGNED
    this.#queues[row] = queue
    this.#counts.begin(row)
    return row
  }

  #isOver(queue: string | null): boolean {
    return queue === null || (this.#core.queues.get(queue)?.shadowIndex ?? -1) < 0
  }

  /** Over the agents that serve the queue now: how unevenly choices by capacity lie. */
  #spread(row: number, queue: string): ShadowReport['spread'] {
    const live: number[] = []
    const shadow: number[] = []
    const sets = this.#core.classes
      .filter((cls) => cls.queue.name === queue)
      .map((cls) => this.#agents.candidates(cls.index as never))
    for (const { index } of this.#core.agents.values()) {
      const capacity = this.#agents.capacity(index as never)
      if (capacity <= 0 || !sets.some((set) => set.has(index))) continue
      const [byLive, byShadow] = this.#counts.choices(row, index)
      live.push(byLive / capacity)
      shadow.push(byShadow / capacity)
    }
    return { live: variation(live), shadow: variation(shadow) }
  }
}

/** @returns standard deviation over mean; 0 for none. */
function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (!(mean > 0)) return 0
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / values.length) / mean
}
