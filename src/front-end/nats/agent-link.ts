/**
 * One agent on NATS, an instance of it: what it said of itself that the policy does not need, the
 * subjects on which it listens, and what is under way to it. Main thread.
 *
 * Invariant: an instance has one of these for as long as the scheduler knows it, so what waits in it
 * (an open frame, results to be acknowledged) leaves in order, whatever the agent says anew.
 */
import { nowUs } from '../../clock.ts'
import type { AgentState } from '../../policy/agents.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import {
  GRAPHS_VERSION,
  MOVES_VERSION,
  TYPES_VERSION,
  type WorkExtension,
  type WorkWriter,
} from '../../wire/frames.ts'
import { encodeJson } from '../../wire/json.ts'
import type { Control } from '../../wire/messages.ts'
import { attemptToken } from '../../wire/subjects.ts'
import type { FrontEndContext } from '../context.ts'
import type { AgentPort } from '../transport.ts'
import type { Outlet } from './outlet.ts'
import type { PlainWork } from './plain-work.ts'
import { PrefetchMeter } from './prefetch.ts'
import type { Recalls } from './recalls.ts'
import type { WorkFrames } from './work-frames.ts'
import { workGraph } from './work-graph.ts'

/** What every agent of a connection shares. */
export interface AgentWays {
  readonly context: FrontEndContext
  readonly outlet: Outlet
  readonly plain: PlainWork
  readonly frames: WorkFrames
  readonly recalls: Recalls
}

/** Where one instance listens. */
export interface AgentSubjects {
  readonly work: string
  readonly frames: string
  readonly control: string
}

export class NatsAgentLink implements AgentPort {
  readonly #ways: AgentWays
  readonly id: string
  readonly workSubject: string
  readonly framesSubject: string
  readonly controlSubject: string
  /** The version of frames in which it takes work, and answers; 0 for none. */
  frames = 0
  /** It keeps results until they are acknowledged. */
  keeps = false
  /** The most that it takes beyond its concurrency. */
  prefetchMax = 0
  readonly meter = new PrefetchMeter()
  /** When a beat was last compared with its attempts. */
  #comparedMs = Number.NEGATIVE_INFINITY

  /** `work-frames.ts`: the frame that is being filled in this turn, and which attempts are in it. */
  writer: WorkWriter | null = null
  isOpen = false
  seqLow = 0
  seqHigh = 0
  counterLow = 0
  counterHigh = 0

  /** `acks.ts`: results heard and not acknowledged yet. */
  readonly heardCounters: number[] = []
  readonly heardTokens: string[] = []

  /** `recalls.ts`: attempts that are called back in this turn. */
  readonly recalledTokens: string[] = []

  constructor(ways: AgentWays, id: string, subjects: AgentSubjects) {
    this.#ways = ways
    this.id = id
    this.workSubject = subjects.work
    this.framesSubject = subjects.frames
    this.controlSubject = subjects.control
  }

  /** It said hello, for the first time or again. */
  met(frames: number, keeps: boolean, prefetchMax: number): void {
    this.frames = frames
    this.keeps = keeps
    this.prefetchMax = prefetchMax
  }

  /**
   * Beats that were held up on their way arrive together, perhaps behind work that was sent after
   * them: of those within half an interval one tells which attempts are lost, the others only that
   * the agent lives.
   */
  mayCompare(nowMs: number, beatMs: number): boolean {
    if (nowMs - this.#comparedMs < beatMs / 2) return false
    this.#comparedMs = nowMs
    return true
  }

  get inFrames(): boolean {
    return this.frames > 0
  }

  /** @returns the type that its frames are to tell: '' for the queue's name, and before version 2. */
  typeOf(record: TaskRecord): string {
    const { type, queue } = record.cls!
    return type === queue.name || this.frames < TYPES_VERSION ? '' : type
  }

  /** @returns what few tasks have and their frames are to tell: of graphs, nothing before version 4. */
  extensionOf(record: TaskRecord): WorkExtension | null {
    const { extras, queueName } = record
    if (extras === null || this.frames < MOVES_VERSION) return null
    const { checkpoint } = extras
    const isMoved = record.cls!.queue.name !== queueName
    const graph = this.#tellsGraphs
      ? workGraph(record, this.#ways.outlet.messageBytesMax, false)
      : null
    if (checkpoint === null && !isMoved && graph === null) return null
    return { sourceQueue: isMoved ? queueName : '', checkpoint, graph }
  }

  get #tellsGraphs(): boolean {
    return this.frames >= GRAPHS_VERSION
  }

  dispatch(record: TaskRecord, agent: AgentState): void {
    const { frames, plain } = this.#ways
    if (this.inFrames) frames.add(this, record)
    else plain.send(this.workSubject, record, agent)
  }

  /** The clock starts again: a trip that ended nowhere says nothing of how long trips are. */
  repeat(record: TaskRecord, agent: AgentState): void {
    record.attempt!.dispatchedUs = nowUs()
    this.dispatch(record, agent)
  }

  cancel(_agent: AgentState, counter: number, dispatchSeq: number, reason: string): void {
    const { core, options } = this.#ways.context
    const token = attemptToken(core.options.epoch, counter, dispatchSeq)
    this.#control({ type: 'cancel', scheduler: options.name, token, reason })
  }

  preempt(record: TaskRecord): void {
    const { core, options } = this.#ways.context
    const { counter, dispatchSeq } = record.attempt!
    const token = attemptToken(core.options.epoch, counter, dispatchSeq)
    this.#control({ type: 'preempt', scheduler: options.name, token })
  }

  recall(record: TaskRecord): void {
    const { core } = this.#ways.context
    const { counter, dispatchSeq } = record.attempt!
    this.#ways.recalls.add(this, attemptToken(core.options.epoch, counter, dispatchSeq))
  }

  drain(): void {
    this.#control({ type: 'drain', scheduler: this.#ways.context.options.name })
  }

  fenced(): void {
    this.#control({ type: 'fenced', scheduler: this.#ways.context.options.name })
  }

  /** Not before the work that it may be about. */
  #control(control: Control): void {
    this.#ways.frames.send(this)
    this.#ways.outlet.send(this.controlSubject, encodeJson(control))
  }
}

/** @returns how to reach the agent of that name, if it is one on NATS that said hello. */
export function linkOf(context: FrontEndContext, id: string): NatsAgentLink | undefined {
  const link = context.core.agents.get(id)?.link
  return link instanceof NatsAgentLink ? link : undefined
}
