/**
 * Where lines of the log go: standard error, one write at a time, behind the event loop's back.
 *
 * Invariant: nobody waits for whoever reads it. What a reader that has stopped does not take is
 * dropped beyond `BACKLOG_CHARACTERS_MAX`, and a log that cannot be written (disk full, reader gone)
 * stops nobody.
 */
import { write } from 'node:fs'

const STANDARD_ERROR = 2
const BACKLOG_CHARACTERS_MAX = 1024 * 1024
/** For a reader that takes nothing any more. */
const END_MS_MAX = 1_000

export interface LogSink {
  write(line: string): void
  /** What it still has is written, as far as anybody takes it. */
  end?(): Promise<void>
}

export class StandardError implements LogSink {
  #waiting = ''
  #isWriting = false
  #onEmpty: () => void = () => {}

  write(line: string): void {
    if (this.#waiting.length + line.length > BACKLOG_CHARACTERS_MAX) return
    this.#waiting += line
    if (!this.#isWriting) this.#next()
  }

  async end(): Promise<void> {
    if (!this.#isWriting) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      timer = setTimeout(resolve, END_MS_MAX)
    })
    clearTimeout(timer)
  }

  #next(): void {
    if (this.#waiting === '') {
      this.#isWriting = false
      this.#onEmpty()
      return
    }
    const bytes = Buffer.from(this.#waiting)
    this.#waiting = ''
    this.#isWriting = true
    this.#writeFrom(bytes, 0)
  }

  /** A pipe may take only a part at a time. */
  #writeFrom(bytes: Buffer, from: number): void {
    write(STANDARD_ERROR, bytes, from, bytes.length - from, null, (error, written) => {
      if (error === null && from + written < bytes.length) this.#writeFrom(bytes, from + written)
      else this.#next()
    })
  }
}
