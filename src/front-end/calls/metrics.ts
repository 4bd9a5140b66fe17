/**
 * A scheduler in numbers under the names that source documents 000, 001 and 002 give them;
 * `docs/operating.md` defines each. Main thread, when asked: half a millisecond.
 *
 * Invariant: bounded, whatever there is: of agents, queues and types the most are named, and all of it
 * goes into one answer. What is counted is counted elsewhere; here it is only put together.
 */
import { loadRatioOf } from '../../balance/load.ts'
import type { SchedulerMetrics } from '../../balance-views.ts'
import { SAMPLES_MAX } from '../../capacity/fleet-samples.ts'
import { LatencyMeans } from '../../observe/latency-means.ts'
import { LIMITS } from '../../options.ts'
import {
  type FrontEndContext,
  STAGE_ADMIT,
  STAGE_ASSIGNMENT,
  STAGE_COMMIT,
  STAGE_TOTAL,
} from '../context.ts'

const NAMED_MAX = 256
/** No type has this name: it has characters that names cannot have. */
export const OTHERS = '(other)'
const PERCENT = 100

const means = new WeakMap<FrontEndContext, LatencyMeans>()

export function schedulerMetrics(context: FrontEndContext): SchedulerMetrics {
  const { counters } = context.core
  // A server that lets less through gets fewer of each.
  const share = Math.min(1, context.answerBytesMax / LIMITS.controlBytesMax)
  const atMost = (countMax: number) => Math.max(1, Math.floor(countMax * share))
  return {
    total_tasks_distributed: counters.started,
    ...assignmentsOf(context),
    ...timesOf(context),
    agent_utilization: utilizationOf(context, atMost(LIMITS.statusAgentsMax)),
    task_type_distribution: typesOf(context, atMost(NAMED_MAX)),
    ...ratesOf(context),
    queue_sizes: queueSizesOf(context, atMost(NAMED_MAX)),
    ...balanceOf(context),
    queue_depth_samples: context.capacity.samples.list(atMost(SAMPLES_MAX)),
  }
}

/** An assignment is an attempt: what its agent came to with it. Cancelled and handed back is neither. */
function assignmentsOf({
  health,
}: FrontEndContext): Pick<SchedulerMetrics, 'successful_assignments' | 'failed_assignments'> {
  const { succeeded, failed, timeout, ...others } = health.attempts
  const { agent_lost, dispatch_failed, undelivered, heartbeat_timeout, deadline_expired } = others
  const lost = agent_lost + dispatch_failed + undelivered
  return {
    successful_assignments: succeeded,
    failed_assignments: failed + timeout + heartbeat_timeout + deadline_expired + lost,
  }
}

function timesOf(
  context: FrontEndContext,
): Pick<
  SchedulerMetrics,
  'average_assignment_time_ms' | 'average_wait_time_ms' | 'average_completion_time_ms'
> {
  let known = means.get(context)
  if (known === undefined) {
    known = new LatencyMeans(context.memory)
    means.set(context, known)
  }
  return {
    // What the scheduler itself does for it: waiting for an agent lies between these two.
    average_assignment_time_ms: known.meanMs(STAGE_ADMIT) + known.meanMs(STAGE_COMMIT),
    average_wait_time_ms: known.meanMs(STAGE_ASSIGNMENT),
    average_completion_time_ms: known.meanMs(STAGE_TOTAL),
  }
}

/** Of the tasks that came to an end by themselves: a cancelled one is neither. */
function ratesOf({
  core,
}: FrontEndContext): Pick<SchedulerMetrics, 'success_rate' | 'failure_rate'> {
  const { completed, failed, dead, expired } = core.counters
  const ended = completed + failed + dead + expired
  if (ended === 0) return { success_rate: 0, failure_rate: 0 }
  return { success_rate: completed / ended, failure_rate: (ended - completed) / ended }
}

function balanceOf(
  context: FrontEndContext,
): Pick<
  SchedulerMetrics,
  | 'steal_attempts'
  | 'successful_steals'
  | 'failed_steals'
  | 'successful_migrations'
  | 'failed_migrations'
  | 'recalled_tasks'
  | 'recall_requests'
  | 'rebalance_cycles'
  | 'busy_agents'
  | 'idle_agents'
  | 'load_variation'
  | 'load_variance'
> {
  const { stolen, recalled, recallsAsked } = context.core.counters
  const { attempts, failed, cycles } = context.balancer.counters
  const { busy, idle, variation, variance } = context.balancer.spread()
  return {
    steal_attempts: attempts,
    successful_steals: stolen,
    failed_steals: failed,
    successful_migrations: stolen + recalled,
    failed_migrations: failed + (recallsAsked - recalled),
    recalled_tasks: recalled,
    recall_requests: recallsAsked,
    rebalance_cycles: cycles,
    busy_agents: busy,
    idle_agents: idle,
    load_variation: variation,
    load_variance: variance,
  }
}

function utilizationOf({ core }: FrontEndContext, countMax: number): Record<string, number> {
  const shares = [...core.agents.values()].map((agent): [string, number] => {
    return [agent.id, loadRatioOf(agent) * PERCENT]
  })
  return Object.fromEntries(mostOf(shares, countMax).shown)
}

/** Waiting, and bound to an agent. */
function queueSizesOf({ core }: FrontEndContext, countMax: number): Record<string, number> {
  const sizes = [...core.queues.values()].map((queue): [string, number] => {
    return [queue.name, queue.waiting + queue.bound]
  })
  return Object.fromEntries(mostOf(sizes, countMax).shown)
}

/** Tasks that were accepted so far; those of types beyond `countMax` under one name. */
function typesOf({ core }: FrontEndContext, countMax: number): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { type, entered } of core.classes) {
    counts.set(type, (counts.get(type) ?? 0) + entered)
  }
  const { shown, rest } = mostOf([...counts], countMax)
  const others = rest.reduce((sum, [, count]) => sum + count, 0)
  return Object.fromEntries(others === 0 ? shown : [...shown, [OTHERS, others]])
}

/** All in their own order, or those that have most. */
function mostOf(
  rows: [string, number][],
  countMax: number,
): { shown: [string, number][]; rest: [string, number][] } {
  if (rows.length <= countMax) return { shown: rows, rest: [] }
  const sorted = rows.sort(([, a], [, b]) => b - a)
  return { shown: sorted.slice(0, countMax), rest: sorted.slice(countMax) }
}
