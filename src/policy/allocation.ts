/**
 * Credit without a task: a caller asks for an agent that could take one, and has its credit until it
 * gives it back. Main thread.
 *
 * Invariant: `agent.held` of an agent's credit in use is allocated; it goes when the instance goes, or
 * says that it pulls from now on, or no more.
 *
 * The agent is the least loaded of those that may have such a task now, whatever the queue's strategy:
 * this is a call, not a step of a task's path, and so it may look at each of them.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import { classRefusal, queueRefusal, type Refusal } from './admission.ts'
import type { AgentState } from './agents.ts'
import { type Asking, classOf } from './class-of.ts'
import type { ClassState } from './classes.ts'
import { freeOf, giveHeld, takeCredit } from './credit.ts'
import { queueOf } from './find-queue.ts'
import { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'

/** For what kind of task an agent is wanted. */
export interface AllocationSpec extends Asking {
  readonly queue: string
}

/** @returns the agent, whose credit is charged; null when nobody has any; or why it cannot be. */
export function allocate(core: PolicyState, spec: AllocationSpec): AgentState | Refusal | null {
  const queue = queueOf(core, spec.queue)
  if (!(queue instanceof QueueState)) return queueRefusal(queue, spec.queue)
  const cls = classOf(core, queue, spec)
  if (typeof cls === 'string') return classRefusal(core, cls, spec)
  const agent = bestOf(core, cls)
  if (agent === null) return null
  takeCredit(core, agent)
  agent.held++
  return agent
}

/** @returns whether the agent held any. */
export function release(core: PolicyState, id: string): boolean {
  const agent = core.agents.get(id)
  if (agent === undefined || agent.held === 0) return false
  agent.held--
  giveHeld(core, agent)
  return true
}

/** Those that are preferred, then the best fit, then the least loaded, then the first row. */
function bestOf(core: PolicyState, cls: ClassState): AgentState | null {
  let best: AgentState | null = null
  for (const profile of cls.profiles) {
    for (const agent of profile.agents) {
      if (freeOf(core, agent) <= 0) continue
      if (best === null || isBetter(core, cls, agent, best)) best = agent
    }
  }
  return best
}

function isBetter(core: PolicyState, cls: ClassState, a: AgentState, b: AgentState): boolean {
  const preferred = Number(a.profile.prefers(cls)) - Number(b.profile.prefers(cls))
  if (preferred !== 0) return preferred > 0
  const fit = cls.matchRow === 0 ? 0 : a.profile.fraction(cls) - b.profile.fraction(cls)
  if (fit !== 0) return fit > 0
  const load = loadOf(core, a) - loadOf(core, b)
  return load < 0 || (load === 0 && a.index < b.index)
}

function loadOf({ table }: PolicyState, { index }: AgentState): number {
  return table.inUse(index as AgentIndex) / table.capacity(index as AgentIndex)
}
