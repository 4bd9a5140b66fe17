/**
 * A flow in a file: YAML, and so JSON too. Runs in the command line, once.
 *
 * Invariant: what it gives is as `checkFlow` takes it, and unchecked; payloads are as they were written.
 * Options may be written as in configuration files, `on_failure`, or as in TypeScript, `onFailure`.
 */
import { parse, YAMLError } from 'yaml'
import { SignalboxError } from '../errors.ts'
import type { FlowOptions } from '../flow-views.ts'

const FILE_BYTES_MAX = 16 * 1024 * 1024
const ALIASES_MAX = 1_000

type Value = Record<string, unknown>

/**
 * @param queue of tasks that name none; the file's own `queue` goes before it.
 * @throws bad_flow when it is no YAML, or no object
 */
export function readFlowFile(text: string, queue: string | undefined): FlowOptions {
  const { queue: own = queue, ...flow } = inCamelCase(objectOf(parsed(text), 'The file'))
  const tasks = Object.entries(objectOf(flow.tasks, '"tasks" of the file'))
  const complete = tasks.map(([name, given]) => {
    const task = inCamelCase(objectOf(given, `Task "${name}" of the file`))
    return [name, own === undefined ? task : { queue: own, ...task }]
  })
  return { ...flow, tasks: Object.fromEntries(complete) } as FlowOptions
}

function parsed(text: string): unknown {
  if (text.length > FILE_BYTES_MAX) {
    throw badFlow(
      `The file has more than ${FILE_BYTES_MAX} bytes: store what its tasks need elsewhere.`,
    )
  }
  try {
    return parse(text, { maxAliasCount: ALIASES_MAX })
  } catch (error) {
    // What is nested too deep ends the library's recursion.
    const why = error instanceof YAMLError ? error.message.split('\n')[0] : 'it nests too deep'
    throw badFlow(`The file is neither YAML nor JSON: ${why.replace(/[.:]$/, '')}.`)
  }
}

function objectOf(value: unknown, what: string): Value {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Value
  throw badFlow(`${what} must be an object: write \`tasks:\`, and below it a task by its name.`)
}

/** Names of options, not what they are. */
function inCamelCase(value: Value): Value {
  const camel = (key: string) =>
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [camel(key), each]))
}

function badFlow(message: string): SignalboxError {
  return new SignalboxError('bad_flow', message)
}
