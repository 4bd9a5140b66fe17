/** Calls from outside about agents' load. Main thread, outside of the hot path. */
import type { AgentProfile } from '../../balance-views.ts'
import { policyMs } from '../../clock.ts'
import {
  checkAgentListOptions,
  type UtilizationOptions,
  type UtilizationPage,
} from '../../wire/agent-list-options.ts'
import type { FrontEndContext } from '../context.ts'
import { pageOfAgents } from './list-agents.ts'
import { requireAgent } from './require-agent.ts'
import { agentStatus } from './views.ts'

/** Names and numbers of a row as JSON, without its id. */
const ROW_BYTES = 320

/** Of one agent, or a page of all, made in this turn. @throws agent_unknown, bad_token, bad_option */
export function getUtilization(
  context: FrontEndContext,
  options: { [Key in keyof UtilizationOptions]: unknown },
): UtilizationPage {
  const { capacity } = context
  if (options.agent !== undefined) {
    return { agents: [capacity.utilization(requireAgent(context, options.agent))], cursor: null }
  }
  return pageOfAgents(
    context,
    checkAgentListOptions(options),
    (agent) => capacity.utilization(agent),
    ({ agent_id }) => ROW_BYTES + agent_id.length,
  )
}

/** @throws agent_unknown, bad_token */
export function agentProfile(context: FrontEndContext, id: unknown): AgentProfile {
  const agent = requireAgent(context, id)
  const { agent: name, ...measured } = context.capacity.profile(agent, policyMs())
  return {
    agent: name,
    status: agentStatus(context, agent),
    ...context.agentHealth.conditionOf(agent),
    ...measured,
  }
}
