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
import type { ResultClaim } from './agent-hands.ts'
import {
  Broken,
  type Door,
  holds,
  type KnownAgent,
  type KnownAttempt,
  type KnownTask,
  nameOf,
} from './known.ts'

/** How much of a queue's bounds is used. */
interface Use {
  tasks: number
  bytes: number
}

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
  readonly #uses = new Map<string, Use>()
  /** Every task that ever had a name, for what submitters have heard. */
  readonly history = new Map<string, KnownTask[]>()
  /** Instances that were replaced, the oldest first, as many as are to be remembered. */
  readonly fenced: string[] = []
  /** Who was told of the outcome that the core is giving. */
  readonly told: unknown[] = []
  door: Door = { name: 'start', nowMs: 0, record: null }
  open = 0
  kept = 0
  outcomes = 0
  #lastCounter = 0

  constructor(core: RecordedCore) {
    this.core = core
  }

  /** @param key the submit's own name. */
  accepted(record: TaskRecord, key: string): void {
    const name = nameOf(record)
    holds(!this.byName.has(name), () => `${name} was accepted while it was known already`)
    holds(!this.tasks.has(record), () => `${name} was accepted twice`)
    const lane = this.#laneOf(record)
    const task: KnownTask = {
      record,
      timeoutMs: record.timeoutMs,
      lane,
      listeners: record.wantsOutcome ? [record.replyTo] : [],
      key,
      offer: null,
      attempt: null,
      ended: null,
      wasStarted: false,
      overtaken: 0,
      failures: 0,
      losses: 0,
      outcome: null,
      isForgotten: false,
    }
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
    const { slot, generation } = record.attempt!
    task.offer = { slot, generation }
  }

  /** A proposal was committed: everything that must be true of it. */
  started(record: TaskRecord, generation: number, agentGeneration: number, nowMs: number): void {
    const task = this.taskOf(record)
    const name = nameOf(record)
    const { offer } = task
    const { slot, counter } = record.attempt!
    if (offer === null) throw new Broken(`${name} was placed without an offer`)
    holds(offer.slot === slot, () => `${name} was placed in another slot`)
    holds(
      offer.generation === generation,
      () => `${name}: a proposal of a withdrawn offer was taken`,
    )
    holds(counter > this.#lastCounter, () => `${name}: counter ${counter} did not rise`)
    this.#lastCounter = counter
    const agent = this.#placedAt(record)
    holds(agent.state.generation === agentGeneration, () => {
      return `${name}: a proposal of an agent that has gone was taken for ${agent.spec.id}`
    })
    task.offer = null
    task.attempt = {
      counter,
      task,
      agent,
      slot,
      startedAtMs: nowMs,
      endedAtMs: 0,
      misses: 0,
      isEnded: false,
    }
    agent.charged.set(counter, task.attempt)
    this.byCounter.set(counter, task.attempt)
    if (!task.wasStarted) this.#overtake(task)
  }

  /** @returns the agent that it was given to, when it may be. */
  #placedAt(record: TaskRecord): KnownAgent {
    const name = nameOf(record)
    const agent = this.agents.get(record.agentId!)
    if (agent === undefined || agent.state !== record.attempt!.agent) {
      throw new Broken(`${name} was given to ${record.agentId}, which has gone`)
    }
    const { spec } = agent
    const isServed = spec.queues.includes('*') || spec.queues.includes(record.queueName)
    holds(isServed, () => `${name} was given to ${spec.id}, which does not serve the queue`)
    const lacks = record.requires.find((one) => !spec.capabilities.includes(one))
    holds(lacks === undefined, () => `${name} was given to ${spec.id}, which lacks ${lacks}`)
    holds(!agent.isDraining, () => `${name} was given to ${spec.id}, which is draining`)
    holds(!agent.isPaused, () => `${name} was given to ${spec.id}, which does not answer`)
    const room = spec.pull ? agent.granted : spec.concurrency + agent.prefetch - agent.charged.size
    holds(room > 0, () => {
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
    this.#holdsCause(attempt, how, what)
    attempt.misses = 0
    if (how === 'failed' || how === 'timeout') task.failures++
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

  /** An attempt ends only by what can end it. */
  #holdsCause(attempt: KnownAttempt, how: AttemptEnd, what: () => string): void {
    const { name, nowMs, record } = this.door
    const isItself = record === attempt.task.record
    switch (how) {
      case 'succeeded':
      case 'failed':
        holds(name === how && isItself, () => `${what()} by ${name}`)
        return
      case 'dispatch_failed':
        holds(name === how && isItself, () => `${what()} by ${name}`)
        holds(attempt.agent.spec.leased, () => `${what()} at one without a lease`)
        return
      case 'undelivered':
        holds(name === 'dispatch_failed' && isItself, () => `${what()} by ${name}`)
        holds(!attempt.agent.spec.leased, () => `${what()} at one with a lease`)
        return
      case 'cancelled':
        holds(name === 'cancel' && isItself, () => `${what()} by ${name}`)
        return
      case 'timeout': {
        const dueMs = attempt.startedAtMs + attempt.task.timeoutMs
        holds(name === 'tick' && nowMs >= dueMs, () => `${what()} at ${nowMs}, due at ${dueMs}`)
        return
      }
      case 'agent_lost': {
        const byBeat = name === 'beat' && attempt.misses >= 2 && !attempt.agent.spec.keeps
        const byLeaving = ['hello', 'bye', 'tick', 'agentLost'].includes(name)
        holds(byBeat || byLeaving, () => `${what()} by ${name}, missed ${attempt.misses}`)
      }
    }
  }

  fence({ id, instance }: AgentState): void {
    this.fenced.push(`${id} ${instance}`)
    if (this.fenced.length > LIMITS.fencedInstancesMax) this.fenced.shift()
  }

  isFenced(id: string, instance: string): boolean {
    return this.fenced.includes(`${id} ${instance}`)
  }

  creditBack(state: AgentState, counter: number): void {
    const agent = this.agents.get(state.id)
    const attempt = agent?.charged.get(counter)
    const what = () => `credit of ${state.id}'s attempt ${counter} came back`
    if (agent === undefined || attempt === undefined) throw new Broken(`${what()} twice`)
    holds(attempt.isEnded, () => `${what()} while it runs`)
    agent.charged.delete(counter)
    const { name, nowMs, counter: told } = this.door
    const waitMs = Math.max(attempt.task.timeoutMs, this.core.options.leaseMs)
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
    this.#holdsOutcome(task, state)
    const body = state === 'completed' ? resultOf(record) : ''
    if (state === 'completed' || record.code === 'broken' || record.code === 'hiccup') {
      this.#holdsClaim(record, state === 'completed' ? body : record.message)
    }
    task.outcome = { state, code: record.code ?? '', body }
    task.offer = null
    this.outcomes++
    this.open--
    this.#use(record, -1)
    this.kept++
    const at = task.lane.indexOf(task)
    if (at >= 0) task.lane.splice(at, 1)
  }

  /** Each outcome has its cause, and what is repeated was repeated often enough. */
  #holdsOutcome({ record, failures, losses }: KnownTask, state: string): void {
    const { name, record: about } = this.door
    const what = () =>
      `${nameOf(record)} is ${state} (${record.code}) by ${name}, ${failures} failures of ` +
      `${record.retryCount} + 1, ${losses} losses`
    const isItself = about === record
    if (state === 'completed') holds(isItself && name === 'succeeded', what)
    else if (state === 'cancelled') holds(isItself && name === 'cancel', what)
    else if (state === 'dead') holds(losses === record.queue!.options.lossLimit + 1, what)
    else {
      holds(name === 'tick' || (name === 'failed' && isItself), what)
      holds(!record.retryable || failures === record.retryCount + 1, what)
    }
  }

  /** What ended the task was said about this very attempt. */
  #holdsClaim(record: TaskRecord, said: string): void {
    const claim = JSON.parse(said.trim()) as ResultClaim
    const { key, ended } = this.taskOf(record)
    const token = `${this.core.options.epoch}-${ended?.counter}-`
    const isOfIt = claim.token === null || claim.token.startsWith(token)
    holds(
      isOfIt && claim.agent === record.agentId,
      () => `${nameOf(record)}, attempt ${token} of ${record.agentId}, was ended by ${said}`,
    )
    holds(
      !claim.isHonest || claim.task === record.id,
      () => `${nameOf(record)} was ended by a result of task ${claim.task}`,
    )
    holds(!claim.isHonest || claim.key === '' || claim.key === key, () => {
      return `${nameOf(record)} has the payload of ${key}, its agent was sent that of ${claim.key}`
    })
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
    this.byName.delete(nameOf(record))
    this.tasks.delete(record)
    this.kept--
  }
}

/** As the message that brought it says it, before the front end keeps it. */
function resultOf({ view, viewStart, resultBytes }: TaskRecord): string {
  return Buffer.from(view.subarray(viewStart, viewStart + resultBytes)).toString()
}
