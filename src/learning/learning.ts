/**
 * What results teach: how fast and how reliable each agent is, over all tasks and with each type (row).
 * Strategies read it as columns of shared memory, in routers as well. Front end's thread, beside the
 * policy core: no rule of the core stands on it, and a journal is replayed without it.
 *
 * Invariant: what the columns say of an agent follows from the results in its windows and from what it
 * declared, and of nothing else; without results they say what a strategy may expect of a stranger.
 *
 * ```
 *   record(agent, row, µs, ok) ──► row 0 (all types) and row ──► windows ──► latency   mean of the window, µs
 *                                                                        ├─► success   (9 + successes) / (10 + results)
 *   declare(agent, row, score) ──────────────────────────────────────────┴─► skill     w × declared + (1 − w) × learned
 *                                                                            rowLatency  mean of the agents' means
 *
 *   w = 10 / (10 + results ever)      declared 0.5 when nothing is
 *   learned = success × rowLatency / (rowLatency + latency)      0.5 × success for one as fast as the row
 * ```
 *
 * - A failure that came faster than the mean so far counts as the mean (without one, as the row's): an
 *   agent that fails at once would be the fastest of all otherwise, and draw all work.
 * - A skill moves with its agent's own results only: when others become faster it is out of date until
 *   the next one. Moving all of them would cost a pass over all agents a result.
 * - An agent without results keeps 0.5, a little above what one learns that is as fast as the rest and
 *   sometimes fails: who is new is tried. More than that is a strategy's exploration.
 *
 * Not taken: histories kept for agents that come back: another instance may be another program on
 * another machine, and a hundred results are quickly had.
 */
import { NO_PAIR, PairTable } from './pair-table.ts'
import { RowMeans } from './row-means.ts'
import { LATENCY_US_MAX, NO_TIME, Windows } from './windows.ts'

export { NO_TIME } from './windows.ts'

/** Row of all types together. */
export const OVERALL = 0

export const SUCCESS_PRIOR = 0.9
/** Results that a prior, or a declared skill, weighs as much as. */
export const PRIOR_WEIGHT = 10
export const SKILL_UNKNOWN = 0.5

/** Bytes of windows at most, and pairs at most: 65,536 with windows of up to 128 results. */
const WINDOW_BYTES_MAX = 64 * 1024 * 1024
const PAIR_COUNT_MAX = 65_536
const BYTES_PER_RESULT = 8

/** Places in what `publish` takes. */
const LATENCY = 0
const SUCCESS = 1
const SKILL = 2
const ROW_LATENCY = 3

/** Where strategies read: `LearningWriter`, or arrays in a simulation. */
export interface LearningColumns {
  /** @param values latency, success, skill, and the row's latency. */
  publish(row: number, agent: number, values: Float64Array): void
  setSkill(row: number, agent: number, skill: number): void
  setRowLatency(row: number, us: number): void
  /** Of all rows: no latency, the prior's success, unknown skill. */
  clear(agent: number): void
}

export interface LearningShape {
  agentCountMax: number
  rowCountMax: number
  windowSize: number
  /** Without it nothing is learned; what is declared stands. */
  enabled: boolean
}

/** What is known of an agent with one type, or with all. */
export interface LearnedOf {
  row: number
  /** In the window, and ever. */
  results: number
  total: number
  /** Of the results in the window. */
  successes: number
  /** Mean of the window and exponential mean, µs; null without a time. */
  latencyUs: number | null
  latelyUs: number | null
  /** 0 … 1, of the window with the prior, and exponential without. */
  success: number
  latelySuccess: number | null
  skill: number
}

/** @returns how many pairs of agent and row are remembered at most. */
export function pairCountMaxOf(windowSize: number): number {
  const fitting = Math.trunc(WINDOW_BYTES_MAX / (windowSize * BYTES_PER_RESULT))
  return Math.min(PAIR_COUNT_MAX, fitting)
}

