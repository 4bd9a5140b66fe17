/**
 * Calls about people's tasks: an inbox, what is in it, claiming, deciding, commenting. The same functions
 * serve `sb.api`, REST and the library. Main thread, in turns.
 *
 * Invariant: a call does all of what it says or is refused with one sentence, and what it did is in the
 * ledger before what follows from it.
 *
 *   listInbox ─► inboxTask ─► claimTask ─► commentTask … ─► decideTask ─┬─ accept, reject ─► its result
 *                                                                       ├─ escalate ─► who is asked then
 *                                                                       └─ hand_back ─► somebody else
 */
import { nowUs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import { WAS_TAKEN } from '../../ledger/format.ts'
import { LIMITS, type QueueOptions } from '../../options.ts'
import {
  type CalibrationView,
  DECISIONS,
  type DecisionName,
  type DecisionView,
  type InboxRow,
  type InboxView,
  type TaskComment,
} from '../../people-views.ts'
import type { AgentState } from '../../policy/agents.ts'
import { hasOther } from '../../policy/apart.ts'
import { mayEscalate } from '../../policy/moves.ts'
import { BOUND, RUNNING, SCHEDULED, type TaskRecord } from '../../policy/task-record.ts'
import { quote, requireToken } from '../../wire/tokens.ts'
import { dispatchMoved } from '../commit.ts'
import type { FrontEndContext } from '../context.ts'
import { endAttempt, newResultBody } from '../result.ts'
import { requireTask } from './control.ts'
import { inboxRows, inboxView, requireOpen, seenBytes } from './inbox.ts'
import { shownState } from './views.ts'

type Body = Readonly<Record<string, unknown>>

/** @throws person_unknown, queue_unknown, bad_option, bad_token */
export function listInbox(context: FrontEndContext, options: Body): InboxRow[] {
  const { person, queue, limit = LIMITS.listTasksDefault } = options
  requireOptions(options, ['person', 'queue', 'limit'])
  if (
    !Number.isInteger(limit) ||
    (limit as number) < 1 ||
    (limit as number) > LIMITS.listTasksMax
  ) {
    throw badOption('limit', limit, `give a whole number from 1 to ${LIMITS.listTasksMax}`)
  }
  const inQueue = queue == null ? null : requireQueue(context, queue)
  const { people } = context
  const agents = person == null ? people.agents() : [people.agentOf(requirePerson(person))]
  return inboxRows(context, agents, inQueue, limit as number)
}

/** @throws task_unknown, finished, bad_token */
export function inboxTask(context: FrontEndContext, id: unknown, queue?: unknown): InboxView {
  return inboxView(context, requireTask(context, id, queue ?? undefined))
}

/** @throws task_unknown, person_unknown, claimed, not_claimable, finished, bad_token */
export function claimTask(context: FrontEndContext, id: unknown, options: Body): InboxView {
  requireOptions(options, ['id', 'by', 'queue'])
  const record = requireTask(context, id, options.queue ?? undefined)
  const person = context.people.agentOf(requirePerson(options.by))
  requireOpen(record)
  const { core, ledger, nowMs } = context
  const isTheirs = record.state === RUNNING && record.agentId === person.id
  if (!isTheirs) take(context, record, person)
  // Nobody has a task of a person's but that person.
  if (core.claim(record, nowMs) !== null) {
    throw new SignalboxError(
      'claimed',
      `"${person.id}" has claimed task "${record.id}" already: decide it, or hand it back.`,
    )
  }
  const seen = seenBytes(context, record)
  ledger?.writer.claimed(record, person, confidenceOf(record), seen, nowMs)
  context.people.claimed(record, nowMs)
  return inboxView(context, record)
}

/** A task that waits is theirs now, before its turn. @throws claimed, not_claimable */
function take(context: FrontEndContext, record: TaskRecord, person: AgentState): void {
  const { id, agentId } = record
  if (record.state === RUNNING || record.state === BOUND) {
    const ask = context.people.has(agentId!) ? 'they may hand it back, and ' : ''
    throw new SignalboxError(
      'claimed',
      `Task "${id}" is with "${agentId}", not "${person.id}": ${ask}` +
        `\`signalbox inbox list --as ${person.id}\` shows what could be yours.`,
    )
  }
  const refusal = context.core.assign(record, person, context.nowMs)
  if (refusal !== null) {
    const why = notTakenWords(context, record, person, refusal)
    throw new SignalboxError('not_claimable', `"${person.id}" cannot claim task "${id}": ${why}.`)
  }
  dispatchMoved(context, record, WAS_TAKEN)
}

/** Behind a colon. */
function notTakenWords(
  { agentHealth, people }: FrontEndContext,
  { cls, state, extras }: TaskRecord,
  person: AgentState,
  refusal: 'not_waiting' | 'held' | 'not_accepting' | 'not_served' | 'no_room',
): string {
  const queue = cls!.queue.name
  switch (refusal) {
    case 'not_waiting':
      if (state === SCHEDULED) return 'its time has not come yet'
      return 'it waits for other tasks'
    case 'held':
      return `queue "${queue}" gives nothing out at the moment`
    case 'not_accepting': {
      const { condition } = agentHealth.conditionOf(person)
      if (condition === 'off_hours') return `they work ${people.hoursOf(person.id)}`
      return condition === 'maintenance' ? 'they rest' : 'they were asked to take nothing new'
    }
    case 'not_served':
      if (extras?.apart?.agents.includes(person.id)) return 'they had it, or its like, before'
      return person.profile.servesQueue(queue)
        ? 'it requires what they do not have'
        : `they do not serve queue "${queue}"`
    case 'no_room':
      return `their inbox holds ${person.running.length} of ${person.concurrency}, decide one first`
  }
}

/**
 * @throws task_unknown, person_unknown, not_claimed, not_supported, not_claimable, finished, bad_option,
 *   payload_too_large, out_of_memory, bad_token
 */
export function decideTask(context: FrontEndContext, id: unknown, options: Body): DecisionView {
  requireOptions(options, ['id', 'by', 'decision', 'queue', 'comment', 'data'])
  const record = requireTask(context, id, options.queue ?? undefined)
  const person = context.people.agentOf(requirePerson(options.by))
  const decision = requireDecision(options.decision)
  const comment = options.comment == null ? null : requireComment(options.comment)
  requireClaimed(record, person)
  const task = { id: record.id, queue: record.queueName, servedBy: record.cls!.queue.name }
  const confidence = confidenceOf(record)
  const said = { decision, by: person.id, comment, data: options.data ?? null, confidence }
  const settle = settlement(context, record, person, said)
  const seen = seenBytes(context, record)
  // Of accepted and rejected ones it stands in the result.
  if (comment !== null && (decision === 'escalate' || decision === 'hand_back')) {
    context.people.comments.add(record, record.id, { by: person.id, at: Date.now(), text: comment })
  }
  context.ledger?.writer.decided(
    record,
    person,
    DECISIONS.indexOf(decision),
    confidence,
    seen,
    comment ?? '',
    context.nowMs,
  )
  context.people.decided(task.servedBy, task.id, person.id, decision, confidence)
  settle()
  // Kept no longer, it was the last that was heard of it.
  const after = context.core.find(task.id, task.queue)
  return {
    task: task.id,
    queue: task.queue,
    by: person.id,
    decision,
    state: after === undefined ? 'completed' : shownState(after),
    servedBy: after?.cls?.queue.name ?? task.servedBy,
  }
}

interface Said {
  decision: DecisionName
  by: string
  comment: string | null
  data: unknown
  confidence: number | null
}

/** @returns what becomes of it; all that may be refused is refused before. */
function settlement(
  context: FrontEndContext,
  record: TaskRecord,
  person: AgentState,
  said: Said,
): () => void {
  const { core, nowMs } = context
  const { options, name } = record.cls!.queue
  const hasSupervisor = mayEscalate(record)
  if (said.decision === 'escalate') {
    if (!hasSupervisor) {
      throw new SignalboxError(
        'not_supported',
        `Task "${record.id}" cannot be escalated: ${notEscalatedWords(name, options)}.`,
      )
    }
    return () => core.handedOn(record, nowMs)
  }
  if (said.decision === 'hand_back') {
    if (!hasSupervisor && !hasOther(record, person)) {
      throw new SignalboxError(
        'not_claimable',
        `Nobody but "${person.id}" could have task "${record.id}", and queue "${name}" escalates to ` +
          'nobody: decide it, or let somebody else serve the queue first.',
      )
    }
    return () => core.declined(record, nowMs)
  }
  const bytes = resultOf(context, said)
  return () =>
    endAttempt(context, record, { ...newResultBody(), bytes, length: bytes.length }, nowUs())
}

/** Behind a colon. */
function notEscalatedWords(queue: string, options: QueueOptions): string {
  const supervisor = options.escalateTo || options.escalateToAgent
  if (supervisor === '') return `queue "${queue}" escalates to nobody, give it escalate_to`
  return `it has been with "${supervisor}" before, moved too often, or is one of several votes`
}

function resultOf({ payloadBytesMax }: FrontEndContext, said: Said): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify({ ...said, at: Date.now() })
  } catch {
    throw badOption('data', '…', 'give a value that JSON has')
  }
  const bytes = Buffer.from(text)
  if (bytes.length <= payloadBytesMax) return bytes
  throw new SignalboxError(
    'payload_too_large',
    `The decision is ${bytes.length} bytes with its data, the limit is ${payloadBytesMax}: store the ` +
      'data elsewhere and give where it is.',
  )
}

