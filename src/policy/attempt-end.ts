/**
 * An attempt ends: its time-outs are disarmed, its slot is free. What becomes of its task is the
 * caller's. Front-end thread.
 */

import { freeSlot } from './matching.ts'
import type { AttemptEnd, PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

/** Ends a running attempt whose credit is settled by the caller. */
export function end(
  core: PolicyState,
  record: TaskRecord,
  how: AttemptEnd,
  isCharged: boolean,
): void {
  const { agent, counter } = record.attempt!
  const { extras } = record
  core.timeouts.disarm(record)
  if (extras !== null) {
    if (extras.heartbeat !== null) core.dues.remove(extras.heartbeat)
    if (extras.preempting) {
      extras.preempting = false
      agent!.interrupting--
    }
  }
  agent!.running.remove(record)
  record.queue!.running--
  freeSlot(core, record)
  core.effects.ended(record, counter, agent!, how, isCharged)
}

/** Ends a running attempt and leaves its credit charged. */
export function endCharged(
  core: PolicyState,
  record: TaskRecord,
  reason: 'timeout' | 'heartbeat_timeout' | 'deadline_expired' | 'cancelled',
  nowMs: number,
): void {
  const { agent, counter, dispatchSeq } = record.attempt!
  const creditBackAtMs = nowMs + Math.max(record.timeoutMs, core.options.leaseMs)
  if (!agent!.beats) core.creditCheckAtMs = Math.min(core.creditCheckAtMs, creditBackAtMs)
  agent!.ended.set(counter, { beatsMissed: 0, creditBackAtMs })
  end(core, record, reason, true)
  core.effects.revoke(agent!, counter, dispatchSeq, reason)
}
