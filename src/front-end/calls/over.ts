/** Calls for whoever waits until something is over, and for its result. Main thread, outside of the hot path. */
import { SignalboxError } from '../../errors.ts'
import { isFinal, stateName } from '../../policy/task-record.ts'
import type { FrontEndContext } from '../context.ts'
import { requireTask } from './control.ts'

/** *Cost* a look-up. @returns whether a task is final, or not known any more. */
export function isTaskOver({ core }: FrontEndContext, id: string, queue: string): boolean {
  const record = core.find(id, queue)
  return record === undefined || isFinal(record.state)
}

/** *Cost* a look-up. @returns whether all tasks of a flow are final, or it is not known any more. */
export function isFlowOver({ core }: FrontEndContext, id: string): boolean {
  const flow = core.flows.get(id)
  return flow === undefined || flow.state !== 'running'
}

/** @returns the caller's own bytes. @throws task_unknown, bad_token; no_result when there is none. */
export function taskResult(context: FrontEndContext, id: unknown, queue?: unknown): Uint8Array {
  const record = requireTask(context, id, queue)
  if (record.resultBytes >= 0 && isFinal(record.state)) {
    return Uint8Array.from(context.arena.get(record.result, record.resultBytes))
  }
  const state = stateName(record.state)
  const why = state === 'completed' ? 'its result was not kept' : `it is ${state} and has no result`
  throw new SignalboxError('no_result', `Task "${record.id}": ${why}.`)
}
