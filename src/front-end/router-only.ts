/** Tasks that only routers may place: strategies of users, and shadows. Main thread. */
import type { ClassState } from '../policy/classes.ts'
import type { FrontEndContext } from './context.ts'

/**
 * Whether only routers may choose for a class: its strategy is a user's, whose code never runs on this
 * thread, or it has a shadow, which decides there. Not once it is off, nor when no router is left.
 */
export function isRouterOnly(context: FrontEndContext, cls: ClassState): boolean {
  const { shadowIndex } = cls.queue
  if (context.isOwn[cls.strategyIndex] === 0 && shadowIndex < 0) return false
  const isNeeded =
    (context.isOwn[cls.strategyIndex] === 1 && !context.strategiesOff.has(cls.strategyIndex)) ||
    (shadowIndex >= 0 && !context.strategiesOff.has(shadowIndex))
  return isNeeded && context.routers?.isExpected === true
}
