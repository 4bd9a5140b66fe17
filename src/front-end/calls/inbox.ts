/**
 * What is shown of people's tasks: the rows of an inbox, and all that somebody sees before they decide.
 * Main thread, outside of the hot path.
 *
 * Invariant: a list costs at most `LIMITS.listStepsMax` looks at tasks that wait, and has room in one
 * answer; the digest is over all bytes, whether they are shown or not.
 */
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import { seenOf } from '../../people/seen.ts'
import type { InboxRow, InboxState, InboxView } from '../../people-views.ts'
import type { AgentState } from '../../policy/agents.ts'
import { isApart } from '../../policy/apart.ts'
import type { Lane } from '../../policy/lanes.ts'
import { BOUND, isFinal, RUNNING, type TaskRecord } from '../../policy/task-record.ts'
import { questionOf } from '../../policy/twins.ts'
import type { PriorityLevel } from '../../task.ts'
import { payloadText } from '../../wire/payload.ts'
import type { FrontEndContext } from '../context.ts'
import { inputBytes, inputViews } from '../inputs.ts'
import { rowsBytesMax } from './list.ts'
import { shownState, slaView, wallClock } from './views.ts'

const TEXT_SHOWN_MAX = 64 * 1024
/** Names and numbers of a row as JSON, at their longest. */
const ROW_BYTES = 720
const RANK: Readonly<Record<InboxState, number>> = { claimed: 0, assigned: 1, waiting: 2 }

/**
 * Claimed ones, then those that are assigned, then what waits and could be taken, the most urgent first.
 * @param people whose inboxes. @param queue that serves them; null for all.
 */
export function inboxRows(
  context: FrontEndContext,
  people: readonly AgentState[],
  queue: string | null,
  limit: number,
): InboxRow[] {
  const records: TaskRecord[] = []
  for (const { running } of people) {
    for (let record = running.head; record !== null; record = record.next) {
      if (queue === null || record.cls!.queue.name === queue) records.push(record)
    }
  }
  const rows = Math.min(limit, Math.floor(rowsBytesMax(context) / ROW_BYTES))
  addWaiting(context, people, queue, rows, records)
  return records
    .map((record) => ({ record, row: inboxRow(context, record) }))
    .sort(
      (a, b) =>
        RANK[a.row.state] - RANK[b.row.state] ||
        b.record.level - a.record.level ||
        a.record.seq - b.record.seq,
    )
    .slice(0, rows)
    .map(({ row }) => row)
}

function addWaiting(
  { core }: FrontEndContext,
  people: readonly AgentState[],
  queue: string | null,
  most: number,
  into: TaskRecord[],
): void {
  let steps = LIMITS.listStepsMax
  const mayTake = (record: TaskRecord, takers: readonly AgentState[]) =>
    takers.some((person) => !isApart(record, person))
  for (let record = core.parked.head; record !== null && steps-- > 0; record = record.next) {
    const { index, queue: serving } = record.cls!
    if (queue !== null && serving.name !== queue) continue
    const candidates = core.table.candidates(index as never)
    if (
      mayTake(
        record,
        people.filter((person) => candidates.has(person.index)),
      )
    )
      into.push(record)
  }
  for (const cls of core.active) {
    if (queue !== null && cls.queue.name !== queue) continue
    const candidates = core.table.candidates(cls.index as never)
    const takers = people.filter(({ index }) => candidates.has(index))
    if (takers.length === 0) continue
    for (const lane of cls.lanes) {
      if (steps <= 0) return
      for (const record of firstOf(lane, Math.min(most, steps))) {
        steps--
        if (mayTake(record, takers)) into.push(record)
      }
    }
  }
}

/** @returns the first of its list, and of those between them; in no order. */
function firstOf({ list, heap }: Lane, most: number): TaskRecord[] {
  const records = heap.items.slice(0, most)
  let left = most
  for (let record = list.head; record !== null && left > 0; record = record.next, left--) {
    records.push(record)
  }
  return records
}

/** @param record that is open. */
export function inboxRow(context: FrontEndContext, record: TaskRecord): InboxRow {
  const { attempt, extras, cls, queueName } = record
  const isRunning = record.state === RUNNING
  const isHeld = isRunning || record.state === BOUND
  const claimedAtMs = isRunning ? attempt!.claimedAtMs : 0
  const confidence = extras?.confidence ?? -1
  return {
    task: record.id,
    queue: cls!.queue.name,
    sourceQueue: queueName,
    type: cls!.type,
    state: stateOf(record),
    person: isHeld ? record.agentId : null,
    voteOn: questionOf(record)?.id ?? null,
    priority: record.baseLevel as PriorityLevel,
    confidence: confidence < 0 ? null : confidence,
    comments: context.people.comments.of(record).length,
    acceptedAt: wallClock(record.acceptedAtMs),
    assignedAt: isRunning ? wallClock(record.startedAtMs) : null,
    claimedAt: claimedAtMs === 0 ? null : wallClock(claimedAtMs),
    dueAt: claimedAtMs === 0 ? slaView(record).slaDueAt : wallClock(claimedAtMs + record.timeoutMs),
  }
}

/** What an agent that is no person runs is nobody's to claim. */
function stateOf(record: TaskRecord): InboxState {
  if (record.state !== RUNNING) return 'waiting'
  return shownState(record) === 'assigned' ? 'assigned' : 'claimed'
}

/** @throws finished */
export function requireOpen(record: TaskRecord): void {
  if (!isFinal(record.state)) return
  throw new SignalboxError(
    'finished',
    `Task "${record.id}" is ${shownState(record)} already: \`signalbox task get ${record.id}\` ` +
      'shows what came of it.',
  )
}

/** @throws finished: what was to be seen is gone. */
export function inboxView(context: FrontEndContext, record: TaskRecord): InboxView {
  requireOpen(record)
  const texts = new Texts(rowsBytesMax(context))
  const payload = context.arena.get(record.payload, record.payloadBytes)
  const inputs = inputBytes(context, record)
  return {
    ...inboxRow(context, record),
    payload: texts.of(payload),
    notes: context.people.comments.of(record).map((comment) => texts.note(comment)),
    inputs: inputViews(record).map((view, at) => ({ ...view, text: texts.of(inputs[at].bytes) })),
    seen: seenOf(payload, inputs).toString('hex'),
    failedDestinations: [...(record.extras?.failedDestinations ?? [])],
  }
}

/** @returns 32 bytes: SHA-256 of what is to be decided by. */
export function seenBytes(context: FrontEndContext, record: TaskRecord): Uint8Array {
  const payload = context.arena.get(record.payload, record.payloadBytes)
  return seenOf(payload, inputBytes(context, record))
}

/** What has room in an answer, as text; the first come first. */
class Texts {
  #left: number

  constructor(bytesMax: number) {
    this.#left = bytesMax - ROW_BYTES
  }

  of(bytes: Uint8Array | null): string | null {
    if (bytes === null || bytes.length > TEXT_SHOWN_MAX) return null
    const text = payloadText(bytes)
    return this.#takes(text) ? text : null
  }

  note<Note extends { text: string }>(note: Note): Note {
    return this.#takes(note.text) ? note : { ...note, text: '…' }
  }

  #takes(text: string): boolean {
    const bytes = Buffer.byteLength(JSON.stringify(text))
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }
}
