/** Schemas of tasks: what a submit takes, what is shown of one, why it is where it is. Any thread. */
import type {
  AgentFilter,
  NearestAgent,
  Placed,
  ScoreRow,
  ScoreTable,
  Taking,
  TaskExplanation,
  WaitingFacts,
} from '../../../../explanation.ts'
import { BINDINGS, DECIDE_POLICIES, MATCHES } from '../../../../options.ts'
import type { HistoryEntry } from '../../../../promise-views.ts'
import {
  PARENT_FAILURES,
  type PriorityLevel,
  type StageView,
  type SubmitOptions,
  TASK_STATES,
  type TaskPage,
  type TaskRow,
  type TaskView,
} from '../../../../task.ts'
import {
  anything,
  count,
  described,
  either,
  list,
  map,
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
  whole,
  yesNo,
} from '../schema.ts'

export const level = oneOf<PriorityLevel>(1, 2, 3, 4, 5)
export const taskState = named('TaskState', oneOf(...TASK_STATES))
export const parentFailure = oneOf(...PARENT_FAILURES)
const match = oneOf(...MATCHES)
export const terms = list(text)
const ms = described('ms', count)

export const submitOptions = {
  id: described('Unique in its queue; a second submit with it is the same task.', token),
  priority: described(
    '1 to 5, or background, low, normal, high, critical.',
    either(level, text) as Schema,
  ),
  type: token,
  requires: described('Capabilities and labels that the agent must have.', terms),
  prefers: terms,
  match,
  strategy: token,
  key: token,
  timeoutMs: ms,
  retryCount: count,
  retryDelayMs: ms,
  ttlMs: ms,
  deadlineMs: ms,
  slaTargetMs: ms,
  delayMs: ms,
  at: described('When to begin: ms since 1970, or ISO 8601.', either(number, text) as Schema),
  dependsOn: described('Tasks that must complete first: `id` or `queue/id`.', terms),
  onParentFailure: parentFailure,
  voters: count,
  decide: oneOf(...DECIDE_POLICIES),
  decideBy: text,
} as const satisfies Record<keyof SubmitOptions, Schema<never>>

/** A submit as JSON. */
export type SubmitBody = SubmitOptions & { queue: string; payload?: unknown }

export const submitBody = named(
  'Submit',
  options<SubmitBody>({ queue: token, payload: anything, ...submitOptions }, ['queue']),
)

const stage = named(
  'Stage',
  object<StageView>({
    sourceQueue: token,
    destinationQueue: token,
    agent: text,
    rule: count,
    attempts: count,
    failedDestinations: list(token),
    priority: level,
    readyAt: nullable(time),
    startedAt: nullable(time),
    finishedAt: time,
    resultBytes: nullable(count),
  }),
)

const row = {
  id: token,
  queue: token,
  state: taskState,
  priority: level,
  type: token,
  requires: terms,
  prefers: terms,
  match,
  strategy: text,
  attempts: count,
  agent: nullable(text),
  waitingFor: nullable(text),
  code: nullable(text),
  message: nullable(text),
  payloadBytes: count,
  resultBytes: nullable(count),
  progress: nullable(text),
  servedBy: token,
  failedDestinations: list(token),
  effectivePriority: level,
  sla: nullable(oneOf('kept', 'warning', 'breached')),
  preemptions: count,
  deadLetter: nullable(text),
  scheduledFor: nullable(time),
  slaDueAt: nullable(time),
  deadlineAt: nullable(time),
  dependsOn: list(text),
  flow: nullable(text),
  node: nullable(text),
  stages: list(stage),
  standsFor: nullable(text),
  votes: list(text),
  claimed: nullable(yesNo),
  acceptedAt: time,
  startedAt: nullable(time),
  finishedAt: nullable(time),
} as const satisfies Record<keyof TaskRow, Schema<never>>

export const taskView = named(
  'Task',
  object<TaskView>({
    ...row,
    result: described('UTF-8 text, when it was kept and is at most 64 KiB.', nullable(text)),
  }),
)

export const taskPage = named(
  'TaskPage',
  object<TaskPage>({ tasks: list(named('TaskRow', object<TaskRow>(row))), cursor: nullable(text) }),
)

/** What is said of a task that is not kept any more once it is over. */
export interface AcceptedTask {
  id: string
  queue: string
  state: string
  waitingFor: string | null
}

export const acceptedTask = named(
  'AcceptedTask',
  object<AcceptedTask>({ id: token, queue: token, state: taskState, waitingFor: nullable(text) }),
)

export const history = named(
  'History',
  list(
    object<HistoryEntry>({
      at: time,
      what: text,
      attempt: nullable(count),
      agent: nullable(text),
      detail: text,
    }),
  ),
)

const placed = object<Placed>({
  agent: text,
  hasLeft: yesNo,
  strategy: text,
  by: oneOf('router', 'inline'),
  at: time,
  load: count,
  capacity: count,
  candidates: nullable(count),
  room: number,
  conflicts: count,
  bounces: count,
  takings: list(
    object<Taking>({ from: nullable(text), how: oneOf('stolen', 'called_back'), at: time }),
  ),
})

const filter = object<AgentFilter>({
  registered: count,
  serving: count,
  lacking: count,
  missing: list(object<AgentFilter['missing'][number]>({ term: text, agents: count })),
  draining: count,
  paused: count,
  limited: count,
  full: count,
  free: count,
})

const scores = object<ScoreTable>({
  asOf: oneOf('commit', 'now'),
  rows: list(
    object<ScoreRow>({
      agent: text,
      isChosen: yesNo,
      isPreferred: yesNo,
      load: count,
      capacity: count,
      score: nullable(number),
      terms: map(number),
    }),
  ),
  unlisted: count,
})

const nearestAgent = object<NearestAgent>({
  agent: nullable(text),
  met: count,
  required: count,
  lacks: list(object<NearestAgent['lacks'][number]>({ term: text, has: nullable(number) })),
  missing: terms,
})

const waiting = object<WaitingFacts>({
  where: oneOf('lane', 'offer', 'agent', 'parked', 'parents'),
  for: nullable(text),
  position: whole,
  isPositionExact: yesNo,
  before: count,
  nearestMiss: nullable(nearestAgent),
})

export const explanation = named(
  'Explanation',
  object<TaskExplanation>({
    id: token,
    queue: token,
    type: token,
    state: taskState,
    priority: level,
    requires: terms,
    prefers: terms,
    match,
    binding: oneOf(...BINDINGS),
    attempts: count,
    strategy: text,
    strategyOf: oneOf('task', 'queue'),
    placement: nullable(placed),
    isForgotten: yesNo,
    agents: filter,
    scores: nullable(scores),
    waiting: nullable(waiting),
  }),
)
