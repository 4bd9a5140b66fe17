/**
 * The hedger as the front end has it: where the payload of a second attempt lies, what is told of it,
 * and under which name it goes to its agent. Main thread.
 *
 * Invariant: a second attempt has a reference to the payload of its own, so that either of the two may
 * end first; to its agent it is the task, one attempt further.
 */
import { nowUs } from '../clock.ts'
import { Hedger } from '../hedging/hedger.ts'
import { NOBODY, type RecordOptions, type TaskRecord } from '../policy/task-record.ts'
import type { EventSink } from './complete.ts'
import type { FrontEndContext } from './context.ts'
import { aboutTask } from './notes.ts'
import { discard, partOf } from './parts.ts'

/** All that it has to say of itself the core takes over from its task. */
const TWIN_OPTIONS: RecordOptions = { level: 0, requires: [], timeoutMs: null, retryCount: 0 }

export function createHedger(context: FrontEndContext, event: EventSink): Hedger {
  return new Hedger(context.core, {
    twinOf: (record) => twinOf(context, record),
    refused: (twin) => discard(context, twin),
    hedged(record, twin, limitMs) {
      const { startedAtMs, agentId } = record
      const ranMs = context.nowMs - startedAtMs
      context.ledger?.writer.accepted(twin, context.nowMs)
      context.ledger?.writer.hedged(record, twin, context.nowMs)
      event('task_hedged', { ...aboutTask(record), twin: twin.id, agent: agentId, ranMs, limitMs })
    },
  })
}

function twinOf(context: FrontEndContext, record: TaskRecord): TaskRecord | null {
  const stampUs = nowUs()
  return partOf(context, record, {
    options: TWIN_OPTIONS,
    origin: NOBODY,
    wantsOutcome: false,
    receivedUs: stampUs,
    admittedUs: stampUs,
  })
}

/** @returns the task that an agent works on: that of a second attempt is the one it stands for. */
export function taskOf(record: TaskRecord): TaskRecord {
  const { extras } = record
  return extras === null || extras.standsFor === null ? record : extras.standsFor
}

/** @returns which attempt at its task this is, as its agent is told: from 1. */
export function attemptOf(record: TaskRecord): number {
  const task = taskOf(record)
  return task === record ? record.attempts : task.attempts + record.attempts
}
