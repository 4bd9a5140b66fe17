/** What is asked of a core about agents, and what it ought to answer (doors.ts). */

import type { RecordedCore } from '../../src/journal/recorder.ts'
import { LIMITS } from '../../src/options.ts'
import { type AgentSpec, AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { holds, type KnownAgent } from './known.ts'
import type { Ledger } from './ledger.ts'
import { sizeOf } from './placing.ts'

/** What agents of a simulation mean by their codes (agent-hands.ts). */
const MAY_BE_REPEATED: Record<string, boolean | undefined> = {
  hiccup: true,
  aborted: true,
  broken: false,
}

type Core = RecordedCore
type Ended = (record: TaskRecord, ...more: never[]) => void

/** One method for each door, which is given the real one first. */
export class AgentDoors {
  readonly #core: Core
  readonly #ledger: Ledger

  constructor(core: Core, ledger: Ledger) {
    this.#core = core
    this.#ledger = ledger
  }

  #enter(name: string, nowMs: number, record: TaskRecord | null = null): void {
    this.#ledger.door = { name, nowMs, record }
  }

  #hear(id: string, nowMs: number): void {
    const agent = this.#ledger.agents.get(id)
    if (agent !== undefined) agent.heardAtMs = nowMs
  }

  /** A running attempt, of which something was said; the time comes last. */
  #byResult(name: string, real: Ended, record: TaskRecord, more: unknown[]): void {
    const nowMs = more.at(-1) as number
    this.#enter(name, nowMs, record)
    if (name !== 'dispatch_failed') this.#hear(record.agentId!, nowMs)
    real(record, ...(more as never[]))
  }

  succeeded(real: Core['succeeded'], ...given: Parameters<Core['succeeded']>) {
    const [record, nowMs, next = null] = given
    this.#enter('succeeded', nowMs, record)
    this.#ledger.graphs.following(record, next)
    this.#hear(record.agentId!, nowMs)
    real(...given)
  }

  failed(real: Ended, record: TaskRecord, ...more: unknown[]) {
    const [code, , retryable] = more as [string, string, boolean]
    const meant = MAY_BE_REPEATED[code]
    holds(meant === undefined || meant === retryable, () => `${record.id}: ${code}, ${retryable}`)
    this.#byResult('failed', real, record, more)
  }

  dispatchFailed(real: Ended, record: TaskRecord, ...more: unknown[]) {
    this.#byResult('dispatch_failed', real, record, more)
  }

  heard(real: Ended, record: TaskRecord, ...more: unknown[]) {
    this.#ledger.taskOf(record).attempt!.heardAtMs = more.at(-1) as number
    this.#byResult('heard', real, record, more)
  }

  hello(real: Core['hello'], spec: AgentSpec, nowMs: number) {
    const wasFenced = this.#ledger.fences.has(spec.id, spec.instance)
    this.#enter('hello', nowMs)
    const answer = real(spec, nowMs)
    holds((answer === 'fenced') === wasFenced, () => `hello of ${spec.instance}: ${answer}`)
    if (typeof answer === 'string') return answer
    const agent = this.#ledger.agents.get(spec.id)!
    holds(agent.state === answer, () => `${spec.id}: hello answers another agent`)
    if (spec.pull !== agent.spec.pull) agent.held = 0
    Object.assign(agent, { spec, isDraining: false, isPaused: false, heardAtMs: nowMs })
    if (!spec.beats) agent.foreign = 0
    // What it was of before is of no use to it any more.
    if (spec.pull) agent.prefetch = 0
    else agent.granted = 0
    return answer
  }

  beat(real: Core['beat'], ...given: Parameters<Core['beat']>) {
    const [id, instance, running, nowMs, foreign = 0] = given
    const agent = this.#ledger.agents.get(id)
    const isKnown = agent !== undefined && agent.spec.instance === instance
    this.#enter('beat', nowMs)
    if (isKnown) {
      const others = Math.max(0, Math.min(foreign, LIMITS.concurrencyMax))
      Object.assign(agent, { isPaused: false, heardAtMs: nowMs, foreign: others })
      if (running !== null && agent.spec.beats) count(agent, running, nowMs)
    }
    const answer = real(...given)
    holds(isKnown === (answer === null), () => `beat of ${instance}: ${answer}`)
    if (isKnown) this.#holdsCapacity(agent)
    if (!isKnown || running === null || !agent.spec.beats) return answer
    for (const { counter, misses } of agent.charged.values()) {
      holds(misses < 2, () => `${id}: attempt ${counter} was missed twice and is charged still`)
    }
    return answer
  }

  pull(real: Core['pull'], ...given: Parameters<Core['pull']>) {
    const [id, instance, count, nowMs] = given
    const agent = this.#ledger.agents.get(id)
    const isKnown = agent !== undefined && agent.spec.instance === instance
    this.#enter('pull', nowMs)
    const answer = real(...given)
    const isTaken = isKnown && agent.spec.pull
    holds(isTaken === (answer === null), () => `pull of ${instance}: ${answer}`)
    if (!isTaken) return answer
    const granted = Math.min(agent.granted + count, LIMITS.concurrencyMax)
    Object.assign(agent, { granted, isPaused: false, heardAtMs: nowMs })
    this.#holdsCapacity(agent)
    return answer
  }

  setPrefetch(real: Core['setPrefetch'], state: AgentState, count: number) {
    this.#enter('setPrefetch', this.#ledger.door.nowMs)
    real(state, count)
    const agent = this.#ledger.agents.get(state.id)
    if (agent?.state !== state) return
    if (!agent.spec.pull) agent.prefetch = Math.min(count, LIMITS.prefetchMax)
    this.#holdsCapacity(agent)
  }

  limitAgent(real: Core['limitAgent'], id: string, limit: number) {
    this.#enter('limitAgent', this.#ledger.door.nowMs)
    const agent = this.#ledger.agents.get(id)
    if (agent !== undefined) agent.limit = Math.max(-1, limit)
    const answer = real(id, limit)
    holds((answer === null) === (agent !== undefined), () => `${id} is limited: ${answer}`)
    if (agent === undefined) return answer
    this.#holdsCapacity(agent)
    const left = limit < 0 ? 0 : this.#ledger.boundTo(agent).length
    holds(left === 0, () => `${id} may have ${limit} at a time, and ${left} wait for it`)
    return answer
  }

  allocate(real: Core['allocate'], ...given: Parameters<Core['allocate']>) {
    this.#enter('allocate', this.#ledger.door.nowMs)
    const answer = real(...given)
    if (answer instanceof AgentState) this.#ledger.allocated(answer)
    return answer
  }

  release(real: Core['release'], id: string) {
    this.#enter('release', this.#ledger.door.nowMs)
    const agent = this.#ledger.agents.get(id)
    const held = agent?.held ?? 0
    const wasHeld = real(id)
    holds(wasHeld === held > 0, () => `${id} is released, ${held} of it were held`)
    if (!wasHeld) return wasHeld
    agent!.held--
    // What it asked for has not come: it may have it still.
    if (agent!.spec.pull) agent!.granted = Math.min(agent!.granted + 1, LIMITS.concurrencyMax)
    return wasHeld
  }

  #holdsCapacity(agent: KnownAgent): void {
    const { state, spec, granted, charged, held } = agent
    const most = spec.pull ? charged.size + held + granted : sizeOf(agent)
    const capacity = this.#core.table.capacity(state.index as never)
    holds(capacity === most, () => `${spec.id} may have ${capacity}, of ${most}`)
  }

  bye(real: Core['bye'], ...given: Parameters<Core['bye']>) {
    const [id, instance, drain, nowMs] = given
    const agent = this.#ledger.agents.get(id)
    this.#enter('bye', nowMs)
    const answer = real(...given)
    holds((answer === null) === (agent?.spec.instance === instance), () => {
      return `bye of ${instance}: ${answer}`
    })
    if (answer === null && drain) Object.assign(agent!, { isDraining: true, heardAtMs: nowMs })
    holds(
      answer !== null || drain || !this.#ledger.agents.has(id),
      () => `${id} stayed after its bye`,
    )
    return answer
  }

  setConnected(real: Core['setConnected'], connected: boolean, nowMs: number) {
    this.#enter('setConnected', nowMs)
    real(connected, nowMs)
    if (connected) for (const id of this.#ledger.agents.keys()) this.#hear(id, nowMs)
  }

  drainAgent(real: Core['drainAgent'], id: string) {
    this.#enter('drainAgent', this.#ledger.door.nowMs)
    return real(id)
  }

  agentLost(real: Core['agentLost'], agent: AgentState, nowMs: number) {
    this.#enter('agentLost', nowMs)
    real(agent, nowMs)
  }

  tick(real: Core['tick'], nowMs: number) {
    this.#enter('tick', nowMs)
    const hasMore = real(nowMs)
    if (!hasMore) holdsNothingDue(this.#core, this.#ledger, nowMs)
    return hasMore
  }
}

function count({ charged }: KnownAgent, running: ReadonlySet<number>, nowMs: number): void {
  for (const attempt of charged.values()) {
    const isNamed = running.has(attempt.counter)
    attempt.misses = isNamed ? 0 : attempt.misses + 1
    if (isNamed) attempt.heardAtMs = nowMs
  }
}

/** After a tick that says that it is done: no time-out, lease or charged credit is overdue. */
function holdsNothingDue(core: RecordedCore, ledger: Ledger, nowMs: number): void {
  const overdue = ledger.promises.overdue()
  holds(overdue === null, () => `${overdue}`)
  for (const agent of ledger.agents.values()) {
    const { spec, heardAtMs, charged } = agent
    const leaseEndMs = heardAtMs + core.options.leaseMs
    const hasLease = !spec.leased || core.leasesSuspended || leaseEndMs > nowMs
    holds(hasLease, () => `${spec.id} is still there at ${nowMs}, its lease ended at ${leaseEndMs}`)
    for (const { isEnded, startedAtMs, endedAtMs, counter, timeoutMs } of charged.values()) {
      const dueMs = isEnded
        ? endedAtMs + Math.max(timeoutMs, core.options.leaseMs)
        : startedAtMs + timeoutMs
      const isAwaited = isEnded && spec.beats
      holds(isAwaited || dueMs > nowMs, () => {
        return `${spec.id}: attempt ${counter} was due at ${dueMs}, it is ${nowMs}`
      })
    }
  }
}
