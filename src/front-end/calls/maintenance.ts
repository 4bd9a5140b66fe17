/** A call from outside: an agent rests for a while, or comes back. Main thread, outside of the hot path. */
import { SignalboxError } from '../../errors.ts'
import { quote, requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import { agentUnknown } from './require-agent.ts'

/**
 * An agent that is away, and was in maintenance when it went, is known: its rest may end before it is
 * back. Of several schedulers each that knows the agent does it.
 * @throws agent_unknown, bad_token, bad_option
 */
export function maintainAgent(context: FrontEndContext, id: unknown, isOn: unknown): void {
  const agent = requireToken(id, 'agent id')
  if (typeof isOn !== 'boolean') {
    throw new SignalboxError(
      'bad_option',
      `isOn is ${quote(isOn)}: give true for the begin of a maintenance, false for its end.`,
    )
  }
  if (context.agentHealth.maintain(agent, isOn, context.nowMs) !== null) agentUnknown(agent)
}
