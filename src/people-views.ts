/** People as agents: who they are, what lies in their inbox, what they decide. docs/people.md. */
import type { TaskInputView } from './flow-views.ts'
import type { PriorityLevel } from './task.ts'

/** A person who takes tasks; the name is an agent's id. */
export interface PersonOptions {
  queues: readonly string[]
  /** Tasks in the inbox at a time. Default 12. */
  capacity?: number
  capabilities?: readonly string[]
  labels?: Readonly<Record<string, number>>
  specializations?: Readonly<Record<string, number>>
  /** `Mon-Fri 09:00-17:00`, several joined by commas; always by default. Outside nothing new comes. */
  hours?: string
  /** Of `hours`: a name of the IANA database. Default UTC. */
  timeZone?: string
}

export const DECISIONS = ['accept', 'reject', 'escalate', 'hand_back'] as const
/** `accept` and `reject` are results; `escalate` and `hand_back` let somebody else decide. */
export type DecisionName = (typeof DECISIONS)[number]

export interface InboxOptions {
  /** What is assigned to this person, and what waits in the queues that they serve; all without. */
  person?: string
  queue?: string
  limit?: number
}

/** `waiting` in a queue, `assigned` to somebody who has not begun, or `claimed`. */
export type InboxState = 'waiting' | 'assigned' | 'claimed'

export interface InboxRow {
  task: string
  queue: string
  /** Where it was submitted. */
  sourceQueue: string
  type: string
  state: InboxState
  person: string | null
  /** The task that this one is a vote on; null when they decide it alone. */
  voteOn: string | null
  priority: PriorityLevel
  /** 0 to 100, by the last result that said one; null without. */
  confidence: number | null
  comments: number
  /** Wall-clock, ms since 1970. */
  acceptedAt: number
  assignedAt: number | null
  claimedAt: number | null
  /** When its promise ends, while it waits; when its time-out does, once it is claimed. */
  dueAt: number | null
}

export interface TaskComment {
  by: string
  at: number
  text: string
}

/** All that somebody sees before they decide. */
export interface InboxView extends InboxRow {
  /** UTF-8 text; null when it is longer than 64 KiB. */
  payload: string | null
  inputs: (TaskInputView & { text: string | null })[]
  notes: TaskComment[]
  /** SHA-256 of payload and inputs, hexadecimal: what was seen, as the ledger has it. */
  seen: string
  failedDestinations: string[]
}

export interface ClaimOptions {
  by: string
  queue?: string
}

export interface DecideOptions {
  by: string
  decision: DecisionName
  queue?: string
  comment?: string
  /** Goes into the result beside the decision: JSON. */
  data?: unknown
}

export interface CommentOptions {
  by: string
  text: string
  queue?: string
}

/** What became of a decision. */
export interface DecisionView {
  task: string
  queue: string
  by: string
  decision: DecisionName
  /** The task's state now, and who serves it. */
  state: string
  servedBy: string
}

/** Decisions about tasks of one range of confidence. */
export interface CalibrationBand {
  /** Inclusive; the last band's `to` is 100 and inclusive as well. */
  from: number
  to: number
  decisions: number
  accepted: number
  rejected: number
  escalated: number
  /** accepted of accepted and rejected, 0 to 1; null without. */
  acceptance: number | null
  /** Mean of what was said, 0 to 1; null without. */
  confidence: number | null
}

export interface CalibrationView {
  queue: string
  bands: CalibrationBand[]
  /** Decisions about tasks that said no confidence. */
  without: number
  /** Mean squared difference between confidence and acceptance (Brier), 0 is perfect; null without. */
  brier: number | null
}
