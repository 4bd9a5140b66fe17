/**
 * The journal of one scheduler: where it goes, when it begins and ends. Main thread.
 *
 * Invariant: whatever happens to the file or the memory, the scheduler goes on; what was recorded by
 * then is whole.
 *
 *   start ──► RECORDING ── stop ──► ENDED, with END and the state's digest
 *                 │  └── memory half full ──► a new HEAD and IMAGE ──► RECORDING
 *                 └── disk or memory gives up ──► STOPPED, told by `journal_stopped`
 */
import { SignalboxError } from '../errors.ts'
import type { JournalOptions } from '../options.ts'
import { JournalFile } from './journal-file.ts'
import { JournalMemory } from './journal-memory.ts'
import type { RecordedCore } from './recorder.ts'
import { JournalWriter } from './writer.ts'

/** What is not on its way to the file yet goes there this often, so that a crash costs little. */
const FLUSH_MS = 1_000

const CHUNK_BYTES = 64 * 1024
/** A half of few large chunks would be full long before it is. */
const CHUNKS_MIN = 32

/** Of an open task in an image, at least; 144 as measured of a plain one. */
const TASK_BYTES_MIN = 130

type Emit = (kind: string, detail: Record<string, unknown>) => void

export class SchedulerJournal {
  readonly #core: RecordedCore
  readonly #options: JournalOptions & { bytesMax: number }
  readonly #emit: Emit
  /** Why recording stopped by itself. */
  stoppedBecause: string | null = null
  #starting: Promise<void> | undefined
  #writer: JournalWriter | undefined
  #file: JournalFile | undefined
  #memory: JournalMemory | undefined
  #flushTimer: NodeJS.Timeout | undefined

  constructor(core: RecordedCore, options: JournalOptions & { bytesMax: number }, emit: Emit) {
    this.#core = core
    this.#options = options
    this.#emit = emit
  }

  /** Where it goes; null for memory. */
  get file(): string | null {
    return this.#options.file ?? null
  }

  /** Before the core's first event. @throws journal_failed */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const { file: path, bytesMax } = this.#options
    const onStopped = this.#stopped
    if (path === undefined) {
      const onFull = () => queueMicrotask(this.#beginHalf)
      const memory = new JournalMemory({ bytesMax, onFull, onStopped })
      this.#memory = memory
      const chunkBytes = Math.min(CHUNK_BYTES, Math.floor(bytesMax / CHUNKS_MIN))
      this.#writer = new JournalWriter({ sink: (bytes) => memory.write(bytes), chunkBytes })
    } else {
      const file = await JournalFile.open(path, { backlogBytesMax: bytesMax, onStopped })
      this.#file = file
      const writer = new JournalWriter({
        sink: (bytes) => file.write(bytes),
        chunkBytes: CHUNK_BYTES,
      })
      this.#writer = writer
      this.#flushTimer = setInterval(() => writer.flush(), FLUSH_MS)
      this.#flushTimer.unref()
    }
    this.#record()
  }

  /** Ends the journal; the file is complete afterwards. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => {})
    clearInterval(this.#flushTimer)
    this.#core.stopRecording()
    try {
      await this.#file?.close()
    } catch (error) {
      this.#stopped((error as Error).message)
    }
  }

  /** Writes what is kept in memory to a file, with its end, and goes on. @throws journal_failed */
  async save(path: string): Promise<void> {
    const memory = this.#memory
    if (memory === undefined) {
      throw new SignalboxError(
        'bad_option',
        `The journal goes to ${this.file} already: leave "file" out to keep it in memory.`,
      )
    }
    this.#writer?.flush()
    const chunks = memory.chunks()
    const end = this.#core.endOfJournal()
    if (end !== null) chunks.push(end)
    let failure: string | undefined
    const file = await JournalFile.open(path, {
      backlogBytesMax: Number.POSITIVE_INFINITY,
      onStopped: (reason) => {
        failure = reason
      },
    })
    for (const chunk of chunks) file.write(chunk)
    await file.close()
    if (failure === undefined) return
    throw new SignalboxError('journal_failed', `The journal ${path} is not complete: ${failure}.`)
  }

  #record(): void {
    this.#core.record(this.#writer!)
    this.#writer!.flush()
    this.#memory?.checkImage()
  }

  /** In a microtask, so between two events of the core. */
  readonly #beginHalf = (): void => {
    if (!this.#core.isRecording) return
    const bytesMin = TASK_BYTES_MIN * this.#openTasks()
    if (bytesMin > this.#options.bytesMax / 2) {
      // Not to be found out by making an image: that would take all the memory that it must not.
      this.#stopped(`the state alone takes more than ${bytesMin} bytes`)
      return
    }
    this.#writer!.flush()
    this.#memory!.beginHalf()
    this.#record()
  }

  #openTasks(): number {
    let open = 0
    for (const queue of this.#core.queues.values()) open += queue.open
    return open
  }

  readonly #stopped = (reason: string): void => {
    clearInterval(this.#flushTimer)
    this.stoppedBecause = reason
    this.#core.stopRecording(false)
    this.#emit('journal_stopped', { file: this.file, reason })
  }
}
