/**
 * Dead letters in files, a line of JSON each, for those who want them beyond this process. Main thread,
 * off the path of tasks: lines gather while a write is under way and go out together.
 *
 * ```
 *   add ──► pending ──(no write under way)──► appended, in order ──► the letter says `file: PATH`
 *              │                                   │
 *              └─ beyond the bound: not written    └─ failed: not written, told, the letter says `kept`
 * ```
 *
 * Invariant: lines of a file stand in the order of their deaths, each whole. What an interrupted write
 * left behind is ended by a line break before the next line, so that it spoils no other.
 *
 * Not taken: a file that stays open, which a rotation from outside would leave writing into what was
 * moved away.
 */
import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { payloadText } from '../../wire/payload.ts'
import type { EventSink } from '../complete.ts'
import type { DeadLetter } from './letter.ts'

/** Of lines that wait for a file, in all. */
const PENDING_BYTES_MAX = 16 * 1024 * 1024
/** Payloads are nobody else's business. */
const MODE = 0o600
const NEWLINE = 10

interface Line {
  readonly letter: DeadLetter
  readonly bytes: Buffer
}

export class LetterFiles {
  readonly #event: EventSink
  /** By path: what waits to be written there. */
  readonly #pending = new Map<string, Line[]>()
  #pendingBytes = 0
  /** By path: letters for which there was no room, not told yet. A write is under way then. */
  readonly #unwritten = new Map<string, number>()
  #writing: Promise<void> | null = null

  constructor(event: EventSink) {
    this.#event = event
  }

  /** @param payload valid during the call. */
  add(letter: DeadLetter, file: string, payload: Uint8Array): void {
    const bytes = Buffer.from(`${JSON.stringify(lineOf(letter, payload))}\n`)
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes.length > PENDING_BYTES_MAX) {
      this.#unwritten.set(file, (this.#unwritten.get(file) ?? 0) + 1)
      return
    }
    letter.route = `file: ${file}`
    this.#pendingBytes += bytes.length
    const lines = this.#pending.get(file)
    if (lines === undefined) this.#pending.set(file, [{ letter, bytes }])
    else lines.push({ letter, bytes })
    this.#writing ??= this.#writeAll()
  }

  /** Resolves when all that was added is written, or told to have failed. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    // What is added in this turn goes out with the first.
    await null
    // Ends: each round writes what had gathered, and what gathers is bounded.
    for (;;) {
      const next = this.#pending.entries().next()
      if (next.done) break
      const [file, lines] = next.value
      this.#pending.delete(file)
      await this.#write(file, lines)
      for (const { bytes } of lines) this.#pendingBytes -= bytes.length
      this.#tellUnwritten()
    }
    this.#writing = null
  }

  async #write(file: string, lines: readonly Line[]): Promise<void> {
    try {
      await append(
        resolve(file),
        lines.map(({ bytes }) => bytes),
      )
    } catch (error) {
      for (const { letter } of lines) letter.route = 'kept'
      this.#tell(file, (error as Error).message, lines.length)
    }
  }

  #tellUnwritten(): void {
    for (const [file, letters] of this.#unwritten) {
      this.#tell(file, `${PENDING_BYTES_MAX} bytes waited to be written already`, letters)
    }
    this.#unwritten.clear()
  }

  #tell(file: string, reason: string, letters: number): void {
    const message = `Dead letters were not written to ${file}: ${reason}. They are kept in memory.`
    this.#event('dead_letter_file_failed', { file, letters, message })
  }
}

async function append(path: string, lines: Buffer[]): Promise<void> {
  const file = await open(path, 'a+', MODE)
  try {
    const { size } = await file.stat()
    const last = Buffer.alloc(1, NEWLINE)
    if (size > 0) await file.read(last, 0, 1, size - 1)
    await file.appendFile(
      Buffer.concat(last[0] === NEWLINE ? lines : [Buffer.from('\n'), ...lines]),
    )
  } finally {
    await file.close()
  }
}

function lineOf(letter: DeadLetter, payload: Uint8Array): object {
  const { name, id, queue, state, priority, code, message, attempts, agent } = letter
  const { acceptedAt, diedAt, failedDestinations } = letter
  return {
    name,
    id,
    queue,
    state,
    priority,
    code,
    message,
    attempts,
    agent,
    acceptedAt,
    diedAt,
    ...payloadForm(payload),
    failedDestinations,
  }
}

/** Text as text; other bytes as base64, so that nothing is lost. */
function payloadForm(payload: Uint8Array): object {
  if (isUtf8(payload)) return { payload: payloadText(payload) }
  return { payloadBase64: Buffer.from(payload).toString('base64') }
}
