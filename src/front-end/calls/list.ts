/**
 * A page of a list of tasks, made in one turn: first the open ones in the order of their admission,
 * found by their numbers, and with them those that are over and needed still, by an open task or as a
 * part of an open flow; then the kept ones from the newest, along their list. Main thread.
 *
 * Invariant: a page costs at most `LIMITS.listStepsMax` steps and a task more, whatever there is; it
 * ends early instead and says where to go on. A million waiting tasks, none of which fits, are 31
 * short pages with other turns in between.
 *
 * Kept tasks are forgotten from the oldest, so when the one that a cursor names is gone, all behind it
 * are too. Not taken: a cursor that holds an iterator here, which is memory for whoever never comes
 * back; a list of the open tasks, which is two more references a record and two writes a task.
 */
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import type { ClassState } from '../../policy/classes.ts'
import { isPinned } from '../../policy/dependencies.ts'
import { isFinal, type TaskRecord, WAITING } from '../../policy/task-record.ts'
import type { TaskPage, TaskRow, TaskState } from '../../task.ts'
import {
  type CheckedListOptions,
  type CursorOrigin,
  formatCursor,
  type ListCursor,
} from '../../wire/list-options.ts'
import { quote } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import { shownState, taskRow } from './views.ts'

/** A row is built and encoded: about as long as looking at so many numbers. */
const ROW_STEPS = 16
/** Names, numbers and times of a row as JSON, without what has a length of its own. */
const ROW_BYTES = 512
/** The same of a stage that is behind it. */
const STAGE_BYTES = 288
const OPEN_STATES: readonly TaskState[] = [
  'pending',
  'blocked',
  'scheduled',
  'assigned',
  'processing',
]
/** Quotes and a comma; two quotes more within what a task waits for. */
const TEXT_BYTES = 5
/** A page without its rows. */
const PAGE_BYTES = 256
/** A character of JSON takes at most so many: `\u001f`. */
const CHARACTER_BYTES_MAX = 6

/** @throws queue_unknown; bad_option for a cursor of another scheduler or an earlier start. */
export function listPage(context: FrontEndContext, options: CheckedListOptions): TaskPage {
  const { core } = context
  const { queue, cursor } = options
  if (queue !== null && !core.queues.has(queue)) {
    throw new SignalboxError(
      'queue_unknown',
      `There is no queue ${quote(queue)} here: \`signalbox status\` shows those that there are.`,
    )
  }
  requireOwn(context, cursor)
  return new PageMaker(context, options).make()
}

/** @throws bad_option for a cursor of another scheduler or an earlier start. */
export function requireOwn(context: FrontEndContext, cursor: CursorOrigin | null): void {
  const { name } = context.options
  const { epoch } = context.core.options
  if (cursor === null || (cursor.scheduler === name && cursor.epoch === epoch)) return
  throw new SignalboxError(
    'bad_option',
    `The cursor is of scheduler "${cursor.scheduler}" as it was started at ${cursor.epoch}, ` +
      `this is "${name}", ${epoch}: list from the beginning.`,
  )
}

/** @returns bytes that the rows of a page may have, above 0: its answer has a cursor besides. */
export function rowsBytesMax(context: FrontEndContext): number {
  return Math.max(1, context.answerBytesMax - PAGE_BYTES)
}

class PageMaker {
  readonly #context: FrontEndContext
  readonly #options: CheckedListOptions
  readonly #bytesMax: number
  readonly #rows: TaskRow[] = []
  /** All tasks in the lanes of a class wait for the same, and finding out asks many agents. */
  readonly #waitingFor = new Map<ClassState, string | null>()
  #bytes = 0
  #steps = 0

  constructor(context: FrontEndContext, options: CheckedListOptions) {
    this.#context = context
    this.#options = options
    this.#bytesMax = rowsBytesMax(context)
  }

  make(): TaskPage {
    const { cursor, state } = this.#options
    const wantsOpen = state === null || OPEN_STATES.includes(state)
    const wantsKept = state === null || !wantsOpen
    const startsOpen = wantsOpen || this.#context.core.pinned.length > 0
    let place = cursor ?? { isKept: !startsOpen, seq: startsOpen ? 0 : -1 }
    if (!place.isKept) {
      const next = this.#open(place.seq)
      if (next !== null) return this.#page({ isKept: false, seq: next })
      place = { isKept: true, seq: -1 }
    }
    return this.#page(wantsKept ? this.#kept(place.seq) : null)
  }

