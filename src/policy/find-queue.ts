/** Queues by name; they come into being on first use unless they are strict. Front-end thread. */
import type { ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { supervise } from './supervisors.ts'

/**
 * @param isNamed somebody's options name it, so that it may come into being where queues are strict.
 * @returns the queue, made on first use unless queues are strict; or why not.
 */
export function queueOf(core: PolicyState, name: string, isNamed = false): QueueState | ErrorCode {
  const known = core.queues.get(name)
  if (known !== undefined) return known
  const configured = Object.hasOwn(core.options.queues, name)
    ? core.options.queues[name]
    : undefined
  if (configured === undefined && core.options.strictQueues && !isNamed) return 'queue_unknown'
  if (core.queues.size >= LIMITS.queuesMax) return 'too_many_queues'
  const { queueDefaults, strategyIndex } = core.options
  const options = configured ?? queueDefaults
  const queue = new QueueState(name, options, core.index.prefix)
  queue.hasOwnStrategy = options.strategy !== queueDefaults.strategy
  queue.strategyIndex = queue.hasOwnStrategy
    ? strategyIndex(options.strategy)
    : core.defaultStrategy
  if (options.shadow !== '') queue.shadowIndex = strategyIndex(options.shadow)
  core.queues.set(name, queue)
  supervise(core, options.escalateToAgent)
  return queue
}
