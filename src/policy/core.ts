/**
 * The policy core: who waits, who is free, what is promised. Pure and clockless: every event comes
 * in as a call with `nowMs`, effects go out through `PolicyEffects`, and choosing an agent happens
 * outside (`nextOffer` gives a task out, `propose` brings the answer back), so that measured costs
 * and thread timing never enter it. Runs on the front end's thread, which is the only writer of
 * slots, agent columns and candidate sets.
 *
 * This file and `graph-doors.ts` hold the doors, `state.ts` what is behind them; what happens is in a file for each
 * concern: admission, waits, matching, attempts, moves, interruption, membership, leases.
 *
 * Effects must not call back into the core: they run in the middle of a change. Nothing outside of
 * this folder writes the core's state: `journal/recorder.ts` records what comes in through the doors,
 * and a state that changed behind them could not be rebuilt.
 */
import {
  type AgentIndex,
  type AgentTableWriter,
  type ClassTableWriter,
  NONE,
  type SlotIndex,
  type SlotTableWriter,
} from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import type { NextStage } from '../options.ts'
import { type Binding, LIMITS, type QueueOptions } from '../options.ts'
import { admit, type Refusal } from './admission.ts'
import { limitAgent } from './agent-limits.ts'
import type { AgentSpec, AgentState } from './agents.ts'
import * as ages from './ages.ts'
import * as allocation from './allocation.ts'
import { isApart } from './apart.ts'
import * as attempts from './attempts.ts'
import { beat } from './beats.ts'
import { bind, canBind } from './binding.ts'
import { configureQueue } from './configure.ts'
import { setPrefetch } from './credit.ts'
import { queueOf } from './find-queue.ts'
import { GraphDoors } from './graph-doors.ts'
import * as leases from './leases.ts'
import * as matching from './matching.ts'
import * as membership from './membership.ts'
import * as pause from './pause.ts'
import { isCriticalNext, requestPreemptions, yielded } from './preemption.ts'
import { isRecalled, type RecallRefusal, recall, recalled } from './recalls.ts'
import type { PolicyEffects, PolicyOptions } from './state.ts'
import { type StealRefusal, steal } from './stealing.ts'
import * as switches from './switches.ts'
import { cancel } from './take-out.ts'
import { RUNNING, type TaskRecord } from './task-record.ts'
import { takeTimers } from './timers.ts'
import { waitingFor } from './waiting-for.ts'

export type { PolicyEffects, PolicyOptions } from './state.ts'

/** Answers of `propose`. */
export const COMMITTED = 0
export const STALE = 1
export const CONFLICT = 2
/** The agent has no credit: the task waits in its own queue, without slot and attempt. */
export const BOUND_TO_AGENT = 3
export type Proposal = typeof COMMITTED | typeof STALE | typeof CONFLICT | typeof BOUND_TO_AGENT

/** Why an offer is withdrawn: no router answered it in time, or its router has died. */
export const OVERDUE = 0
export const ROUTER_GONE = 1
export type Withdrawal = typeof OVERDUE | typeof ROUTER_GONE

export class PolicyCore extends GraphDoors {
  constructor(
    slots: SlotTableWriter,
    table: AgentTableWriter,
    classTable: ClassTableWriter,
    options: PolicyOptions,
    effects: PolicyEffects,
  ) {
    super(slots, table, classTable, options, effects)
    table.setQueueMax(options.agentQueueMax)
    for (const name of Object.keys(options.queues)) queueOf(this, name)
  }

  /** Event: a task arrived. @returns null when accepted, else why not. */
  submit(record: TaskRecord, nowMs: number): ReturnType<typeof admit> {
    return admit(this, record, nowMs)
  }

  /** Event: the front end can place. @returns the next head, now OFFERED in a slot, or null. */
  nextOffer(nowMs: number): TaskRecord | null {
    return matching.nextOffer(this, nowMs, false)
  }

  /** As `nextOffer` for a bounced task: credit that offers in routers' hands count on is enough. */
  nextBounced(nowMs: number): TaskRecord | null {
    return matching.nextOffer(this, nowMs, true)
  }

  /** Event: a bound task's agent has credit. @returns the next such task, now RUNNING, or null. */
  nextBound(nowMs: number): TaskRecord | null {
    return attempts.startBound(this, nowMs)
  }

  /** How many heads `nextOffer` could give out at least, up to `max`, without taking any. */
  placeable(max: number): number {
    return matching.placeable(this, max)
  }

