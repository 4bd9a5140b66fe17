/**
 * What is kept of a decision at commit: its facts, always, and the scores of its candidates where the
 * queue says `explain: true`; and its line in the ledger. Main thread, part of step 6.
 *
 * Invariant: what is kept is what was true before the task was given away, although this runs after.
 */
import type { AgentIndex, SlotIndex } from '../../../native-free/index.ts'
import { BY_ROUTER, INLINE } from '../../ledger/format.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import type { FrontEndContext } from '../context.ts'
import { scoresAtCommit } from './scores.ts'

/**
 * The task has just been committed, or bound, to an agent.
 * @param slot that it was offered in.
 * *Cost* 12 ns and no allocation; where the queue keeps scores, some 7 µs and what they are kept in.
 */
export function notePlaced(
  context: FrontEndContext,
  record: TaskRecord,
  slot: number,
  agent: number,
  byRouter: boolean,
): void {
  const { core } = context
  const { table } = core
  const index = agent as AgentIndex
  const strategy = strategyOf(context, slot, byRouter)
  context.decisions.placed(
    record.seq,
    byRouter,
    strategy,
    agent,
    table.generation(index),
    table.inUse(index) + table.queued(index) - 1,
    table.capacity(index),
    record.cls!.free + 1,
    context.nowMs,
  )
  const how = byRouter ? BY_ROUTER : INLINE
  const { nowMs, ledger } = context
  if (record.attempt !== null) ledger?.writer.assigned(record, strategy, how, nowMs)
  else ledger?.writer.bound(record, core.agentAt[agent]!, strategy, how, nowMs)
  if (record.cls!.queue.options.explain) {
    context.keptScores.keep(record, scoresAtCommit(context, record, strategy, agent))
  }
}

/** A user's own strategy does not run here, nor anywhere once it is off. */
function strategyOf(context: FrontEndContext, slot: number, byRouter: boolean): number {
  const strategy = context.slots.strategyIndex(slot as SlotIndex)
  if (context.isOwn[strategy] === 0) return strategy
  return byRouter && !context.strategiesOff.has(strategy) ? strategy : context.standIn
}
