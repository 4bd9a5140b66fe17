/**
 * What a scheduler says of itself as a whole, read from the live state. Main thread, outside of the
 * hot path.
 *
 * Invariant: its size is bounded, whatever there is: of queues and agents the busiest are named, and
 * what the others have is added up, so that the sums are right.
 */
import type { QueueStatus, SchedulerStatus } from '../../api.ts'
import { policyMs } from '../../clock.ts'
import { LIMITS } from '../../options.ts'
import type { QueueState } from '../../policy/queues.ts'
import { type TaskRecord, WAITING } from '../../policy/task-record.ts'
import type { FrontEndContext } from '../context.ts'

/** All but queues and agents: counts, refusals by code, routers. */
const STATUS_BYTES = 8 * 1024
/** Names and numbers of a queue as JSON, without its name and what it waits for. */
const QUEUE_BYTES = 128
/** Quotes, colon, number and comma. */
const AGENT_BYTES = 24

export function schedulerStatus(context: FrontEndContext, startedAtMs: number): SchedulerStatus {
  const { core } = context
  const { counters } = core
  const queues = [...core.queues.values()]
  // What is parked waits as well, for an agent other than those that are free.
  const inLanes = core.active.reduce((sum, cls) => sum + cls.waiting, 0)
  const waiting = inLanes + core.parked.length
  const running = queues.reduce((sum, queue) => sum + queue.running, 0)
  const scheduled = queues.reduce((sum, queue) => sum + queue.scheduled, 0)
  const blocked = queues.reduce((sum, queue) => sum + queue.blocked, 0)
  const { completed, failed, cancelled, dead, expired } = counters
  const finished = completed + failed + cancelled + dead + expired
  const open = waiting + core.totalOffered + core.totalBound + running + scheduled + blocked
  const agents = [...core.agents.values()]
  const busiest = new Busiest(context.answerBytesMax - STATUS_BYTES)
  const shownQueues = busiest.queues(context, queues)
  const tasksPerAgent = busiest.agents(context)
  return {
    scheduler: context.options.name,
    epoch: core.options.epoch,
    uptimeMs: Math.round(policyMs() - startedAtMs),
    placement: context.options.placement,
    draining: context.draining,
    connected: context.transports.every((transport) => transport.connected),
    tasks: {
      accepted: counters.accepted,
      duplicates: counters.duplicates,
      completed,
      failed,
      cancelled,
      dead,
      expired,
      scheduled,
      blocked,
      waiting,
      offered: core.totalOffered,
      bound: core.totalBound,
      running,
      lost: counters.accepted - finished - open,
    },
    attempts: {
      started: counters.started,
      retried: counters.retried,
      timedOut: counters.timedOut,
      lost: counters.attemptsLost,
      dispatchFailed: counters.dispatchFailed,
      repeated: counters.repeated,
      lateResults: counters.lateResults,
    },
    placedBy: { routers: counters.placedByRouters, inline: counters.placedInline },
    moves: { stolen: counters.stolen, recalled: counters.recalled },
    hedges: { started: counters.hedged, won: counters.hedgesWon },
    proposals: {
      conflicts: counters.conflicts,
      stale: counters.staleProposals,
      overdue: counters.overdueOffers,
      bounced: counters.bounced,
    },
    refused: { ...context.refused },
    tasksPerAgent,
    agents: {
      // Spared ones are here as well: they are known by their condition.
      online: agents.filter(({ paused, draining }) => !paused && !draining).length,
      offline: agents.filter((agent) => agent.paused).length,
      draining: agents.filter((agent) => agent.draining).length,
    },
    queues: shownQueues,
    strategiesOff: Object.fromEntries(
      [...context.strategiesOff].map(([index, reason]) => [
        context.options.strategies[index].name,
        reason,
      ]),
    ),
    unlisted: busiest.unlisted,
    routers: context.routers?.status() ?? [],
  }
}

/** What is named of a list, and what was left out. */
interface Part<Row> {
  shown: Row[]
  rest: Row[]
}

/** Names the busiest as far as there is room, and adds up the rest. */
class Busiest {
  readonly unlisted: SchedulerStatus['unlisted'] = {
    queues: 0,
    waiting: 0,
    running: 0,
    agents: 0,
    completed: 0,
  }
  #bytesLeft: number

