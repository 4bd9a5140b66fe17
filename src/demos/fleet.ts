/**
 * The agents of a stage: who joins, says that it lives, dies and leaves; what was known of them before;
 * how busy they were. Any thread.
 *
 * Invariant: an agent's places in use are summed over the time that it is there and alive, and over no
 * other.
 */
import type { AgentState } from '../policy/agents.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { type Actor, type CastAgent, only, QUEUE, specOf } from './cast.ts'
import type { AgentQueue, AgentSummary } from './demo.ts'
import { isAtWork } from './hands.ts'
import type { Machine } from './machine.ts'
import type { Recorder } from './recorder.ts'

const SHARE_OF_LEASE = 3

export class Fleet {
  private readonly machine: Machine
  private readonly actors = new Map<string, Actor>()
  /** Types of tasks whose rows the agents have said something of. */
  private rowsKnown = 0

  constructor(machine: Machine) {
    this.machine = machine
  }

  /** @throws Error when it is refused. */
  join(given: CastAgent, nowMs: number, policyMs: number): AgentState {
    const { id, places = 1, load = 0 } = given
    const { core, learning } = this.machine
    const attempt = (this.actors.get(id)?.attempt ?? 0) + 1
    const agent = core.hello(specOf(given, attempt), policyMs)
    if (typeof agent === 'string') throw new Error(`agent ${id} was refused: ${agent}`)
    learning.joined(agent.index)
    this.declare(agent)
    this.actors.set(id, {
      given,
      places,
      attempt,
      joinedAtMs: nowMs,
      isDead: false,
      leftAtMs: null,
      busyMs: 0,
    })
    for (let i = 0; i < load; i++) this.occupy(id)
    return agent
  }

  /** How often a leased agent says that it lives. */
  get beatMs(): number {
    return this.machine.core.options.leaseMs / SHARE_OF_LEASE
  }

  /** It says that it lives, and what it runs; unless it is dead, or another has come in its place. */
  beat({ id, instance }: AgentState, policyMs: number): void {
    const { core } = this.machine
    const agent = core.agents.get(id)
    if (this.isDead(id) || agent?.instance !== instance) return
    const counters = new Set<number>()
    for (let record = agent.running.head; record !== null; record = record.next) {
      counters.add(record.attempt!.counter)
    }
    core.beat(id, instance, counters, policyMs)
  }

  /** It falls silent: its work never ends, and nobody is told. */
  kill(id: string): void {
    this.actors.get(id)!.isDead = true
  }

  isDead(id: string): boolean {
    return this.actors.get(id)!.isDead
  }

  speedOf(id: string): number {
    return this.actors.get(id)!.given.speed ?? 1
  }

  /** @returns whether it has all capabilities that the task requires. */
  isAble(id: string, { requires }: TaskRecord): boolean {
    const { capabilities = [] } = this.actors.get(id)!.given
    return requires.every((name) => capabilities.includes(name))
  }

  /** Time goes on: places that are in use are used for so long. */
  pass(fromMs: number, toMs: number): void {
    for (const [id, actor] of this.actors) {
      const agent = this.machine.core.agents.get(id)
      if (agent !== undefined && !actor.isDead) {
        const inUse = agent.claims ? Number(isAtWork(agent)) : agent.running.length + agent.held
        actor.busyMs += inUse * (toMs - fromMs)
      } else actor.leftAtMs ??= fromMs
    }
  }

  /** @returns all that are there, with what they run and what waits for them alone. */
  queues(): AgentQueue[] {
    return [...this.machine.core.agents.values()].map((agent) => {
      const { id, running, held, bound } = agent
      const inHand = agent.claims ? Number(isAtWork(agent)) : running.length
      const waiting = bound.length + running.length - inHand
      return { agent: id, running: inHand + held, waiting }
    })
  }

  summaries(log: Recorder, nowMs: number): AgentSummary[] {
    return [...this.actors].map(([agent, actor]) => {
      const there = (actor.leftAtMs ?? nowMs) - actor.joinedAtMs
      // The places of a person are an inbox.
      const hands = actor.given.person === undefined ? actor.places : 1
      const busy = there > 0 ? actor.busyMs / (hands * there) : 0
      return { agent, ...log.countsOf(agent), busy }
    })
  }

  /** After an admission: of types that are new agents say something, or something was learned. */
  learnRows(): void {
    const { core } = this.machine
    if (core.rows.size === this.rowsKnown) return
    for (const agent of core.agents.values()) this.declare(agent)
    for (const [type, row] of core.rows) if (row > this.rowsKnown) this.remember(type, row)
    this.rowsKnown = core.rows.size
  }

  /** Another place of it is taken by something that is no task of ours. */
  private occupy(id: string): void {
    const wanted = { queue: QUEUE, level: 3, requires: [only(id)], routing: null }
    const holder = this.machine.core.allocate(wanted)
    if (holder === null || !('id' in holder)) throw new Error(`agent ${id} has no place left`)
  }

  private declare(agent: AgentState): void {
    const { core, learning } = this.machine
    for (const [type, score] of Object.entries(agent.specializations)) {
      const row = core.rows.get(type)
      if (row !== undefined) learning.declare(agent.index, row, score)
    }
  }

  /** What was learned before the curtain: by turns, as it would have come. */
  private remember(type: string, row: number): void {
    const { core, learning } = this.machine
    const known = [...core.agents.values()].flatMap(({ id, index }) => {
      const history = this.actors.get(id)!.given.history?.[type]
      return history === undefined ? [] : [{ index, ...history }]
    })
    const most = Math.max(0, ...known.map(({ results }) => results))
    for (let i = 0; i < most; i++) {
      for (const { index, results, meanMs } of known) {
        if (i < results) learning.record(index, row, meanMs * 1_000, true)
      }
    }
  }
}
