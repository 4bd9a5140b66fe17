/**
 * Age lists: the tasks of one queue and level that wait, in the order in which their waits began, with
 * a cursor for each step of the queue's age plan. Equal ages sort themselves, so a wait begins with an
 * append and ends with a list element taken out, and a million of them cost nothing per turn.
 *
 * ```
 *   head ── r1 ── r2 ── r3 ── r4 ── r5 ── tail       the longest wait first
 *           ▲           ▲                             cursor: the first that has not come to the step
 *           TTL         0.8 SLA                       null: all have
 * ```
 *
 * Invariant: behind a cursor nobody has come to its step, before it everybody has; `boundMs` is not
 * after the time at which the next cursor has to move; lists that have such a time are in the heap.
 *
 * The bound is a lower one: tasks that leave do not move it, so that the usual task, gone before its
 * first step, never touches the heap. When it comes and nothing is due, it is computed anew.
 */
import type { AgeStep } from './age-plan.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { QueueState } from './queues.ts'
import type { TaskRecord } from './task-record.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Lists that are looked at for when the next step is due. */
const LOOKS_MAX = 64

export class AgeList {
  readonly queue: QueueState
  /** What its tasks asked for; 0 of tasks that are timed one by one, whose list has no steps. */
  readonly level: number
  steps: readonly AgeStep[] = []
  /** By step. */
  cursors: (TaskRecord | null)[] = []
  /** Promise of its tasks; 0 for none. */
  slaMs = 0
  head: TaskRecord | null = null
  tail: TaskRecord | null = null
  boundMs = NEVER
  /** Place in the heap of lists; -1 outside. */
  heapAt = -1

  constructor(queue: QueueState, level: number) {
    this.queue = queue
    this.level = level
  }

  has(record: TaskRecord): boolean {
    return record.agePrev !== null || this.head === record
  }

  /** The record's wait has begun now. @returns when the list may have something to do because of it. */
  append(record: TaskRecord): number {
    const { tail, cursors } = this
    record.agePrev = tail
    record.ageNext = null
    if (tail === null) this.head = record
    else tail.ageNext = record
    this.tail = record
    let first = -1
    for (let i = cursors.length - 1; i >= 0; i--) {
      if (cursors[i] !== null) continue
      cursors[i] = record
      first = i
    }
    return first < 0 ? NEVER : record.readyAtMs + this.steps[first].ageMs
  }

  remove(record: TaskRecord): void {
    const { ageNext: next, agePrev: prev } = record
    const { cursors } = this
    for (let i = 0; i < cursors.length; i++) if (cursors[i] === record) cursors[i] = next
    if (prev === null) this.head = next
    else prev.ageNext = next
    if (next === null) this.tail = prev
    else next.agePrev = prev
    record.ageNext = null
    record.agePrev = null
  }

  /** @returns the step that is due first, the lower one of two; -1 without any. */
  nextStep(): number {
    let next = -1
    let nextMs = NEVER
    for (let i = 0; i < this.cursors.length; i++) {
      const dueMs = this.dueMs(i)
      if (dueMs >= nextMs) continue
      next = i
      nextMs = dueMs
    }
    return next
  }

  /** @returns when the first of its steps is due, or Infinity. */
  nextDueMs(): number {
    const next = this.nextStep()
    return next < 0 ? NEVER : this.dueMs(next)
  }

  /** @returns when a step is due for the task at its cursor. */
  dueMs(step: number): number {
    const record = this.cursors[step]
    return record === null ? NEVER : record.readyAtMs + this.steps[step].ageMs
  }

  /** Moves a cursor past the task that it stands at. @returns the task. */
  advance(step: number): TaskRecord {
    const record = this.cursors[step]!
    this.cursors[step] = record.ageNext
    return record
  }

  /** Cursors of steps that stay keep their places; the other steps are gone through from the head. */
  setPlan(steps: readonly AgeStep[], slaMs: number): void {
    const before = this.steps
    const places = this.cursors
    this.steps = steps
    this.slaMs = slaMs
    this.cursors = steps.map((step) => {
      const known = before.findIndex((one) => isSame(one, step))
      return known < 0 ? this.head : places[known]
    })
  }
}

function isSame(a: AgeStep, b: AgeStep): boolean {
  return a.kind === b.kind && a.ageMs === b.ageMs && a.to === b.to && a.cause === b.cause
}

/** Lists in order of their bounds. */
export class AgeHeap extends IndexedHeap<AgeList> {
  protected isBefore(a: AgeList, b: AgeList): boolean {
    return a.boundMs < b.boundMs
  }

  /**
   * @returns when the first step of all is due, or its bound, which is earlier; Infinity when none is
   *   due. Asked in each turn, so no task is looked at while some wait.
   */
  nextDueMs(): number {
    const { top } = this
    if (top === null) return NEVER
    return top.head === null ? this.#nextOfOthers() : top.boundMs
  }

  /** The first list is empty by now: nobody is woken for it. */
  #nextOfOthers(): number {
    // Nothing is written: the state is the same whether somebody asked or not.
    let dueMs = NEVER
    const open = [0]
    for (let looks = 0; open.length > 0; looks++) {
      const at = open.pop()!
      const list = this.items[at]
      if (list === undefined || list.boundMs >= dueMs) continue
      dueMs = Math.min(dueMs, looks < LOOKS_MAX ? list.nextDueMs() : list.boundMs)
      open.push(2 * at + 2, 2 * at + 1)
    }
    return dueMs
  }

  /** The bound of a list may have changed, to any time. */
  update(list: AgeList, boundMs: number): void {
    list.boundMs = boundMs
    if (boundMs === NEVER) this.remove(list)
    else this.place(list)
  }
}
