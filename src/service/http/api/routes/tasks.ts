/** Routes of tasks but the submit: look at them, wait for them, cancel one. Main thread. */
import type { ListTasksOptions } from '../../../../task.ts'
import { TASK_STATES } from '../../../../task.ts'
import { taskMessage } from '../../../../wire/task-message.ts'
import { type Call, CURSOR, LIMIT, OF_QUEUE, routesOf } from '../route.ts'
import { anything, bytes, map, options, token } from '../schema.ts'
import { explanation, history, taskPage, taskView } from '../schemas/tasks.ts'
import { submitRoute } from './submit.ts'
import { secondsOf, WAIT } from './wait.ts'

const task = routesOf('tasks')
const query = { queue: OF_QUEUE }

function queueOf({ query: { queue } }: Call): string | undefined {
  return queue as string | undefined
}

export const TASK_ROUTES = [
  submitRoute,
  task({
    on: 'GET /tasks',
    name: 'listTasks',
    summary: 'Open tasks as they came, then those that finished lately, the newest first.',
    query: {
      queue: { kind: 'text', description: 'Of this queue only.' },
      state: { kind: 'text', description: 'In this state only.', values: TASK_STATES },
      limit: LIMIT,
      cursor: CURSOR,
    },
    answer: taskPage,
    refusals: ['queue_unknown'],
    handle: ({ scheduler, query }) => scheduler.listTasks(query as ListTasksOptions),
  }),
  task({
    on: 'GET /tasks/{id}',
    name: 'getTask',
    summary: 'A task, also one that finished lately; with wait, when it is over.',
    query: { queue: OF_QUEUE, wait: WAIT },
    answer: taskView,
    refusals: ['task_unknown'],
    handle: async (call) => {
      const { scheduler, waits, path, query, gone } = call
      const view = await scheduler.getTask(path.id, queueOf(call))
      const seconds = secondsOf(query)
      if (seconds === 0) return view
      const { id, queue } = view
      waits.requireRoom(seconds)
      await waits.until(() => scheduler.isTaskOver(id, queue), seconds, gone)
      return scheduler.getTask(id, queue)
    },
  }),
  task({
    on: 'GET /tasks/{id}/result',
    name: 'getTaskResult',
    summary: 'The result of a completed task, as its agent gave it.',
    query,
    answer: bytes,
    refusals: ['task_unknown', 'no_result'],
    handle: (call) => call.scheduler.taskResult(call.path.id, queueOf(call)),
  }),
  task({
    on: 'GET /tasks/{id}/inputs/{name}',
    name: 'getTaskInput',
    summary: 'A result that the task may read: of a parent, of a stage it has left, of a vote.',
    query,
    answer: bytes,
    refusals: ['task_unknown', 'input_unknown'],
    handle: (call) => {
      const { scheduler, path } = call
      return scheduler.taskInput(path.id, path.name, queueOf(call))
    },
  }),
  task({
    on: 'GET /tasks/{id}/explanation',
    name: 'explainTask',
    summary: 'Why it is where it is: who was chosen and why, or what it waits for.',
    query,
    answer: explanation,
    refusals: ['task_unknown'],
    handle: (call) => call.scheduler.explainTask(call.path.id, queueOf(call)),
  }),
  task({
    on: 'GET /tasks/{id}/history',
    name: 'getTaskHistory',
    summary: 'What happened to it, the oldest first, as far back as the ledger knows.',
    query,
    answer: history,
    refusals: ['task_unknown', 'ledger_failed'],
    handle: (call) => call.scheduler.taskHistory(call.path.id, queueOf(call)),
  }),
  task({
    on: 'GET /tasks/{id}/message',
    name: 'getTaskMessage',
    summary: 'A task as a message that queue managers exchange, without its payload.',
    query,
    answer: map(anything),
    refusals: ['task_unknown'],
    handle: async (call) => {
      return taskMessage(await call.scheduler.getTask(call.path.id, queueOf(call)))
    },
  }),
  task({
    on: 'POST /tasks/{id}/cancel',
    name: 'cancelTask',
    summary: 'Cancels it, whether it waits or runs.',
    body: options<{ queue?: string }>({ queue: token }),
    example: { queue: 'ocr' },
    answer: taskView,
    refusals: ['task_unknown', 'finished'],
    handle: ({ scheduler, path, body }) =>
      scheduler.cancelTask(path.id, body.queue as string | undefined),
  }),
]
