/**
 * Scores of a task's candidates, by the strategy that chooses for it. Main thread, off the path but in
 * queues that keep them.
 *
 * Invariant: a table names at most 32 agents: the chosen and those that follow in the order of their
 * places; what they have in hand is told as it was without the task.
 *
 * Not taken: the best 32 of all, which is a score for each of 100,000 agents at every decision.
 */
import type { ScoreRow, ScoreTable } from '../../explanation.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { NONE, type PlacementTask, type Strategy } from '../../routing/strategy.ts'
import type { FrontEndContext } from '../context.ts'
import type { KeptTable } from './kept-scores.ts'

export const SCORE_ROWS_MAX = 32

/** @param chosen who has just been given the task, which already counts in its load. */
export function scoresAtCommit(
  context: FrontEndContext,
  record: TaskRecord,
  strategyIndex: number,
  chosen: number,
): KeptTable {
  const { pending } = context.chooser.agents
  pending[chosen]--
  const table = scores(context, record, strategyIndex, chosen, 'commit')
  pending[chosen]++
  return table
}

/** @param chosen who got it, or NONE. */
export function scoresNow(
  context: FrontEndContext,
  record: TaskRecord,
  strategyIndex: number,
  chosen: number,
): ScoreTable {
  const { candidates: _, ...table } = scores(context, record, strategyIndex, chosen, 'now')
  return table
}

function scores(
  context: FrontEndContext,
  record: TaskRecord,
  strategyIndex: number,
  chosen: number,
  asOf: ScoreTable['asOf'],
): KeptTable {
  const { candidates } = context.chooser
  const task = placementTask(record)
  candidates.select(task.classIndex, task.early)
  const count = candidates.count() + (chosen === NONE || candidates.has(chosen) ? 0 : 1)
  const strategy = context.strategies[strategyIndex]
  const rows = [...listed(context, chosen)].map((agent) =>
    rowOf(context, task, strategy, agent, agent === chosen),
  )
  rows.sort(byRank)
  return { asOf, rows, unlisted: Math.max(0, count - rows.length), candidates: count }
}

/** The chosen, and who has room, from the places behind it on. */
function listed({ chooser: { candidates } }: FrontEndContext, chosen: number): Set<number> {
  const agents = new Set<number>(chosen === NONE ? [] : [chosen])
  let next = candidates.nextFrom(chosen + 1)
  // Ends: each round adds one, or has gone round.
  while (next !== NONE && agents.size < SCORE_ROWS_MAX && !agents.has(next)) {
    agents.add(next)
    next = candidates.nextFrom(next + 1)
  }
  return agents
}

function rowOf(
  context: FrontEndContext,
  task: PlacementTask,
  strategy: Strategy | undefined,
  agent: number,
  isChosen: boolean,
): ScoreRow {
  const { core, chooser } = context
  const { agents } = chooser
  const { score = null, ...terms } = strategy?.explain?.(task, agent, agents) ?? {}
  return {
    agent: core.agentAt[agent]?.id ?? '',
    isChosen,
    isPreferred: core.table.preferred(task.classIndex as never).has(agent),
    load: agents.load(agent),
    capacity: agents.capacity(agent),
    score,
    terms,
  }
}

function byRank(a: ScoreRow, b: ScoreRow): number {
  if (a.isChosen !== b.isChosen) return a.isChosen ? -1 : 1
  if (a.isPreferred !== b.isPreferred) return a.isPreferred ? -1 : 1
  return (b.score ?? 0) - (a.score ?? 0)
}

function placementTask(record: TaskRecord): PlacementTask {
  const cls = record.cls!
  return {
    classIndex: cls.index,
    level: record.level - 1,
    slot: 0,
    row: cls.row,
    matchRow: cls.matchRow,
    key: record.keyHash,
    early: cls.early,
  }
}
