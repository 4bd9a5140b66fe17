/**
 * A dead letter: what is known of a task that did not come to a good end, its payload with it, so that
 * somebody can look at it and send it again. Main thread.
 *
 * Invariant: the payload's memory in the arena is the letter's own from its making until it is dropped.
 */
import { policyMs } from '../../clock.ts'
import { isFinal, type OwnPromises, stateName, type TaskRecord } from '../../policy/task-record.ts'
import type { DeadLetterView } from '../../promise-views.ts'
import type { QueueOptions } from '../../queue-options.ts'
import type { PriorityLevel, TaskRouting, TaskState, TaskVotes } from '../../task.ts'
import { NO_BYTES_REF } from '../payloads.ts'

/** What a task asked for, to ask for it again; null stands for the queue's. */
export interface AskedFor {
  /** Its own, whatever a stage made of it. */
  readonly level: number
  readonly requires: readonly string[]
  readonly routing: TaskRouting | null
  /** A hash: the key itself is not kept with a task. */
  readonly keyHash: number
  readonly timeoutMs: number | null
  readonly retryCount: number | null
  readonly own: OwnPromises | null
  readonly votes: TaskVotes | null
}

export class DeadLetter {
  /** Order of their making over all names. */
  readonly serial: number
  readonly name: string
  readonly id: string
  readonly queue: string
  readonly state: TaskState
  readonly priority: PriorityLevel
  readonly code: string
  readonly message: string
  readonly attempts: number
  readonly agent: string | null
  /** ms since 1970. */
  readonly acceptedAt: number
  readonly diedAt: number
  readonly failedDestinations: readonly string[]
  readonly payloadBytes: number
  readonly asked: AskedFor
  route: string
  /** Reference of the payload in the arena, and whether it is there at all. */
  payload = NO_BYTES_REF
  hasPayload = false
  /** Of the same name and id: an id may be given again once its first task is forgotten. */
  older: DeadLetter | null = null
  newer: DeadLetter | null = null
  /** It is in no list any more, wherever it still stands. */
  isGone = false

  /** @param asked what its task asked for. */
  constructor(serial: number, record: TaskRecord, name: string, route: string, asked: AskedFor) {
    this.serial = serial
    this.name = name
    this.id = record.id
    this.queue = record.queueName
    this.state = diedAs(record)
    this.priority = record.baseLevel as PriorityLevel
    this.code = record.code ?? 'error'
    this.message = record.message
    this.attempts = record.attempts
    this.agent = record.agentId
    this.diedAt = Date.now()
    this.acceptedAt = Math.round(this.diedAt - (policyMs() - record.acceptedAtMs))
    this.failedDestinations = record.extras?.failedDestinations ?? []
    this.payloadBytes = record.payloadBytes
    this.asked = asked
    this.route = route
  }

  /** @param payload its text, where it is shown. */
  view(payload: string | null = null): DeadLetterView {
    const { name, id, queue, state, route, priority, code, message, attempts, agent } = this
    const { acceptedAt, diedAt, payloadBytes, failedDestinations } = this
    return {
      name,
      id,
      queue,
      state,
      route,
      priority,
      code,
      message,
      attempts,
      agent,
      acceptedAt,
      diedAt,
      payloadBytes,
      payload,
      failedDestinations: [...failedDestinations],
    }
  }
}

/** A task that goes on elsewhere has no last state of its own: its error says what it would be. */
function diedAs({ state, code }: TaskRecord): TaskState {
  if (isFinal(state)) return stateName(state)
  if (code === 'ttl_expired' || code === 'deadline_expired') return 'expired'
  return code === 'agent_lost' || code === 'dispatch_failed' ? 'dead' : 'failed'
}

/**
 * As at its home, wherever it died. What is as that queue has it is left to the
 * queue, which may have other options by the replay.
 * @param strategies names by index.
 */
export function askedFor(
  record: TaskRecord,
  strategies: readonly { readonly name: string }[],
): AskedFor {
  const { keyHash, extras } = record
  const atHome = extras === null ? null : extras.atHome
  const { timeoutMs, retryCount } = atHome ?? record
  const cls = atHome === null ? record.cls! : atHome.cls
  const own = atHome === null ? extras?.own : atHome.own
  const { queue, prefers, match, strategyIndex } = cls
  const { options } = queue
  const type = cls.type === queue.name ? null : cls.type
  const strategy = strategyIndex === queue.strategyIndex ? null : strategies[strategyIndex].name
  const said = {
    type,
    strategy,
    match: match === options.match || cls.requires.length === 0 ? null : match,
    prefers,
  }
  const saysNothing =
    said.type === null && strategy === null && said.match === null && prefers.length === 0
  return {
    level: atHome === null ? record.baseLevel : atHome.level,
    requires: cls.requires,
    routing: saysNothing ? null : said,
    keyHash,
    timeoutMs: timeoutMs === options.timeoutMs ? null : timeoutMs,
    retryCount: retryCount === options.retryCount ? null : retryCount,
    own: own === undefined ? null : { ...own, delayMs: 0 },
    votes: votesAsked(extras?.votes ?? null, options),
  }
}

/** Of a question they are what its queue had, where it said nothing. */
function votesAsked(votes: TaskVotes | null, options: QueueOptions): TaskVotes | null {
  if (votes === null) return null
  const voters = votes.voters === options.voters ? null : votes.voters
  const decide = votes.decide === options.decide ? null : votes.decide
  const by = votes.by === options.decideBy ? null : votes.by
  return voters === null && decide === null && by === null ? null : { voters, decide, by }
}
