/**
 * The ledger's part that is about tasks that change hands: what was bound to one agent and is another's,
 * what was called back, for whom, and where it went on.
 */
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Broken, holds, nameOf } from './known.ts'
import type { Ledger } from './ledger.ts'
import { hasAll, hasQueue, mayHave } from './placing.ts'

export class MoveLedger {
  readonly #ledger: Ledger
  /** What the event that is going on has told. */
  #told: { record: TaskRecord; from: AgentState; to: AgentState | null } | null = null

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  stolen(record: TaskRecord, from: AgentState, to: AgentState): void {
    this.#told = { record, from, to }
  }

  /** A steal was taken: it runs at the thief, or waits for it. */
  moved(record: TaskRecord, thief: AgentState, nowMs: number): void {
    const task = this.#ledger.taskOf(record)
    const { bound } = task
    const what = () => `${nameOf(record)} was stolen for ${thief.id}`
    if (bound === null) throw new Broken(`${what()} and was bound to nobody`)
    this.#holdsMovable(record, thief, what)
    holds(bound.state !== thief, () => `${what()}, to whom it was bound`)
    const told = this.#told
    this.#told = null
    holds(told?.record === record && told.from === bound.state && told.to === thief, () => {
      return `${what()}, and that was not told`
    })
    if (record.attempt !== null) {
      this.#begins(record, thief, nowMs, what)
      return
    }
    const { agentQueueMax } = this.#ledger.core.options
    const agent = mayHave(this.#ledger.agents, record, thief)
    const isRoom = hasQueue(agent) && this.#ledger.boundTo(agent).length < agentQueueMax
    holds(isRoom, () => `${what()}, for whom nothing more may wait`)
    task.bound = agent
    this.#ledger.graphs.given(record, thief)
  }

  /** It stands nowhere, and begins with an agent that has nothing else waiting. */
  #begins(record: TaskRecord, thief: AgentState, nowMs: number, what: () => string): void {
    const task = this.#ledger.taskOf(record)
    this.#ledger.promises.goesOut(task)
    task.bound = null
    holds(record.attempt!.agent === thief, () => `${what()} and runs elsewhere`)
    const agent = this.#ledger.placedAt(record, thief)
    const waiting = this.#ledger.boundTo(agent).length
    holds(waiting === 0, () => `${what()}, for whom ${waiting} wait`)
    this.#ledger.begin(record, agent, nowMs)
  }

  #holdsMovable(record: TaskRecord, thief: AgentState, what: () => string): void {
    const { protectFrom } = this.#ledger.core.options
    holds(record.baseLevel < protectFrom, () => `${what()} and is protected from ${protectFrom} on`)
    holds(hasAll(record, thief), () => `${what()}, who lacks what it requires`)
  }

  /** The effect of a call-back. */
  asked(record: TaskRecord, agent: AgentState): void {
    this.#told = { record, from: agent, to: null }
  }

  /** A call-back was taken. @param thief null for its lane. */
  called(record: TaskRecord, thief: AgentState | null, nowMs: number): void {
    const { attempt } = this.#ledger.taskOf(record)
    const what = () => `${nameOf(record)} was called back`
    if (attempt === null) throw new Broken(`${what()} and does not run`)
    const { agent } = attempt
    const told = this.#told
    this.#told = null
    holds(told?.record === record && told.from === agent.state, () => `${what()}, nobody was told`)
    const { spec, charged, foreign } = agent
    holds(spec.recalls && !spec.pull, () => `${what()} from ${spec.id}, which does not allow it`)
    const running = [...charged.values()].filter(({ isEnded }) => !isEnded).length
    const begun = Math.max(0, spec.concurrency - foreign)
    holds(running > begun, () => `${what()} from ${spec.id}, which has begun all ${running}`)
    const sinceMs = nowMs - attempt.calledAtMs
    const isNew = attempt.calledAtMs === 0 || sinceMs >= this.#ledger.core.options.leaseMs
    holds(isNew, () => `${what()} again after ${sinceMs} ms`)
    attempt.calledAtMs = Math.max(1, nowMs)
    attempt.calledFor = thief
    if (thief === null) {
      const { protectFrom } = this.#ledger.core.options
      holds(record.baseLevel < protectFrom, () => `${what()} and is protected`)
      return
    }
    holds(thief !== agent.state, () => `${what()} for ${spec.id}, which has it`)
    this.#holdsMovable(record, thief, () => `${what()} for ${thief.id}`)
  }

  /** It was handed back: it may run by now where it was called back for. */
  back(record: TaskRecord, nowMs: number): void {
    if (record.attempt === null) return
    const { ended } = this.#ledger.taskOf(record)
    const what = () => `${nameOf(record)} was handed back`
    const { calledFor } = ended!
    if (calledFor === null) throw new Broken(`${what()} and runs, for nobody`)
    this.#begins(record, calledFor, nowMs, what)
  }
}
