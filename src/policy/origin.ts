/** Where a task came from: what the policy knows of its submitters. Front-end thread. */
import type { TaskRecord } from './task-record.ts'

/** Who gets the answers about a task; the front end's transports implement it. */
export interface Origin {
  accepted(record: TaskRecord, replyTo: unknown, duplicate: boolean): void
  /** Also called for each later submitter of the same id, with its own `replyTo`. */
  outcome(record: TaskRecord, replyTo: unknown): void
  refused(replyTo: unknown, code: string, message: string, status: number, retryable: boolean): void
}

export interface Waiter {
  origin: Origin
  replyTo: unknown
}

/** Who submitted a record that is nobody's. */
export const NOBODY: Origin = { accepted() {}, outcome() {}, refused() {} }
