/**
 * Calls from outside about who chooses: list strategies, switch one while tasks run, set a shadow and
 * read how it compares. The same functions serve `sb.api` and the library. Main thread.
 *
 * A switch is one event of the core: what is in routers' hands is still placed by the strategy that it
 * was offered with, everything after it by the new one. No task moves.
 */
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import { strategyIndexIn } from '../../routing/aliases.ts'
import type { ShadowReport, StrategyView } from '../../strategy-views.ts'
import { quote, requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'

/** @returns all strategies that are loaded, in the order of their indices. */
export function listStrategies(context: FrontEndContext): StrategyView[] {
  const { core } = context
  const views = context.options.strategies.map(
    ({ name, moduleUrl }, index): StrategyView => ({
      name,
      origin: moduleUrl === undefined ? 'built_in' : 'own',
      isDefault: core.defaultStrategy === index,
      queues: [],
      shadows: [],
      off: context.strategiesOff.get(index) ?? null,
    }),
  )
  for (const queue of core.queues.values()) {
    const { queues } = views[queue.strategyIndex]
    if (queues.length < LIMITS.statusQueuesMax) queues.push(queue.name)
    const shadows = queue.shadowIndex < 0 ? null : views[queue.shadowIndex].shadows
    if (shadows !== null && shadows.length < LIMITS.statusQueuesMax) shadows.push(queue.name)
  }
  return views
}

/**
 * @param queue the queue; without one the default, and with it every queue that has none of its own.
 * @throws bad_option, queue_unknown, bad_token
 */
export function setStrategy(context: FrontEndContext, strategy: unknown, queue?: unknown): void {
  const index = requireStrategy(context, strategy)
  if (queue === undefined) {
    context.core.setStrategy(null, index)
    context.ledger?.writer.strategySet(null, index)
    return
  }
  const name = requireQueue(context, queue)
  context.core.setStrategy(name, index)
  context.ledger?.writer.strategySet(name, index)
}

/**
 * @param strategy null ends the shadow.
 * @throws bad_option, queue_unknown, bad_token
 */
export function setShadow(context: FrontEndContext, queue: unknown, strategy: unknown): void {
  const name = requireQueue(context, queue)
  if (strategy === null) {
    context.core.setShadow(name, -1)
    context.ledger?.writer.shadowSet(name, -1)
    return
  }
  if (context.options.routers === 0) {
    throw new SignalboxError(
      'bad_option',
      'A shadow decides on routers, and this scheduler has none: start it with routers: 1 or more.',
    )
  }
  const index = requireStrategy(context, strategy)
  context.shadows.begin(name)
  context.core.setShadow(name, index)
  context.ledger?.writer.shadowSet(name, index)
}

/** @throws queue_unknown, bad_token; bad_option when the queue has no shadow */
export function shadowReport(context: FrontEndContext, queue: unknown): ShadowReport {
  const name = requireQueue(context, queue)
  const { strategyIndex, shadowIndex } = context.core.queues.get(name)!
  if (shadowIndex < 0) {
    throw new SignalboxError(
      'bad_option',
      `Queue "${name}" has no shadow: set one with \`signalbox strategy shadow ${name} STRATEGY\`.`,
    )
  }
  const { strategies } = context.options
  return {
    queue: name,
    strategy: strategies[strategyIndex].name,
    shadow: strategies[shadowIndex].name,
    ...context.shadows.report(name),
  }
}

function requireStrategy(context: FrontEndContext, given: unknown): number {
  const names = context.options.strategies.map(({ name }) => name)
  const index = strategyIndexIn(names, given)
  if (index >= 0) return index
  throw new SignalboxError(
    'bad_option',
    `Strategy ${quote(given)} is unknown: known are ${names.join(', ')}.`,
  )
}

function requireQueue(context: FrontEndContext, given: unknown): string {
  const name = requireToken(given, 'queue')
  if (context.core.queues.has(name)) return name
  throw new SignalboxError(
    'queue_unknown',
    `There is no queue "${name}" here: \`signalbox status\` shows those there are.`,
  )
}
