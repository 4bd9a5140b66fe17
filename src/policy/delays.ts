/**
 * Tasks that are not to be tried yet: delayed by their submitter, or between two attempts. Front-end
 * thread.
 *
 *   admission with a delay ─┐                          ┌─► its lane, where a new wait begins
 *                           ├─► SCHEDULED ──its time───┤
 *   failure with a delay ───┘                          └─► taken out: cancel, deadline
 *
 * Invariant: a SCHEDULED record stands in no list, and its `extras.phase` is an armed READY.
 */
import { READY } from './due-heap.ts'
import { extrasOf } from './extras.ts'
import { putBack } from './matching.ts'
import type { PolicyState } from './state.ts'
import { SCHEDULED, type TaskRecord, WAITING } from './task-record.ts'

/** The record is in no list; its class is known. @param delayMs more than 0. */
export function schedule(
  core: PolicyState,
  record: TaskRecord,
  delayMs: number,
  why: 'delay' | 'retry',
  nowMs: number,
): void {
  record.state = SCHEDULED
  record.queue!.scheduled++
  const extras = extrasOf(record)
  extras.phase = core.dues.arm(extras.phase, record, READY, nowMs + delayMs)
  core.effects.noted(record, 'scheduled', why)
}

/** It is in no list any more; its state is the caller's to set. */
export function unschedule(core: PolicyState, record: TaskRecord): void {
  record.queue!.scheduled--
  core.dues.remove(record.extras!.phase!)
}

/** Its time has come. */
export function becomeReady(core: PolicyState, record: TaskRecord, nowMs: number): void {
  record.queue!.scheduled--
  record.state = WAITING
  core.effects.noted(record, 'ready', '')
  putBack(core, record, nowMs)
}
