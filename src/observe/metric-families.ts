/**
 * Every metric: its name, what it says, and where its values are in the figures. `docs/operating.md`
 * has the same list, and a test compares them. Pure.
 *
 * Names follow Prometheus' conventions: base units, counters end in `_total`.
 */
import { HEALTH_STATES } from '../promise-views.ts'
import {
  BUCKET_BOUNDS_US,
  type CounterFigures,
  type LatencyBuckets,
  type PoolFigures,
  type QueueFigures,
  type SchedulerFigures,
  type StageBuckets,
} from './figures.ts'

/** What one scrape looked at. */
export interface Scraped {
  figures: SchedulerFigures
  latency: LatencyBuckets
  version: string
  /** Events that were told, by kind. */
  events: Readonly<Record<string, number>>
}

export interface MetricValue {
  value: number
  labels: Readonly<Record<string, string | number>>
  /** Of a histogram: its buckets, sum or count. */
  metricName?: string
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  values(scraped: Scraped): MetricValue[]
}

const US_PER_SECOND = 1_000_000
const MS_PER_SECOND = 1_000

function counter(name: string, help: string, values: Family['values']): Family {
  return { name: `signalbox_${name}_total`, help, type: 'counter', values }
}

function gauge(name: string, help: string, values: Family['values']): Family {
  return { name: `signalbox_${name}`, help, type: 'gauge', values }
}

function one(value: number): MetricValue[] {
  return [{ value, labels: {} }]
}

/** A counter of the policy as it is. */
function counted(name: string, help: string, key: keyof CounterFigures): Family {
  return counter(name, help, ({ figures }) => one(figures.counters[key]))
}

/** One value for each key; of none there is no series. */
function by(label: string, counts: Readonly<Record<string, number>>): MetricValue[] {
  return Object.entries(counts).map(([key, value]) => ({ value, labels: { [label]: key } }))
}

function ofQueues(values: (queue: QueueFigures) => MetricValue[]): Family['values'] {
  return ({ figures }) =>
    figures.queues.flatMap((queue) =>
      values(queue).map(({ value, labels }) => ({
        value,
        labels: { queue: queue.queue, ...labels },
      })),
    )
}

function histogram(
  name: string,
  help: string,
  stages: (latency: LatencyBuckets) => [Record<string, string>, StageBuckets][],
): Family {
  const full = `signalbox_${name}_seconds`
  return {
    name: full,
    help,
    type: 'histogram',
    values: ({ latency }) =>
      stages(latency).flatMap(([labels, { cumulative, count, sumUs }]) => [
        ...cumulative.map((value, i) => ({
          value,
          labels: { ...labels, le: BUCKET_BOUNDS_US[i] / US_PER_SECOND },
          metricName: `${full}_bucket`,
        })),
        { value: count, labels: { ...labels, le: '+Inf' }, metricName: `${full}_bucket` },
        { value: sumUs / US_PER_SECOND, labels, metricName: `${full}_sum` },
        { value: count, labels, metricName: `${full}_count` },
      ]),
  }
}

const TASKS: readonly Family[] = [
  counted('tasks_accepted', 'Tasks that were accepted.', 'accepted'),
  counted('tasks_duplicate', 'Submits whose id was known already.', 'duplicates'),
  counter('tasks_finished', 'Tasks with their final outcome, by state.', ({ figures }) => {
    const { completed, failed, cancelled, dead, expired } = figures.counters
    return by('state', { completed, failed, cancelled, dead, expired })
  }),
  gauge(
    'tasks',
    'Open tasks by queue and state; waiting includes those in routers’ hands.',
    ofQueues(({ waiting, scheduled, bound, running }) =>
      by('state', { waiting, scheduled, bound, running }),
    ),
  ),
  counter('refused', 'Requests that were refused, by code.', ({ figures }) =>
    by('code', figures.refused),
  ),
  counted('tasks_moved', 'Tasks that went on in another queue.', 'moved'),
  counted('dead_letters', 'Dead letters that were written.', 'deadLetters'),
  gauge('dead_letters_kept', 'Dead letters that are kept now.', ({ figures }) =>
    one(figures.deadLetters.kept),
  ),
  counter(
    'dead_letters_dropped',
    'Dead letters that went because there were too many.',
    (scraped) => one(scraped.figures.deadLetters.dropped),
  ),
  counted('priority_boosts', 'Levels that tasks rose by waiting.', 'boosted'),
]

