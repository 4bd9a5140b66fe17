/**
 * An attempt ends: its time-outs are disarmed, its slot is free. What becomes of its task is the
 * caller's. Front-end thread.
 */
import { endApart } from './apart.ts'
import { giveCredit } from './credit.ts'
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
    if (extras.apart !== null) endApart(core, record, agent!, how)
  }
  agent!.running.remove(record)
  record.queue!.running--
  freeSlot(core, record)
  core.effects.ended(record, counter, agent!, how, isCharged)
}

/**
 * Ends a running attempt that its agent may be working on: its credit stays charged until that is known
 * to be over. Of a person it is known: what ended is in the inbox no more.
 */
export function endCharged(
  core: PolicyState,
  record: TaskRecord,
  reason: 'timeout' | 'heartbeat_timeout' | 'deadline_expired' | 'cancelled',
  nowMs: number,
): void {
  const { agent, counter, dispatchSeq } = record.attempt!
  if (agent!.claims) {
    end(core, record, reason, false)
    giveCredit(core, agent!)
    core.effects.revoke(agent!, counter, dispatchSeq, reason)
    return
  }
  const creditBackAtMs = nowMs + Math.max(record.timeoutMs, core.options.leaseMs)
  if (!agent!.beats) core.creditCheckAtMs = Math.min(core.creditCheckAtMs, creditBackAtMs)
  agent!.ended.set(counter, { beatsMissed: 0, creditBackAtMs })
  end(core, record, reason, true)
  core.effects.revoke(agent!, counter, dispatchSeq, reason)
}
