/** One registered instance of an agent, and what the scheduler has in its hands. */
import type { Profile } from './profiles.ts'
import { RecordList } from './record-list.ts'

/** An attempt that ended before its result: its credit stays charged until it is accounted for. */
export interface EndedAttempt {
  beatsMissed: number
  /** When the credit of an agent without token beats comes back regardless. */
  creditBackAtMs: number
}

/** How the front end reaches the agent; opaque to the policy. */
export type AgentLink = unknown

export interface AgentSpec {
  id: string
  instance: string
  /** Sorted, without doubles. */
  queues: readonly string[]
  capabilities: readonly string[]
  /** Numbers by name, the names sorted. */
  labels: Readonly<Record<string, number>>
  /** What it says it is good at: type of task to 0 … 1. */
  specializations: Readonly<Record<string, number>>
  concurrency: number
  beats: boolean
  /** Knows each attempt that it was sent, and its result: the same work may be sent to it again. */
  keeps: boolean
  /** Takes only what it asked for; otherwise as much at a time as it runs, and a prefetch. */
  pull: boolean
  /**
   * Silence for a lease means that it is lost; false for agents that say nothing of themselves, in
   * the scheduler's process or adopted.
   */
  leased: boolean
  /** Lets itself be asked to stop a task for a critical one. */
  preemptible: boolean
  /** Lets work be called back that it has not begun. */
  recalls: boolean
  /** A person: what it has begins when it is claimed. */
  claims: boolean
  /** May decline what it is given. */
  declines: boolean
  link: AgentLink
}

/** Of an agent that is given work and says nothing but its results. */
export const SILENT = {
  beats: false,
  keeps: false,
  pull: false,
  leased: false,
  preemptible: false,
  recalls: false,
  claims: false,
  declines: false,
} as const satisfies Partial<AgentSpec>

export class AgentState {
  readonly id: string
  readonly instance: string
  /** Row in the shared agent table. */
  readonly index: number
  readonly generation: number
  beats: boolean
  keeps: boolean
  pull: boolean
  readonly leased: boolean
  preemptible: boolean
  recalls: boolean
  readonly claims: boolean
  declines: boolean
  queues: readonly string[]
  capabilities: readonly string[]
  labels: Readonly<Record<string, number>>
  specializations: Readonly<Record<string, number>>
  concurrency: number
  /** Tasks that it may have beyond its concurrency, 0 to `prefetchMax`; of no use to one that pulls. */
  prefetch = 0
  /** Tasks that it has asked for and was not given yet; 0 unless it pulls. */
  granted = 0
  /** Tasks at a time that it may have by our own judgement; -1 for as many as it says. */
  limit = -1
  /** Work in its hands that is not ours, by its last beat. */
  foreign = 0
  link: AgentLink
  profile: Profile
  joinedAtMs: number
  lastSeenMs: number
  /** Asked to finish and take no more. */
  draining = false
  /** A dispatch found nobody subscribed: no work until it is heard of again. */
  paused = false
  /** Has left: a stale reference must not be used. */
  gone = false
  readonly running = new RecordList()
  /** Of its running attempts: asked to stop for a critical task. */
  interrupting = 0
  /** Its own queue: tasks that are to be its own once it has credit, the next one first. */
  readonly bound = new RecordList()
  /** Place among the agents that could start what is bound to them; -1 when it could not. */
  readyAt = -1
  /** Credit that was allocated without a task. */
  held = 0
  readonly ended = new Map<number, EndedAttempt>()
  /** Dispatches to this instance so far. */
  dispatchSeq = 0
  completed = 0
  failed = 0
  lost = 0

  constructor(spec: AgentSpec, index: number, generation: number, profile: Profile, nowMs: number) {
    this.id = spec.id
    this.instance = spec.instance
    this.index = index
    this.generation = generation
    this.beats = spec.beats
    this.keeps = spec.keeps
    this.pull = spec.pull
    this.leased = spec.leased
    this.preemptible = spec.preemptible
    this.recalls = spec.recalls
    this.claims = spec.claims
    this.declines = spec.declines
    this.queues = spec.queues
    this.capabilities = spec.capabilities
    this.labels = spec.labels
    this.specializations = spec.specializations
    this.concurrency = spec.concurrency
    this.link = spec.link
    this.profile = profile
    this.joinedAtMs = nowMs
    this.lastSeenMs = nowMs
  }

  get accepting(): boolean {
    return !this.draining && !this.paused && !this.gone && this.limit !== 0
  }

  /** Work in its hands, attempts that ended without a result and credit that is held included. */
  get charged(): number {
    return this.running.length + this.ended.size + this.held
  }
}
