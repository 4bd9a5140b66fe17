/** What the ledger knows of tasks, attempts and agents, and how a broken promise is told. */
import type { AgentSpec, AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'

/** A promise that was not kept, in a sentence. */
export class Broken extends Error {
  override name = 'Broken'
}

export function holds(is: boolean, what: () => string): void {
  if (!is) throw new Broken(what())
}

export interface KnownTask {
  /** Another task's once this one is forgotten. */
  readonly record: TaskRecord
  readonly lane: KnownTask[]
  /** Where its outcome is to go: the reply subjects of all who want it. */
  readonly listeners: unknown[]
  /** The submit's own name, from the payload that was kept. */
  readonly key: string
  /** In a slot, waiting for an agent. */
  offer: { slot: number; generation: number } | null
  attempt: KnownAttempt | null
  /** In the own queue of this agent. */
  bound: KnownAgent | null
  /** The last one that ended. */
  ended: KnownAttempt | null
  wasStarted: boolean
  /** Later tasks of its lane that were started while it was waiting for its first start. */
  overtaken: number
  failures: number
  losses: number
  outcome: KnownOutcome | null
  isForgotten: boolean
  /** The queue that serves it, and those that it was moved away from. */
  servedBy: string
  readonly went: string[]
  /** When its wait began; until when it is put off, 0 for not at all; by when it must be over. */
  readyAtMs: number
  untilMs: number
  deadlineAtMs: number
  /** Since it came to the queue that serves it. */
  letters: number
  isBreached: boolean
  /** It waits for others, or is held. */
  isBlocked: boolean
  /** It does not expire by waiting any more. */
  isEscalated: boolean
  /** The attempt that was asked to stop last; how often one did; what they left behind. */
  asked: number
  preemptions: number
  checkpoint: string
}

/** One that is being accepted. @param key the submit's own name. */
export function newTask(record: TaskRecord, lane: KnownTask[], key: string): KnownTask {
  return {
    record,
    lane,
    listeners: record.wantsOutcome ? [record.replyTo] : [],
    key,
    offer: null,
    attempt: null,
    bound: null,
    ended: null,
    wasStarted: false,
    overtaken: 0,
    failures: 0,
    losses: 0,
    outcome: null,
    isForgotten: false,
    servedBy: record.queueName,
    went: [],
    readyAtMs: 0,
    untilMs: 0,
    deadlineAtMs: 0,
    letters: 0,
    isBreached: false,
    isBlocked: false,
    isEscalated: false,
    asked: -1,
    preemptions: 0,
    checkpoint: '',
  }
}

export interface KnownOutcome {
  readonly state: string
  readonly code: string
  readonly body: string
}

export interface KnownAttempt {
  readonly counter: number
  readonly task: KnownTask
  readonly agent: KnownAgent
  readonly slot: number
  /** When it began: at an agent that claims, when it was claimed. */
  startedAtMs: number
  /** Its own, or that of the queue that it has moved to. */
  readonly timeoutMs: number
  endedAtMs: number
  /** When its agent last told of it. */
  heardAtMs: number
  /** What its agent was to be sent of an attempt before. */
  readonly checkpoint: string
  /** When it was called back last, 0 for never, and for whom. */
  calledAtMs: number
  calledFor: AgentState | null
  /** Beats in a row that lacked it. */
  misses: number
  isEnded: boolean
}

export interface KnownAgent {
  readonly state: AgentState
  spec: AgentSpec
  isDraining: boolean
  /** A dispatch found nobody: it must be heard of first. */
  isPaused: boolean
  heardAtMs: number
  /** Tasks that it has pulled and was not given; that it may have beyond its concurrency. */
  granted: number
  prefetch: number
  /** Tasks at a time by our word, -1 for any; work of others that it has told of. */
  limit: number
  foreign: number
  /** Credit that was allocated and not given back. */
  held: number
  /** Work in its hands, ended attempts that are still charged included; by counter. */
  readonly charged: Map<number, KnownAttempt>
  lastSeq: number
}

/** Which call of the core is being made, and about what. */
export interface Door {
  readonly name: string
  readonly nowMs: number
  readonly record: TaskRecord | null
  /** The token that a result came with. */
  readonly counter?: number
}

export function nameOf(record: TaskRecord): string {
  return `${record.queueName} ${record.id}`
}
