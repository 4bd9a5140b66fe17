/**
 * Step 3 of 8, admit. Before: a record in the inbox. After: its payload is in the arena, the task in
 * its lane, its submitter answered; or a refusal. At most `admitsPerTurn` a turn, so that results
 * are never kept waiting by a flood of submits.
 */
import { nowUs } from '../clock.ts'
import { LIMITS } from '../options.ts'
import type { Past } from '../policy/dedup.ts'
import { COMPLETED, isFinal, stateName, type TaskRecord } from '../policy/task-record.ts'
import { type FrontEndContext, STAGE_ADMIT } from './context.ts'
import { learnRows } from './learned.ts'
import { REFUSED } from './payloads.ts'
import { refuse, refuseRecord } from './receive.ts'

/** @returns how many were taken. */
export function admitWaiting(context: FrontEndContext): number {
  context.flows.turned()
  if (context.inbox.submitsWaiting === 0) return 0
  const stampUs = nowUs()
  let taken = 0
  for (; taken < LIMITS.admitsPerTurn; taken++) {
    const record = context.inbox.nextSubmit()
    if (record === undefined) break
    admit(context, record, stampUs)
  }
  learnRows(context)
  return taken
}

function admit(context: FrontEndContext, record: TaskRecord, stampUs: number): void {
  const { core, arena } = context
  const payload = arena.put(record.view, record.viewStart, record.payloadBytes)
  // Who asks for a known task again needs no memory: it is answered from what there is.
  if (payload === REFUSED && (!record.isNamed || !core.find(record.id, record.queueName))) {
    const message = 'The memory for payloads is full: submit again when some tasks have finished.'
    refuseRecord(context, record, 'out_of_memory', message)
    return
  }
  record.payload = payload
  record.dropView()
  record.admittedUs = stampUs
  // A payload without memory is of a known task: that is answered from what there is.
  const votes = payload === REFUSED ? null : context.together.votesOn(record)
  const { extras } = record
  if (extras !== null && extras.after !== null) context.admitting = record
  const refusal =
    votes === null ? core.submit(record, context.nowMs) : context.together.submit(record, votes)
  context.admitting = null
  if (refusal === null) {
    context.latency.record(STAGE_ADMIT, (stampUs - record.receivedUs) | 0)
    context.ledger?.writer.accepted(record, context.nowMs)
    if (record.wantsAccepted) record.origin.accepted(record, record.replyTo, false)
    if (context.endedAtOnce) endAtOnce(context, record)
    return
  }
  arena.free(payload)
  if (refusal.code !== 'duplicate') {
    refuseRecord(context, record, refusal.code, refusal.message)
    return
  }
  if (refusal.first !== undefined) answerDuplicate(context, record, refusal.first)
  else answerPast(context, record, refusal.past!)
  context.records.forget(record)
}

/** One of its parents had failed: it is accepted first, and then it has its outcome. */
function endAtOnce(context: FrontEndContext, record: TaskRecord): void {
  context.endedAtOnce = false
  context.over(record)
}

/** The id's task is forgotten, but what became of it is known: its state, and no outcome any more. */
function answerPast(context: FrontEndContext, record: TaskRecord, { state }: Past): void {
  const { origin, replyTo } = record
  // The second one stands for the first, whose record is gone.
  record.state = state
  if (record.wantsAccepted) origin.accepted(record, replyTo, true)
  if (!record.wantsOutcome) return
  const message =
    `Task "${record.id}" has ended already (${stateName(state)}) and its outcome is not kept any ` +
    'more: submit new work under another id.'
  refuse(context, origin, replyTo, 'finished', message)
}

/** The second submit of an id gets the first one's state, and its outcome when it wants that. */
function answerDuplicate(context: FrontEndContext, record: TaskRecord, first: TaskRecord): void {
  const { origin, replyTo } = record
  if (record.wantsAccepted) origin.accepted(first, replyTo, true)
  if (!record.wantsOutcome) return
  if (first.state === COMPLETED && first.resultBytes < 0) {
    const message = `Task "${first.id}" has completed, but there was no memory to keep its result.`
    refuse(context, origin, replyTo, 'task_unknown', message)
    return
  }
  if (isFinal(first.state)) {
    origin.outcome(first, replyTo)
    return
  }
  first.waiters ??= []
  first.waiters.push({ origin, replyTo })
}