  /**
   * Event: a strategy chose. CONFLICT leaves the task offered: choose again, or `bounce`.
   * @param byRouter a router proposed it; else it was chosen where it is committed.
   */
  propose(
    slot: number,
    generation: number,
    agentIndex: number,
    agentGeneration: number,
    nowMs: number,
    byRouter = false,
  ): Proposal {
    const record = this.recordAt[slot]
    if (record === null || record.attempt!.generation !== generation || record.state === RUNNING) {
      this.counters.staleProposals++
      return STALE
    }
    if (agentIndex === NONE) return CONFLICT
    const agent = this.agentAt[agentIndex]
    if (
      agent === undefined ||
      agent.generation !== agentGeneration ||
      !agent.accepting ||
      isApart(record, agent) ||
      !this.table.candidates(record.cls!.index as never).has(agentIndex)
    ) {
      this.counters.conflicts++
      return CONFLICT
    }
    const isFree = this.table.credit(agentIndex as AgentIndex) > 0
    if (!isFree && !canBind(this, record, agent)) {
      this.counters.conflicts++
      return CONFLICT
    }
    if (isFree) attempts.start(this, record, agent, nowMs)
    else bind(this, record, agent)
    if (byRouter) this.counters.placedByRouters++
    else this.counters.placedInline++
    return isFree ? COMMITTED : BOUND_TO_AGENT
  }

  /** Event: nobody was free for an offered task: back to the head of its lane. */
  bounce(record: TaskRecord): void {
    this.counters.bounced++
    matching.bounce(this, record)
  }

  /** Event: an offer is taken back: whoever still holds it holds a stale entry. */
  withdraw(record: TaskRecord, reason: Withdrawal): void {
    if (reason === OVERDUE) this.counters.overdueOffers++
    const attempt = record.attempt!
    attempt.generation = this.slots.withdraw(attempt.slot as SlotIndex)
  }

  /** The offered records that were given out before `beforeMs`, oldest of each lane first. */
  overdueOffers(beforeMs: number, into: TaskRecord[]): void {
    matching.overdueOffers(this, beforeMs, into)
  }

  /**
   * Event, when the attempt has ended: a late result brings the credit of its attempt back.
   * @returns the record while the attempt runs, or why it does not.
   */
  attempt(
    agentId: string,
    slot: number,
    epoch: number,
    counter: number,
  ): TaskRecord | 'late_result' | 'result_unknown' {
    return attempts.find(this, agentId, slot, epoch, counter)
  }

  /** As `attempt`, for progress: nothing is counted or changed; what was said goes to `heard`. */
  running(agentId: string, slot: number, epoch: number, counter: number): TaskRecord | null {
    return attempts.runningIn(this, agentId, slot, epoch, counter)
  }

  /** Event: the agent told how far a running attempt is. */
  heard(record: TaskRecord, progress: string, nowMs: number): void {
    attempts.heard(record, progress, nowMs)
  }

  /** Event: an attempt succeeded. @param next where a rule on its result sends the task. */
  succeeded(record: TaskRecord, nowMs: number, next: NextStage | null = null): void {
    attempts.succeeded(this, record, next, nowMs)
  }

  /** Event: an attempt failed by its agent's word. */
  failed(
    record: TaskRecord,
    code: string,
    message: string,
    retryable: boolean,
    nowMs: number,
  ): void {
    attempts.failed(this, record, code, message, retryable, nowMs)
  }

  /**
   * Event, at the end of a turn: critical tasks wait and nothing is left to be placed.
   * @returns how many attempts are asked to stop, each by the effect `preempt`.
   */
  requestPreemptions(_nowMs: number): number {
    return requestPreemptions(this)
  }

  /** Whether `requestPreemptions` is worth a call. */
  get isCriticalNext(): boolean {
    return isCriticalNext(this)
  }

  /**
   * Event: an attempt that was asked to stop did, or one that was called back had not begun: that one
   * may be RUNNING elsewhere at once, and is to be sent.
   * @param checkpoint for its next attempt, at most `LIMITS.checkpointBytesMax`; null for nothing new.
   * @returns null; `preempted` when nobody had asked for it.
   */
  yielded(record: TaskRecord, checkpoint: Uint8Array | null, nowMs: number): ErrorCode | null {
    if (isRecalled(record, checkpoint)) {
      recalled(this, record, nowMs)
      return null
    }
    return yielded(this, record, checkpoint, nowMs)
  }

  /**
   * Event: a task that is bound to an agent is to be another's.
   * @returns null when it is: RUNNING, and to be sent, or BOUND; else why not, and nothing has changed.
   */
  steal(record: TaskRecord, thief: AgentState, nowMs: number): StealRefusal | null {
    return steal(this, record, thief, nowMs)
  }

  /**
   * Event: an attempt that may not have begun is asked for, for another agent.
   * @param thief null when it is to go back to its lane.
   * @returns null, or why not.
   */
  recall(record: TaskRecord, thief: AgentState | null, nowMs: number): RecallRefusal | null {
    return recall(this, record, thief, nowMs)
  }

  /**
   * Event: how many tasks at a time an agent may have by our judgement; 0 for none, -1 for no limit.
   * What is bound to one with a limit goes back to its lanes.
   */
  limitAgent(id: string, limit: number): 'agent_unknown' | null {
    return limitAgent(this, id, limit)
  }