/** @throws task_unknown, bad_option, out_of_memory, bad_token */
export function commentTask(context: FrontEndContext, id: unknown, options: Body): TaskComment {
  requireOptions(options, ['id', 'by', 'text', 'queue'])
  const record = requireTask(context, id, options.queue ?? undefined)
  const by = requirePerson(options.by)
  const comment = { by, at: Date.now(), text: requireComment(options.text) }
  context.people.comments.add(record, record.id, comment)
  context.ledger?.writer.commented(record, by, comment.text)
  return comment
}

/** @throws queue_unknown, bad_token */
export function calibration(context: FrontEndContext, queue: unknown): CalibrationView {
  const name = requireQueue(context, queue)
  return context.people.calibrationOf(name).view(name)
}

/** @returns 0 to 100; null when no result has said one. */
function confidenceOf({ extras }: TaskRecord): number | null {
  const confidence = extras === null ? -1 : extras.confidence
  return confidence < 0 ? null : confidence
}

/** @throws finished, not_claimed */
function requireClaimed(record: TaskRecord, person: AgentState): void {
  requireOpen(record)
  const { id, state, agentId, attempt } = record
  const isTheirs = state === RUNNING && agentId === person.id
  if (isTheirs && attempt!.claimedAtMs > 0) return
  const isElsewhere = state === RUNNING && !isTheirs
  const who = isElsewhere
    ? `"${agentId}" has it`
    : `nobody has claimed it: signalbox inbox claim ${id} --as ${person.id}`
  throw new SignalboxError('not_claimed', `Task "${id}" is not claimed by "${person.id}"; ${who}.`)
}

