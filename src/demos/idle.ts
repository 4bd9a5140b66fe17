/** Who is idle while work waits that it could have: what stealing is to prevent. Any thread. */
import type { AgentState } from '../policy/agents.ts'
import type { PolicyCore } from '../policy/core.ts'
import { stealRefusal } from '../policy/stealing.ts'

/** @returns agents with a free place, while a task that they could have waits for another. */
export function idleWhileWaiting(core: PolicyCore): number {
  if (core.totalBound === 0 || core.totalFree === 0) return 0
  let count = 0
  for (const agent of core.agents.values()) {
    if (agent.accepting && agent.charged < agent.concurrency && couldHave(core, agent)) count++
  }
  return count
}

function couldHave(core: PolicyCore, agent: AgentState): boolean {
  for (const { bound } of core.agents.values()) {
    for (let record = bound.head; record !== null; record = record.next) {
      if (stealRefusal(core, record, agent) === null) return true
    }
  }
  return false
}
