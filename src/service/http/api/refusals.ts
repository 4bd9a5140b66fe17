/** What the API refuses by itself, before any call: codes of errors.ts, with HTTP's own statuses. Any thread. */
import { ERROR_CODES, type ErrorCode, SignalboxError } from '../../../errors.ts'
import type { HttpAnswer } from '../server.ts'

export interface RefusalMore {
  /** What to do next, where the sentence is about what was wrong alone. */
  do?: string
  headers?: Readonly<Record<string, string>>
}

/** A request that is refused with a status of HTTP's own. */
export class HttpRefusal extends SignalboxError {
  /** That of errors.ts, or one that only HTTP has. */
  readonly httpStatus: number
  readonly more: RefusalMore

  constructor(httpStatus: number, code: ErrorCode, message: string, more: RefusalMore = {}) {
    super(code, message)
    this.httpStatus = httpStatus
    this.more = more
  }
}

/** Said to clients that may try again. */
const RETRY_AFTER_S = '1'

/** @returns the answer that says it. */
export function refusalOf(error: SignalboxError): HttpAnswer {
  const isHttp = error instanceof HttpRefusal
  const status = isHttp ? error.httpStatus : error.status
  const { do: next, headers = {} } = isHttp ? error.more : {}
  const { code, message } = error
  const { retryable } = ERROR_CODES[code]
  const body = { code, message, retryable, ...(next === undefined ? {} : { do: next }) }
  return {
    status,
    contentType: 'application/json; charset=utf-8',
    body: `${JSON.stringify(body)}\n`,
    headers:
      status === 429 || status === 503 ? { 'retry-after': RETRY_AFTER_S, ...headers } : headers,
  }
}
