/**
 * The tasks of one queue and priority on their way out: the subjects they go to, and the frame that
 * is open for them.
 *
 * Runs in the thread of the client's connection. Invariant: `numbers` holds the tasks of the open
 * frame, in its order, and `bytes` is its size.
 *
 *   FRAMES ── nobody takes its frames, or the user may not send them ──► PLAIN
 *      ▲                                                                   │
 *      └──────────── reconnected, or a scheduler says that it is up ───────┘
 */
import { FRAME, type FramePool, SubmitWriter } from '../../wire/frames.ts'
import type { Subjects } from '../../wire/subjects.ts'

export class Lane {
  readonly queue: string
  readonly frameSubject: string
  readonly callSubject: string
  readonly taskSubject: string
  readonly writer: SubmitWriter
  readonly numbers = new Uint32Array(FRAME.itemsMax)
  bytes = FRAME.headBytes
  /** It is listed among those that are flushed. */
  isOpen = false
  isPlain = false
  /** Frames that the server did not let pass and that have not been sent again yet. */
  denials = 0

  /** @param level 0 for the queue's. */
  constructor(subjects: Subjects, pool: FramePool, queue: string, level: number) {
    const plainLevel = level === 0 ? undefined : level
    this.queue = queue
    this.frameSubject = subjects.frame(queue, level)
    this.callSubject = subjects.call(queue, plainLevel)
    this.taskSubject = subjects.task(queue, plainLevel)
    this.writer = new SubmitWriter(pool)
  }

  /** Whether nothing of it would be missed. */
  get isIdle(): boolean {
    return !this.isOpen && !this.isPlain && this.denials === 0
  }

  /** The open frame has been closed. */
  emptied(): void {
    this.bytes = FRAME.headBytes
  }
}
