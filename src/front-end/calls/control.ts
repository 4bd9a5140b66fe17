/**
 * Calls from outside about what there is: look up, list, cancel, drain, status. The same functions serve
 * `sb.api` and the library. Main thread, in turns.
 */
import { SignalboxError } from '../../errors.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import type { AgentPage, ListTasksOptions, TaskPage, TaskView } from '../../task.ts'
import { type AgentPageOptions, checkAgentListOptions } from '../../wire/agent-list-options.ts'
import { checkListOptions } from '../../wire/list-options.ts'
import { requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import { listPage } from './list.ts'
import { agentPage } from './list-agents.ts'
import { agentUnknown } from './require-agent.ts'
import { taskView } from './views.ts'

/** @throws task_unknown, bad_token */
export function getTask(context: FrontEndContext, id: unknown, queue?: unknown): TaskView {
  return taskView(context, requireTask(context, id, queue))
}

/**
 * One page, made in this turn; it may end early with a cursor, even without a task.
 * @throws queue_unknown, bad_option, bad_token
 */
export function listTasks(
  context: FrontEndContext,
  options: { [Key in keyof ListTasksOptions]: unknown },
): TaskPage {
  return listPage(context, checkListOptions(options))
}

/** One page, made in this turn. @throws bad_option */
export function listAgents(
  context: FrontEndContext,
  options: { [Key in keyof AgentPageOptions]: unknown },
): AgentPage {
  return agentPage(context, checkAgentListOptions(options))
}

/** @throws task_unknown, finished, bad_token */
export function cancelTask(context: FrontEndContext, id: unknown, queue?: unknown): TaskView {
  const record = requireTask(context, id, queue)
  const refusal = context.core.cancel(record, context.nowMs)
  const view = taskView(context, record)
  if (refusal === null) return view
  throw new SignalboxError('finished', `Task "${record.id}" is ${view.state} already.`)
}

/** @throws agent_unknown, not_supported, bad_token */
export function drainAgent(context: FrontEndContext, id: unknown): void {
  const agent = requireToken(id, 'agent id')
  // Whoever is drained ends by itself, which nobody of a roster does.
  if (context.core.agents.get(agent)?.claims === true) {
    throw new SignalboxError(
      'not_supported',
      `"${agent}" is a person, and people are not drained: use \`signalbox agent maintain ${agent}\` ` +
        'for a while, or take them from `people` in the configuration for good.',
    )
  }
  if (context.core.drainAgent(agent) !== null) agentUnknown(agent)
}

/** @throws task_unknown, bad_token */
export function requireTask(context: FrontEndContext, id: unknown, queue?: unknown): TaskRecord {
  const task = requireToken(id, 'task id')
  const inQueue = queue === undefined ? undefined : requireToken(queue, 'queue')
  const record = context.core.find(task, inQueue)
  if (record !== undefined) return record
  const where = inQueue === undefined ? '' : ` in queue "${inQueue}"`
  throw new SignalboxError(
    'task_unknown',
    `No task "${task}"${where} is open or still kept: check the id, or submit it again.`,
  )
}
