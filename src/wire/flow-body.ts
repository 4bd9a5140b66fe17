/**
 * Flows as JSON: the body of a submit on `<prefix>.flow.<queue>`, written and read. Payloads stand in it
 * as what they are, and bytes as base64.
 *
 * Any thread. Invariant: what was written is read as the same options; they are checked by who has them
 * (`src/flows/options.ts`), the same way for every way in.
 */
import { SignalboxError } from '../errors.ts'
import type { FlowOptions, FlowState } from '../flow-views.ts'
import { LIMITS } from '../options.ts'
import { encodeJson, type JsonObject, parseObject } from './json.ts'
import { quote } from './tokens.ts'

/** Reply to a flow. */
export interface AcceptedFlow {
  flow: string
  queue: string
  state: FlowState
  /** How many it has. */
  tasks: number
  /** True when the id was known already: nothing was added. */
  duplicate?: boolean
}

/** @param options checked. */
export function flowBody(options: FlowOptions): Uint8Array {
  const tasks = Object.entries(options.tasks).map(([name, { payload, at, ...task }]) => [
    name,
    { ...task, ...payloadBody(payload), ...(at === undefined ? {} : { at: Number(at) }) },
  ])
  return encodeJson({ ...options, tasks: Object.fromEntries(tasks) })
}

function payloadBody(payload: unknown): object {
  if (payload instanceof Uint8Array) {
    const { buffer, byteOffset, length } = payload
    return { payloadBase64: Buffer.from(buffer, byteOffset, length).toString('base64') }
  }
  return payload === undefined ? {} : { payload }
}

/**
 * @param bytesMax of what the server lets through.
 * @returns options that nobody has checked.
 * @throws bad_body, bad_option
 */
export function readFlowBody(bytes: Uint8Array, bytesMax: number): JsonObject {
  const body = parseObject(bytes, 'flow', {
    bytesMax,
    keysMax: LIMITS.flowTasksMax,
    textMax: bytesMax,
  })
  const { tasks } = body
  if (typeof tasks !== 'object' || tasks === null || Array.isArray(tasks)) return body
  const read = Object.entries(tasks as JsonObject).map(([name, task]) => [name, taskOf(name, task)])
  return { ...body, tasks: Object.fromEntries(read) }
}

function taskOf(name: string, task: unknown): unknown {
  if (typeof task !== 'object' || task === null || !Object.hasOwn(task, 'payloadBase64'))
    return task
  const { payloadBase64: text, ...rest } = task as JsonObject
  const isBase64 = typeof text === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
  if (isBase64 && !Object.hasOwn(rest, 'payload')) {
    return { ...rest, payload: Uint8Array.from(Buffer.from(text, 'base64')) }
  }
  throw new SignalboxError(
    'bad_option',
    `Task ${quote(name)}: give its payload as the JSON "payload" or as "payloadBase64", in the ` +
      'characters of base64; not both.',
  )
}