  constructor(bytesMax: number) {
    this.#bytesLeft = bytesMax
  }

  /** At most half of the room: agents are named too. */
  queues(context: FrontEndContext, all: QueueState[]): QueueStatus[] {
    const { unlisted } = this
    const load = (queue: { waiting: number; running: number }) => queue.waiting + queue.running
    const most = mostOf(all, LIMITS.statusQueuesMax, load)
    const oldest = oldestWaiting(context)
    const rows = most.shown.map((queue) => queueStatus(context, queue, oldest.get(queue)))
    const bytesMax = this.#bytesLeft / 2
    const fitting = fittingOf(rows, bytesMax, load, ({ queue, waitingFor }) => {
      return QUEUE_BYTES + queue.length + (waitingFor?.length ?? 0)
    })
    this.#bytesLeft -= fitting.bytes
    for (const { waiting, running } of [...most.rest, ...fitting.rest]) {
      unlisted.queues++
      unlisted.waiting += waiting
      unlisted.running += running
    }
    return fitting.shown
  }

  agents(context: FrontEndContext): Record<string, number> {
    const { unlisted } = this
    const load = ([, completed]: [string, number]) => completed
    const most = mostOf([...completedBy(context)], LIMITS.statusAgentsMax, load)
    const fitting = fittingOf(most.shown, this.#bytesLeft, load, ([id]) => AGENT_BYTES + id.length)
    this.#bytesLeft -= fitting.bytes
    for (const [, completed] of [...most.rest, ...fitting.rest]) {
      unlisted.agents++
      unlisted.completed += completed
    }
    return Object.fromEntries(fitting.shown)
  }
}

/** All in their own order, or those with the highest load, the highest first. */
function mostOf<Row>(rows: Row[], countMax: number, load: (row: Row) => number): Part<Row> {
  if (rows.length <= countMax) return { shown: rows, rest: [] }
  const sorted = [...rows].sort((a, b) => load(b) - load(a))
  return { shown: sorted.slice(0, countMax), rest: sorted.slice(countMax) }
}

/** As `mostOf`, by their bytes. */
function fittingOf<Row>(
  rows: Row[],
  bytesMax: number,
  load: (row: Row) => number,
  bytesOf: (row: Row) => number,
): Part<Row> & { bytes: number } {
  const total = rows.reduce((sum, row) => sum + bytesOf(row), 0)
  if (total <= bytesMax) return { shown: rows, rest: [], bytes: total }
  const sorted = [...rows].sort((a, b) => load(b) - load(a))
  let bytes = 0
  let count = 0
  while (count < sorted.length && bytes + bytesOf(sorted[count]) <= bytesMax) {
    bytes += bytesOf(sorted[count++])
  }
  return { shown: sorted.slice(0, count), rest: sorted.slice(count), bytes }
}

/** Tasks completed by each agent, those that have left included. */
function completedBy({ core }: FrontEndContext): Map<string, number> {
  const totals = new Map<string, number>()
  for (const [id, { completed }] of core.agentTotals) totals.set(id, completed)
  for (const { id, completed } of core.agents.values()) {
    totals.set(id, (totals.get(id) ?? 0) + completed)
  }
  return totals
}

function queueStatus(
  context: FrontEndContext,
  queue: QueueState,
  oldest: TaskRecord | undefined,
): QueueStatus {
  return {
    queue: queue.name,
    waiting: queue.waiting,
    bound: queue.bound,
    running: queue.running,
    bytes: queue.openBytes,
    waitingFor: oldest?.state === WAITING ? context.core.waitingFor(oldest) : null,
  }
}

/** The oldest task of each queue in which one waits, in one look at all lanes. */
function oldestWaiting({ core }: FrontEndContext): Map<QueueState, TaskRecord> {
  const oldest = new Map<QueueState, TaskRecord>()
  for (const cls of core.active) {
    for (const lane of cls.lanes) {
      const { head } = lane
      if (head === null) continue
      const known = oldest.get(cls.queue)
      if (known === undefined || head.seq < known.seq) oldest.set(cls.queue, head)
    }
  }
  return oldest
}
