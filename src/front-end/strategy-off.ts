/**
 * Switches a user's strategy off that threw, answered nonsense, was too slow or did not come back: on
 * all routers by one word in shared memory, and with an event that says what to do. Main thread.
 *
 * Invariant: a strategy that is off decides nothing any more, wherever a task of it is found: routers
 * and front end put the default in its place, so no task waits for it.
 */
import { StrategySwitchesWriter } from '../../native-free/index.ts'
import { STAND_IN } from '../router/load.ts'
import type { StrategyFault } from '../router/pool.ts'
import type { EventSink } from './complete.ts'
import type { FrontEndContext } from './context.ts'

/** Told again of one that is off already, nothing happens. */
export function switchOff(context: FrontEndContext, fault: StrategyFault, event: EventSink): void {
  const { strategy, kind, reason } = fault
  if (context.strategiesOff.has(strategy) || context.isOwn[strategy] === 0) return
  new StrategySwitchesWriter(context.memory).setOff(strategy, true)
  const { name } = context.options.strategies[strategy]
  context.strategiesOff.set(strategy, reason)
  const message =
    `Strategy "${name}" ${reason}: it is switched off and ${STAND_IN} chooses in its place. ` +
    `Correct its module and start the scheduler again, or choose another strategy.`
  context.ledger?.writer.strategyOff(strategy, reason)
  event('strategy_off', { strategy: name, kind, reason, message })
}
