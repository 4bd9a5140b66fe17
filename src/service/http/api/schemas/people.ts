/** Schemas of people's inboxes, decisions and calibration. Any thread. */
import type { TaskInputView } from '../../../../flow-views.ts'
import {
  type CalibrationBand,
  type CalibrationView,
  type ClaimOptions,
  type CommentOptions,
  DECISIONS,
  type DecideOptions,
  type DecisionView,
  type InboxRow,
  type InboxView,
  type TaskComment,
} from '../../../../people-views.ts'
import {
  anything,
  count,
  described,
  list,
  named,
  nullable,
  number,
  object,
  oneOf,
  options,
  type Schema,
  text,
  time,
  token,
} from '../schema.ts'
import { level, taskState } from './tasks.ts'

const decision = oneOf(...DECISIONS)
const by = described('Who: a person of the configuration.', token)

export const claimBody = named('Claim', options<ClaimOptions>({ by, queue: token }, ['by']))
export const decideBody = named(
  'Decide',
  options<DecideOptions>({ by, decision, queue: token, comment: text, data: anything }, [
    'by',
    'decision',
  ]),
)
export const commentBody = named(
  'Comment',
  options<CommentOptions>({ by, text, queue: token }, ['by', 'text']),
)

const inboxRow = {
  task: token,
  queue: token,
  sourceQueue: token,
  type: token,
  state: oneOf('waiting', 'assigned', 'claimed'),
  person: nullable(text),
  voteOn: nullable(text),
  priority: level,
  confidence: nullable(number),
  comments: count,
  acceptedAt: time,
  assignedAt: nullable(time),
  claimedAt: nullable(time),
  dueAt: nullable(time),
} as const satisfies Record<keyof InboxRow, Schema<never>>

export const inboxRows = named('Inbox', list(named('InboxRow', object<InboxRow>(inboxRow))))

export const comment = named('TaskComment', object<TaskComment>({ by: text, at: time, text }))

export const inboxView = named(
  'InboxTask',
  object<InboxView>({
    ...inboxRow,
    payload: nullable(text),
    inputs: list(
      object<TaskInputView & { text: string | null }>({
        name: text,
        state: taskState,
        bytes: nullable(count),
        text: nullable(text),
      }),
    ),
    notes: list(comment),
    seen: text,
    failedDestinations: list(token),
  }),
)

export const decisionView = named(
  'Decision',
  object<DecisionView>({
    task: token,
    queue: token,
    by: text,
    decision,
    state: text,
    servedBy: token,
  }),
)

export const calibration = named(
  'Calibration',
  object<CalibrationView>({
    queue: token,
    bands: list(
      object<CalibrationBand>({
        from: number,
        to: number,
        decisions: count,
        accepted: count,
        rejected: count,
        escalated: count,
        acceptance: nullable(number),
        confidence: nullable(number),
      }),
    ),
    without: count,
    brier: nullable(number),
  }),
)
