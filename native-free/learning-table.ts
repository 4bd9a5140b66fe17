/**
 * What was learned of agents, by type of task: latency, success and skill.
 *
 * Runs on: `LearningWriter` on the front end, `LearningReader` on routers.
 * Invariant: 0 in a cell means that nothing is known; whatever is known is above 0.
 *
 * ```
 *            agent 0                  agent 1
 *  row 0     latency success skill –  latency success skill –  …     over all types of tasks
 *  row 1     …                                                       the first type that was seen
 *  …         up to row 63
 * ```
 *
 * What is known of an agent and a type lies together: a score reads all of it, and costs one miss of
 * the cache, not three. Accesses are plain: one writer, a Float32 cannot tear, and a stale score
 * makes a choice that is a little worse.
 */
import type { AgentIndex } from './brands.ts'
import { LEARNED_WORDS, ROW_COUNT_MAX, type SharedMemory } from './memory-map.ts'

/** Smallest value that is told from "nothing is known". */
const KNOWN_MIN = 2 ** -20

const SUCCESS = 1
const SKILL = 2

/** A router's handle: reads only. */
export class LearningReader {
  /** Agents of one row. */
  readonly agentCount: number
  /**
   * Float32Array[rows × agents × LEARNED_WORDS], latency in µs, success and skill 0 … 1; written by
   * the front end, plain. An agent's begin at `(row * agentCount + agent) * LEARNED_WORDS`.
   */
  readonly learned: Float32Array
  /** Float32Array[rows], µs, mean over agents; the same. */
  readonly rowLatencies: Float32Array

  constructor(memory: SharedMemory) {
    const { map, shape, buffer } = memory
    const floats = (from: number, count: number) =>
      new Float32Array(buffer, from * Float32Array.BYTES_PER_ELEMENT, count)
    this.agentCount = shape.agentCountMax
    this.learned = floats(map.learned, ROW_COUNT_MAX * this.agentCount * LEARNED_WORDS)
    this.rowLatencies = floats(map.rowLatency, ROW_COUNT_MAX)
  }

  /** @returns µs; 0 without evidence. */
  latency(row: number, agent: AgentIndex): number {
    return this.learned[(row * this.agentCount + agent) * LEARNED_WORDS]
  }

  /** @returns above 0 up to 1; 0 without evidence. */
  success(row: number, agent: AgentIndex): number {
    return this.learned[(row * this.agentCount + agent) * LEARNED_WORDS + SUCCESS]
  }

  /** @returns above 0 up to 1; 0 when nothing was declared or learned. */
  skill(row: number, agent: AgentIndex): number {
    return this.learned[(row * this.agentCount + agent) * LEARNED_WORDS + SKILL]
  }

  /** @returns µs, over all agents; 0 without evidence. */
  rowLatency(row: number): number {
    return this.rowLatencies[row]
  }
}

/** The front end's handle; each setter throws Error when row or agent is outside. */
export class LearningWriter extends LearningReader {
  /** @param us above 0, or 0 for "nothing is known". */
  setLatency(row: number, agent: AgentIndex, us: number): void {
    this.learned[this.cell(row, agent)] = us
  }

  /** @param rate 0 … 1, the prior included; 0 is kept as the smallest rate that is known. */
  setSuccess(row: number, agent: AgentIndex, rate: number): void {
    this.learned[this.cell(row, agent) + SUCCESS] = Math.max(rate, KNOWN_MIN)
  }

  /** @param skill 0 … 1; 0 is kept as the smallest skill that is known. */
  setSkill(row: number, agent: AgentIndex, skill: number): void {
    this.learned[this.cell(row, agent) + SKILL] = Math.max(skill, KNOWN_MIN)
  }

  /** @param us above 0, or 0 for "nothing is known". */
  setRowLatency(row: number, us: number): void {
    this.cell(row, 0 as AgentIndex)
    this.rowLatencies[row] = us
  }

  /**
   * The four setters at once.
   * @param values latency, success, skill and the row's latency, in an array: a fraction that is
   * passed to a function costs an object whenever the compiler does not inline the call.
   */
  publish(row: number, agent: AgentIndex, values: Float64Array): void {
    const cell = this.cell(row, agent)
    this.learned[cell] = values[0]
    this.learned[cell + SUCCESS] = Math.max(values[1], KNOWN_MIN)
    this.learned[cell + SKILL] = Math.max(values[2], KNOWN_MIN)
    this.rowLatencies[row] = values[3]
  }

  /** Forgets everything about an agent; a row's mean stays. */
  clear(agent: AgentIndex): void {
    for (let row = 0; row < ROW_COUNT_MAX; row++) {
      const cell = this.cell(row, agent)
      this.learned[cell] = 0
      this.learned[cell + SUCCESS] = 0
      this.learned[cell + SKILL] = 0
    }
  }

  /** @throws Error when row or agent is outside. */
  private cell(row: number, agent: AgentIndex): number {
    if (row < 0 || row >= ROW_COUNT_MAX || agent < 0 || agent >= this.agentCount) {
      throw new Error(
        `row ${row}, agent ${agent}: outside of ${ROW_COUNT_MAX} × ${this.agentCount}`,
      )
    }
    return (row * this.agentCount + agent) * LEARNED_WORDS
  }
}