  /** Event: nobody was subscribed where the attempt was sent. */
  dispatchFailed(record: TaskRecord, nowMs: number): void {
    attempts.dispatchFailed(this, record, nowMs)
  }

  /** Event: cancel. @returns null, or why not. */
  cancel(record: TaskRecord, nowMs: number): 'finished' | null {
    return cancel(this, record, nowMs)
  }

  /** @returns a task by id, in one queue or the first that has it. */
  find(id: string, queue?: string): TaskRecord | undefined {
    if (queue === undefined) return this.index.findAnywhere(id, this.queues.values())
    const state = this.queues.get(queue)
    return state === undefined ? undefined : this.index.find(id, state)
  }

  hello(spec: AgentSpec, nowMs: number): AgentState | ErrorCode {
    return membership.hello(this, spec, nowMs)
  }

  beat(
    id: string,
    instance: string,
    running: ReadonlySet<number> | null,
    nowMs: number,
    foreign = 0,
  ): ErrorCode | null {
    return beat(this, id, instance, running, nowMs, foreign)
  }

  /** Event: an agent that pulls asks for `count` tasks more. */
  pull(id: string, instance: string, count: number, nowMs: number): ErrorCode | null {
    return membership.pull(this, id, instance, count, nowMs)
  }

  /**
   * Event: so many tasks on their way to the agent, beyond those that it runs, keep it busy. Of no use
   * to one that pulls.
   * @param count more than `LIMITS.prefetchMax` counts as that.
   */
  setPrefetch(agent: AgentState, count: number): void {
    setPrefetch(this, agent, count)
  }

  bye(id: string, instance: string, drain: boolean, nowMs: number): ErrorCode | null {
    return membership.bye(this, id, instance, drain, nowMs)
  }

  drainAgent(id: string): ErrorCode | null {
    return membership.drain(this, id)
  }

  /** Event: who chooses for a queue, or, without one, for all that have no strategy of their own. */
  setStrategy(queue: string | null, index: number): 'queue_unknown' | null {
    return switches.setStrategy(this, queue, index)
  }

  /** Event: who decides beside a queue's strategy; -1 for nobody. */
  setShadow(queue: string, index: number): 'queue_unknown' | null {
    return switches.setShadow(this, queue, index)
  }

  /** Event: whether a queue's tasks may be bound to agents without credit. */
  setBinding(queue: string, binding: Binding): 'queue_unknown' | null {
    return switches.setBinding(this, queue, binding)
  }

  /** Event: nothing of a queue is given out until it is resumed; what is offered or runs goes on. */
  pauseQueue(queue: string): 'queue_unknown' | null {
    return pause.pauseQueue(this, queue)
  }

  resumeQueue(queue: string): 'queue_unknown' | null {
    return pause.resumeQueue(this, queue)
  }

  /** Event: a queue has other options from now on. */
  configureQueue(queue: string, options: QueueOptions): 'queue_unknown' | null {
    return configureQueue(this, queue, options)
  }

  /** Event: somebody wants an agent's credit without a task. @returns null when nobody has any. */
  allocate(spec: allocation.AllocationSpec): AgentState | Refusal | null {
    return allocation.allocate(this, spec)
  }

  /** Event: a credit that was allocated is given back. @returns whether there was one. */
  release(agentId: string): boolean {
    return allocation.release(this, agentId)
  }

  /** The transport of an agent is gone for good. */
  agentLost(agent: AgentState, nowMs: number): void {
    membership.leave(this, agent, 'agent_lost', nowMs)
  }

  /** Event: our connection is away (nobody can be heard), or back. */
  setConnected(connected: boolean, nowMs: number): void {
    this.leasesSuspended = !connected
    if (connected) leases.renewLeases(this, nowMs)
  }

  /** Event: time. Does at most `LIMITS.timersPerTurn`. @returns whether more is due. */
  tick(nowMs: number): boolean {
    let budget: number = LIMITS.timersPerTurn
    // Many that age together leave room for what is running.
    const agesMax = Math.max(1, budget >> 1)
    const aged = ages.tick(this, nowMs, agesMax)
    budget -= aged
    budget -= takeTimers(this, nowMs, budget)
    budget -= leases.expireLeases(this, nowMs, budget)
    budget -= leases.returnCredits(this, nowMs, budget)
    this.kept.expire(this, nowMs, budget)
    return budget <= 0 || aged === agesMax
  }

  /** @returns when `tick` has something to do, in policy ms, or Infinity. */
  nextTickMs(): number {
    return Math.min(
      this.timeouts.nextDueMs(),
      this.dues.nextDueMs(),
      ages.nextDueMs(this),
      this.leasesSuspended ? Number.POSITIVE_INFINITY : this.leaseCheckAtMs,
      this.creditCheckAtMs,
      this.kept.nextExpiryMs(),
    )
  }

  waitingFor(record: TaskRecord): string | null {
    return waitingFor(this, record)
  }
}
