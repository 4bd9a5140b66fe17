/**
 * Calls from outside about what was recorded: what happened to a task, and the newest decisions. The
 * same functions serve `sb.api` and the library. Main thread; the ledger's thread looks it up.
 */
import { SignalboxError } from '../../errors.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { LedgerPage, LedgerTailOptions } from '../../ledger-views.ts'
import type { HistoryEntry } from '../../promise-views.ts'
import { formatLedgerCursor, parseLedgerCursor } from '../../wire/ledger-options.ts'
import { requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import { requireTask } from './control.ts'
import { requireOwn, rowsBytesMax } from './list.ts'

/**
 * The oldest first; when all have no room in an answer, the newest.
 * @throws task_unknown, bad_token; not_supported without a ledger; ledger_failed
 */
export async function taskHistory(
  context: FrontEndContext,
  id: unknown,
  queue?: unknown,
): Promise<HistoryEntry[]> {
  const ledger = requireLedger(context)
  const task = requireToken(id, 'task id')
  const inQueue = queue === undefined ? undefined : requireToken(queue, 'queue')
  const known = context.core.find(task, inQueue)
  const entries = await ledger.history(task, inQueue, known?.seq ?? null)
  if (entries.length === 0 && known === undefined) requireTask(context, task, inQueue)
  return newestThatFit(entries, rowsBytesMax(context))
}

/** @throws bad_option, not_supported; also without a ledger; ledger_failed */
export async function ledgerTail(
  context: FrontEndContext,
  { after, ...options }: LedgerTailOptions,
): Promise<LedgerPage> {
  const ledger = requireLedger(context)
  const from = after === undefined ? null : parseLedgerCursor(after)
  requireOwn(context, from)
  const page = await ledger.tail(from === null ? options : { ...options, after: from.place })
  const { name: scheduler } = context.options
  const { epoch } = context.core.options
  return { ...page, cursor: formatLedgerCursor({ scheduler, epoch, place: page.cursor }) }
}

function requireLedger({ ledger, options }: FrontEndContext): Ledger {
  if (ledger !== undefined) return ledger
  throw new SignalboxError(
    'not_supported',
    `Scheduler "${options.name}" keeps no ledger: start it without \`ledger: false\`.`,
  )
}

function newestThatFit(entries: HistoryEntry[], bytesMax: number): HistoryEntry[] {
  let bytes = 0
  // Ends: the index falls.
  for (let at = entries.length - 1; at >= 0; at--) {
    bytes += Buffer.byteLength(JSON.stringify(entries[at])) + 1
    if (bytes > bytesMax) return entries.slice(at + 1)
  }
  return entries
}
