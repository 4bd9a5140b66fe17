/**
 * What people say of tasks, kept with each as long as the task is known. Main thread.
 *
 * Invariant: a task has at most `commentsMax` of them and all together at most `BYTES_MAX`; beyond, a
 * comment is refused and none is dropped, since what was said is part of what is decided by.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { TaskComment } from '../people-views.ts'

/** Of all texts, by their characters: two bytes each. */
export const BYTES_MAX = 64 * 1024 * 1024

const NONE: readonly TaskComment[] = []

export class Comments<Task extends object> {
  readonly #of = new Map<Task, TaskComment[]>()
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** @param id the task's, for the refusal. @throws bad_option, out_of_memory */
  add(task: Task, id: string, comment: TaskComment): void {
    const comments = this.#of.get(task) ?? []
    if (comments.length >= LIMITS.commentsMax) {
      throw new SignalboxError(
        'bad_option',
        `Task "${id}" has ${LIMITS.commentsMax} comments, and no task may have more.`,
      )
    }
    const bytes = bytesOf(comment)
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new SignalboxError(
        'out_of_memory',
        `The comments of all tasks hold ${this.#bytesMax} bytes, as many as they may: they go with ` +
          'their tasks, so comment again once some are over.',
      )
    }
    comments.push(comment)
    this.#of.set(task, comments)
    this.#bytes += bytes
  }

  /** The oldest first. */
  of(task: Task): readonly TaskComment[] {
    return this.#of.get(task) ?? NONE
  }

  /** *Cost* a comparison while nobody has said anything. */
  forget(task: Task): void {
    if (this.#of.size === 0) return
    for (const comment of this.of(task)) this.#bytes -= bytesOf(comment)
    this.#of.delete(task)
  }

  get bytes(): number {
    return this.#bytes
  }
}

function bytesOf({ by, text }: TaskComment): number {
  return 2 * (by.length + text.length)
}
