/**
 * What a task may read: results of those that it depends on, of the stages behind it, of the votes on
 * it. Main thread, outside of the hot path: a task without any is told by `hasInputs` alone.
 *
 * ```
 *   parents   their names in the flow, else their ids     results where they are kept, pinned
 *   stages    the queue's name, its newest                results that rules have followed
 *   votes     the agent's id                              results of the tasks by which it was decided
 * ```
 *
 * Invariant: nothing is copied before somebody asks for it, and what a task may read is not forgotten
 * while the task is open. Not taken: inputs in the payload, which would copy each result once a child.
 */
import { SignalboxError } from '../errors.ts'
import type { TaskInputView } from '../flow-views.ts'
import type { SeenInput } from '../people/seen.ts'
import type { Links } from '../policy/graphs.ts'
import { COMPLETED, isFinal, stateName, type TaskRecord } from '../policy/task-record.ts'
import { quote } from '../wire/tokens.ts'
import { someOf } from '../words/lists.ts'
import { resultBytes } from './complete.ts'
import type { FrontEndContext } from './context.ts'
import { NO_BYTES_REF } from './payloads.ts'

const NAMED_MAX = 8

/** An input and where it lies. */
interface Input {
  readonly view: TaskInputView
  /** The bytes, where there are some: a view, valid during the call. */
  read(context: FrontEndContext): Uint8Array
}

/** *Cost* of a task without: two loads. */
export function hasInputs({ extras }: TaskRecord): boolean {
  if (extras === null) return false
  const { links, stages, standsFor } = extras
  if (stages.length > 0 || (links !== null && links.parents.length > 0)) return true
  return standsFor !== null && hasInputs(standsFor)
}

/** @returns what an open task may read, without the bytes: of two of a name, the first. */
export function inputViews(record: TaskRecord): TaskInputView[] {
  return inputsOf(record).map(({ view }) => view)
}

/**
 * All that an open task may read, in the order of `inputViews`. *Cost* one look at each, and no copy.
 * @returns views, valid during the call; null for what has no result.
 */
export function inputBytes(context: FrontEndContext, record: TaskRecord): SeenInput[] {
  return inputsOf(record).map(({ view, read }) => {
    return { name: view.name, bytes: view.bytes === null ? null : read(context) }
  })
}

/**
 * @returns the bytes of an input, the caller's own.
 * @throws input_unknown when there is none of that name, or no result
 */
export function readInput(
  context: FrontEndContext,
  record: TaskRecord,
  name: string,
): Uint8Array<ArrayBuffer> {
  const inputs = inputsOf(record)
  const input = inputs.find(({ view }) => view.name === name)
  if (input === undefined) throw noSuchInput(record, inputs, name)
  const { bytes, state } = input.view
  if (bytes !== null) return Uint8Array.from(input.read(context))
  const why = state === 'completed' ? 'there was no memory to keep it' : `that task is ${state}`
  throw new SignalboxError(
    'input_unknown',
    `The input ${quote(name)} of task "${record.id}" has no result: ${why}.`,
  )
}

function noSuchInput(record: TaskRecord, inputs: readonly Input[], name: string): SignalboxError {
  const names = inputs.map(({ view }) => view.name)
  let known = names.length === 0 ? 'it has none' : `it has ${someOf(names, NAMED_MAX)}`
  if (names.length === 0 && isFinal(record.state)) known = 'it has ended, and reads none any more'
  return new SignalboxError(
    'input_unknown',
    `Task "${record.id}" has no input ${quote(name)}: ${known}.`,
  )
}

/** A second attempt reads what its task does. */
function inputsOf(record: TaskRecord): Input[] {
  const { extras } = record.extras?.standsFor ?? record
  if (extras === null) return []
  const inputs = new Map<string, Input>()
  const { links, stages } = extras
  const areVotes = links !== null && isDecided(links)
  for (const [i, parent] of (links?.parents ?? []).entries()) {
    const name = areVotes ? (parent.agentId ?? parent.id) : links!.names[i]
    if (!inputs.has(name)) inputs.set(name, ofTask(name, parent))
  }
  // The newest of a queue stands last.
  for (let i = stages.length - 1; i >= 0; i--) {
    const { queue: name, resultBytes: length, result } = stages[i]
    if (inputs.has(name)) continue
    const isKept = length === 0 || (length > 0 && result !== NO_BYTES_REF)
    const view = { name, state: 'completed' as const, bytes: isKept ? length : null }
    inputs.set(name, { view, read: ({ arena }) => arena.get(result, length) })
  }
  return [...inputs.values()]
}

function ofTask(name: string, parent: TaskRecord): Input {
  const isThere = parent.state === COMPLETED && parent.resultBytes >= 0
  const view = { name, state: stateName(parent.state), bytes: isThere ? parent.resultBytes : null }
  return { view, read: (context) => resultBytes(context, parent) }
}

/** The parents of a question are its votes: they alone share whom they must not come to. */
export function isDecided({ parents }: Links): boolean {
  const apart = parents[0]?.extras?.apart ?? null
  if (apart === null || parents.length < 2) return false
  return parents.every(({ extras }) => extras?.apart === apart)
}
