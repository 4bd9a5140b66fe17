/**
 * The ledger's part that is about what hangs together: who waits for whom, who stands for whom, whom a
 * task is kept from, what is held, where a rule sends it. Told by the doors; each step of the core is
 * compared with it.
 */

import type { NextStage } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { Graph } from '../../src/policy/graphs.ts'
import type { AttemptEnd } from '../../src/policy/state.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import type { ParentFailure } from '../../src/task.ts'
import { holds, type KnownTask, nameOf } from './known.ts'
import type { Ledger } from './ledger.ts'

/** What is known of one task's place among others. */
interface Tie {
  readonly parents: readonly KnownTask[]
  readonly onFailure: ParentFailure
  /** A question: nobody tries it before it is resolved. */
  isHeld: boolean
  /** Ids of agents, shared by those that are to be different ones; and which of them this one has. */
  apart: string[] | null
  holder: string
  twin: TaskRecord | null
  standsFor: TaskRecord | null
  /** It is a vote on a question. */
  isVote: boolean
}

const ALONE: Tie = {
  ...{ parents: [], onFailure: 'fail', isHeld: false, apart: null, holder: '' },
  ...{ twin: null, standsFor: null, isVote: false },
}

/** Doors by which a question may end, and its votes with it. */
const VOTES_END = ['resolve', 'cancel', 'tick']

export class GraphLedger {
  readonly #ledger: Ledger
  readonly #ties = new Map<TaskRecord, Tie>()
  /** Where the rule that is being followed sends a task. */
  #next: { record: TaskRecord; next: NextStage } | null = null

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  tieOf(record: TaskRecord): Tie {
    return this.#ties.get(record) ?? ALONE
  }

