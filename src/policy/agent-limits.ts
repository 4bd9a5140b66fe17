/**
 * What keeps an agent below what it says it can do: limits that we set it (nothing in quarantine or
 * maintenance, one task at a time on trial), and work in its hands that is not ours. Who is limited,
 * and for how long, is decided outside. Front-end thread.
 *
 * Invariant: an agent with limit 0 accepts nothing, one with any limit gets nothing in advance, and
 * for one whose hands are full of other work nothing waits. What it runs goes on, what is bound to it
 * goes back to its lanes.
 *
 * Agents that pull ask by what they know of themselves: only the limit 0 counts for them.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import { LIMITS } from '../options.ts'
import type { AgentState } from './agents.ts'
import { unbindAll } from './binding.ts'
import { capacityOf, hasQueue, setAccepting } from './credit.ts'
import type { PolicyState } from './state.ts'

/** @param limit tasks at a time, 0 for none; below 0 for as many as it says itself. */
export function limitAgent(core: PolicyState, id: string, limit: number): 'agent_unknown' | null {
  const agent = core.agents.get(id)
  if (agent === undefined) return 'agent_unknown'
  const to = Math.max(-1, limit)
  if (agent.limit === to) return null
  change(core, agent, () => {
    agent.limit = to
  })
  return null
}

/** @param count tasks in its hands that are not this scheduler's. */
export function setForeign(core: PolicyState, agent: AgentState, count: number): void {
  const to = Math.max(0, Math.min(count, LIMITS.concurrencyMax))
  if (agent.foreign === to) return
  change(core, agent, () => {
    agent.foreign = to
  })
}

function change(core: PolicyState, agent: AgentState, set: () => void): void {
  const { table } = core
  const index = agent.index as AgentIndex
  const had = hasQueue(agent)
  setAccepting(core, agent, () => {
    set()
    table.setCapacity(index, capacityOf(core, agent))
  })
  const has = hasQueue(agent)
  if (has === had) return
  if (had) unbindAll(core, agent)
  table.setQueues(index, has)
}
