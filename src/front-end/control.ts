/**
 * Calls from outside about what there is: look up, cancel, drain, status. The same functions serve
 * `sb.api` and the library. Main thread, in turns.
 */
import { SignalboxError } from '../errors.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { TaskView } from '../task.ts'
import { quote } from '../wire/tokens.ts'
import type { FrontEndContext } from './context.ts'
import { taskView } from './views.ts'

/** @throws task_unknown */
export function getTask(context: FrontEndContext, id: string, queue?: string): TaskView {
  return taskView(context, requireTask(context, id, queue))
}

/** @throws task_unknown, finished */
export function cancelTask(context: FrontEndContext, id: string, queue?: string): TaskView {
  const record = requireTask(context, id, queue)
  if (context.core.cancel(record, context.nowMs) === 'finished') {
    const view = taskView(context, record)
    throw new SignalboxError('finished', `Task "${id}" is ${view.state} already.`)
  }
  return taskView(context, record)
}

/** @throws agent_unknown */
export function drainAgent(context: FrontEndContext, id: string): void {
  if (context.core.drainAgent(id) === null) return
  throw new SignalboxError(
    'agent_unknown',
    `No agent ${quote(id)} is registered; \`signalbox agent list\` shows those that are.`,
  )
}

function requireTask(context: FrontEndContext, id: string, queue?: string): TaskRecord {
  const record = context.core.find(id, queue)
  if (record !== undefined) return record
  const where = queue === undefined ? '' : ` in queue ${quote(queue)}`
  throw new SignalboxError(
    'task_unknown',
    `No task ${quote(id)}${where} is open or still kept: check the id, or submit it again.`,
  )
}
