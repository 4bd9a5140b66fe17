/** A call from outside for balance between agents, now. Main thread, outside of the hot path. */
import type { RebalanceReport } from '../../balance-views.ts'
import { SignalboxError } from '../../errors.ts'
import type { FrontEndContext } from '../context.ts'

/**
 * Moves until no legal move is left.
 * @throws SignalboxError `not_supported` when stealing is off.
 */
export function rebalance(context: FrontEndContext): RebalanceReport {
  if (context.options.stealing.mode === 'off') {
    throw new SignalboxError(
      'not_supported',
      'Nothing is moved between agents here: set stealing.mode to hybrid, pull or push.',
    )
  }
  return context.balancer.rebalance(context.nowMs)
}
