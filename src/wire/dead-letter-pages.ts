/**
 * How all pages of calls about dead letters are gone through, by the library and by the client alike.
 *
 * Each loop ends: a page goes on behind the one before, and none reaches letters that were made after
 * the first was asked for.
 */
import type {
  DeadLetterPage,
  ListDeadLettersOptions,
  PurgeResult,
  ReplayResult,
} from '../promise-views.ts'
import {
  type CheckedPurgeOptions,
  type CheckedReplayOptions,
  parseLetterRange,
} from './dead-letter-options.ts'

/** A piece of a replay of many, and where it goes on. */
export interface ReplayPage extends ReplayResult {
  cursor: string | null
}

export interface PurgePage extends PurgeResult {
  cursor: string | null
}

/**
 * Asks on until there are as many letters as were wanted, or no more.
 * @param cursors what is left of each scheduler's letters, one after the other.
 */
export async function fillLetters(
  page: DeadLetterPage['letters'],
  cursors: readonly string[],
  limit: number,
  ask: (options: Pick<ListDeadLettersOptions, 'limit' | 'cursor'>) => Promise<DeadLetterPage>,
): Promise<DeadLetterPage> {
  const letters = [...page]
  const left = [...cursors]
  while (left.length > 0 && letters.length < limit) {
    const next = await ask({ limit: limit - letters.length, cursor: left[0] })
    letters.push(...next.letters)
    if (next.cursor === null) left.shift()
    else left[0] = next.cursor
  }
  return { letters, cursor: left.length === 0 ? null : left.join(CURSOR_JOINT) }
}

/** Between the cursors of several schedulers. */
export const CURSOR_JOINT = '+'

export async function replayPages(
  options: CheckedReplayOptions,
  ask: (options: CheckedReplayOptions) => Promise<ReplayPage>,
): Promise<ReplayResult> {
  const result: ReplayResult = { replayed: [], refused: [] }
  let part = options
  for (;;) {
    const { replayed, refused, cursor } = await ask(part)
    result.replayed.push(...replayed)
    result.refused.push(...refused)
    const max = part.max - replayed.length
    if (cursor === null || max <= 0) return result
    part = { ...part, max, range: parseLetterRange(cursor) }
  }
}

export async function purgePages(
  options: CheckedPurgeOptions,
  ask: (options: CheckedPurgeOptions) => Promise<PurgePage>,
): Promise<PurgeResult> {
  let part = options
  for (let purged = 0; ; ) {
    const page = await ask(part)
    purged += page.purged
    if (page.cursor === null) return { purged }
    part = { ...part, range: parseLetterRange(page.cursor) }
  }
}
