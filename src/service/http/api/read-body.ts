/**
 * The body of a request: bounded in bytes before it is kept, in depth before it is parsed, and of the
 * types that its route says before anybody uses it. Main thread.
 *
 * Invariant: what is behind the bound is never held, and a body that is not read to its end is never
 * used. The time is bounded by the server, for all of a request.
 *
 *   head ──► READING ──► all of it ──► JSON ──► types
 *     │         ├─ too long: 413        └─ 400    └─ 400
 *     │         └─ the other side left: nobody is answered
 *     └─ another type: 415; said to be too long: 413
 */
import type { IncomingMessage } from 'node:http'
import { SignalboxError } from '../../../errors.ts'
import { LIMITS } from '../../../options.ts'
import { depthExceeded } from '../../../wire/json.ts'
import { quote } from '../../../wire/tokens.ts'
import { HttpRefusal } from './refusals.ts'

/** Of JSON, and of raw payloads alike. */
export const BODY_BYTES_MAX = 1024 * 1024

export const JSON_TYPE = 'application/json'
export const BYTES_TYPE = 'application/octet-stream'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Nobody is there any more to be answered. */
export class Gone extends Error {}

/**
 * @param takesBytes it may be of any bytes too.
 * @returns the type; asked of everything that changes something, be there a body or not, because no
 *   page of another origin can send it without being asked for leave.
 * @throws HttpRefusal 415
 */
export function bodyTypeOf({ headers }: IncomingMessage, takesBytes: boolean): string {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    throw unsupported(`The body is encoded as ${quote(encoding)}: send it as it is.`)
  }
  const known = takesBytes ? [JSON_TYPE, BYTES_TYPE] : [JSON_TYPE]
  const [type, ...parameters] = (headers['content-type'] ?? '').split(';')
  const essence = type.trim().toLowerCase()
  const isFine = parameters.every((each) => /^\s*(charset="?utf-8"?)?\s*$/i.test(each))
  if (known.includes(essence) && isFine) return essence
  const said = headers['content-type'] === undefined ? 'missing' : quote(headers['content-type'])
  const words = `The content-type is ${said}: send "content-type: ${known.join('" or "')}".`
  throw unsupported(words)
}

function unsupported(message: string): HttpRefusal {
  const headers = { accept: `${JSON_TYPE}, ${BYTES_TYPE}` }
  return new HttpRefusal(415, 'bad_header', message, { headers })
}

/** @throws HttpRefusal 413; Gone */
export function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const said = Number(request.headers['content-length'] ?? 0)
  if (said > BODY_BYTES_MAX) return Promise.reject(tooLarge(`${said} bytes`))
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let length = 0
    const take = (part: Buffer) => {
      length += part.length
      if (length <= BODY_BYTES_MAX) {
        parts.push(part)
        return
      }
      request.off('data', take)
      parts.length = 0
      request.resume()
      reject(tooLarge('longer'))
    }
    request.on('data', take)
    request.on('end', () => resolve(Buffer.concat(parts)))
    request.on('error', () => reject(new Gone()))
    request.on('close', () => reject(new Gone()))
  })
}

function tooLarge(what: string): HttpRefusal {
  const words = `The body is ${what}; at most ${BODY_BYTES_MAX} bytes are taken.`
  return new HttpRefusal(413, 'payload_too_large', words, {
    do: 'Store the data elsewhere and send where it is.',
  })
}

/** @returns an empty object for no bytes. @throws bad_body */
export function parseBody(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {}
  if (depthExceeded(bytes)) {
    throw new SignalboxError('bad_body', `The body nests deeper than ${LIMITS.jsonDepthMax}.`)
  }
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw new SignalboxError('bad_body', 'The body is not JSON: send one JSON object.', { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new SignalboxError('bad_body', 'The body is not a JSON object: send one JSON object.')
}
