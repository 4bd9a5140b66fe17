/**
 * A handler that takes several tasks at once, run as handlers of one task are: shared by agents over
 * NATS and agents in the scheduler's own process.
 *
 * Invariant: each task of a call gets one result, whatever the handler returns or throws.
 */
import {
  type AgentTask,
  type AttemptResult,
  type BatchHandler,
  failure,
  isThenable,
  success,
} from './agent-task.ts'
import { TaskError } from './errors.ts'

/** @returns the results in the tasks' order, or a promise of them, which never rejects. */
export function runBatch(
  handler: BatchHandler,
  tasks: AgentTask[],
): AttemptResult[] | Promise<AttemptResult[]> {
  const count = tasks.length
  const failAll = (error: unknown) => new Array<AttemptResult>(count).fill(failure(error))
  const resultsOf = (values: unknown) => each(values, count) ?? failAll(miscounted(values, count))
  try {
    const values: unknown = handler(tasks)
    if (isThenable(values)) return Promise.resolve(values).then(resultsOf, failAll)
    return resultsOf(values)
  } catch (error) {
    return failAll(error)
  }
}

/** @returns null unless it is a result for each task. */
function each(values: unknown, count: number): AttemptResult[] | null {
  if (!Array.isArray(values) || values.length !== count) return null
  return Array.from(values, (value) =>
    value instanceof TaskError ? failure(value) : success(value),
  )
}

function miscounted(values: unknown, count: number): TaskError {
  const given = Array.isArray(values) ? `${values.length} results` : 'no list of results'
  return TaskError.permanent(
    `The handler was given ${count} tasks and returned ${given}: return one for each, in their order.`,
    'error',
  )
}
