/**
 * `replay`: a recorded stretch runs again, and its end is compared with the recorded one.
 *
 * Runs in the process of the command. Invariant: the file is read in pieces, so a journal may be
 * larger than memory; each answer and effect is compared on the way (journal/replayer.ts).
 */
import { nowMs } from '../clock.ts'
import { Replayer } from '../journal/replayer.ts'
import { type JournalFacts, JournalInput } from './journal-input.ts'

export interface ReplayResult extends JournalFacts {
  events: number
  effects: number
  /** Accepted by the end. */
  tasks: number
  elapsedMs: number
  eventsPerSecond: number
  /** Of the state at the end. */
  digest: string
  /** The journal says that this is the state at the end; false when nothing says what it was. */
  isEnded: boolean
  /** Behind the last whole record; 0 unless the file was cut. */
  cutBytes: number
}

/**
 * @param progress told the share that is done, 0 … 1.
 * @throws journal_failed, bad_journal, journal_mismatch
 */
export async function runReplay(
  file: string,
  progress: (share: number) => void,
): Promise<ReplayResult> {
  const input = await JournalInput.open(file)
  try {
    return await replayed(input, progress)
  } finally {
    await input.close()
  }
}

async function replayed(
  input: JournalInput,
  progress: (share: number) => void,
): Promise<ReplayResult> {
  const replayer = new Replayer()
  const startedAtMs = nowMs()
  for await (const piece of input.pieces(progress)) replayer.push(piece, true)
  replayer.finish()
  const elapsedMs = nowMs() - startedAtMs
  const { core, events, effects, end, reader } = replayer
  return {
    ...input.facts,
    bytes: input.bytesRead,
    events,
    effects,
    tasks: core.counters.accepted,
    elapsedMs,
    eventsPerSecond: elapsedMs > 0 ? (events / elapsedMs) * 1_000 : 0,
    digest: end ?? replayer.digest(),
    isEnded: end !== null,
    cutBytes: reader.leftBytes,
  }
}
