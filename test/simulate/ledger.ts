/**
 * What is known of a policy core from outside, by the calls that are made of it and the effects that
 * it has: which task was accepted, who was given it, who said what about it. Compared with what the
 * core does next, so that it is caught when it breaks a promise and not only when a sum is wrong.
 *
 * Invariant: nothing here is read from the core but what it answers and tells.
 */

import type { RecordedCore } from '../../src/journal/recorder.ts'
import { LIMITS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { AttemptEnd } from '../../src/policy/state.ts'
import { stateName, type TaskRecord } from '../../src/policy/task-record.ts'
import { Begins } from './begins.ts'
import { holdsCause, holdsClaim, holdsOutcome, resultOf } from './causes.ts'
import { Fences } from './fences.ts'
import { GraphLedger } from './graph-ledger.ts'
import {
  Broken,
  type Door,
  holds,
  type KnownAgent,
  type KnownAttempt,
  type KnownTask,
  nameOf,
  newTask,
} from './known.ts'
import { MoveLedger } from './move-ledger.ts'
import { hasQueue, mayHave, roomOf } from './placing.ts'
import { PromiseLedger } from './promise-ledger.ts'
import { isPlain } from './promises.ts'
import { goesFirst, type Rank, rankOf } from './ranks.ts'

/** The body of a second attempt's outcome: its result is its task's. */
const LOST = ''

export class Ledger {
  readonly core: RecordedCore
  /** Every task that was accepted. */
  readonly all: KnownTask[] = []
  /** Those that are not forgotten: a record may be another task's after that. */
  readonly tasks = new Map<TaskRecord, KnownTask>()
  /** Tasks that are known by `<queue> <id>` at present. */
  readonly byName = new Map<string, KnownTask>()
  readonly agents = new Map<string, KnownAgent>()
  readonly byCounter = new Map<number, KnownAttempt>()
  readonly #lanes = new Map<string, KnownTask[]>()
  /** How much of a queue's bounds is used. */
  readonly #uses = new Map<string, { tasks: number; bytes: number }>()
  /** Every task that ever had a name, for what submitters have heard. */
  readonly history = new Map<string, KnownTask[]>()
  readonly fences = new Fences()
  /** Who was told of the outcome that the core is giving. */
  readonly told: unknown[] = []
  readonly promises: PromiseLedger
  readonly moves: MoveLedger
  readonly graphs: GraphLedger
  readonly begins = new Begins()
  door: Door = { name: 'start', nowMs: 0, record: null }
  open = 0
  kept = 0
  outcomes = 0
  #lastCounter = 0

  constructor(core: RecordedCore) {
    this.core = core
    this.promises = new PromiseLedger(this)
    this.moves = new MoveLedger(this)
    this.graphs = new GraphLedger(this)
  }

  /** @param key the submit's own name. */
  accepted(record: TaskRecord, key: string): void {
    const name = nameOf(record)
    holds(!this.byName.has(name), () => `${name} was accepted while it was known already`)
    holds(!this.tasks.has(record), () => `${name} was accepted twice`)
    const lane = this.#laneOf(record)
    const task = newTask(record, lane, key)
    this.promises.accepted(task)
    lane.push(task)
    this.all.push(task)
    this.tasks.set(record, task)
    this.byName.set(name, task)
    const history = this.history.get(name)
    if (history === undefined) this.history.set(name, [task])
    else history.push(task)
    this.open++
    this.#use(record, 1)
  }

  #use(record: TaskRecord, sign: 1 | -1): void {
    const { queueName, payloadBytes, queue } = record
    const use = this.#uses.get(queueName) ?? { tasks: 0, bytes: 0 }
    this.#uses.set(queueName, use)
    use.tasks += sign
    use.bytes += sign * payloadBytes
    const { tasksMax, bytesMax } = queue!.options
    holds(use.tasks <= tasksMax && use.bytes <= bytesMax, () => {
      return `${queueName} holds ${use.tasks} of ${tasksMax} tasks, ${use.bytes} of ${bytesMax} bytes`
    })
  }

  #laneOf(record: TaskRecord): KnownTask[] {
    // Of promises come other orders than that of arrival.
    if (record.extras !== null || !isPlain(record.queue!.options)) return []
    const key = `${record.queueName} ${record.requires.join()} ${record.level}`
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = []
      this.#lanes.set(key, lane)
    }
    return lane
  }

  taskOf(record: TaskRecord): KnownTask {
    const task = this.tasks.get(record)
    if (task === undefined) throw new Broken(`${nameOf(record)} was never accepted`)
    return task
  }

  offered(record: TaskRecord): void {
    const task = this.taskOf(record)
    holds(task.outcome === null, () => `${nameOf(record)} was offered after its outcome`)
    holds(task.attempt === null, () => `${nameOf(record)} was offered while it runs`)
    holds(task.offer === null, () => `${nameOf(record)} was offered twice`)
    holds(task.bound === null, () => `${nameOf(record)} was offered while it is bound`)
    this.promises.goesOut(task)
    this.graphs.goesOut(task)
    const { slot, generation } = record.attempt!
    task.offer = { slot, generation }
  }

  /** A proposal was committed: everything that must be true of it. */
  started(record: TaskRecord, generation: number, agentGeneration: number, nowMs: number): void {
    const { offer } = this.taskOf(record)
    this.#holdsOffer(record, generation)
    holds(offer!.slot === record.attempt!.slot, () => `${nameOf(record)} is in another slot`)
    const agent = this.placedAt(record, record.attempt!.agent)
    this.#holdsGeneration(record, agent, agentGeneration)
    this.begin(record, agent, nowMs)
  }

  #holdsOffer(record: TaskRecord, generation: number): void {
    const { offer } = this.taskOf(record)
    const name = nameOf(record)
    if (offer === null) throw new Broken(`${name} was placed without an offer`)
    holds(
      offer.generation === generation,
      () => `${name}: a proposal of a withdrawn offer was taken`,
    )
  }

  #holdsGeneration(record: TaskRecord, agent: KnownAgent, generation: number): void {
    holds(agent.state.generation === generation, () => {
      return `${nameOf(record)}: a proposal of a gone agent was taken for ${agent.spec.id}`
    })
  }

  /** A proposal was taken, and the task is in its agent's own queue. */
  bound(record: TaskRecord, generation: number, agentGeneration: number): void {
    const task = this.taskOf(record)
    this.#holdsOffer(record, generation)
    const name = nameOf(record)
    const agent = mayHave(this.agents, record, this.core.agents.get(record.agentId!))
    this.#holdsGeneration(record, agent, agentGeneration)
    const { agentQueueMax } = this.core.options
    const already = this.boundTo(agent).length
    holds(hasQueue(agent), () => `${name} is bound to ${agent.spec.id}, which has no queue`)
    holds(already < agentQueueMax, () => `${name} is bound to ${agent.spec.id}, with ${already}`)
    holds(roomOf(agent) <= 0, () => `${name} is bound to ${agent.spec.id}, which has credit`)
    holds(record.attempt === null, () => `${name} is bound and has an attempt`)
    task.offer = null
    task.bound = agent
    this.graphs.given(record, agent.state)
    if (!task.wasStarted) this.#overtake(task)
  }

  /** A bound task has begun: the first in its agent's own queue. */
  begun(record: TaskRecord, ranks: ReadonlyMap<TaskRecord, Rank>, nowMs: number): void {
    const task = this.taskOf(record)
    const name = nameOf(record)
    const agent = this.placedAt(record, record.attempt!.agent)
    holds(
      task.bound === agent,
      () => `${name} has begun at ${agent.spec.id} and was not bound there`,
    )
    this.promises.goesOut(task)
    const isFirst = (other: KnownTask) => goesFirst(ranks.get(other.record)!, ranks.get(record)!)
    const first = this.boundTo(agent).find(isFirst)
    holds(first === undefined, () => `${name} has begun before ${first!.record.id}`)
    task.bound = null
    this.begin(record, agent, nowMs)
  }

  unbound(record: TaskRecord, state: AgentState): void {
    const task = this.taskOf(record)
    const { bound } = task
    holds(bound?.state === state, () => `${nameOf(record)} is unbound of ${state.id}`)
    this.graphs.released(record, 'unbound')
    task.bound = null
  }

  /** What is bound, by how it is to be served: a task that begins has risen no more. */
  ranksOfBound(): Map<TaskRecord, Rank> {
    const bound = [...this.tasks.values()].filter((task) => task.bound !== null)
    return new Map(bound.map(({ record }) => [record, rankOf(record)]))
  }

  boundTo(agent: KnownAgent): KnownTask[] {
    return [...this.tasks.values()].filter(({ bound }) => bound === agent)
  }

  /** Somebody is given an agent's credit without a task. */
  allocated(state: AgentState): void {
    const agent = this.agents.get(state.id)
    if (agent?.state !== state) throw new Broken(`${state.id} is allocated and has gone`)
    const { id, pull } = agent.spec
    holds(roomOf(agent) > 0, () => `${id} is allocated and has no credit`)
    holds(!agent.isDraining && !agent.isPaused, () => `${id} is allocated and takes nothing`)
    if (pull) agent.granted--
    agent.held++
  }

  begin(record: TaskRecord, agent: KnownAgent, nowMs: number): void {
    const task = this.taskOf(record)
    const { slot, counter } = record.attempt!
    holds(counter > this.#lastCounter, () => `${nameOf(record)}: counter ${counter} did not rise`)
    this.#lastCounter = counter
    task.offer = null
    this.graphs.given(record, agent.state)
    task.attempt = {
      counter,
      task,
      agent,
      slot,
      startedAtMs: agent.spec.claims ? Number.POSITIVE_INFINITY : nowMs,
      timeoutMs: record.timeoutMs,
      endedAtMs: 0,
      heardAtMs: nowMs,
      checkpoint: task.checkpoint,
      misses: 0,
      calledAtMs: 0,
      calledFor: null,
      isEnded: false,
    }
    agent.charged.set(counter, task.attempt)
    this.byCounter.set(counter, task.attempt)
    if (!task.wasStarted) this.#overtake(task)
  }

  /** @returns the agent that it was given to, when it may be. */
  placedAt(record: TaskRecord, state: AgentState | null): KnownAgent {
    const name = nameOf(record)
    const agent = mayHave(this.agents, record, state)
    const { spec } = agent
    holds(roomOf(agent) > 0, () => {
      const has = spec.pull ? 'asked for no more' : `has ${agent.charged.size} already`
      return `${name} was given to ${spec.id}, which ${has}`
    })
    if (spec.pull) agent.granted--
    holds(
      record.attempt!.dispatchSeq === ++agent.lastSeq,
      () => `${name}: gap in ${spec.id}'s sequence`,
    )
    return agent
  }

  #overtake(task: KnownTask): void {
    const { lane } = task
    const at = lane.indexOf(task)
    for (let i = 0; i < at; i++) {
      const passed = ++lane[i].overtaken
      holds(
        passed < LIMITS.laneWindow,
        () => `${nameOf(lane[i].record)} was overtaken by ${passed} later tasks of its lane`,
      )
    }
    lane.splice(at, 1)
    task.wasStarted = true
  }

  ended(
    record: TaskRecord,
    counter: number,
    state: AgentState,
    how: AttemptEnd,
    isCharged: boolean,
  ): void {
    const task = this.taskOf(record)
    const { attempt } = task
    const what = () => `${nameOf(record)}, attempt ${counter}, ended as ${how}`
    if (attempt === null || attempt.counter !== counter || attempt.agent.state !== state) {
      throw new Broken(`${what()}, which does not run`)
    }
    task.attempt = null
    task.ended = attempt
    attempt.isEnded = true
    attempt.endedAtMs = this.door.nowMs
    if (!isCharged) attempt.agent.charged.delete(counter)
    const mayGo = this.graphs.mayGo(record, this.door.record, this.door.name)
    holdsCause(this.door, attempt, how, mayGo, what)
    this.graphs.released(record, how)
    this.promises.ended(task, attempt, how)
    if (how === 'recalled') this.begins.recalledOf(counter, what)
    attempt.misses = 0
    if (['failed', 'timeout', 'heartbeat_timeout'].includes(how)) task.failures++
    else if (how === 'agent_lost' || how === 'dispatch_failed') task.losses++
    if (how === 'dispatch_failed' || how === 'undelivered') attempt.agent.isPaused = true
  }

  /** Sent again: the attempt that runs, to one that keeps, after two beats that lacked it. */
  repeated(record: TaskRecord): void {
    const { attempt } = this.taskOf(record)
    const { counter, agent: state } = record.attempt!
    const what = () => `${nameOf(record)}, attempt ${counter}, was repeated`
    if (attempt === null || attempt.counter !== counter) {
      throw new Broken(`${what()}, which does not run`)
    }
    const { agent, misses } = attempt
    holds(state === agent.state, () => `${what()} to another than ${agent.spec.id}`)
    holds(agent.spec.keeps, () => `${what()} to ${agent.spec.id}, which does not keep`)
    const { name } = this.door
    holds(name === 'beat' && misses >= 2, () => `${what()} by ${name}, missed ${misses}`)
    attempt.misses = 0
  }

  creditBack(state: AgentState, counter: number): void {
    const agent = this.agents.get(state.id)
    const attempt = agent?.charged.get(counter)
    const what = () => `credit of ${state.id}'s attempt ${counter} came back`
    if (agent === undefined || attempt === undefined) throw new Broken(`${what()} twice`)
    holds(attempt.isEnded, () => `${what()} while it runs`)
    agent.charged.delete(counter)
    const { name, nowMs, counter: told } = this.door
    const waitMs = Math.max(attempt.timeoutMs, this.core.options.leaseMs)
    const isDue = !agent.spec.beats && nowMs >= attempt.endedAtMs + waitMs
    const byResult = name === 'attempt' && told === counter
    const isTold = byResult || (name === 'beat' && attempt.misses >= 2)
    holds(isTold || (name === 'tick' && isDue), () => `${what()} too early, by ${name}`)
  }

  outcome(record: TaskRecord): void {
    const task = this.taskOf(record)
    const name = nameOf(record)
    const state = stateName(record.state)
    holds(task.outcome === null, () => `${name} has two outcomes: the second is ${state}`)
    holds(task.attempt === null, () => `${name} is ${state} while it runs`)
    holdsOutcome(this.door, task, state, this.graphs)
    this.promises.outcome(task, state)
    const body = state === 'completed' ? resultOf(record) : ''
    if (state === 'completed' || record.code === 'broken' || record.code === 'hiccup') {
      const said = state === 'completed' ? body : record.message
      const twin = this.graphs.wonBy(record, this.door.record)
      const winner = twin === null ? task : { ...task, ended: this.taskOf(twin).ended }
      const isWon = this.door.name !== 'resolve' && body !== LOST
      if (isWon) holdsClaim(this.core.options.epoch, winner, said, this.graphs)
    }
    task.outcome = { state, code: record.code ?? '', body }
    task.offer = null
    task.bound = null
    this.graphs.over(record)
    this.outcomes++
    this.open--
    this.#use(record, -1)
    this.kept++
    const at = task.lane.indexOf(task)
    if (at >= 0) task.lane.splice(at, 1)
  }

  /** After an outcome: everybody who wanted it was told, once. */
  holdsTold(record: TaskRecord): void {
    const { listeners } = this.taskOf(record)
    const isTold = (one: unknown) => this.told.includes(one)
    holds(this.told.length === listeners.length && listeners.every(isTold), () => {
      return `${nameOf(record)}: ${this.told.length} were told its outcome, of ${listeners.length}`
    })
  }

  forgotten(record: TaskRecord): void {
    const task = this.taskOf(record)
    holds(task.outcome !== null, () => `${nameOf(record)} was forgotten before its outcome`)
    holds(!task.isForgotten, () => `${nameOf(record)} was forgotten twice`)
    task.isForgotten = true
    this.promises.forgotten(record)
    this.graphs.forgotten(record)
    this.byName.delete(nameOf(record))
    this.tasks.delete(record)
    this.kept--
  }
}
