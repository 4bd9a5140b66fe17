/**
 * Options and cursors of a list of tasks, checked the same way from the wire and from the library.
 *
 * A cursor is `<scheduler>.<epoch>.<place>`: only the scheduler that gave it can go on with it, and
 * only within one start. A place is `o<seq>`, the open tasks from that number on; `k`, the kept ones
 * from the newest; or `k<seq>`, those that finished before that one.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { type ListTasksOptions, TASK_STATES, type TaskPage, type TaskState } from '../task.ts'
import { quote, requireToken } from './tokens.ts'

/** The scheduler that gave a cursor, and its start. */
export interface CursorOrigin {
  scheduler: string
  epoch: number
}

export interface ListCursor extends CursorOrigin {
  /** Among the kept tasks; else among the open ones. */
  isKept: boolean
  /** -1 for the newest of the kept ones. */
  seq: number
}

/** Options of one list after the check; null stands for all, or for the beginning. */
export interface CheckedListOptions {
  queue: string | null
  state: TaskState | null
  limit: number
  cursor: ListCursor | null
}

const KNOWN = ['queue', 'state', 'limit', 'cursor']

/** @throws not_supported for any other key. */
export function refuseUnknownKeys(options: object, known: readonly string[] = KNOWN): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    throw new SignalboxError(
      'not_supported',
      `The option ${quote(key)} is not supported; known are ${known.join(', ')}.`,
    )
  }
}

/** @throws bad_option, bad_token */
export function checkListOptions(
  options: {
    [Key in keyof ListTasksOptions]: unknown
  },
): CheckedListOptions {
  const { queue, state, limit = LIMITS.listTasksDefault, cursor } = options
  return {
    queue: queue === undefined ? null : requireToken(queue, 'queue'),
    state: state === undefined ? null : requireState(state),
    limit: requireLimit(limit, LIMITS.listTasksMax),
    cursor: cursor === undefined || cursor === null ? null : parseCursor(cursor),
  }
}

export function formatCursor({ scheduler, epoch, isKept, seq }: ListCursor): string {
  return `${scheduler}.${epoch}.${isKept ? 'k' : 'o'}${seq < 0 ? '' : seq}`
}

/** @throws bad_option */
export function parseCursor(cursor: unknown): ListCursor {
  const parts = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.(?:(k)(\d{1,15})?|o(\d{1,15}))$/.exec(
    typeof cursor === 'string' ? cursor : '',
  )
  if (parts === null) throw badCursor(cursor)
  const [, scheduler, epoch, kept, keptSeq = '-1', openSeq] = parts
  const isKept = kept !== undefined
  return { scheduler, epoch: Number(epoch), isKept, seq: Number(isKept ? keptSeq : openSeq) }
}

/**
 * Asks for pages until there are as many tasks as were wanted, or no more. Ends: each page goes on
 * behind the one before, over far more numbers than tasks are accepted meanwhile.
 */
export async function fillPage(
  options: ListTasksOptions,
  ask: (options: ListTasksOptions) => Promise<TaskPage>,
): Promise<TaskPage> {
  const limit = options.limit ?? LIMITS.listTasksDefault
  const { tasks, cursor: first } = await ask(options)
  let cursor = first
  while (cursor !== null && tasks.length < limit) {
    const page = await ask({ ...options, limit: limit - tasks.length, cursor })
    tasks.push(...page.tasks)
    cursor = page.cursor
  }
  return { tasks, cursor }
}

function requireState(state: unknown): TaskState {
  if (TASK_STATES.includes(state as TaskState)) return state as TaskState
  throw bad('state', state, `known are ${TASK_STATES.join(', ')}`)
}

/** @throws bad_option unless it is a whole number from 1 to `max`. */
export function requireLimit(limit: unknown, max: number): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= max) {
    return limit
  }
  throw bad('limit', limit, `give a whole number from 1 to ${max}`)
}

export function badCursor(cursor: unknown): SignalboxError {
  return bad('cursor', cursor, 'give back the one that came with the page before, as it is')
}

function bad(key: string, value: unknown, what: string): SignalboxError {
  return new SignalboxError('bad_option', `Option "${key}" is ${quote(value)}: ${what}.`)
}