function requirePerson(name: unknown): string {
  return requireToken(name, 'name of a person')
}

function requireQueue({ core }: FrontEndContext, queue: unknown): string {
  const name = requireToken(queue, 'queue')
  if (core.queues.has(name)) return name
  throw new SignalboxError(
    'queue_unknown',
    `There is no queue ${quote(name)} here: \`signalbox status\` shows those that there are.`,
  )
}

function requireDecision(decision: unknown): DecisionName {
  if (DECISIONS.includes(decision as DecisionName)) return decision as DecisionName
  throw badOption('decision', decision, `give one of ${DECISIONS.join(', ')}`)
}

function requireComment(text: unknown): string {
  if (typeof text !== 'string' || text.trim() === '') {
    throw badOption('comment', text, 'give a text that says something')
  }
  if (Buffer.byteLength(text) <= LIMITS.commentBytesMax) return text
  throw badOption('comment', text, `give at most ${LIMITS.commentBytesMax} bytes`)
}

function requireOptions(options: Body, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const names = known.filter((name) => name !== 'id').join(', ')
  throw badOption(unknown, options[unknown], `there is no such option, known are ${names}`)
}

function badOption(name: string, value: unknown, what: string): SignalboxError {
  return new SignalboxError('bad_option', `Option "${name}" is ${quote(value)}: ${what}.`)
}
