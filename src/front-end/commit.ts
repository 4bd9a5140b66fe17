/**
 * Step 6 of 8, commit. Before: a proposal, from a router's outbox or from the same strategy run
 * here. After: credit taken, attempt and token written, payload on its way to the agent; or the task
 * back at the head of its lane, because nobody is free; or, where the queue binds early, in the own
 * queue of an agent, from where it is sent once that has credit. The only place where placements
 * become true.
 */
import { NONE, PROPOSAL_WORDS } from '../../native-free/index.ts'
import { nowUs } from '../clock.ts'
import { type PlacedHow, WAS_BOUND, WAS_MOVED } from '../ledger/format.ts'
import { BOUND_TO_AGENT, COMMITTED, CONFLICT } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { type FrontEndContext, STAGE_ASSIGNMENT, STAGE_COMMIT, STAGE_PROPOSE } from './context.ts'
import { notePlaced } from './explain/note-decision.ts'
import { holdBack, offerToRouters, publishOffers } from './offers.ts'
import { chooseApart, isApart } from './place-apart.ts'
import { isRouterOnly } from './router-only.ts'
import type { AgentPort } from './transport.ts'

const proposal = new Int32Array(PROPOSAL_WORDS)

/** Reads what the routers have proposed so far. @returns how many proposals there were. */
export function commitProposals(context: FrontEndContext): number {
  let count = 0
  context.offersLeft = context.memory.shape.publishMax
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
  if (answer === COMMITTED || answer === BOUND_TO_AGENT) {
    notePlaced(context, record!, slot, agent, true)
  }
  if (answer === COMMITTED) {
    record!.attempt!.proposedUs = proposedUs
    dispatch(context, record!, stampUs)
  } else if (answer === CONFLICT) {
    if (agent !== NONE) context.decisions.conflict(record!.seq)
    placeAgain(context, record!)
  }
}

/** A choice did not hold, or did not come. What only routers may place is offered to them again. */
export function placeAgain(context: FrontEndContext, record: TaskRecord): void {
  if (isRouterOnly(context, record.cls!)) bounce(context, record)
  else placeInline(context, record)
}

/**
 * Chooses and commits here and now.
 * @returns false when nobody is free: the task is back in its lane, and those behind it need not be tried.
 */
export function placeInline(context: FrontEndContext, record: TaskRecord): boolean {
  if (isApart(record)) {
    placeApart(context, record)
    return true
  }
  if (context.costs.isSampled()) return placeTimed(context, record)
  return commitChoice(context, record, context.chooser.choose(record.attempt!.slot))
}

/** A task that may not come to everybody: whoever is free may be free for the next one. */
function placeApart(context: FrontEndContext, record: TaskRecord): void {
  const agent = chooseApart(context, record)
  if (agent === NONE || !placeOn(context, record, agent)) context.core.park(record)
}

function placeTimed(context: FrontEndContext, record: TaskRecord): boolean {
  const { costs } = context
  const { strategyIndex } = record.cls!
  const startMs = performance.now()
  const agent = context.chooser.choose(record.attempt!.slot)
  const chosenMs = performance.now()
  costs.chose(strategyIndex, (chosenMs - startMs) * 1_000)
  const isPlaced = commitChoice(context, record, agent)
  if (isPlaced) costs.committed((performance.now() - chosenMs) * 1_000)
  return isPlaced
}

function commitChoice(context: FrontEndContext, record: TaskRecord, agent: number): boolean {
  if (agent !== NONE) {
    if (placeOn(context, record, agent)) return true
    context.decisions.conflict(record.seq)
  }
  bounce(context, record)
  return false
}

/** @returns whether the offered task is that agent's now; else it is offered still. */
export function placeOn(context: FrontEndContext, record: TaskRecord, agent: number): boolean {
  const { core } = context
  const attempt = record.attempt!
  const stampUs = nowUs()
  const generation = core.table.generation(agent as never)
  const { slot, generation: offered } = attempt
  const answer = core.propose(slot, offered, agent, generation, context.nowMs, false)
  if (answer !== COMMITTED && answer !== BOUND_TO_AGENT) return false
  notePlaced(context, record, slot, agent, false)
  if (answer === BOUND_TO_AGENT) return true
  attempt.proposedUs = stampUs
  dispatch(context, record, stampUs)
  return true
}

function bounce(context: FrontEndContext, record: TaskRecord): void {
  context.decisions.bounced(record.seq)
  context.core.bounce(record)
}

/** Sends what was bound to agents that have credit by now; before anything else may take that. */
export function placeBound(context: FrontEndContext): void {
  const { core } = context
  if (core.ready.length === 0) return
  const stampUs = nowUs()
  // Ends: each round starts one of finitely many.
  for (let record = core.nextBound(context.nowMs); record !== null; ) {
    const { strategyIndex } = record.cls!
    context.ledger?.writer.assigned(record, strategyIndex, WAS_BOUND, context.nowMs)
    record.attempt!.proposedUs = stampUs
    dispatch(context, record, stampUs)
    record = core.nextBound(context.nowMs)
  }
}

/** Sends what was begun with another agent than it waited for, or was sent to before. */
export function dispatchMoved(
  context: FrontEndContext,
  record: TaskRecord,
  how: PlacedHow = WAS_MOVED,
): void {
  const stampUs = nowUs()
  context.ledger?.writer.assigned(record, record.cls!.strategyIndex, how, context.nowMs)
  record.attempt!.proposedUs = stampUs
  dispatch(context, record, stampUs)
}

/** Places what was bounced, now that credit may be free; before any later proposal is read. */
export function placeBounced(context: FrontEndContext): void {
  const { core } = context
  // Ends: each round places one that had bounced, or is the last.
  while (core.bouncedWaiting > 0) {
    const record = core.nextBounced(context.nowMs)
    if (record === null) break
    if (isRouterOnly(context, record.cls!) && !isApart(record)) {
      if (offerToRouters(context, record)) continue
      holdBack(context, record)
      break
    }
    if (!placeInline(context, record)) break
  }
  publishOffers(context)
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
  context.hedger.started(record, context.nowMs)
}
