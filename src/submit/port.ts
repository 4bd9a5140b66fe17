/**
 * What submitting needs of the way that tasks go: over NATS (`client/`) or within the process
 * (`front-end/in-process/`). Everything above it is shared (submissions.ts, many.ts).
 *
 * Runs in the thread that submits. Invariant: a task that was sent is told to its taker once it is
 * final, refused or given up, and a place in the window is left then.
 */
import type { SignalboxError } from '../errors.ts'
import type { OwnPromises, TaskAfter, TaskRouting, TaskVotes } from '../task.ts'
import { type SubmitExtension, submitExtension } from '../wire/frames.ts'
import type { CheckedOptions } from '../wire/submit-options.ts'
import type { Taker } from './answer.ts'
import type { Window } from './window.ts'

/** Options of a task but for its id, and what its submitter wants to be told. */
export interface ItemOptions {
  /** 0 for the queue's. */
  readonly level: number
  readonly requires: readonly string[]
  /** The terms, joined by commas. */
  readonly requiresText: string
  readonly routing: TaskRouting | null
  readonly key: string | null
  /** The two above as a frame says them; null when neither is said. */
  readonly extension: SubmitExtension | null
  readonly own: OwnPromises | null
  /** When to begin, ms since 1970; null for no such time. */
  readonly atMs: number | null
  readonly after: TaskAfter | null
  readonly votes: TaskVotes | null
  readonly timeoutMs: number | null
  readonly retryCount: number | null
  /** WANTS_ACCEPTED and WANTS_OUTCOME of in-flight.ts. */
  readonly wants: number
}

export interface Port<Lane = unknown> {
  readonly window: Window
  /** Payloads are kept for a while: bytes that a user may write to again are copied before. */
  readonly keepsPayload: boolean
  /** Why nothing will ever be sent again; null while it may. */
  readonly closed: SignalboxError | null
  /** Nothing can be sent at the moment: who has many waits. */
  readonly paused: boolean
  /** Calls once, when `paused` has ended or `closed` is set. */
  onResume(resume: () => void): void
  /** @throws why nothing can be sent now. */
  requireOpen(): void
  /** @throws bad_token */
  laneOf(queue: string, level: number): Lane
  /**
   * Sends a task whose place in the window is taken; whatever comes of it is told to its taker,
   * also when it cannot be sent.
   * @param id '' for one that the scheduler makes up.
   * @param payload is not looked at any more after the call, unless `keepsPayload`.
   */
  send(
    lane: Lane,
    options: ItemOptions,
    taker: Taker,
    index: number,
    id: string,
    payload: Uint8Array,
  ): void
}

export function itemOptions(checked: Readonly<CheckedOptions>, wants: number): ItemOptions {
  const { level, requires, timeoutMs, retryCount, routing, key, own, atMs, after, votes } = checked
  return {
    level,
    requires,
    requiresText: requires.join(','),
    timeoutMs,
    retryCount,
    routing,
    key,
    extension: submitExtension(routing, key),
    own,
    atMs,
    after,
    votes,
    wants,
  }
}
