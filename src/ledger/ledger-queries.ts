/**
 * What is asked of a ledger: its newest entries, what came behind a cursor, what happened to one task.
 * The ledger's thread, or a command that reads files.
 *
 * Invariant: entries come in the order in which they were written, and a cursor never shows one twice.
 *
 * A cursor is `block.entries`: so many entries of that block were shown.
 */
import { SignalboxError } from '../errors.ts'
import type { LedgerPage, LedgerRow, LedgerTailOptions } from '../ledger-views.ts'
import { idPrefixOf } from '../policy/task-index.ts'
import type { HistoryEntry } from '../promise-views.ts'
import { Entry } from './format.ts'
import type { KeptBlock } from './ledger-memory.ts'
import { type LedgerEntry, readEntries } from './reader.ts'

export const TAIL_LIMIT_MAX = 1_000
export const TAIL_LIMIT_DEFAULT = 100
const CURSOR = /^(\d{1,15})\.(\d{1,9})$/

export interface TailRequest {
  limit: number
  after: { block: number; shown: number } | null
}

/** @throws bad_option, not_supported */
export function tailRequest(options: LedgerTailOptions): TailRequest {
  for (const key of Object.keys(options)) {
    if (key === 'limit' || key === 'after') continue
    throw new SignalboxError(
      'not_supported',
      `A ledger's tail has no option ${JSON.stringify(key.slice(0, 64))}: known are limit and after.`,
    )
  }
  const { limit = TAIL_LIMIT_DEFAULT, after } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > TAIL_LIMIT_MAX) {
    throw badOption('limit', limit, `give a whole number from 1 to ${TAIL_LIMIT_MAX}`)
  }
  if (after === undefined) return { limit, after: null }
  const parts = typeof after === 'string' ? CURSOR.exec(after) : null
  if (parts === null) throw badOption('after', after, 'give the cursor of an earlier page')
  return { limit, after: { block: Number(parts[1]), shown: Number(parts[2]) } }
}

function badOption(key: string, value: unknown, what: string): SignalboxError {
  const said = JSON.stringify(value)?.slice(0, 80) ?? 'undefined'
  return new SignalboxError('bad_option', `Option "${key}" is ${said}: ${what}.`)
}

/** An entry and where it stands. */
interface Placed {
  entry: LedgerEntry
  epoch: number
  block: number
  /** Entries of its block up to it, itself among them. */
  shown: number
  isLast: boolean
}

/** @param blocks that are kept, the oldest first. */
export function tail(blocks: readonly KeptBlock[], { limit, after }: TailRequest): LedgerPage {
  const last = blocks.at(-1)
  if (last === undefined) return { entries: [], cursor: cursorOf(after), isGap: false }
  const placed = after === null ? newest(blocks, limit) : behind(blocks, after, limit)
  const first = blocks[0].header.number
  const isGap = after !== null && after.block > 0 && after.block < first
  const entries = rowsOf(placed, blocks)
  const end = placed.at(-1)
  if (end === undefined) {
    return {
      entries,
      cursor: cursorOf(after ?? { block: last.header.number + 1, shown: 0 }),
      isGap,
    }
  }
  // When all of a block was shown, nothing of it is needed to go on.
  const { block, shown, isLast } = end
  const next = isLast ? { block: block + 1, shown: 0 } : { block, shown }
  return { entries, cursor: cursorOf(next), isGap }
}

function cursorOf(after: { block: number; shown: number } | null): string {
  return after === null ? '0.0' : `${after.block}.${after.shown}`
}

function newest(blocks: readonly KeptBlock[], limit: number): Placed[] {
  let placed: Placed[] = []
  for (let at = blocks.length - 1; at >= 0 && placed.length < limit; at--) {
    placed = [...placedIn(blocks[at]), ...placed]
  }
  return placed.slice(-limit)
}

