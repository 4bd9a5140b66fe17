/** A front end without transports that places for real, on agents that only take what they are sent. */
import { admitWaiting } from '../../src/front-end/admit.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { learnRows } from '../../src/front-end/learned.ts'
import { match } from '../../src/front-end/match.ts'
import { endAttempt } from '../../src/front-end/result.ts'
import type { AgentSpec, AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Policy, type TaskSpec } from '../policy/support.ts'
import { join, NOW_MS } from './large-fleet.ts'

const SILENT = { dispatch: () => {}, cancel: () => {}, drain: () => {}, fenced: () => {} }

export function joinSilent(
  context: FrontEndContext,
  id: string,
  spec: Partial<AgentSpec> = {},
): AgentState {
  return join(context, id, { link: SILENT, ...spec })
}

export function submitted(
  context: FrontEndContext,
  queue: string,
  spec: TaskSpec = {},
): TaskRecord {
  const record = Policy.record(queue, spec)
  const refusal = context.core.submit(record, NOW_MS)
  if (refusal !== null) throw new Error(refusal.message)
  admitWaiting(context)
  learnRows(context)
  return record
}

/** Submits and gives out as far as there is room. */
export function placed(context: FrontEndContext, queue: string, spec: TaskSpec = {}): TaskRecord {
  context.nowMs = NOW_MS
  const record = submitted(context, queue, spec)
  match(context)
  return record
}

/** The agent answers so long after the dispatch. @param code null for success. */
export function answer(
  context: FrontEndContext,
  record: TaskRecord,
  latencyUs: number,
  code: string | null = null,
  retryable = true,
): void {
  const attempt = record.attempt!
  attempt.dispatchedUs = 1_000
  const bytes = new Uint8Array(0)
  const body = { code, message: '', retryable, yields: false, bytes, start: 0, length: 0 }
  endAttempt(context, record, body, 1_000 + latencyUs)
}