  #tie(record: TaskRecord): Tie {
    const known = this.#ties.get(record)
    if (known !== undefined) return known
    const tie = { ...ALONE }
    this.#ties.set(record, tie)
    return tie
  }

  /** A submit named its parents, which were known then. */
  linked(record: TaskRecord, parents: readonly TaskRecord[], onFailure: ParentFailure): void {
    const known = parents.map((parent) => this.#ledger.taskOf(parent))
    this.#ties.set(record, { ...ALONE, parents: known, onFailure })
  }

  /** Its record may be another task's from now on. */
  refused(record: TaskRecord): void {
    this.#ties.delete(record)
  }

  /** A graph was admitted: all of it is there. */
  graph({ nodes }: Graph, accept: (record: TaskRecord) => void): void {
    for (const { record, after, onFailure, held, apart } of nodes) {
      const parents = after.map((index) => this.#ledger.taskOf(nodes[index].record))
      const tie = { ...ALONE, parents, onFailure, isHeld: held }
      this.#ties.set(record, { ...tie, apart: apart?.agents.slice() ?? null })
      if (held) for (const parent of parents) this.#tie(parent.record).isVote = true
      accept(record)
    }
    const first = nodes.find(({ apart }) => apart !== null)
    if (first === undefined) return
    const shared = this.tieOf(first.record).apart
    for (const { record, apart } of nodes) {
      if (apart === first.apart) this.tieOf(record).apart = shared
    }
  }

  /** @returns whether the task waits for others, or is held. */
  isBlocked(record: TaskRecord): boolean {
    const { parents, isHeld } = this.tieOf(record)
    return isHeld || parents.some(({ outcome }) => outcome === null)
  }

  /** It is given out: all that it depends on is final, and has completed unless it goes on without. */
  goesOut({ record }: KnownTask): void {
    const { parents, onFailure, isHeld } = this.tieOf(record)
    const name = nameOf(record)
    holds(!isHeld, () => `${name} is given out and was to be resolved`)
    for (const { outcome, record: parent } of parents) {
      const isWell =
        outcome?.state === 'completed' || (outcome !== null && onFailure === 'continue')
      holds(isWell, () => `${name} is given out, and ${parent.id} is ${outcome?.state ?? 'open'}`)
    }
  }

  /** What its end means is for another: it leaves no letter and goes nowhere else. */
  isPart(record: TaskRecord): boolean {
    const { standsFor, isVote } = this.tieOf(record)
    return standsFor !== null || isVote
  }

  /** Anybody may have it where it is now. */
  movedOn(record: TaskRecord): void {
    const tie = this.tieOf(record)
    holds(!this.isPart(record), () => `${nameOf(record)} is a part of another, and moves`)
    this.#release(tie)
    if (tie !== ALONE) tie.apart = null
  }

  /** An agent has it, running or bound. */
  given(record: TaskRecord, agent: AgentState): void {
    const tie = this.tieOf(record)
    const { apart } = tie
    if (apart === null || tie.holder === agent.id) return
    this.#release(tie)
    holds(!apart.includes(agent.id), () => {
      return `${nameOf(record)} is given to ${agent.id}, of whom it is kept apart: ${apart.join()}`
    })
    apart.push(agent.id)
    tie.holder = agent.id
  }

  /** It is with its agent no more. */
  released(record: TaskRecord, how: AttemptEnd | 'unbound'): void {
    const tie = this.tieOf(record)
    if (how === 'declined' && tie.apart === null) this.#tie(record).apart = [record.agentId!]
    else if (how === 'succeeded' || how === 'declined') tie.holder = ''
    else this.#release(tie)
  }

  #release(tie: Tie): void {
    if (tie.holder === '') return
    tie.apart!.splice(tie.apart!.indexOf(tie.holder), 1)
    tie.holder = ''
  }

  /** A second attempt was taken. */
  hedged(record: TaskRecord, twin: TaskRecord): void {
    const tie = this.#tie(record)
    holds(tie.twin === null && tie.standsFor === null, () => `${nameOf(record)} has two twins`)
    if (tie.apart === null) {
      tie.apart = [record.agentId!]
      tie.holder = record.agentId!
    }
    tie.twin = twin
    this.#ties.set(twin, { ...ALONE, apart: tie.apart, standsFor: record })
  }

  resolving(record: TaskRecord): void {
    this.tieOf(record).isHeld = false
  }

  /** @param next where the event that begins sends the task. */
  following(record: TaskRecord, next: NextStage | null): void {
    const { standsFor } = this.tieOf(record)
    this.#next = next === null ? null : { record: standsFor ?? record, next }
  }

  /** By a rule it is in another queue. */
  moved(record: TaskRecord, queue: string, what: () => string): void {
    const { next } = this.#next ?? {}
    holds(this.#next?.record === record && next?.then === 'queue' && next.queue === queue, what)
    if (next?.then !== 'queue') return
    const { options } = record.cls!.queue
    const isOwn = next.level > 0 && options.type !== 'fifo'
    holds(record.baseLevel === (isOwn ? next.level : options.priority), what)
  }

  /** It ends by a rule on its result. */
  isDeadByRule(record: TaskRecord): boolean {
    const { next } = this.#next ?? {}
    if (this.#next?.record !== record || next === undefined) return false
    return next.then === 'queue' || next.code === record.code
  }

  /**
   * @returns whether it may be cancelled by an event that is about another: it is a second attempt, whose
   *   task may be over or elsewhere; or its own is the one that goes; or it is a vote, or in a tree.
   */
  mayGo(record: TaskRecord, about: TaskRecord | null, door: string): boolean {
    const { standsFor, twin, isVote } = this.tieOf(record)
    if (standsFor !== null || (about !== null && twin === about)) return true
    // Its question may be forgotten by now.
    return door === 'cancelSubtree' || (isVote && VOTES_END.includes(door))
  }

  /** It failed, or was skipped, with one of its parents. */
  isStopped(record: TaskRecord): boolean {
    const { parents, onFailure } = this.tieOf(record)
    const isOver = ({ outcome }: KnownTask) => outcome !== null && outcome.state !== 'completed'
    return onFailure !== 'continue' && parents.some(isOver)
  }

  /** @returns of a task that was won by its twin that one's record. */
  wonBy(record: TaskRecord, about: TaskRecord | null): TaskRecord | null {
    const { twin } = this.tieOf(record)
    return twin !== null && twin === about ? twin : null
  }

  over(record: TaskRecord): void {
    const tie = this.tieOf(record)
    this.#release(tie)
    if (tie.standsFor !== null) {
      const its = this.tieOf(tie.standsFor)
      if (its.twin === record) its.twin = null
    }
  }

  /** After each event of the core: none is due that has not come, and none is lost. */
  whatIsWrong(): string | null {
    for (const [record, { standsFor, parents }] of this.#ties) {
      const task = this.#ledger.tasks.get(record)
      if (task === undefined || task.outcome !== null) continue
      if (standsFor !== null && this.#ledger.tasks.get(standsFor)?.outcome != null) {
        return `${nameOf(record)} is open, and the task that it is a second attempt at is over`
      }
      const isOver = parents.length > 0 && !this.isBlocked(record)
      if (isOver && this.isStopped(record)) return `${nameOf(record)} is open, and a parent failed`
      if (isOver && task.isBlocked) return `${nameOf(record)} waits for nobody`
    }
    return null
  }

  /** Nothing is forgotten that is an input of what is open. */
  forgotten(record: TaskRecord): void {
    for (const [child, { parents }] of this.#ties) {
      if (!parents.some((one) => one.record === record)) continue
      const isOpen = this.#ledger.tasks.get(child)?.outcome === null
      holds(!isOpen, () => `${nameOf(record)} is forgotten, and ${child.id} depends on it`)
    }
    this.#ties.delete(record)
  }
}
