/**
 * The end of a task that did not come to a good one: its letter is written, and it ends, or goes on in
 * the queue that letters of that name go to. Front-end thread.
 *
 *   failed, expired, dead ──letter──► no queue for the name, was there already ──► outcome
 *                              └────► a queue for the name ──► moved, waits there
 *
 * Invariant: nothing that was tried on its own ends failed, expired or dead without a letter, one for
 * each queue in which it died.
 * When the letter is told the record is final only if it ends here.
 */
import type { ClassState } from './classes.ts'
import { extrasOf } from './extras.ts'
import { destinationOf, mayMove, move } from './moves.ts'
import type { PolicyState } from './state.ts'
import { finish } from './take-out.ts'
import { type DEAD, type EXPIRED, type FAILED, type TaskRecord, WAITING } from './task-record.ts'
import { isPart } from './twins.ts'

/** The record is in no list and has no attempt; its code and message say why. */
export function giveUp(
  core: PolicyState,
  record: TaskRecord,
  state: typeof FAILED | typeof EXPIRED | typeof DEAD,
  nowMs: number,
): void {
  if (isPart(record)) {
    finish(core, record, state, nowMs)
    return
  }
  const { queue } = record.cls!
  const name = queue.options.deadLetterQueue || queue.name
  const cls = nextOf(core, record, name)
  record.state = cls === null ? state : WAITING
  extrasOf(record).deadLetter = name
  core.counters.deadLetters++
  core.effects.deadLetter(record, name)
  if (cls === null) finish(core, record, state, nowMs)
  else move(core, record, cls, 'dead_letter', nowMs)
}

/** @returns the class in which it goes on; null when it ends, with a word why where it should not. */
function nextOf(core: PolicyState, record: TaskRecord, name: string): ClassState | null {
  const { deadLetterMoves } = core.options
  if (!Object.hasOwn(deadLetterMoves, name)) return null
  const next = deadLetterMoves[name]
  // Past its deadline there is no time left, wherever it is.
  if (record.code === 'deadline_expired' || !mayMove(record, next)) return null
  const cls = destinationOf(core, record, next)
  if (typeof cls !== 'string') return cls
  record.message += ` It could not go on in queue "${next}" (${cls}).`
  return null
}