function behind(
  blocks: readonly KeptBlock[],
  after: { block: number; shown: number },
  limit: number,
): Placed[] {
  const placed: Placed[] = []
  for (const block of blocks) {
    if (block.header.number < after.block) continue
    for (const each of placedIn(block)) {
      if (each.block === after.block && each.shown <= after.shown) continue
      placed.push(each)
      if (placed.length === limit) return placed
    }
  }
  return placed
}

function placedIn({ header, bytes }: KeptBlock): Placed[] {
  const placed: Placed[] = []
  const { epoch, number: block } = header
  readEntries(bytes, header, (entry) => {
    placed.push({ entry, epoch, block, shown: placed.length + 1, isLast: false })
  })
  const end = placed.at(-1)
  if (end !== undefined) end.isLast = true
  return placed
}

/** Ids that were given, and queues, stand with the acceptance only: it is looked for. */
function rowsOf(placed: readonly Placed[], blocks: readonly KeptBlock[]): LedgerRow[] {
  const wanted = new Set<number>()
  for (const { entry } of placed) if (entry.seq >= 0) wanted.add(entry.seq)
  const accepted = acceptancesOf(wanted, blocks)
  return placed.map(({ entry, epoch }) => {
    const first = accepted.get(keyOf(epoch, entry.seq))
    const { at, what, attempt, agent, detail } = entry
    const task = entry.seq < 0 ? null : first?.id || idPrefixOf(epoch) + entry.seq
    return { at, what, task, queue: entry.queue ?? first?.queue ?? null, attempt, agent, detail }
  })
}

function acceptancesOf(
  wanted: ReadonlySet<number>,
  blocks: readonly KeptBlock[],
): Map<string, LedgerEntry> {
  const found = new Map<string, LedgerEntry>()
  // Most are of tasks that were accepted lately.
  for (let at = blocks.length - 1; at >= 0 && found.size < wanted.size; at--) {
    const { header, bytes } = blocks[at]
    readEntries(
      bytes,
      header,
      (entry) => found.set(keyOf(header.epoch, entry.seq), entry),
      (kind, seq) => kind === Entry.ACCEPTED && wanted.has(seq),
    )
  }
  return found
}

function keyOf(epoch: number, seq: number): string {
  return `${epoch} ${seq}`
}

export interface HistoryRequest {
  id: string
  /** null for any. */
  queue: string | null
  /** Number of the task when it is known; null looks for the id. */
  seq: number | null
}

/** @returns what happened to the task, the oldest first; nothing when it is not in these blocks. */
export function history(blocks: readonly KeptBlock[], request: HistoryRequest): HistoryEntry[] {
  const task = taskOf(blocks, request)
  if (task === null) return []
  const entries: HistoryEntry[] = []
  for (const { header, bytes } of blocks) {
    if (header.epoch !== task.epoch) continue
    readEntries(
      bytes,
      header,
      ({ at, what, attempt, agent, detail, queue }) => {
        const said = queue === null ? detail : `queue ${queue}, ${detail}`
        entries.push({ at, what, attempt, agent, detail: said })
      },
      (_, seq) => seq === task.seq,
    )
  }
  return entries
}

function taskOf(
  blocks: readonly KeptBlock[],
  { id, queue, seq }: HistoryRequest,
): { epoch: number; seq: number } | null {
  const last = blocks.at(-1)
  if (last === undefined) return null
  if (seq !== null) return { epoch: last.header.epoch, seq }
  // A later task may have an id again that an earlier one had.
  for (let at = blocks.length - 1; at >= 0; at--) {
    const { header, bytes } = blocks[at]
    let found = -1
    const prefix = idPrefixOf(header.epoch)
    readEntries(
      bytes,
      header,
      (entry) => {
        const isIt = entry.id === '' ? id === prefix + entry.seq : id === entry.id
        if (isIt && (queue === null || queue === entry.queue)) found = entry.seq
      },
      (kind) => kind === Entry.ACCEPTED,
    )
    if (found >= 0) return { epoch: header.epoch, seq: found }
  }
  return null
}
