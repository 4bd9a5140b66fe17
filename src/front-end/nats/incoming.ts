/** What the NATS client does with messages that it should not have let through. Main thread. */
import type { Msg, MsgHdrs } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import { HEADER } from '../../wire/headers.ts'

/** What the client's message holds but does not show; its version is pinned. */
interface Unread {
  /** `hdr`: length of the header block, -1 without one. */
  readonly _msg: { readonly hdr: number }
  /** Header block and data. */
  readonly _rdata: Uint8Array
}

const LF = 10
const PARENTS_LINE = `\n${HEADER.after}: `
/** `queue/id,` for each. */
const PARENTS_BYTES_MAX = LIMITS.parentsMax * (2 * LIMITS.tokenLengthMax + 2) + PARENTS_LINE.length
/** Lines of a header block that are no header: status, and the empty one at its end. */
const OTHER_LINES = 2

/**
 * The headers of a message, within the limits. The client reads them when they are first looked at:
 * in time that grows with the square of their number, so they are counted before; and it throws on
 * malformed ones.
 * @throws headers_too_large, bad_header
 */
export function headersOf(msg: Msg): MsgHdrs | undefined {
  const { _msg, _rdata } = msg as unknown as Unread
  if (_msg.hdr < 0) return undefined
  checkSize(_rdata, _msg.hdr)
  try {
    return msg.headers
  } catch (cause) {
    throw new SignalboxError(
      'bad_header',
      'The headers are malformed: names are printable ASCII, values hold neither CR nor LF.',
      { cause },
    )
  }
}

/** @returns whether the server says that nobody listened where a message of ours went. */
export function isNoResponder(msg: Msg, headers: MsgHdrs | undefined): boolean {
  return headers !== undefined && headers.code === 503 && msg.data.length === 0
}

function checkSize(bytes: Uint8Array, length: number): void {
  let lines = 0
  if (
    length <= LIMITS.headerBytesMax ||
    length - parentBytes(bytes, length) <= LIMITS.headerBytesMax
  ) {
    for (let i = 0; i < length; i++) if (bytes[i] === LF) lines++
    if (lines <= LIMITS.headerCountMax + OTHER_LINES) return
  }
  throw new SignalboxError(
    'headers_too_large',
    `The message has more than ${LIMITS.headerCountMax} headers or ${LIMITS.headerBytesMax} bytes ` +
      'of them: put what is large into the payload.',
  )
}

/** @returns what ids of parents take, which may be as many and as long as they may: they do not count. */
function parentBytes(bytes: Uint8Array, length: number): number {
  if (length > LIMITS.headerBytesMax + PARENTS_BYTES_MAX) return 0
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  const start = block.indexOf(PARENTS_LINE)
  return start < 0 ? 0 : Math.max(0, block.indexOf(LF, start + 1) - start)
}

/**
 * For what is thrown in a subscription's callback: the client would end its reader and leave the
 * connection open and deaf, so it is thrown where it ends the process instead.
 */
export function throwOutside(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
