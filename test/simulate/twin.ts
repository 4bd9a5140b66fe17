/**
 * The second core of a seed: built from nothing but the journal's bytes, as they are written, and
 * compared with the live one after every event, bit for bit; its effects and answers always are.
 *
 * Invariant: at every moment between two events both cores are in one state, or the seed has failed.
 */
import { isEffect, isEvent, kindName } from '../../src/journal/format.ts'
import { imageOf } from '../../src/journal/image.ts'
import { RecordedCore } from '../../src/journal/recorder.ts'
import { Replayer } from '../../src/journal/replayer.ts'
import { JournalWriter } from '../../src/journal/writer.ts'

/** Words of a record that a trace shows. */
const WORDS_SHOWN = 12

/** Of cores larger than that, which are few, the images are compared after every so many events. */
const LARGE_BYTES = 64 * 1024
const LARGE_EVERY = 32

let imagesEvery = 1

/** For soaks: images are compared after every so many events, and at the end, whose digest is. */
export function compareImagesEvery(events: number): void {
  imagesEvery = events
}

export class Twin {
  /** Of the core, so far. */
  events = 0
  readonly #core: RecordedCore
  readonly #writer: JournalWriter
  readonly #replayer = new Replayer()
  readonly #chunks: Uint8Array[] = []
  readonly #onBroken: (error: unknown) => void
  readonly #trace: (line: () => string) => void
  #areDoorsHidden = false
  /** Of the last image. */
  #imageBytes = 0
  #isBroken = false

  /**
   * @param onBroken what is thrown inside of an event may be taken for something else.
   * @param trace gets a line an event: its kind and words, then those of its effects.
   */
  constructor(
    core: RecordedCore,
    onBroken: (error: unknown) => void,
    trace: (line: () => string) => void,
  ) {
    this.#core = core
    this.#onBroken = onBroken
    this.#trace = trace
    this.#writer = new JournalWriter({
      sink: (bytes) => {
        this.#chunks.push(bytes)
        if (this.events > 0) this.#trace(() => `core, event ${this.events}: ${recordsIn(bytes)}`)
        this.#replayer.push(bytes)
      },
    })
    core.record(this.#writer)
    this.#writer.flush()
    core.onEvent = this.#afterEvent
  }

  /** Everything that was recorded; the journal ends here. */
  end(): Uint8Array {
    this.#core.stopRecording()
    if (!this.#isBroken) this.#replayer.finish()
    return Buffer.concat(this.#chunks)
  }

  readonly #afterEvent = (): void => {
    this.events++
    if (this.#isBroken) return
    if (!this.#areDoorsHidden) this.#hideDoors()
    try {
      this.#writer.flush()
      this.#compare()
    } catch (error) {
      this.#isBroken = true
      this.#onBroken(error)
    }
  }

  #compare(): void {
    const every = this.#imageBytes > LARGE_BYTES ? LARGE_EVERY : imagesEvery
    if (this.events % every === 0) this.#compareImages()
  }

  #compareImages(): void {
    const live = imageOf(this.#core)
    this.#imageBytes = live.length
    const rebuilt = imageOf(this.#replayer.core)
    if (Buffer.compare(live, rebuilt) === 0) return
    const at = live.findIndex((byte, i) => byte !== rebuilt[i])
    throw new Error(`the rebuilt core differs from the live one, at byte ${at} of its image`)
  }

  /** Checks that stand at the core's doors are no part of its state. */
  #hideDoors(): void {
    this.#areDoorsHidden = true
    for (const door of Object.keys(this.#core)) {
      if (!(door in RecordedCore.prototype)) continue
      Object.defineProperty(this.#core, door, { enumerable: false })
    }
  }
}

/** Events and effects as docs/journal.md has them, in words. */
function recordsIn(bytes: Uint8Array): string {
  const words = new Int32Array(Uint8Array.from(bytes).buffer)
  const shown: string[] = []
  for (let at = 0; at < words.length; at += words[at] >>> 8) {
    const kind = words[at] & 255
    if (!isEvent(kind) && !isEffect(kind)) continue
    const end = Math.min(at + (words[at] >>> 8), at + 1 + WORDS_SHOWN)
    shown.push(`${kindName(kind)} ${words.subarray(at + 1, end).join(' ')}`)
  }
  return shown.join(' → ')
}
