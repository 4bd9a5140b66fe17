/** Schemas of queues, dead letters, strategies and the ledger. Any thread. */

import type { LedgerPage, LedgerRow } from '../../../../ledger-views.ts'
import {
  BINDINGS,
  COMPARISONS,
  DECIDE_POLICIES,
  MATCHES,
  QUEUE_TYPES,
  type QueueOptions,
  RETRY_JITTERS,
  type ResultRule,
  SLA_CLOCKS,
} from '../../../../options.ts'
import type {
  AgeingRow,
  Attainment,
  DeadLetterPage,
  DeadLetterView,
  Feasibility,
  PurgeResult,
  QueueHealth,
  QueueRow,
  QueueSla,
  QueueView,
  ReplayResult,
} from '../../../../promise-views.ts'
import { HEALTH_STATES } from '../../../../promise-views.ts'
import type { ShadowReport, StrategyView } from '../../../../strategy-views.ts'
import { PRIORITIES, type PriorityName } from '../../../../task.ts'
import {
  anything,
  count,
  list,
  map,
  named,
  nullable,
  number,
  object,
  oneOf,
  type Schema,
  text,
  time,
  token,
  yesNo,
} from '../schema.ts'
import { level, taskState } from './tasks.ts'

const priorityName = oneOf(...(Object.keys(PRIORITIES) as PriorityName[]))

const health = named(
  'QueueHealth',
  object<QueueHealth>({
    state: oneOf(...HEALTH_STATES),
    reasons: list(text),
    errorRate: nullable(number),
    meanMs: nullable(number),
    oldestMs: nullable(number),
    ended: count,
  }),
)

const attainment = object<Attainment>({ kept: count, missed: count, rate: nullable(number) })
const targets = object<QueueSla['targetsMs']>({
  background: nullable(number),
  low: nullable(number),
  normal: nullable(number),
  high: nullable(number),
  critical: nullable(number),
})
const sla = named(
  'QueueSla',
  object<QueueSla>({
    clock: oneOf(...SLA_CLOCKS),
    targetsMs: targets,
    goal: number,
    assigned: attainment,
    completed: attainment,
  }),
)

const queueRow = {
  queue: token,
  paused: yesNo,
  open: count,
  waiting: count,
  scheduled: count,
  running: count,
  bound: count,
  guests: count,
  health,
  sla: nullable(sla),
  deadLetters: object<QueueRow['deadLetters']>({ name: text, count }),
} as const satisfies Record<keyof QueueRow, Schema<never>>

export const queueRows = named('Queues', list(named('QueueRow', object<QueueRow>(queueRow))))

const rule = object<ResultRule>({
  field: text,
  is: oneOf(...COMPARISONS),
  value: anything,
  // `then` is a word of ours, and nothing is awaited here.
  then: oneOf('queue', 'dead', 'done'),
  queue: text,
  priority: oneOf(0, 1, 2, 3, 4, 5),
  code: text,
  times: count,
})

const queueOptions = named(
  'QueueOptions',
  object<QueueOptions>({
    timeoutMs: number,
    retryCount: count,
    lossLimit: count,
    tasksMax: count,
    bytesMax: count,
    strategy: text,
    binding: oneOf(...BINDINGS),
    match: oneOf(...MATCHES),
    shadow: text,
    explain: yesNo,
    type: oneOf(...QUEUE_TYPES),
    priority: level,
    concurrency: count,
    batchSize: count,
    ttlMs: number,
    heartbeatTimeoutMs: number,
    deadlineMs: number,
    retryDelayMs: number,
    exponentialBackoff: yesNo,
    retryDelayMaxMs: number,
    retryJitter: oneOf(...RETRY_JITTERS),
    retryOn: nullable(list(text)),
    escalateOn: list(text),
    escalateTo: text,
    escalateToAgent: text,
    deadLetterQueue: text,
    slaTargetMs: number,
    slaTargetsMs: map(number),
    slaClock: oneOf(...SLA_CLOCKS),
    slaAttainment: number,
    maxAgeMs: number,
    maxTimeMs: number,
    boostAfterMs: object<QueueOptions['boostAfterMs']>({
      background: number,
      low: number,
      normal: number,
    }),
    preempt: yesNo,
    preemptionsMax: count,
    backlogAlert: count,
    rules: list(rule),
    confidenceField: text,
    voters: count,
    decide: oneOf(...DECIDE_POLICIES),
    decideBy: text,
    hedgePercentile: number,
    hedgeBudget: number,
  }),
)

export const queueView = named(
  'Queue',
  object<QueueView>({
    ...queueRow,
    ageing: list(
      object<AgeingRow>({
        priority: priorityName,
        boosts: list(object<AgeingRow['boosts'][number]>({ afterMs: number, to: priorityName })),
        boundMs: nullable(number),
      }),
    ),
    feasibility: nullable(
      object<Feasibility>({
        feasible: yesNo,
        arithmetic: text,
        tasks: count,
        places: count,
        meanMs: number,
        targetMs: number,
        attainable: number,
        placesNeeded: count,
      }),
    ),
    options: queueOptions,
  }),
)

export const deadLetter = named(
  'DeadLetter',
  object<DeadLetterView>({
    name: token,
    id: token,
    queue: token,
    state: taskState,
    route: text,
    priority: level,
    code: text,
    message: text,
    attempts: count,
    agent: nullable(text),
    acceptedAt: time,
    diedAt: time,
    payloadBytes: count,
    payload: nullable(text),
    failedDestinations: list(token),
  }),
)

export const deadLetterPage = named(
  'DeadLetterPage',
  object<DeadLetterPage>({ letters: list(deadLetter), cursor: nullable(text) }),
)

export const replayResult = named(
  'ReplayResult',
  object<ReplayResult>({
    replayed: list(object<ReplayResult['replayed'][number]>({ id: token, as: token })),
    refused: list(
      object<ReplayResult['refused'][number]>({ id: token, code: text, message: text }),
    ),
  }),
)

export const purgeResult = named('PurgeResult', object<PurgeResult>({ purged: count }))

export const strategies = named(
  'Strategies',
  list(
    object<StrategyView>({
      name: token,
      origin: oneOf('built_in', 'own'),
      isDefault: yesNo,
      queues: list(token),
      shadows: list(token),
      off: nullable(text),
    }),
  ),
)

const both = object<ShadowReport['spread']>({ live: number, shadow: number })
export const shadowReport = named(
  'ShadowReport',
  object<ShadowReport>({
    queue: token,
    strategy: text,
    shadow: text,
    decisions: count,
    agreements: count,
    predictedUs: both,
    spread: both,
  }),
)

export const ledgerPage = named(
  'LedgerPage',
  object<LedgerPage>({
    entries: list(
      object<LedgerRow>({
        at: time,
        what: text,
        task: nullable(text),
        queue: nullable(text),
        attempt: nullable(count),
        agent: nullable(text),
        detail: text,
      }),
    ),
    cursor: text,
    isGap: yesNo,
  }),
)
