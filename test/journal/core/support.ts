/** A core that is recorded, and a twin that is built from its journal and compared after each event. */
import { differenceOf } from '../../../src/journal/difference.ts'
import { digestOf, imageOf } from '../../../src/journal/image.ts'
import type { RecordedCore } from '../../../src/journal/recorder.ts'
import { Replayer } from '../../../src/journal/replayer.ts'
import { JournalWriter } from '../../../src/journal/writer.ts'

export class Twin {
  readonly replayer = new Replayer()
  readonly writer: JournalWriter
  readonly chunks: Uint8Array[] = []
  compared = 0
  readonly #core: RecordedCore

  /** @param core begins a journal here and now. */
  constructor(core: RecordedCore) {
    this.#core = core
    this.writer = new JournalWriter({
      sink: (bytes) => {
        this.chunks.push(bytes)
        this.replayer.push(bytes)
      },
    })
    core.record(this.writer)
    core.onEvent = () => this.compare()
    this.compare()
  }

  compare(): void {
    this.writer.flush()
    this.compared++
    const live = imageOf(this.#core)
    const rebuilt = imageOf(this.replayer.core)
    if (Buffer.compare(live, rebuilt) === 0) return
    const where = differenceOf(this.#core, this.replayer.core)
    throw new Error(`event ${this.replayer.events}: the rebuilt state differs: ${where}`)
  }

  /** Ends the journal. @returns all of it. */
  end(): Uint8Array {
    this.#core.onEvent = null
    this.#core.stopRecording()
    return Buffer.concat(this.chunks)
  }

  get digest(): string {
    return digestOf(imageOf(this.#core))
  }
}
