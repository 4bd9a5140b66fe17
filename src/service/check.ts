/**
 * `check`: a journal goes past a program that knows nothing of the scheduler's code.
 *
 * Runs in the process of the command. Invariant: the file is read in pieces, and the checker holds
 * what is open or kept, so a journal may be larger than memory.
 *
 * The checker cannot look into an image. Whether the journal begins with a core that has done nothing
 * yet, so that it shows all that ever was, is found out here.
 */
import { Checker, type Report } from '../checker/check.ts'
import { nowMs } from '../clock.ts'
import { SignalboxError } from '../errors.ts'
import { Kind } from '../journal/format.ts'
import { JournalBroken } from '../journal/reader.ts'
import { Replayer } from '../journal/replayer.ts'
import { type JournalFacts, JournalInput } from './journal-input.ts'

export interface CheckResult extends JournalFacts, Report {
  elapsedMs: number
  recordsPerSecond: number
}

/**
 * @param progress told the share that is done, 0 … 1.
 * @throws journal_failed, bad_journal
 */
export async function runCheck(
  file: string,
  progress: (share: number) => void,
): Promise<CheckResult> {
  const isWhole = await beginsEmpty(file)
  const input = await JournalInput.open(file)
  try {
    const checker = new Checker(isWhole)
    const startedAtMs = nowMs()
    for await (const piece of input.pieces(progress)) checker.push(piece)
    const report = checker.finish()
    const elapsedMs = nowMs() - startedAtMs
    const recordsPerSecond = elapsedMs > 0 ? (report.records / elapsedMs) * 1_000 : 0
    const bytes = input.bytesRead
    return { ...input.facts, bytes, ...report, elapsedMs, recordsPerSecond }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new SignalboxError('bad_journal', `${file}: ${error.message}`, { cause: error })
  } finally {
    await input.close()
  }
}

async function beginsEmpty(file: string): Promise<boolean> {
  const input = await JournalInput.open(file)
  try {
    let bytes = Buffer.alloc(0)
    for await (const piece of input.pieces()) {
      bytes = Buffer.concat([bytes, piece])
      if (endOfImage(bytes) !== null) break
    }
    const replayer = new Replayer()
    replayer.push(bytes.subarray(0, endOfImage(bytes) ?? bytes.length))
    const { counters, agents } = replayer.core
    return counters.accepted === 0 && agents.size === 0
  } catch (error) {
    // An image that only another version can read: what there was before is not known.
    if (error instanceof JournalBroken) return false
    throw error
  } finally {
    await input.close()
  }
}

/** @returns where the first record begins that is neither HEAD nor IMAGE; null when it is not there. */
function endOfImage(bytes: Buffer): number | null {
  let at = 0
  // Ends: a record has at least one word, or it is no journal.
  while (at + 4 <= bytes.length) {
    const word = bytes.readUInt32LE(at)
    const kind = word & 0xff
    if (kind !== Kind.HEAD && kind !== Kind.IMAGE) return at
    at += 4 * Math.max(1, word >>> 8)
  }
  return null
}