export class Learning {
  readonly enabled: boolean
  private readonly columns: LearningColumns
  private readonly rowCountMax: number
  private readonly pairs: PairTable
  private readonly windows: Windows
  private readonly rows: RowMeans
  /** By agent, then row; NaN where nothing is declared. */
  private readonly declared: (Float64Array | undefined)[]
  /** Of the result that is being recorded: whole µs, or NO_TIME. */
  private readonly took = new Float64Array(1)
  /** As `publish` takes them. */
  private readonly values = new Float64Array(4)

  constructor(columns: LearningColumns, shape: LearningShape) {
    const { agentCountMax, rowCountMax, windowSize, enabled } = shape
    this.enabled = enabled
    this.columns = columns
    this.rowCountMax = rowCountMax
    this.pairs = new PairTable(rowCountMax, agentCountMax, pairCountMaxOf(windowSize))
    this.windows = new Windows(this.pairs.pairCountMax, windowSize)
    this.rows = new RowMeans(rowCountMax, this.windows.roundedUs)
    this.declared = new Array(agentCountMax).fill(undefined)
  }

  /** Pairs of agent and row that are remembered at most. */
  get pairCountMax(): number {
    return this.pairs.pairCountMax
  }

  /** A new instance has the place: what is known of it is nothing. */
  joined(agent: number): void {
    this.forgetAgent(agent)
  }

  left(agent: number): void {
    this.forgetAgent(agent)
  }

  /** The agent says how good it is with a row's type. @param score 0 … 1. */
  declare(agent: number, row: number, score: number): void {
    let scores = this.declared[agent]
    if (scores === undefined) {
      scores = new Float64Array(this.rowCountMax).fill(Number.NaN)
      this.declared[agent] = scores
    }
    scores[row] = score
    this.publishSkill(row, agent)
  }

  /** What it declared does not hold any more; what was learned does. */
  undeclare(agent: number): void {
    if (this.declared[agent] === undefined) return
    this.declared[agent] = undefined
    for (let row = 0; row < this.rowCountMax; row++) {
      this.publishSkill(row, agent)
    }
  }

  /**
   * An attempt has ended.
   * @param row of the task's type; OVERALL when it has none of its own.
   * @param latencyUs dispatch to result, or NO_TIME for a failure that says nothing about speed.
   * *Cost* O(1) and no allocation once the pair's window exists; for both rows 140 ns with 100 agents,
   * 250 ns with 16,384, whose windows are in no cache.
   */
  record(agent: number, row: number, latencyUs: number, ok: boolean): void {
    if (!this.enabled) return
    // 0 µs would be no time at all.
    const us = Math.max(1, Math.min(LATENCY_US_MAX, Math.round(latencyUs)))
    this.took[0] = latencyUs < 0 ? NO_TIME : us
    this.recordIn(OVERALL, agent, ok)
    if (row !== OVERALL) this.recordIn(row, agent, ok)
  }

  /** Outside of the hot path. @returns what is known of the agent over all types. */
  overall(agent: number): LearnedOf {
    return this.learnedOf(OVERALL, agent)
  }

  /** Outside of the hot path. @returns the rows of which something was learned or declared, but row 0. */
  stats(agent: number): LearnedOf[] {
    const known: LearnedOf[] = []
    for (let row = 1; row < this.rowCountMax; row++) {
      const isDeclared = !Number.isNaN(this.declared[agent]?.[row] ?? Number.NaN)
      if (!isDeclared && this.pairs.find(row, agent) === NO_PAIR) continue
      known.push(this.learnedOf(row, agent))
    }
    return known
  }

  /**
   * @returns µs that a task of the row is to be expected to take the agent: the mean of its window, drawn
   * to the row's as if it had had that `priorWeight` times besides; 0 while nothing is known of the row.
   */
  expectedUs(row: number, agent: number, priorWeight: number): number {
    const usual = this.rows.meansUs[row]
    const pair = this.pairs.find(row, agent)
    if (pair === NO_PAIR) return usual
    const { sumUs, timed } = this.windows
    const results = timed[pair]
    return results === 0 ? usual : (sumUs[pair] + priorWeight * usual) / (results + priorWeight)
  }

