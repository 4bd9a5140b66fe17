/**
 * The cursor of a ledger's tail: `<scheduler>.<epoch>.l<place>`, a place in the ledger of the scheduler
 * that gave it, within one start.
 */
import { badCursor, type CursorOrigin } from './list-options.ts'

export interface LedgerCursor extends CursorOrigin {
  /** As the ledger itself says it. */
  place: string
}

export function formatLedgerCursor({ scheduler, epoch, place }: LedgerCursor): string {
  return `${scheduler}.${epoch}.l${place}`
}

/** @throws bad_option */
export function parseLedgerCursor(cursor: unknown): LedgerCursor {
  const text = typeof cursor === 'string' ? cursor : ''
  const parts = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.l([\d.]{1,32})$/.exec(text)
  if (parts === null) throw badCursor(cursor)
  const [, scheduler, epoch, place] = parts
  return { scheduler, epoch: Number(epoch), place }
}
