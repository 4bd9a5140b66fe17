/** `POST /tasks`: a submit, its payload a JSON value of the body or the body itself. Main thread. */
import { SignalboxError } from '../../../../errors.ts'
import { DECIDE_POLICIES, MATCHES } from '../../../../options.ts'
import { PARENT_FAILURES, type SubmitOptions, type TaskView } from '../../../../task.ts'
import { quote } from '../../../../wire/tokens.ts'
import { type Call, type QueryParameter, Reply, routesOf } from '../route.ts'
import { PREFIX } from '../router.ts'
import { either, type Schema } from '../schema.ts'
import {
  type AcceptedTask,
  acceptedTask,
  type SubmitBody,
  submitBody,
  taskView,
} from '../schemas/tasks.ts'
import { secondsOf, WAIT } from './wait.ts'

const FINAL: readonly string[] = ['completed', 'failed', 'expired', 'cancelled', 'dead']

const TEXT: QueryParameter = { kind: 'text', description: 'As in the JSON body.' }
const WHOLE: QueryParameter = { ...TEXT, kind: 'whole' }
const LIST: QueryParameter = { ...TEXT, kind: 'list' }

/** Ranges are the submit's own, so that it says them. */
const QUERY: Readonly<Record<keyof SubmitOptions | 'queue', QueryParameter>> = {
  queue: { ...TEXT, description: 'Where it goes; needed.' },
  id: TEXT,
  priority: TEXT,
  type: TEXT,
  requires: LIST,
  prefers: LIST,
  match: { ...TEXT, values: MATCHES },
  strategy: TEXT,
  key: TEXT,
  timeoutMs: WHOLE,
  retryCount: WHOLE,
  retryDelayMs: WHOLE,
  ttlMs: WHOLE,
  deadlineMs: WHOLE,
  slaTargetMs: WHOLE,
  delayMs: WHOLE,
  at: TEXT,
  dependsOn: LIST,
  onParentFailure: { ...TEXT, values: PARENT_FAILURES },
  voters: WHOLE,
  decide: { ...TEXT, values: DECIDE_POLICIES },
  decideBy: TEXT,
}

export const submitRoute = routesOf('tasks')<TaskView | AcceptedTask>({
  on: 'POST /tasks',
  name: 'submitTask',
  summary: 'Submits a task: 201, or 200 when one of that id is there already.',
  query: { wait: WAIT },
  body: submitBody,
  example: { queue: 'ocr', payload: { page: 1 }, id: 'page-1', priority: 'high' },
  queryOfBytes: QUERY,
  answer: either(taskView, acceptedTask) as Schema<TaskView | AcceptedTask>,
  statuses: [201, 200],
  refusals: [
    'bad_priority',
    'queue_unknown',
    'parent_unknown',
    'payload_too_large',
    'queue_full',
    'too_many_submits',
    'too_many_queues',
    'too_many_classes',
    'out_of_memory',
    'stopping',
  ],
  handle: submit,
})

async function submit(call: Call): Promise<Reply<TaskView | AcceptedTask>> {
  const { scheduler, waits, query, bytes, gone } = call
  const { wait: _, ...said } = query
  const given = (bytes === null ? call.body : said) as Partial<SubmitBody>
  const { queue, payload, at, ...options } = given
  if (queue === undefined) {
    throw new SignalboxError('bad_option', 'Nothing says the queue: give "queue" in the query.')
  }
  const seconds = secondsOf(query)
  waits.requireRoom(seconds)
  const isKnown = options.id !== undefined && (await isThere(call, options.id, queue))
  const content = bytes ?? payload
  const begin = at === undefined ? {} : { at: timeOf(at) }
  const handle = await scheduler.submit(queue, content, { ...options, ...begin })
  const { id } = handle
  await waits.until(() => scheduler.isTaskOver(id, queue), seconds, gone)
  const status = isKnown || FINAL.includes(handle.state) ? 200 : 201
  const location = `${PREFIX}/tasks/${id}?queue=${queue}`
  const value = await shown(call, handle)
  return new Reply(status, value, { location })
}

async function isThere({ scheduler }: Call, id: string, queue: string): Promise<boolean> {
  return (await orNull(scheduler.getTask(id, queue))) !== null
}

/** A task that is over need not be kept, so all that is left may be how it was accepted. */
async function shown(
  { scheduler }: Call,
  accepted: AcceptedTask,
): Promise<TaskView | AcceptedTask> {
  const { id, queue, state, waitingFor } = accepted
  const view = await orNull(scheduler.getTask(id, queue))
  return view ?? { id, queue, state, waitingFor }
}

/** Of a name that none is, the submit says more. */
async function orNull(view: Promise<TaskView>): Promise<TaskView | null> {
  try {
    return await view
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'task_unknown' || code === 'bad_token') return null
    throw error
  }
}

/** @throws bad_option */
function timeOf(at: unknown): number {
  if (typeof at === 'number') return at
  const text = String(at)
  const isIso = /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text)
  const ms = isIso ? Date.parse(text) : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new SignalboxError(
    'bad_option',
    `"at" is ${quote(text)}: give ms since 1970, or a time such as 2026-02-13T10:30:00Z.`,
  )
}
