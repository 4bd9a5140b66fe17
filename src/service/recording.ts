/**
 * What a journal says of arrivals and service times, in columns, as its events are done again.
 *
 * Runs in the process of the command. Invariant: each task that ended by an agent's answer is here once,
 * with the time it arrived, or its delay was over, the time its first attempt began, and how long its
 * last attempt took; tasks that did not are counted. 60 bytes a task, so a journal of ten million takes
 * 600 MB.
 *
 * Times in a journal are whole milliseconds.
 */
import type { AgentState } from '../policy/agents.ts'
import { NoEffects } from '../policy/no-effects.ts'
import type { AttemptEnd } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'

/** What tells tasks of one kind from others, for whoever places them. */
export interface RecordedType {
  readonly queue: string
  readonly name: string
  readonly requires: readonly string[]
  readonly prefers: readonly string[]
  readonly match: 'exact' | 'best_fit' | 'fallback'
  readonly level: number
}

/** An agent from its hello to its leaving; one that comes again is another with the same id. */
export interface RecordedStay {
  readonly agent: AgentState
  readonly fromMs: number
  untilMs: number
}

/** What is asked of whoever replays: its `Replayer` fits. */
export interface RecordingSource {
  readonly core: { readonly agents: ReadonlyMap<string, AgentState> }
  readonly reader: { readonly nowMs: number }
}

export class Recording extends NoEffects {
  /** Set before the first event. */
  source!: RecordingSource
  readonly types: RecordedType[] = []
  readonly stays: RecordedStay[] = []
  /** By task, in the order in which they were over. */
  readonly arrivedMs: number[] = []
  readonly startedMs: number[] = []
  readonly tookMs: number[] = []
  readonly endedMs: number[] = []
  readonly typeOf: number[] = []
  readonly agentOf: string[] = []
  readonly keyHashOf: number[] = []
  /** Tasks that were over without an answer: cancelled, or lost for good. */
  unanswered = 0
  private readonly typeIndex = new Map<string, number>()
  private readonly open = new Map<string, RecordedStay>()
  /** First starts of tasks of whom an attempt has ended and that are not over. */
  private readonly firstMs = new Map<number, number>()
  /** The task whose attempt ended last, by an answer, and how long that took; -1 for none. */
  private lastSeq = -1
  private lastTookMs = 0

  override agentUp(agent: AgentState): void {
    const stay = { agent, fromMs: agent.joinedAtMs, untilMs: Number.POSITIVE_INFINITY }
    this.open.set(agent.id, stay)
    this.stays.push(stay)
  }

  override agentDown(agent: AgentState): void {
    this.leaves(agent)
    this.open.delete(agent.id)
  }

  override drain(agent: AgentState): void {
    this.leaves(agent)
  }

  private leaves(agent: AgentState): void {
    if (!this.open.has(agent.id)) this.agentUp(agent)
    const stay = this.open.get(agent.id)!
    stay.untilMs = Math.min(stay.untilMs, this.source.reader.nowMs)
  }

  /** Agents that were there before the journal began are told of by no effect. */
  finish(): void {
    for (const agent of this.source.core.agents.values()) {
      if (!this.open.has(agent.id)) this.agentUp(agent)
    }
  }

  override ended(record: TaskRecord, _counter: number, _agent: AgentState, how: AttemptEnd): void {
    if (record.attempts === 1) this.firstMs.set(record.seq, record.startedAtMs)
    this.lastSeq = how === 'succeeded' || how === 'failed' ? record.seq : -1
    this.lastTookMs = this.source.reader.nowMs - record.startedAtMs
  }

  override outcome(record: TaskRecord): void {
    const { seq } = record
    const isAnswered = this.lastSeq === seq
    const startedMs = this.firstMs.get(seq) ?? record.startedAtMs
    this.firstMs.delete(seq)
    this.lastSeq = -1
    if (!isAnswered) {
      this.unanswered++
      return
    }
    this.arrivedMs.push(record.acceptedAtMs + (record.extras?.own.delayMs ?? 0))
    this.startedMs.push(startedMs)
    this.tookMs.push(this.lastTookMs)
    this.endedMs.push(record.finishedAtMs)
    this.typeOf.push(this.typeIndexOf(record))
    this.agentOf.push(record.agentId!)
    this.keyHashOf.push(record.keyHash)
  }

  private typeIndexOf(record: TaskRecord): number {
    const { type, requires, prefers, match } = record.cls!
    const { baseLevel: level } = record
    // Of one that moved the queue that served it last.
    const queue = record.cls!.queue.name
    const key = [queue, type, level, match, requires.join(), prefers.join()].join(' ')
    const known = this.typeIndex.get(key)
    if (known !== undefined) return known
    this.typeIndex.set(key, this.types.length)
    this.types.push({ queue, name: type, requires, prefers, match, level })
    return this.types.length - 1
  }
}
