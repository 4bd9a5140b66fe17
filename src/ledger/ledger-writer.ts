/**
 * Writes what was decided and what has changed, as it happens. The front end's thread.
 *
 * Invariant: each accepted task has one `ACCEPTED` and, once it is final, one `OUTCOME`; each attempt one
 * `ASSIGNED` and, unless it succeeded, one `ENDED` (its success is the outcome); or a `GAP` stands where
 * they would.
 *
 * *Cost* of an entry some 20 ns and no allocation; what is new to a chunk (a queue, an agent, a text) is
 * defined in it first, some 100 ns once.
 */
import { policyMs } from '../clock.ts'
import type { AgentState } from '../policy/agents.ts'
import type { AttemptEnd } from '../policy/state.ts'
import { COMPLETED, SCHEDULED, type TaskRecord } from '../policy/task-record.ts'
import {
  AGENT_BITS,
  ENDS,
  Entry,
  OWN_DEADLINE,
  OWN_ID,
  OWN_RETRIES,
  OWN_SLA,
  OWN_TIMEOUT,
  OWN_TTL,
  type PlacedHow,
} from './format.ts'
import { WorkEntries } from './work-entries.ts'

const END_NUMBERS: Readonly<Record<AttemptEnd, number>> = Object.fromEntries(
  ENDS.map((end, number) => [end, number]),
) as Record<AttemptEnd, number>

export class LedgerWriter extends WorkEntries {
  /** After admission; of a delayed task also until when it is. */
  accepted(record: TaskRecord, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const queue = record.queue!
    const queueNumber = queue === this.lastQueue ? this.lastQueueNumber : this.queueNumber(queue)
    const task = this.task(record.seq)
    const { words, length: start } = this
    const { options } = queue
    let own = 0
    let at = start + 4
    if (record.timeoutMs !== options.timeoutMs) {
      own |= OWN_TIMEOUT
      words[at++] = record.timeoutMs
    }
    if (record.retryCount !== options.retryCount) {
      own |= OWN_RETRIES
      words[at++] = record.retryCount
    }
    const { extras } = record
    if (extras !== null) {
      const { ttlMs, deadlineMs, slaTargetMs } = extras.own
      if (ttlMs !== null) {
        own |= OWN_TTL
        words[at++] = ttlMs
      }
      if (deadlineMs !== null) {
        own |= OWN_DEADLINE
        words[at++] = deadlineMs
      }
      if (slaTargetMs !== null) {
        own |= OWN_SLA
        words[at++] = slaTargetMs
      }
    }
    if (record.isNamed) {
      own |= OWN_ID
      at = this.writeText(record.givenId, at)
    }
    words[start + 1] = task
    words[start + 2] = queueNumber | (own << 16)
    words[start + 3] = record.payloadBytes
    this.end(Entry.ACCEPTED, record.baseLevel, start, at)
    if (extras !== null && extras.links !== null) this.linked(record, extras.links, nowMs)
    if (record.state === SCHEDULED) this.scheduled(record, 1, extras?.own.delayMs ?? 0, nowMs)
  }

  /** @param why 0 for a retry, 1 for a delay. */
  scheduled(record: TaskRecord, why: 0 | 1, inMs: number, nowMs: number): void {
    this.ofTask(Entry.SCHEDULED, why, record, inMs, nowMs)
  }

  ready(record: TaskRecord, nowMs: number): void {
    this.ofTask(Entry.READY, 0, record, 0, nowMs)
  }

  /** The task has just begun at its agent. @param strategy index of who chose. */
  assigned(record: TaskRecord, strategy: number, how: PlacedHow, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const agent = this.agent(record.attempt!.agent!)
    const task = this.task(record.seq)
    this.strategy(strategy)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = agent | (strategy << AGENT_BITS)
    words[start + 3] = record.attempts
    this.end(Entry.ASSIGNED, how, start, start + 4)
  }

  /** It went into the own queue of an agent. */
  bound(record: TaskRecord, agent: AgentState, strategy: number, how: PlacedHow, nowMs: number) {
    if (!this.begin(nowMs)) return
    const index = this.agent(agent)
    const task = this.task(record.seq)
    this.strategy(strategy)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = index | (strategy << AGENT_BITS)
    this.end(Entry.BOUND, how, start, start + 3)
  }

  unbound(record: TaskRecord, agent: AgentState, nowMs: number): void {
    this.ofAgent(Entry.UNBOUND, record, agent, nowMs)
  }

  sentAgain(record: TaskRecord, agent: AgentState, nowMs: number): void {
    this.ofAgent(Entry.SENT_AGAIN, record, agent, nowMs)
  }

  preemptAsked(record: TaskRecord, agent: AgentState, nowMs: number): void {
    this.ofAgent(Entry.PREEMPT_ASKED, record, agent, nowMs)
  }

  recallAsked(record: TaskRecord, agent: AgentState, nowMs: number): void {
    this.ofAgent(Entry.RECALL_ASKED, record, agent, nowMs)
  }

  /** What was bound to one agent is another's. */
  stolen(record: TaskRecord, from: AgentState, to: AgentState, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const fromIndex = this.agent(from)
    const toIndex = this.agent(to)
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = toIndex
    words[start + 3] = fromIndex
    this.end(Entry.STOLEN, 0, start, start + 4)
  }

  /** An attempt has ended; its success is told with the outcome, or with the stage. */
  ended(record: TaskRecord, agent: AgentState, how: AttemptEnd, code: string, nowMs: number): void {
    if (how === 'succeeded') {
      this.succeededAgent = agent.index
      return
    }
    if (!this.begin(nowMs)) return
    const index = this.agent(agent)
    const codeNumber = this.text(code)
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = index
    words[start + 3] = record.attempts
    words[start + 4] = codeNumber
    this.end(Entry.ENDED, END_NUMBERS[how], start, start + 5)
  }

