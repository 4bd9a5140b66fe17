/**
 * A journal on its way to a file: takes chunks at once, writes them one after the other.
 *
 * Runs on the front end's thread; the writing itself is done by Node's threads for files. Invariant:
 * what waits to be written never exceeds `backlogBytesMax`, and the file holds whole chunks in the
 * order in which they were given, whatever the disk does: after a failed write it is cut back to the
 * last whole one.
 *
 *   OPEN ── close ──► CLOSING ── all written ──► CLOSED
 *     └── backlog full, or a write failed ──► STOPPED ── close ──► CLOSED
 *
 * Rejected: a `WriteStream`. It has no bound (`write` only advises to wait) and emits its errors
 * where nobody can say how much of the file is whole.
 */
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import { SignalboxError } from '../errors.ts'

/** Buffers that one write takes: far below the 1,024 of the system call. */
const BUFFERS_PER_WRITE = 64

export interface JournalFileOptions {
  /** Bytes that may wait to be written. */
  backlogBytesMax: number
  /** Told once, in a sentence, why nothing more is taken; never from within `write`. */
  onStopped(reason: string): void
}

export class JournalFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #options: JournalFileOptions
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #writtenBytes = 0
  #stopped = false
  #writing: Promise<void> | undefined

  private constructor(path: string, handle: FileHandle, options: JournalFileOptions) {
    this.path = path
    this.#handle = handle
    this.#options = options
  }

  /**
   * Makes the file; one that is there is kept as `<path>.old`.
   * @throws journal_failed
   */
  static async open(path: string, options: JournalFileOptions): Promise<JournalFile> {
    try {
      if (await isFile(path)) await rename(path, `${path}.old`)
      return new JournalFile(path, await open(path, 'w'), options)
    } catch (error) {
      throw journalFailed(`The journal ${path} cannot be made`, error)
    }
  }

  /** What is on disk, as far as the system says. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /**
   * Takes a chunk of whole records, and its memory with it.
   * @returns false when it was not taken, now or because of an earlier failure.
   */
  write(bytes: Uint8Array): boolean {
    if (this.#stopped) return false
    if (this.#waitingBytes + bytes.length > this.#options.backlogBytesMax) {
      const { backlogBytesMax } = this.#options
      this.#stop(`the disk is too slow: more than ${backlogBytesMax} bytes wait to be written`)
      return false
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#writing ??= this.#writeAll()
    return true
  }

  /** Writes what waits, and closes. @throws journal_failed when the file could not be finished. */
  async close(): Promise<void> {
    await this.#writing
    try {
      await this.#handle.close()
    } catch (error) {
      if (!this.#stopped) throw journalFailed(`The journal ${this.path} cannot be closed`, error)
    }
  }

  async #writeAll(): Promise<void> {
    try {
      // Ends: what arrives meanwhile is bounded by the backlog, and a stop takes no more.
      while (this.#waiting.length > 0) await this.#writeSome()
    } catch (error) {
      this.#waiting = []
      this.#waitingBytes = 0
      // Of the failed write a part may have arrived; a file that cannot be cut ends in mid-record.
      await this.#handle.truncate(this.#writtenBytes).catch(() => {})
      this.#stop(`writing failed (${codeOf(error)})`)
    }
    this.#writing = undefined
  }

  async #writeSome(): Promise<void> {
    const batch = this.#waiting.splice(0, BUFFERS_PER_WRITE)
    const bytes = batch.reduce((sum, { length }) => sum + length, 0)
    let left = batch
    // Ends: each write takes at least one byte, or throws.
    while (left.length > 0) {
      const { bytesWritten } = await this.#handle.writev(left)
      if (bytesWritten === 0) throw new Error('nothing was written')
      left = behind(left, bytesWritten)
    }
    this.#waitingBytes -= bytes
    this.#writtenBytes += bytes
  }

  #stop(reason: string): void {
    if (this.#stopped) return
    this.#stopped = true
    queueMicrotask(() => this.#options.onStopped(reason))
  }
}

/** @returns what is left of the buffers behind their first `count` bytes. */
function behind(buffers: Uint8Array[], count: number): Uint8Array[] {
  let skip = count
  let first = 0
  while (first < buffers.length && buffers[first].length <= skip) skip -= buffers[first++].length
  const left = buffers.slice(first)
  if (skip > 0) left[0] = left[0].subarray(skip)
  return left
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/** @returns a sentence with the system's code, and what to do. */
export function journalFailed(what: string, cause: unknown): SignalboxError {
  return new SignalboxError(
    'journal_failed',
    `${what} (${codeOf(cause)}): check its folder, permissions and space.`,
    { cause },
  )
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