const QUEUES: readonly Family[] = [
  counter(
    'queue_attempts',
    'Attempts of the queue’s tasks that have ended, however.',
    ofQueues(({ ended }) => one(ended)),
  ),
  gauge(
    'queue_payload_bytes',
    'Payload bytes of open tasks.',
    ofQueues(({ payloadBytes }) => one(payloadBytes)),
  ),
  gauge(
    'queue_oldest_seconds',
    'How long the oldest waiting task has waited; 0 when none waits.',
    ofQueues(({ oldestMs }) => one((oldestMs ?? 0) / MS_PER_SECOND)),
  ),
  gauge(
    'queue_paused',
    '1 while nothing of the queue is given out.',
    ofQueues(({ paused }) => one(paused ? 1 : 0)),
  ),
  gauge(
    'queue_health',
    '1 for the state that the queue is in, else 0.',
    ofQueues(({ health }) =>
      HEALTH_STATES.map((state) => ({ value: state === health ? 1 : 0, labels: { state } })),
    ),
  ),
  counter(
    'sla_kept',
    'Tasks that kept their SLA, by the clock of assignments and of completions.',
    ofQueues(({ assigned, completed }) =>
      by('clock', { assigned: assigned.kept, completed: completed.kept }),
    ),
  ),
  counter(
    'sla_missed',
    'Tasks that missed their SLA, by the clock of assignments and of completions.',
    ofQueues(({ assigned, completed }) =>
      by('clock', { assigned: assigned.missed, completed: completed.missed }),
    ),
  ),
  counted('sla_warnings', 'Tasks that waited for 80 % of their SLA.', 'slaWarnings'),
  counted('sla_breaches', 'Tasks that waited for all of their SLA.', 'slaBreaches'),
]

const ATTEMPTS: readonly Family[] = [
  counted('attempts_started', 'Attempts that were started.', 'started'),
  counter('attempts', 'Attempts that have ended, by how.', ({ figures }) =>
    by('how', figures.attempts),
  ),
  counted('retries', 'Attempts that were repeated after a failure or a time-out.', 'retried'),
  counted('repeats', 'Attempts that were sent again to an agent that keeps.', 'repeated'),
  counted('late_results', 'Results of attempts that had ended.', 'lateResults'),
  counted(
    'preemptions',
    'Attempts that were asked to stop for a critical task.',
    'preemptionsAsked',
  ),
  counted('hedges', 'Second attempts at tasks that took long.', 'hedged'),
  counted('hedges_won', 'Second attempts that came first.', 'hedgesWon'),
  counter('questions', 'Tasks that several agents decide together.', ({ figures }) =>
    one(figures.together.questions),
  ),
  counter('votes', 'Votes on them that were counted.', ({ figures }) =>
    one(figures.together.votes),
  ),
  counter('decisions_together', 'Questions that votes have ended, by result.', ({ figures }) => {
    const { decided, undecided } = figures.together
    return by('result', { decided, undecided })
  }),
  counter('placements', 'Tasks that were placed, by whom.', ({ figures }) =>
    by('by', {
      routers: figures.counters.placedByRouters,
      inline: figures.counters.placedInline,
    }),
  ),
  counter('proposals_dropped', 'Choices that did not hold, by reason.', ({ figures }) => {
    const { conflicts, staleProposals, overdueOffers, bounced } = figures.counters
    return by('reason', {
      conflict: conflicts,
      stale: staleProposals,
      overdue: overdueOffers,
      bounced,
    })
  }),
]

const FLEET: readonly Family[] = [
  gauge('agents', 'Registered agents by state.', ({ figures }) => by('state', figures.agents)),
  gauge('places', 'Attempts that the agents that take work can run at a time.', ({ figures }) =>
    one(figures.places),
  ),
  gauge('router_alive', '1 while the router’s thread works.', ({ figures }) =>
    figures.routers.map(({ router, alive }) => ({ value: alive ? 1 : 0, labels: { router } })),
  ),
  counter('router_decisions', 'Decisions of each router.', ({ figures }) =>
    figures.routers.map(({ router, decisions }) => ({
      value: decisions >>> 0,
      labels: { router },
    })),
  ),
  counter('router_restarts', 'Times that a router was replaced.', ({ figures }) =>
    figures.routers.map(({ router, restarts }) => ({ value: restarts, labels: { router } })),
  ),
]

