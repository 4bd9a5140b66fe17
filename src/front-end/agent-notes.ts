/**
 * What becomes of agents by our judgement, told as events and written into the ledger. Main thread.
 *
 * Invariant: nothing here changes an agent or the core; the limit that is written is the one that was
 * set right before.
 */
import type { AgentHealthSink } from '../agent-health/agent-health.ts'
import type { EventSink } from './complete.ts'
import type { FrontEndContext } from './context.ts'

export function agentHealthSink(context: FrontEndContext, event: EventSink): AgentHealthSink {
  return (kind, detail) => {
    write(context, detail)
    event(kind, detail)
  }
}

function write({ core, ledger }: FrontEndContext, detail: Record<string, unknown>): void {
  if (ledger === undefined) return
  const agent = core.agents.get(String(detail.agent))
  const reason = String(detail.reason ?? '')
  // One that is away has its limit once it is back.
  if (agent === undefined) return
  if (agent.draining) ledger.writer.change('agent drained', `${agent.id}: ${reason}`)
  else ledger.writer.agentLimited(agent, reason)
}
