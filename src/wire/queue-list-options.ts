/**
 * Options and cursors of a list of queues, and how all its pages are read.
 *
 * A cursor is `<scheduler>.<epoch>.q<place>`: the queues from that place on, in the order in which
 * they came into being. Queues do not go, so a place stays one.
 */
import { LIMITS } from '../options.ts'
import type { QueueRow } from '../promise-views.ts'
import { badCursor, type CursorOrigin, refuseUnknownKeys, requireLimit } from './list-options.ts'

export interface QueueCursor extends CursorOrigin {
  place: number
}

/** What one page is asked for. */
export interface QueuePageOptions {
  limit?: number
  cursor?: string
}

export interface QueuePage {
  queues: QueueRow[]
  /** Give it to go on; null when there is nothing more. */
  cursor: string | null
}

/** @throws bad_option, not_supported */
export function checkQueueListOptions(options: { [Key in keyof QueuePageOptions]: unknown }): {
  limit: number
  cursor: QueueCursor | null
} {
  refuseUnknownKeys(options, ['limit', 'cursor'])
  const { limit = LIMITS.statusQueuesMax, cursor } = options
  return {
    limit: requireLimit(limit, LIMITS.statusQueuesMax),
    cursor: cursor === undefined || cursor === null ? null : parseQueueCursor(cursor),
  }
}

export function formatQueueCursor({ scheduler, epoch, place }: QueueCursor): string {
  return `${scheduler}.${epoch}.q${place}`
}

/** @throws bad_option */
export function parseQueueCursor(cursor: unknown): QueueCursor {
  const text = typeof cursor === 'string' ? cursor : ''
  const parts = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.q(\d{1,9})$/.exec(text)
  if (parts === null) throw badCursor(cursor)
  const [, scheduler, epoch, place] = parts
  return { scheduler, epoch: Number(epoch), place: Number(place) }
}

/** Asks for the pages behind a first one. Ends: each has to go on behind the one before. */
export async function allQueues(
  first: QueuePage,
  ask: (options: QueuePageOptions, from: QueueCursor) => Promise<QueuePage>,
): Promise<QueueRow[]> {
  const queues = [...first.queues]
  let { cursor } = first
  for (let place = 0; cursor !== null; ) {
    const from = parseQueueCursor(cursor)
    if (from.place <= place) throw badCursor(cursor)
    place = from.place
    const page = await ask({ cursor }, from)
    queues.push(...page.queues)
    cursor = page.cursor
  }
  return queues
}