  outcome(record: TaskRecord, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const isCompleted = record.state === COMPLETED
    const said = isCompleted ? record.resultBytes : this.text(record.code ?? '')
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] =
      isCompleted && this.isDefined(this.succeededAgent) ? this.succeededAgent + 1 : 0
    words[start + 3] = record.attempts
    words[start + 4] = said
    this.end(Entry.OUTCOME, record.state, start, start + 5)
    this.succeededAgent = -1
  }

  boosted(record: TaskRecord, why: string, nowMs: number): void {
    this.ofTaskText(Entry.BOOSTED, record.level, record, why, nowMs)
  }

  warned(record: TaskRecord, nowMs: number): void {
    this.ofTask(Entry.WARNED, 0, record, 0, nowMs)
  }

  breached(record: TaskRecord, nowMs: number): void {
    this.ofTask(Entry.BREACHED, 0, record, 0, nowMs)
  }

  moved(record: TaskRecord, why: string, nowMs: number): void {
    this.ofTaskText(Entry.MOVED, 0, record, why, nowMs)
  }

  deadLetter(record: TaskRecord, name: string, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const nameNumber = this.text(name)
    const codeNumber = this.text(record.code ?? '')
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = nameNumber
    words[start + 3] = codeNumber
    this.end(Entry.DEAD_LETTER, 0, start, start + 4)
  }

  agentUp(agent: AgentState, nowMs: number): void {
    this.forgetAgent(agent)
    this.pair(
      Entry.AGENT_UP,
      nowMs,
      () => this.agent(agent),
      () => agent.concurrency,
    )
  }

  agentDown(agent: AgentState, reason: string, nowMs: number): void {
    this.pair(
      Entry.AGENT_DOWN,
      nowMs,
      () => this.agent(agent),
      () => this.text(reason),
    )
  }

  fenced(agent: AgentState, nowMs: number): void {
    this.pair(
      Entry.FENCED,
      nowMs,
      () => this.agent(agent),
      () => 0,
    )
  }

  /** What it may have at a time by our judgement has changed. @param reason in words. */
  agentLimited(agent: AgentState, reason: string, nowMs = policyMs()): void {
    if (!this.begin(nowMs)) return
    const index = this.agent(agent)
    const reasonNumber = this.text(reason)
    const { words, length: start } = this
    words[start + 1] = index
    words[start + 2] = agent.limit + 1
    words[start + 3] = reasonNumber
    this.end(Entry.AGENT_LIMITED, 0, start, start + 4)
  }

  /** @param queue null for the default. */
  strategySet(queue: string | null, strategy: number, nowMs = policyMs()): void {
    const { STRATEGY_SET } = Entry
    this.pair(
      STRATEGY_SET,
      nowMs,
      () => this.text(queue ?? ''),
      () => this.strategy(strategy) + 1,
    )
  }

  /** @param strategy -1 for none any more. */
  shadowSet(queue: string, strategy: number, nowMs = policyMs()): void {
    this.pair(
      Entry.SHADOW_SET,
      nowMs,
      () => this.text(queue),
      () => this.strategy(strategy) + 1,
    )
  }

  strategyOff(strategy: number, reason: string, nowMs = policyMs()): void {
    this.pair(
      Entry.STRATEGY_OFF,
      nowMs,
      () => this.strategy(strategy),
      () => this.text(reason),
    )
  }

  queuePaused(queue: string, isPaused: boolean, nowMs = policyMs()): void {
    const kind = isPaused ? Entry.QUEUE_PAUSED : Entry.QUEUE_RESUMED
    this.pair(
      kind,
      nowMs,
      () => this.text(queue),
      () => 0,
    )
  }

  /** @param what which options have changed. */
  queueConfigured(queue: string, what: string, nowMs = policyMs()): void {
    this.forgetQueues()
    this.pair(
      Entry.QUEUE_CONFIGURED,
      nowMs,
      () => this.text(queue),
      () => this.text(what),
    )
  }

  started(name: string, nowMs = policyMs()): void {
    this.pair(
      Entry.STARTED,
      nowMs,
      () => this.text(name),
      () => 0,
    )
  }

  stopped(name: string, nowMs = policyMs()): void {
    this.pair(
      Entry.STOPPED,
      nowMs,
      () => this.text(name),
      () => 0,
    )
  }

  /** What somebody did that has no entry of its own. */
  change(what: string, detail: string, nowMs = policyMs()): void {
    this.pair(
      Entry.CHANGED,
      nowMs,
      () => this.text(what),
      () => this.text(detail),
    )
  }

  private ofTask(
    kind: number,
    aux: number,
    record: TaskRecord,
    value: number,
    nowMs: number,
  ): void {
    if (!this.begin(nowMs)) return
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = value
    this.end(kind, aux, start, start + 3)
  }

  private ofTaskText(
    kind: number,
    aux: number,
    record: TaskRecord,
    text: string,
    nowMs: number,
  ): void {
    if (!this.begin(nowMs)) return
    const number = this.text(text)
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = number
    this.end(kind, aux, start, start + 3)
  }

  private ofAgent(kind: number, record: TaskRecord, agent: AgentState, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const index = this.agent(agent)
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = index
    words[start + 3] = record.attempts
    this.end(kind, 0, start, start + 4)
  }

  /** Of no task, and rare. Both fields may define something, so they are asked for in a chunk. */
  private pair(kind: number, nowMs: number, first: () => number, second: () => number): void {
    if (!this.begin(nowMs)) return
    const one = first()
    const two = second()
    const { words, length: start } = this
    words[start + 1] = one
    words[start + 2] = two
    this.end(kind, 0, start, start + 3)
  }
}
