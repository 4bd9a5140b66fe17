/**
 * The options of a flow, checked the same way from the library, the wire and the CLI: before anything of
 * it is sent or admitted.
 *
 * Any thread. Invariant: what is given back can be admitted but for what only the scheduler knows
 * (queues, ids, room): names are known, there is no cycle, every option is one that a task may have.
 */

import { ERROR_CODES, SignalboxError } from '../errors.ts'
import type { FlowOptions, FlowTaskOptions } from '../flow-views.ts'
import { LIMITS } from '../options.ts'
import type { ParentFailure, SubmitOptions } from '../task.ts'
import { checkParentFailure, noTimeAfter } from '../wire/graph-options.ts'
import { encodeOwnPayload } from '../wire/payload.ts'
import { type CheckedOptions, checkOptions } from '../wire/submit-options.ts'
import { quote, requireToken } from '../wire/tokens.ts'
import { nearest } from '../words/nearest.ts'
import { badFlow, orderGraph } from './graph.ts'

/** One task of a flow after the check. */
export interface CheckedFlowTask {
  readonly name: string
  readonly queue: string
  /** Its own bytes. */
  readonly payload: Uint8Array
  readonly options: Readonly<CheckedOptions>
  /** Places of its parents in the flow, each smaller than its own. */
  readonly after: readonly number[]
  readonly onFailure: ParentFailure
}

export interface CheckedFlow {
  /** '' for one that is made up. */
  readonly id: string
  /** Of its first root. */
  readonly queue: string
  /** Parents before their children: by layer, and within one as they were given. */
  readonly tasks: readonly CheckedFlowTask[]
  /** Of all payloads. */
  readonly bytes: number
}

export interface FlowCheck {
  /** Default 1,000. */
  readonly tasksMax?: number
  /** Of tasks that name none. */
  readonly queue?: string
  /** It stands in a file, which has a `queue` for all: how that writes the name of an option. */
  readonly inFile?: (option: string) => string
}

const FLOW_KEYS = Object.keys({
  id: true,
  tasks: true,
  onFailure: true,
} satisfies Record<keyof FlowOptions, true>)
const TASK_KEYS = Object.keys({
  queue: true,
  payload: true,
  after: true,
  onFailure: true,
  id: true,
  priority: true,
  type: true,
  requires: true,
  prefers: true,
  match: true,
  strategy: true,
  key: true,
  timeoutMs: true,
  retryCount: true,
  retryDelayMs: true,
  ttlMs: true,
  deadlineMs: true,
  slaTargetMs: true,
  delayMs: true,
  at: true,
} satisfies Record<keyof FlowTaskOptions, true>)
/** What a task outside of a flow says otherwise, and what only one outside of a flow may say. */
const INSTEAD: Readonly<Record<string, string>> = {
  dependsOn: 'name tasks of this flow in after',
  onParentFailure: 'say onFailure',
  retries: 'say retryCount',
  voters: 'submit a task that several agents decide by itself',
  decide: 'submit a task that several agents decide by itself',
  decideBy: 'submit a task that several agents decide by itself',
}

type Given = Readonly<Record<string, unknown>>

/** @throws bad_flow; and what `checkOptions` does, with the task named in the sentence. */
export function checkFlow(given: unknown, check: FlowCheck = {}): CheckedFlow {
  const options = requireObject(given, 'A flow')
  const flowKeys = check.inFile === undefined ? FLOW_KEYS : ['queue', ...FLOW_KEYS]
  requireKnown(' of a flow', options, flowKeys, check)
  const id = options.id === undefined ? '' : requireToken(options.id, 'flow id')
  const onFailure =
    options.onFailure === undefined ? 'fail' : checkParentFailure('onFailure', options.onFailure)
  const said = Object.entries(requireObject(options.tasks, 'The tasks of a flow'))
  const nodes = said.map(([name, task]) => nodeOf(name, task))
  const { tasksMax = LIMITS.flowTasksDefault } = check
  const graph = orderGraph(nodes, { tasksMax, edgesMax: LIMITS.flowEdgesMax })
  const tasks = graph.order.map((i, place) =>
    taskOf(nodes[i], graph.parents[place], onFailure, check),
  )
  const bytes = tasks.reduce((sum, { payload }) => sum + payload.length, 0)
  return { id, queue: tasks[0].queue, tasks, bytes }
}

interface Node {
  readonly name: string
  readonly after: readonly string[]
  readonly task: Given
}

function nodeOf(name: string, given: unknown): Node {
  const task = requireObject(given, `Task ${quote(name)}`)
  const { after = [] } = task
  const isNames = Array.isArray(after) && after.every((each) => typeof each === 'string')
  if (isNames) return { name, after, task }
  throw badFlow(`"after" of task ${quote(name)} is ${quote(after)}: give a list of names.`)
}

function taskOf(
  { name, task }: Node,
  after: readonly number[],
  byDefault: ParentFailure,
  check: FlowCheck,
): CheckedFlowTask {
  const { queue: own, payload, after: _, onFailure, ...rest } = task
  const queue = own ?? check.queue
  try {
    const instead = Object.keys(rest).find((key) => Object.hasOwn(INSTEAD, key))
    if (instead !== undefined) {
      const { inFile = asGiven } = check
      const advice = INSTEAD[instead].replace(/onFailure|retryCount/, inFile)
      throw new SignalboxError('not_supported', `It cannot say "${inFile(instead)}": ${advice}.`)
    }
    requireKnown('', rest, TASK_KEYS, check)
    if (queue === undefined || queue === null) throw noQueue(check)
    const options = checkOptions(rest as SubmitOptions)
    if (options.atMs !== null && after.length > 0) throw noTimeAfter()
    return {
      name,
      queue: requireToken(queue, 'queue'),
      payload: encodeOwnPayload(payload),
      options,
      after,
      onFailure: onFailure === undefined ? byDefault : checkParentFailure('onFailure', onFailure),
    }
  } catch (error) {
    throw ofTask(name, error)
  }
}

/** The same error, with the task in its sentence. */
function ofTask(name: string, error: unknown): SignalboxError {
  if (error instanceof SignalboxError && Object.hasOwn(ERROR_CODES, error.code)) {
    return new SignalboxError(error.code, `Task "${name}": ${error.message}`, { cause: error })
  }
  const { message } = error as Error
  return new SignalboxError('bad_option', `Task "${name}": its payload is no JSON: ${message}`)
}

function requireObject(given: unknown, what: string): Given {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Given
  throw badFlow(`${what} must be an object, and is ${quote(given)}.`)
}

/** @throws not_supported */
function requireKnown(
  of: string,
  given: Given,
  known: readonly string[],
  { inFile = asGiven }: FlowCheck,
): void {
  const key = Object.keys(given).find((each) => !known.includes(each))
  if (key === undefined) return
  // `ttl` is short for one, and near to others.
  const isShort = (each: string) => key.length > 1 && each.startsWith(key)
  const near = known.find(isShort) ?? nearest(key, known) ?? undefined
  const meant = near === undefined ? '; known' : `: did you mean ${inFile(near)}? Known`
  throw new SignalboxError(
    'not_supported',
    `The option ${quote(inFile(key))}${of} is not supported${meant} are ` +
      `${known.map(inFile).join(', ')}.`,
  )
}

function asGiven(option: string): string {
  return option
}

function noQueue({ inFile }: FlowCheck): SignalboxError {
  return badFlow(
    inFile === undefined
      ? 'It has no queue: give it "queue".'
      : 'It has no queue: give it `queue`, or all of them by `queue:` of the file or `--queue`.',
  )
}
