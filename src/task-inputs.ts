/** Inputs of a task by their names, looked up the same way wherever it runs. */
import { TaskError } from './errors.ts'
import type { TaskInputView } from './flow-views.ts'
import { quote } from './wire/tokens.ts'
import { someOf } from './words/lists.ts'

export const NO_INPUTS: readonly TaskInputView[] = []
/** Names in a message. */
const NAMED_MAX = 8

/** @throws TaskError input_unknown when there is none of that name, or it has no result. */
export function inputOf(list: readonly TaskInputView[], name: unknown): TaskInputView {
  const input = list.find((each) => each.name === name)
  if (input === undefined) {
    const names = list.map((each) => each.name)
    const known = names.length === 0 ? 'it has none' : `it has ${someOf(names, NAMED_MAX)}`
    throw unknown(`The task has no input ${quote(name)}: ${known}.`)
  }
  if (input.bytes !== null) return input
  const why =
    input.state === 'completed'
      ? 'there was no memory to keep it'
      : `that task is ${input.state}; look at \`state\` in \`task.inputs\` before you read it`
  throw unknown(`The input ${quote(name)} has no result: ${why}.`)
}

/** Trying again finds no more than now. */
function unknown(message: string): TaskError {
  return new TaskError('input_unknown', message, { retryable: false })
}