  #page(place: Pick<ListCursor, 'isKept' | 'seq'> | null): TaskPage {
    const { core, options } = this.#context
    const start = { scheduler: options.name, epoch: core.options.epoch }
    return { tasks: this.#rows, cursor: place && formatCursor({ ...start, ...place }) }
  }

  get #isFull(): boolean {
    return (
      this.#rows.length >= this.#options.limit ||
      this.#bytes >= this.#bytesMax ||
      this.#steps >= LIMITS.listStepsMax
    )
  }

  /** @returns the number to go on with, or null when no more is open. */
  #open(from: number): number | null {
    let seq = from
    // Ends: each scan takes a step at least, and the steps are bounded.
    while (!this.#isFull) {
      let full: TaskRecord | null = null
      const left = LIMITS.listStepsMax - this.#steps
      const { next, steps } = this.#context.core.index.scan(seq, left, (record) => {
        if (isFinal(record.state) && !isPinned(record)) return true
        if (!this.#fits(record)) return true
        if (!this.#add(record)) full = record
        return false
      })
      this.#steps += steps
      if (next === Number.POSITIVE_INFINITY) return null
      if (full !== null) return next - 1
      seq = next
    }
    return seq
  }

  /** @param after the one that the page before ended with, -1 for none. */
  #kept(after: number): Pick<ListCursor, 'isKept' | 'seq'> | null {
    const { core } = this.#context
    const before = after < 0 ? null : core.index.at(after)
    if (before !== null && !isFinal(before.state)) return null
    // Needed again since: its place among the kept was about there.
    const fromMs = before !== null && isPinned(before) ? before.finishedAtMs : Infinity
    const isLost = after < 0 || fromMs < Infinity
    let record = isLost ? core.kept.newest : (before?.prev ?? null)
    let last = after
    // Ends: each round takes a step, and the steps are bounded.
    for (; record !== null; record = record.prev) {
      if (this.#isFull) return { isKept: true, seq: last }
      this.#steps++
      const isNext = record.finishedAtMs <= fromMs && this.#fits(record)
      if (isNext && !this.#add(record)) return { isKept: true, seq: last }
      last = record.seq
    }
    return null
  }

  #fits(record: TaskRecord): boolean {
    const { queue, state } = this.#options
    return (
      (queue === null || record.queueName === queue) &&
      (state === null || shownState(record) === state)
    )
  }

  /** @returns false when the page has no room for it. */
  #add(record: TaskRecord): boolean {
    const row = taskRow(this.#context, record, this.#waits(record))
    const bytes = jsonBytesMax(row)
    if (this.#rows.length > 0 && this.#bytes + bytes > this.#bytesMax) return false
    this.#rows.push(row)
    this.#bytes += bytes
    this.#steps += ROW_STEPS
    return true
  }

  #waits(record: TaskRecord): string | null {
    if (record.state !== WAITING) return this.#context.core.waitingFor(record)
    const cls = record.cls!
    const known = this.#waitingFor.get(cls)
    if (known !== undefined) return known
    const { core } = this.#context
    const words = core.waitingFor(record)
    this.#waitingFor.set(cls, words)
    this.#steps += core.agents.size
    return words
  }
}

/** @returns at least the bytes of the row as JSON. */
function jsonBytesMax(row: TaskRow): number {
  const free = (row.message?.length ?? 0) + (row.progress?.length ?? 0)
  const texts = [row.id, row.queue, row.agent, row.code, row.waitingFor, row.type, row.strategy]
  const places = [row.servedBy, row.deadLetter, ...row.failedDestinations]
  const graph = [row.flow, row.node, row.standsFor, ...row.dependsOn, ...row.votes]
  const stages = row.stages.flatMap(({ sourceQueue, destinationQueue, agent, ...stage }) => {
    return [sourceQueue, destinationQueue, agent, ...stage.failedDestinations]
  })
  const names = [...texts, ...places, ...row.requires, ...row.prefers, ...graph, ...stages]
  return names.reduce(
    (sum, name) => sum + (name === null ? 0 : name.length + TEXT_BYTES),
    ROW_BYTES + free * CHARACTER_BYTES_MAX + row.stages.length * STAGE_BYTES,
  )
}
