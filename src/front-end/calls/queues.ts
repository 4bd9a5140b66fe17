/**
 * Calls from outside about queues: how they are, what they promise, pause and resume. The same
 * functions serve `sb.api` and the library. Main thread, outside of the hot path.
 *
 * Invariant: a page is a bounded piece of work, and its rows have a bounded size.
 */
import { SignalboxError } from '../../errors.ts'
import type { QueueOptions } from '../../options.ts'
import { ageingOf } from '../../policy/age-plan.ts'
import type { QueueState } from '../../policy/queues.ts'
import type { QueueRow, QueueView } from '../../promise-views.ts'
import {
  checkQueueListOptions,
  formatQueueCursor,
  type QueuePage,
  type QueuePageOptions,
} from '../../wire/queue-list-options.ts'
import { requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import { queueFeasibility, queueHealth, queueSla } from '../health.ts'
import { requireOwn, rowsBytesMax } from './list.ts'

/** One page, in the order in which the queues came into being. @throws bad_option */
export function listQueues(
  context: FrontEndContext,
  options: { [Key in keyof QueuePageOptions]: unknown },
): QueuePage {
  const { limit, cursor } = checkQueueListOptions(options)
  requireOwn(context, cursor)
  const { core } = context
  const first = cursor?.place ?? 0
  const bytesMax = rowsBytesMax(context)
  const queues: QueueRow[] = []
  let bytes = 0
  let place = 0
  // Ends: there are at most `LIMITS.queuesMax` queues.
  for (const queue of core.queues.values()) {
    if (place++ < first) continue
    const row = queues.length < limit ? queueRow(context, queue) : null
    bytes += row === null ? 0 : JSON.stringify(row).length + 1
    if (row === null || (queues.length > 0 && bytes > bytesMax)) {
      const origin = { scheduler: context.options.name, epoch: core.options.epoch }
      return { queues, cursor: formatQueueCursor({ ...origin, place: place - 1 }) }
    }
    queues.push(row)
  }
  return { queues, cursor: null }
}

/** @throws queue_unknown, bad_token */
export function getQueue(context: FrontEndContext, name: unknown): QueueView {
  const queue = requireQueue(context, name)
  return {
    ...queueRow(context, queue),
    ageing: ageingOf(queue.options),
    feasibility: queueFeasibility(context, queue),
    options: optionsNow(context, queue),
  }
}

/** As it was configured, but for what was switched since. */
function optionsNow({ core, options }: FrontEndContext, queue: QueueState): QueueOptions {
  const { strategy, shadow } = queue.options
  const nameOf = (index: number, configured: string) => {
    if (index < 0) return ''
    const isSame = configured !== '' && core.options.strategyIndex(configured) === index
    return isSame ? configured : options.strategies[index].name
  }
  return {
    ...queue.options,
    strategy: nameOf(queue.strategyIndex, strategy),
    shadow: nameOf(queue.shadowIndex, shadow),
  }
}

/** What is bound to agents waits again; what runs goes on. @throws queue_unknown, bad_token */
export function pauseQueue(context: FrontEndContext, name: unknown): void {
  const { core } = context
  core.pauseQueue(requireQueue(context, name).name)
}

/** @throws queue_unknown, bad_token */
export function resumeQueue(context: FrontEndContext, name: unknown): void {
  const { core } = context
  core.resumeQueue(requireQueue(context, name).name)
}

function queueRow(context: FrontEndContext, queue: QueueState): QueueRow {
  const deadLetters = queue.options.deadLetterQueue || queue.name
  return {
    queue: queue.name,
    paused: queue.paused,
    open: queue.open,
    waiting: queue.waiting,
    scheduled: queue.scheduled,
    running: queue.running,
    bound: queue.bound,
    guests: queue.guests,
    health: queueHealth(context, queue),
    sla: queueSla(queue),
    deadLetters: { name: deadLetters, count: context.deadLetters.countOf(deadLetters) },
  }
}

/** @throws queue_unknown, bad_token */
export function requireQueue({ core }: FrontEndContext, given: unknown): QueueState {
  const name = requireToken(given, 'queue')
  const queue = core.queues.get(name)
  if (queue !== undefined) return queue
  throw new SignalboxError(
    'queue_unknown',
    `There is no queue "${name}" here: \`signalbox queue list\` shows those there are.`,
  )
}
