/**
 * A journal's file, opened and read in pieces.
 *
 * Runs in the process of a command. Invariant: what is given out begins with a HEAD of a version that
 * this program knows.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { SignalboxError } from '../errors.ts'
import { Kind, MAGIC, VERSION } from '../journal/format.ts'
import { journalFailed } from '../journal/journal-file.ts'
import { quote } from '../wire/tokens.ts'

const PIECE_BYTES = 1024 * 1024
/** Word 0, magic, version, length of the text. */
const FIXED_BYTES = 16

export interface JournalFacts {
  file: string
  /** Name of the scheduler that recorded it. */
  scheduler: string
  /** When that began, ISO 8601. */
  startedAt: string
  bytes: number
}

export class JournalInput {
  readonly facts: JournalFacts
  readonly #handle: FileHandle
  readonly #first: Buffer
  /** Of the pieces that are done with. */
  bytesRead = 0

  private constructor(facts: JournalFacts, handle: FileHandle, first: Buffer) {
    this.facts = facts
    this.#handle = handle
    this.#first = first
  }

  /** @throws journal_failed when it cannot be read, bad_journal when it is none */
  static async open(file: string): Promise<JournalInput> {
    const handle = await open(file).catch((error) => {
      throw journalFailed(`The journal ${file} cannot be read`, error)
    })
    try {
      const { size } = await handle.stat()
      const first = await readPiece(handle, file)
      const { name, startedAt } = headOf(first, file)
      const facts = { file, scheduler: name, startedAt, bytes: size }
      return new JournalInput(facts, handle, first)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /**
   * All of it, once.
   * @param progress told the share that is done with, 0 … 1.
   * @throws journal_failed
   */
  async *pieces(progress: (share: number) => void = () => {}): AsyncGenerator<Uint8Array> {
    let piece = this.#first
    // Ends with the file.
    while (piece.length > 0) {
      yield piece
      this.bytesRead += piece.length
      progress(Math.min(1, this.bytesRead / this.facts.bytes))
      piece = await readPiece(this.#handle, this.facts.file)
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** @returns the next piece, of any size; none at the end. */
async function readPiece(handle: FileHandle, file: string): Promise<Buffer> {
  try {
    const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
    let filled = 0
    // Ends: each round fills some of it, or finds the end. Only a pipe takes more than two.
    while (filled < PIECE_BYTES) {
      const { bytesRead } = await handle.read(buffer, filled, PIECE_BYTES - filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  } catch (error) {
    throw journalFailed(`The journal ${file} cannot be read`, error)
  }
}

/** @throws bad_journal */
function headOf(first: Buffer, file: string): { name: string; startedAt: string } {
  const none = (why: string, cause?: unknown) =>
    new SignalboxError('bad_journal', `${file} ${why}.`, { cause })
  if (first.length === 0) throw none('is empty: nothing was recorded')
  const isHead = first.length >= FIXED_BYTES && first[0] === Kind.HEAD
  if (!isHead || first.readInt32LE(4) !== MAGIC) throw none('is no journal')
  const version = first.readUInt32LE(8)
  if (version !== VERSION) {
    throw none(
      `is a journal of version ${version}, and version ${VERSION} is all that this program knows: ` +
        'use the Signalbox that recorded it',
    )
  }
  const end = FIXED_BYTES + first.readUInt32LE(12)
  try {
    const about = JSON.parse(first.toString('utf8', FIXED_BYTES, end))
    const { name, startedAt } = about
    if (typeof name === 'string' && typeof startedAt === 'string') return { name, startedAt }
    throw new Error(`its name is ${quote(name)}`)
  } catch (error) {
    throw none('is a journal whose first record is damaged or not complete', error)
  }
}
