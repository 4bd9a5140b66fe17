/**
 * Step 6 of 8, commit. Before: a proposal, from a router's outbox or from the same strategy run
 * here. After: credit taken, attempt and token written, payload on its way to the agent; or the task
 * back at the head of its lane, because nobody is free. The only place where placements become true.
 */
import { NONE, PROPOSAL_WORDS } from '../../native-free/index.ts'
import { nowUs } from '../clock.ts'
import { COMMITTED, CONFLICT } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { type FrontEndContext, STAGE_ASSIGNMENT, STAGE_COMMIT, STAGE_PROPOSE } from './context.ts'
import type { AgentPort } from './transport.ts'

const proposal = new Int32Array(PROPOSAL_WORDS)

/** Reads what the routers have proposed so far. @returns how many proposals there were. */
export function commitProposals(context: FrontEndContext): number {
  let count = 0
  for (const outbox of context.outboxes) {
    const ready = outbox.size()
    if (ready === 0) continue
    const stampUs = nowUs()
    for (let i = 0; i < ready && outbox.next(proposal); i++) {
      commitProposal(context, stampUs)
    }
    outbox.commitReads()
    count += ready
  }
  return count
}

function commitProposal(context: FrontEndContext, stampUs: number): void {
  const { core } = context
  const [slot, generation, agent, agentGeneration, proposedUs] = proposal
  const record = core.recordAt[slot]
  const answer = core.propose(slot, generation, agent, agentGeneration, context.nowMs, true)
  if (answer === COMMITTED) {
    record!.attempt!.proposedUs = proposedUs
    dispatch(context, record!, stampUs)
  } else if (answer === CONFLICT) {
    placeInline(context, record!)
  }
}

/** Chooses and commits here and now. @returns false when nobody is free: the task is back in its lane. */
export function placeInline(context: FrontEndContext, record: TaskRecord): boolean {
  const { core } = context
  const attempt = record.attempt!
  const agent = context.chooser.choose(attempt.slot)
  const stampUs = nowUs()
  if (agent !== NONE) {
    const generation = core.table.generation(agent as never)
    const { slot, generation: offered } = attempt
    const answer = core.propose(slot, offered, agent, generation, context.nowMs, false)
    if (answer === COMMITTED) {
      attempt.proposedUs = stampUs
      dispatch(context, record, stampUs)
      return true
    }
  }
  core.bounce(record)
  return false
}

/** Places what was bounced, now that credit may be free; before any later proposal is read. */
export function placeBounced(context: FrontEndContext): void {
  const { core } = context
  // Ends: each round places one that had bounced, or is the last.
  while (core.bouncedWaiting > 0) {
    const record = core.nextBounced(context.nowMs)
    if (record === null || !placeInline(context, record)) return
  }
}

function dispatch(context: FrontEndContext, record: TaskRecord, stampUs: number): void {
  const attempt = record.attempt!
  attempt.committedUs = stampUs
  if (record.attempts === 1) {
    const { latency } = context
    latency.record(STAGE_PROPOSE, (attempt.proposedUs - record.admittedUs) | 0)
    latency.record(STAGE_COMMIT, (stampUs - attempt.proposedUs) | 0)
    latency.record(STAGE_ASSIGNMENT, (stampUs - record.receivedUs) | 0)
  }
  const agent = attempt.agent!
  ;(agent.link as AgentPort).dispatch(record, agent)
  context.dispatched.add(record)
}
