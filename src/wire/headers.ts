/**
 * Header names of the plain form, and headers as bytes.
 *
 * The client's own header object costs microseconds a message to build; it only ever calls
 * `encode()` on what it is given, so a block that was encoded by us is handed in instead.
 */
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
  outcome: 'Sb-Outcome',
  /** Scheduler to agent and submitter. */
  taskId: 'Sb-Id',
  queue: 'Sb-Queue',
  attempt: 'Sb-Attempt',
  state: 'Sb-State',
  code: 'Sb-Code',
  retryable: 'Sb-Retryable',
  errorCode: 'Nats-Service-Error-Code',
  error: 'Nats-Service-Error',
  /** Scheduler to submitter and agent: the number in the head of the frame that was refused. */
  frame: 'Sb-Frame',
} as const

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
 * Headers of a dispatch: `Sb-Id`, `Sb-Queue`, `Sb-Attempt`, and `Sb-Type` where it is another than the
 * queue. Values are tokens and a number.
 */
export function workHeaders(
  id: string,
  queue: string,
  attempt: number,
  type: string = queue,
): EncodedHeaders {
  const typeLine = type === queue ? '' : `Sb-Type: ${type}\r\n`
  return new RawHeaders(
    Buffer.from(
      `NATS/1.0\r\nSb-Id: ${id}\r\nSb-Queue: ${queue}\r\nSb-Attempt: ${attempt}\r\n${typeLine}\r\n`,
      'latin1',
    ),
  )
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
