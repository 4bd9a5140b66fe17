/** The policy core beside what is known of it from outside: for the model-based property test. */
import { toAgent } from '../../native-free/index.ts'
import { LIMITS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { BOUND_TO_AGENT, COMMITTED, CONFLICT } from '../../src/policy/core.ts'
import type { Past } from '../../src/policy/dedup.ts'
import {
  BLOCKED,
  isFinal,
  OFFERED,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { freeOf, mayHave, meetsAll, serves } from './agent-oracle.ts'
import { checkInvariants, expectedOffer } from './invariants.ts'
import { Histories } from './limits.ts'
import { Policy, type TaskSpec, type Token } from './support.ts'
import { CHANGES, CLASSES_MAX, MOVES, OPTIONS, QUEUE, QUEUES, STRATEGIES } from './world-options.ts'

export * from './world-options.ts'

/** What must be true of the tasks, whatever happened: each ends once, and stays as it ended. */
export interface Model {
  /** Accepted tasks by queue and id, with the end they came to. */
  readonly tasks: Map<string, TaskRecord>
  readonly ends: Map<TaskRecord, number>
}

export class World {
  readonly policy = new Policy({
    slots: 32,
    agentsMax: 32,
    classesMax: CLASSES_MAX,
    agentQueueMax: 3,
    protectFrom: 4,
    routersOnlyFrom: 2,
    strategies: STRATEGIES,
    leaseMs: 1_000,
    counterStart: 2 ** 31 - 20,
    keep: { count: 5, ageSeconds: 30, bytes: 1_000 },
    queue: QUEUE,
    queues: OPTIONS,
    deadLetterMoves: MOVES,
    dedup: { windowSeconds: 5, count: 12 },
  })
  readonly histories = new Histories(this.policy)
  /** Every token that was ever given out. */
  readonly tokens: Token[] = []
  /** What each instance that pulls has asked for and was not given. */
  readonly asked = new Map<AgentState, number>()
  /** What each instance has been allocated and not given back; it goes when it changes its mind. */
  readonly held = new Map<AgentState, number>()
  readonly #pulled = new Map<AgentState, boolean>()
  /** Bound tasks that began. */
  begun = 0
  /** Tasks that nobody who was free could have. */
  parked = 0
  /** Submits of ids whose tasks were forgotten already. */
  past = 0
  /** The most that each instance was ever willing to do at a time. */
  readonly peaks = new Map<AgentState, number>()
  readonly open: TaskRecord[] = []
  #lastCounter = 0

  pick(state: number, number: number): TaskRecord | undefined {
    return at(
      this.open.filter((record) => record.state === state),
      number,
    )
  }

  agent(number: number): AgentState | undefined {
    return at([...this.policy.core.agents.values()], number)
  }

  submit(model: Model, queue: string, spec: TaskSpec): void {
    const record = Policy.record(queue, spec)
    const known = spec.id !== undefined && this.policy.core.find(spec.id, queue)
    const refusal = this.policy.core.submit(record, this.policy.nowMs)
    if (refusal?.past !== undefined) {
      this.past++
      this.#checkPast(model, queue, spec.id!, refusal.past)
      return
    }
    if (known) {
      if (refusal?.first !== known) throw new Error(`${record.id}: not seen as a duplicate`)
      return
    }
    if (refusal?.code === 'too_many_classes') {
      const { length } = this.policy.core.classes
      if (length < CLASSES_MAX) throw new Error(`refused with ${length} classes`)
      return
    }
    if (refusal?.code === 'parent_unknown') {
      if (spec.after === undefined) throw new Error(`${refusal.message}: it has none`)
      return
    }
    if (refusal !== null) {
      if (refusal.code !== 'queue_full') throw new Error(`refused: ${refusal.code}`)
      if (this.policy.core.queues.get(queue)!.open < 40) throw new Error('refused too early')
      return
    }
    this.accept(model, record)
  }

  /** The core has taken it. @param isPart it is a vote, or a second attempt. */
  accept(model: Model, record: TaskRecord, isPart = false): void {
    const key = `${record.queueName}.${record.id}`
    const before = model.tasks.get(key)
    if (before !== undefined && this.policy.core.find(before.id, record.queueName) === before) {
      throw new Error(`${key} is taken`)
    }
    model.tasks.set(`${key}.${model.tasks.size}`, record)
    this.open.push(record)
    this.histories.accept(record, isPart)
  }

  /** The last task of that id is forgotten, and ended as it is said, not long ago. */
  #checkPast(model: Model, queue: string, id: string, { state, untilMs }: Past): void {
    const { core, nowMs } = this.policy
    if (core.find(id, queue)) throw new Error(`${id} is known, and said to be past`)
    const of = [...model.tasks.values()].filter(
      (one) => one.queueName === queue && one.givenId === id,
    )
    const last = of.at(-1)!
    if (model.ends.get(last) !== state) throw new Error(`${id} did not end as it is said`)
    if (nowMs >= untilMs || untilMs !== last.finishedAtMs + 5_000) throw new Error(`${id}: window`)
  }

  offer(count: number): void {
    for (let i = 0; i < count; i++) {
      const expected = expectedOffer(this.policy)
      const record = this.policy.offer()
      if (record !== expected) throw new Error(`offered ${record?.id}, expected ${expected?.id}`)
      if (record === null) return
      const { cls } = record
      if (cls!.group.offered > cls!.free) throw new Error('more offers than credit')
      const { totalOffered, totalFree, totalPlaces } = this.policy.core
      const room = cls!.early ? totalFree + totalPlaces : totalFree
      if (totalOffered > room) throw new Error('more offers than credit over all')
    }
  }

  /** As a front end does when nothing is left to be placed. */
  interrupt(): void {
    const { core, effects, nowMs } = this.policy
    const before = effects.preempts.length
    const waiting = this.open.filter(({ state, level }) => state === WAITING && level === 5).length
    const isNext = core.isCriticalNext
    const asked = core.requestPreemptions(nowMs)
    const told = effects.preempts.slice(before)
    if (told.length !== asked) throw new Error(`${asked} asked, ${told.length} told`)
    if (asked > 0 && !isNext) throw new Error('asked, and it was not worth a call')
    if (asked > waiting) throw new Error(`${asked} asked for ${waiting} critical tasks`)
    for (const { record, agent } of told) {
      if (record.baseLevel === 5) throw new Error(`${record.id} is critical and is interrupted`)
      if (!agent.preemptible || !agent.accepting) throw new Error(`${agent.id} is interrupted`)
      if (record.attempt?.agent !== agent) throw new Error(`${agent.id} does not run ${record.id}`)
    }
    if (asked > 0 && core.requestPreemptions(nowMs) > waiting - asked)
      throw new Error('asked twice')
  }

  yield(record: TaskRecord, checkpoint: Uint8Array | null): void {
    const wasAsked = record.extras?.preempting === true
    const isRecalled = !wasAsked && checkpoint === null && record.attempt!.recalledAtMs > 0
    const { preempted, recalled } = this.policy.core.counters
    const begins = isRecalled && this.#beginsElsewhere(record)
    const answer = this.policy.yield(record, checkpoint)
    const isTaken = wasAsked || isRecalled
    if (answer !== (isTaken ? null : 'preempted')) throw new Error(`${record.id}: ${answer}`)
    const { counters } = this.policy.core
    if (counters.preempted - preempted !== Number(wasAsked)) throw new Error('interrupted')
    if (counters.recalled - recalled !== Number(isRecalled)) throw new Error('called back')
    if (isRecalled && (record.state === RUNNING) !== begins) throw new Error('goes elsewhere')
    if (begins) this.started(record)
    if (wasAsked && checkpoint !== null && record.extras!.checkpoint !== checkpoint) {
      throw new Error(`${record.id}: its checkpoint is lost`)
    }
  }

  /** Whether an attempt that is handed back now begins with whom it was called back for. */
  #beginsElsewhere(record: TaskRecord): boolean {
    const { attempt, cls } = record
    const thief = attempt!.recallTo
    const { inHand, options, paused } = cls!.queue
    const isFull = options.concurrency > 0 && inHand - 1 >= options.concurrency
    if (thief === null || paused || isFull || thief.bound.length > 0) return false
    if (!mayHave(record, thief)) return false
    return freeOf(thief) > 0 && serves(thief, cls!) && meetsAll(thief, cls!)
  }

  configure(queue: string, number: number): void {
    const { core } = this.policy
    const base = OPTIONS[queue]
    const answer = core.configureQueue(queue, { ...base, ...at(CHANGES, number) })
    if (answer !== null) throw new Error(`${queue}: ${answer}`)
  }

  propose(record: TaskRecord, agent?: AgentState): number {
    const answer = agent ? this.policy.propose(record, agent) : this.policy.propose(record)
    if (answer === BOUND_TO_AGENT && !record.cls!.early) throw new Error('bound, and not early')
    if (answer === COMMITTED) this.started(record)
    // Whoever is free must not have it.
    if (answer === CONFLICT && agent === undefined && record.extras?.apart) {
      this.policy.core.park(record)
      this.parked++
    }
    return answer
  }

  startBound(): void {
    const { core, nowMs } = this.policy
    const record = core.nextBound(nowMs)
    const couldStart = core.ready.length > 0 && core.freeSlots.size > 0
    if (record !== null) {
      this.started(record)
      this.begun++
    } else if (couldStart) throw new Error('a bound task could start and does not')
  }

  /** A new attempt has a token of its own. */
  started(record: TaskRecord): void {
    const { counter, agent } = record.attempt!
    if (counter <= this.#lastCounter) throw new Error('a token was given out twice')
    this.#lastCounter = counter
    this.tokens.push(this.policy.token(record))
    const open = record.extras?.links?.parents.find(({ state }) => !isFinal(state))
    if (open !== undefined) throw new Error(`${record.id} begins before ${open.id} is over`)
    this.#taken(agent!)
  }

  #taken(agent: AgentState): void {
    if (agent.pull) this.asked.set(agent, (this.asked.get(agent) ?? 0) - 1)
  }

  allocate(queue: string, spec: TaskSpec): void {
    const { core, table } = this.policy
    const free = [...core.agents.values()].filter((agent) => {
      return agent.accepting && table.credit(toAgent(agent.index)) > 0
    })
    const loads = new Map(free.map((agent) => [agent, loadOf(this.policy, agent)]))
    const agent = this.policy.allocate(queue, spec)
    if (typeof agent === 'string') {
      if (core.classes.length < CLASSES_MAX) throw new Error(`not allocated: ${agent}`)
      return
    }
    // Of a task that says nothing of itself anybody who serves the queue may be had.
    const able = free.filter(({ queues }) => queues.includes('*') || queues.includes(queue))
    if (agent === null) {
      const isPlain = (spec.requires ?? []).length === 0
      if (isPlain && able.length > 0) throw new Error('somebody is free and is not allocated')
      return
    }
    if (!able.includes(agent)) throw new Error(`${agent.id} is allocated and may not be had`)
    const least = Math.min(...able.map((one) => loads.get(one)!))
    const isPlain = Object.keys(spec).length === 0
    if (isPlain && loads.get(agent)! > least) throw new Error(`${agent.id} is not the least loaded`)
    this.held.set(agent, (this.held.get(agent) ?? 0) + 1)
    this.#taken(agent)
  }

  release(agent: AgentState): void {
    const held = this.held.get(agent) ?? 0
    if (this.policy.core.release(agent.id) !== held > 0) throw new Error(`${agent.id}: released`)
    this.held.set(agent, Math.max(0, held - 1))
    if (held === 0 || !agent.pull) return
    const asked = (this.asked.get(agent) ?? 0) + 1
    this.asked.set(agent, Math.min(asked, LIMITS.concurrencyMax))
  }

  pull(agent: AgentState, count: number): void {
    const answer = this.policy.pull(agent, count)
    if (answer !== (agent.pull ? null : 'bad_option')) throw new Error(`${agent.id}: ${answer}`)
    if (!agent.pull) return
    const asked = (this.asked.get(agent) ?? 0) + count
    this.asked.set(agent, Math.min(asked, LIMITS.concurrencyMax))
  }

  /** A result with any token that was ever given out; the one of a running attempt is taken. */
  result(token: Token, end: (record: TaskRecord) => void): void {
    const running = this.open.find(
      (record) => record.state === RUNNING && record.attempt!.counter === token.counter,
    )
    const found = this.policy.attempt(token)
    if (found !== (running ?? 'late_result')) throw new Error(`token ${token.counter}: ${found}`)
    if (running !== undefined) end(running)
  }

  /** Takes what has ended into the model, and checks everything. */
  check(model: Model): void {
    for (const record of this.policy.effects.outcomes.slice(model.ends.size)) {
      if (model.ends.has(record)) throw new Error(`${record.id} ended twice`)
      model.ends.set(record, record.state)
      this.open.splice(this.open.indexOf(record), 1)
    }
    for (const [record, state] of model.ends) {
      if (record.state !== state) throw new Error(`${record.id} went on after its end`)
    }
    if (this.open.some((record) => isFinal(record.state))) throw new Error('an end was not told')
    if (model.tasks.size !== model.ends.size + this.open.length) throw new Error('a task is lost')
    if (this.policy.core.counters.accepted !== model.tasks.size) throw new Error('accepted')
    this.#checkCredit()
    this.histories.check()
    checkInvariants(this.policy)
  }

  #checkCredit(): void {
    const { core, table } = this.policy
    for (const agent of core.agents.values()) {
      if (!agent.pull) this.asked.delete(agent)
      if (this.#pulled.get(agent) !== agent.pull) this.held.delete(agent)
      this.#pulled.set(agent, agent.pull)
      const asked = this.asked.get(agent) ?? 0
      const held = this.held.get(agent) ?? 0
      if (agent.held !== held) throw new Error(`${agent.id}: holds ${agent.held} of ${held}`)
      if (agent.granted !== asked) throw new Error(`${agent.id}: ${agent.granted} of ${asked}`)
      const size = agent.pull ? table.capacity(toAgent(agent.index)) : agent.concurrency
      const peak = Math.max(this.peaks.get(agent) ?? 0, size + agent.prefetch)
      this.peaks.set(agent, peak)
      const inUse = table.inUse(toAgent(agent.index))
      if (inUse < 0 || inUse > peak) throw new Error(`${agent.id}: ${inUse} of ${peak} in use`)
    }
  }

  /** Everything stops, agents come back: whatever is open must finish. */
  settle(model: Model): void {
    const { policy } = this
    policy.core.setConnected(true, policy.nowMs)
    for (const name of QUEUES) policy.core.resumeQueue(name)
    for (const agent of [...policy.core.agents.values()]) policy.bye(agent)
    this.check(model)
    for (const record of policy.offered()) policy.core.bounce(record)
    this.#resolveAll(model)
    const agent = policy.agent('last', {
      instance: `at-${policy.nowMs}`,
      capabilities: ['gpu', 'ocr'],
      labels: { memory: 64 },
      concurrency: 7,
      leased: false,
    })
    if (policy.effects.repeated.length !== policy.core.counters.repeated) throw new Error('repeats')
    // Ends: each round finishes at least one of what is left, or lets one be ready.
    while (this.open.length > 0) {
      const before = this.open.length
      for (const record of [...policy.startBound(), ...policy.place()]) policy.succeed(record)
      this.check(model)
      if (this.open.length < before) continue
      const isScheduled = this.open.some(({ state }) => state === SCHEDULED)
      if (!isScheduled || !this.open.every(({ state }) => AHEAD.includes(state))) {
        throw new Error(`${before} tasks are stuck`)
      }
      policy.pass(Math.max(1, policy.core.nextTickMs() - policy.nowMs))
      this.check(model)
    }
    if (policy.inUse(agent) !== 0) throw new Error('credit is lost')
    if (policy.core.totalBound !== 0) throw new Error('a bound task is not settled')
    if (policy.core.bouncedWaiting !== 0) throw new Error('a bounce is not settled')
    policy.pass(31_000)
    if (policy.effects.forgot.length !== model.tasks.size) throw new Error('not all was forgotten')
    if (policy.core.nextTickMs() !== Number.POSITIVE_INFINITY) throw new Error('a timer is left')
  }

  /** Nobody votes any more. */
  #resolveAll(model: Model): void {
    const { core, nowMs } = this.policy
    for (const record of this.open.filter(isHeld)) {
      const answer = core.resolve(record, { ok: true, next: null }, nowMs)
      if (answer !== null) throw new Error(`${record.id}: ${answer}`)
      this.check(model)
    }
  }

  offeredOrRunning(number: number): TaskRecord | undefined {
    return at(
      this.open.filter(({ state }) => state === OFFERED || state === RUNNING),
      number,
    )
  }
}

const AHEAD: readonly number[] = [SCHEDULED, BLOCKED]

/** A question that waits for its votes. */
export function isHeld({ state, extras }: TaskRecord): boolean {
  return state === BLOCKED && extras!.links!.held
}

function loadOf({ table }: Policy, { index }: AgentState): number {
  return table.inUse(toAgent(index)) / table.capacity(toAgent(index))
}

export function at<T>(items: readonly T[], number: number): T | undefined {
  return items.length === 0 ? undefined : items[number % items.length]
}