  private recordIn(row: number, agent: number, ok: boolean): void {
    const { windows, rows } = this
    let pair = this.pairs.find(row, agent)
    if (pair === NO_PAIR) pair = this.remember(row, agent)
    else this.pairs.touch(pair)
    const us = this.took[0]
    windows.given[0] = us
    if (!ok && us !== NO_TIME) {
      const mean = windows.roundedUs[pair]
      windows.given[0] = Math.max(us, mean > 0 ? mean : Math.round(rows.meansUs[row]))
    }
    rows.leave(row, pair)
    windows.add(pair, ok)
    rows.enter(row, pair)
    this.publish(pair, row, agent)
  }

  private publish(pair: number, row: number, agent: number): void {
    this.score(pair, row, agent)
    this.columns.publish(row, agent, this.values)
  }

  private publishSkill(row: number, agent: number): void {
    this.score(this.pairs.find(row, agent), row, agent)
    this.columns.setSkill(row, agent, this.values[SKILL])
  }

  /** Fills `values`. @param pair NO_PAIR for a stranger. */
  private score(pair: number, row: number, agent: number): void {
    const { values, windows } = this
    const scores = this.declared[agent]
    const usual = this.rows.meansUs[row]
    values[LATENCY] = 0
    values[SUCCESS] = SUCCESS_PRIOR
    // Not one or the other in a variable: a constant and a fraction that meet there are an object.
    values[SKILL] = SKILL_UNKNOWN
    if (scores !== undefined && scores[row] >= 0) values[SKILL] = scores[row]
    values[ROW_LATENCY] = usual
    if (pair === NO_PAIR) return
    const own = windows.meansUs[pair]
    const successes = SUCCESS_PRIOR * PRIOR_WEIGHT + windows.successes[pair]
    const success = successes / (PRIOR_WEIGHT + windows.counts[pair])
    let learned = success * SKILL_UNKNOWN
    if (own > 0) learned = success * (usual / (usual + own))
    const weight = PRIOR_WEIGHT / (PRIOR_WEIGHT + windows.totals[pair])
    values[LATENCY] = own
    values[SUCCESS] = success
    values[SKILL] = weight * values[SKILL] + (1 - weight) * learned
  }

  private remember(row: number, agent: number): number {
    const { victim } = this.pairs
    if (victim !== NO_PAIR) {
      const victimRow = this.pairs.rowOf(victim)
      const victimAgent = this.pairs.agentOf(victim)
      this.forget(victim, victimRow)
      this.publish(NO_PAIR, victimRow, victimAgent)
    }
    return this.pairs.add(row, agent)
  }

  private forgetAgent(agent: number): void {
    for (let row = 0; row < this.rowCountMax; row++) {
      const pair = this.pairs.find(row, agent)
      if (pair !== NO_PAIR) this.forget(pair, row)
    }
    this.declared[agent] = undefined
    this.columns.clear(agent)
  }

  private forget(pair: number, row: number): void {
    this.rows.leave(row, pair)
    this.windows.clear(pair)
    this.rows.enter(row, pair)
    this.pairs.remove(pair)
    this.columns.setRowLatency(row, this.rows.meansUs[row])
  }

  private learnedOf(row: number, agent: number): LearnedOf {
    const { windows } = this
    const pair = this.pairs.find(row, agent)
    const isKnown = pair !== NO_PAIR
    const isTimed = isKnown && windows.timed[pair] > 0
    this.score(pair, row, agent)
    return {
      row,
      results: isKnown ? windows.counts[pair] : 0,
      total: isKnown ? windows.totals[pair] : 0,
      successes: isKnown ? windows.successes[pair] : 0,
      latencyUs: isTimed ? windows.meansUs[pair] : null,
      latelyUs: isTimed ? windows.latelyUs[pair] : null,
      success: this.values[SUCCESS],
      latelySuccess: isKnown ? windows.latelySuccess[pair] : null,
      skill: this.values[SKILL],
    }
  }
}
