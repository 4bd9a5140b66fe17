/**
 * Header names of the plain form, and headers as bytes.
 *
 * The client's own header object costs microseconds a message to build; it only ever calls
 * `encode()` on what it is given, so a block that was encoded by us is handed in instead.
 */
import type { WorkGraph } from './frame-inputs.ts'

export interface EncodedHeaders {
  encode(): Uint8Array
}

export const HEADER = {
  id: 'Nats-Msg-Id',
  priority: 'Sb-Priority',
  requires: 'Sb-Requires',
  prefers: 'Sb-Prefers',
  match: 'Sb-Match',
  strategy: 'Sb-Strategy',
  key: 'Sb-Key',
  /** Also scheduler to agent, where it is another than the queue. */
  type: 'Sb-Type',
  timeoutMs: 'Sb-Timeout-Ms',
  retryCount: 'Sb-Retry-Count',
  ttlMs: 'Sb-Ttl-Ms',
  deadlineMs: 'Sb-Deadline-Ms',
  slaTargetMs: 'Sb-Sla-Target-Ms',
  retryDelayMs: 'Sb-Retry-Delay-Ms',
  delayMs: 'Sb-Delay-Ms',
  at: 'Sb-At',
  /** Ids of tasks that it depends on, as `id` or `queue/id`, joined by commas. */
  after: 'Sb-After',
  onParentFailure: 'Sb-On-Parent-Failure',
  voters: 'Sb-Voters',
  decide: 'Sb-Decide',
  decideBy: 'Sb-Decide-By',
  outcome: 'Sb-Outcome',
  /** How the body is to be read: `message`. */
  form: 'Sb-Form',
  /** Scheduler to agent and submitter. */
  taskId: 'Sb-Id',
  queue: 'Sb-Queue',
  /** Scheduler to agent, where the task was submitted to another queue. */
  sourceQueue: 'Sb-Source-Queue',
  /** Scheduler to agent: what an interrupted attempt handed back, in base64. */
  checkpoint: 'Sb-Checkpoint',
  /** Scheduler to agent: what the task may read, the flow that it came with and its name there. */
  inputs: 'Sb-Inputs',
  flow: 'Sb-Flow',
  node: 'Sb-Node',
  /** Agent to scheduler: the body is a checkpoint and not a result. */
  yields: 'Sb-Yield',
  attempt: 'Sb-Attempt',
  state: 'Sb-State',
  code: 'Sb-Code',
  retryable: 'Sb-Retryable',
  errorCode: 'Nats-Service-Error-Code',
  error: 'Nats-Service-Error',
  /** Scheduler to submitter and agent: the number in the head of the frame that was refused. */
  frame: 'Sb-Frame',
} as const

/** In place of a list that is too long for a message. */
export const ASK_FOR_INPUTS = 'ask'

/** Encoded headers in the shape that the client's `publish` takes. */
class RawHeaders implements EncodedHeaders {
  private readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
  encode(): Uint8Array {
    return this.bytes
  }
}

/**
 * One line of text without control characters, so that nothing can break out of a header, or speak
 * to the terminal on which it is shown.
 */
export function headerText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
}

/**
 * @param lines `Name: value` pairs whose values hold no CR or LF (tokens, digits, `headerText`).
 */
export function encodeHeaders(...lines: string[]): EncodedHeaders {
  return new RawHeaders(Buffer.from(`NATS/1.0\r\n${lines.join('\r\n')}\r\n\r\n`, 'utf8'))
}

/**
 * Headers of a dispatch: `Sb-Id`, `Sb-Queue`, `Sb-Attempt`, and `Sb-Type` and `Sb-Source-Queue` where
 * they are another name than the queue's. Values are tokens, a number and base64.
 * @param checkpoint what an interrupted attempt handed back; null for nearly all tasks.
 * @param graph its place in a graph; null for nearly all tasks as well.
 */
export function workHeaders(
  id: string,
  queue: string,
  attempt: number,
  type: string = queue,
  sourceQueue: string = queue,
  checkpoint: Uint8Array | null = null,
  graph: WorkGraph | null = null,
): EncodedHeaders {
  let more = type === queue ? '' : `Sb-Type: ${type}\r\n`
  if (sourceQueue !== queue) more += `Sb-Source-Queue: ${sourceQueue}\r\n`
  if (checkpoint !== null) more += `Sb-Checkpoint: ${base64(checkpoint)}\r\n`
  if (graph !== null) more += graphLines(graph)
  return new RawHeaders(
    Buffer.from(
      `NATS/1.0\r\nSb-Id: ${id}\r\nSb-Queue: ${queue}\r\nSb-Attempt: ${attempt}\r\n${more}\r\n`,
      'latin1',
    ),
  )
}

/** Names are tokens, so that their JSON is ASCII. */
function graphLines({ flow, node, inputs }: WorkGraph): string {
  const lines = flow === '' ? '' : `Sb-Flow: ${flow}\r\nSb-Node: ${node}\r\n`
  if (inputs === null) return `${lines}Sb-Inputs: ${ASK_FOR_INPUTS}\r\n`
  return inputs.length === 0 ? lines : `${lines}Sb-Inputs: ${JSON.stringify(inputs)}\r\n`
}

function base64({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('base64')
}

/** Headers of a refusal or a failed outcome. */
export function errorHeaders(
  status: number,
  message: string,
  code: string,
  retryable: boolean,
  ...more: string[]
): EncodedHeaders {
  return encodeHeaders(
    `${HEADER.errorCode}: ${status}`,
    `${HEADER.error}: ${headerText(message)}`,
    `${HEADER.code}: ${code}`,
    `${HEADER.retryable}: ${retryable ? 1 : 0}`,
    ...more,
  )
}
