/**
 * Heartbeats: an attempt of a queue that asks for them must tell of itself every so often, by progress
 * or by a beat of its agent that names it. Front-end thread.
 *
 * Invariant: while such an attempt runs, its time is armed, and not later than it may be silent.
 *
 * Telling of it writes one number; the armed time is moved on only when it is reached. So a beat that
 * names a thousand attempts costs a thousand writes, not as many ways through a heap.
 */
import type { Attempt } from './attempt.ts'
import { HEARTBEAT } from './due-heap.ts'
import { extrasOf } from './extras.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

/** The attempt begins. */
export function armHeartbeat(core: PolicyState, record: TaskRecord, nowMs: number): void {
  record.attempt!.heardAtMs = nowMs
  const { heartbeatTimeoutMs } = record.cls!.queue.options
  if (heartbeatTimeoutMs === 0) return
  const extras = extrasOf(record)
  extras.heartbeat = core.dues.arm(extras.heartbeat, record, HEARTBEAT, nowMs + heartbeatTimeoutMs)
}

/** @returns whether the attempt was silent for too long; else its time is armed again. */
export function isSilent(core: PolicyState, record: TaskRecord, nowMs: number): boolean {
  const { heartbeatTimeoutMs } = record.cls!.queue.options
  // Its queue asks for none any more.
  if (heartbeatTimeoutMs === 0) return false
  const dueMs = (record.attempt as Attempt).heardAtMs + heartbeatTimeoutMs
  if (dueMs <= nowMs) return true
  const extras = extrasOf(record)
  extras.heartbeat = core.dues.arm(extras.heartbeat, record, HEARTBEAT, dueMs)
  return false
}