/** One for each kind of work with advice. */
function ofPools(value: (pool: PoolFigures) => number): Family['values'] {
  return ({ figures }) =>
    figures.pools.map((pool) => ({
      value: value(pool),
      labels: { queue: pool.queue, requires: pool.requires },
    }))
}

const BALANCE: readonly Family[] = [
  counted('steals', 'Tasks that went from one agent’s own queue to another agent.', 'stolen'),
  counter('steal_attempts', 'Times that an agent looked for a task to take.', ({ figures }) =>
    one(figures.balance.stealAttempts),
  ),
  counter(
    'recalls',
    'Attempts that agents were asked to hand back before they begin them, and that came back.',
    ({ figures: { counters } }) =>
      by('result', { asked: counters.recallsAsked, handed_back: counters.recalled }),
  ),
  counter('rebalance_cycles', 'Cycles in which load was evened out.', ({ figures }) =>
    one(figures.balance.cycles),
  ),
  gauge('agents_busy', 'Agents for which more tasks wait than `busy_above`.', ({ figures }) =>
    one(figures.balance.busy),
  ),
  gauge('agents_idle', 'Agents for which fewer tasks wait than `idle_below`.', ({ figures }) =>
    one(figures.balance.idle),
  ),
  gauge('load_variation', 'Coefficient of variation of the agents’ load ratios.', ({ figures }) =>
    one(figures.balance.variation),
  ),
  gauge('agent_conditions', 'Registered agents by how they do.', ({ figures }) =>
    by('condition', figures.conditions),
  ),
  gauge(
    'desired_agents',
    'Agents that there should be for a kind of work.',
    ofPools(({ desired }) => desired),
  ),
  gauge(
    'agents_for',
    'Agents that there are for a kind of work.',
    ofPools(({ agents }) => agents),
  ),
]

const PEOPLE: readonly Family[] = [
  counter(
    'decisions',
    'Decisions of people, by queue and by how sure the last result had said it was.',
    ({ figures }) =>
      figures.decisions.map(({ queue, band, decision, count }) => ({
        value: count,
        labels: { queue, band, decision },
      })),
  ),
]

const WHOLE: readonly Family[] = [
  gauge('info', 'Always 1: which scheduler and which version this is.', (scraped) => [
    { value: 1, labels: { scheduler: scraped.figures.scheduler, version: scraped.version } },
  ]),
  gauge('uptime_seconds', 'Since the scheduler was made.', ({ figures }) =>
    one(figures.uptimeMs / MS_PER_SECOND),
  ),
  gauge('connected', '1 while the scheduler is connected to NATS.', ({ figures }) =>
    one(figures.connected ? 1 : 0),
  ),
  gauge('draining', '1 while no new tasks are taken.', ({ figures }) =>
    one(figures.draining ? 1 : 0),
  ),
  gauge('journal_recording', '1 while a journal is recorded.', ({ figures }) =>
    one(figures.isJournalRecording ? 1 : 0),
  ),
  counter('ledger_entries', 'Decisions that were recorded.', ({ figures: { ledger } }) =>
    ledger === null ? [] : one(ledger.entries),
  ),
  counter('ledger_lost', 'Decisions that could not be recorded.', ({ figures: { ledger } }) =>
    ledger === null ? [] : one(ledger.lost),
  ),
  gauge('ledger_failed', '1 once the ledger’s files are not written any more.', ({ figures }) =>
    figures.ledger === null ? [] : one(figures.ledger.hasFailed ? 1 : 0),
  ),
  counter('events', 'Events that were told, by kind.', ({ events }) => by('kind', events)),
  histogram(
    'assignment',
    'From the receipt of a task to its assignment to an agent.',
    ({ assignment }) => [[{}, assignment]],
  ),
  histogram('stage', 'Stages of a task’s way, as docs/performance.md has them.', (latency) =>
    Object.entries(latency)
      .filter(([stage]) => stage !== 'assignment')
      .map(([stage, buckets]) => [{ stage }, buckets]),
  ),
]

export const FAMILIES: readonly Family[] = [
  ...TASKS,
  ...QUEUES,
  ...ATTEMPTS,
  ...FLEET,
  ...BALANCE,
  ...PEOPLE,
  ...WHOLE,
]
