/** Calls from outside that name an agent. Main thread, outside of the hot path. */
import { SignalboxError } from '../../errors.ts'
import type { AgentState } from '../../policy/agents.ts'
import { requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'

/** @throws agent_unknown, bad_token */
export function requireAgent({ core }: FrontEndContext, id: unknown): AgentState {
  const name = requireToken(id, 'agent id')
  return core.agents.get(name) ?? agentUnknown(name)
}

/** @throws agent_unknown */
export function agentUnknown(name: string): never {
  throw new SignalboxError(
    'agent_unknown',
    `No agent "${name}" is registered; \`signalbox agent list\` shows those that are.`,
  )
}
