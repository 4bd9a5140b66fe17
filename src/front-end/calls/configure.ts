/**
 * A call from outside that gives queues other options while tasks run, and dead letters other routes.
 * Main thread.
 *
 * Invariant: everything is checked before the first queue is changed, so it is done as a whole or not
 * at all. Each queue is one event of the core; what a queue does at once and what only for tasks to
 * come stands with `configureQueue` there.
 */
import { isDeepStrictEqual } from 'node:util'
import {
  type QueueConfiguration,
  type QueueSet,
  requireQueueSet,
} from '../../config/require-queues.ts'
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import type { FrontEndContext } from '../context.ts'

export interface QueueChanges {
  added: string[]
  changed: string[]
}

/** @throws bad_option, bad_token, too_many_queues; then nothing has changed */
export function configureQueues(context: FrontEndContext, given: QueueConfiguration): QueueChanges {
  const { core, options } = context
  const strategies = options.strategies.map(({ name }) => name)
  const others = Object.fromEntries([...core.queues].map(([name, queue]) => [name, queue.options]))
  const set = requireQueueSet(given, strategies, core.options.strictQueues, others)
  const names = Object.keys(set.queues)
  const added = names.filter((name) => !core.queues.has(name))
  const changed = names.filter((name) => {
    const before = core.queues.get(name)
    return before !== undefined && !isDeepStrictEqual(before.options, set.queues[name])
  })
  const touched = [...added, ...changed]
  checkRoom(context, added)
  checkShadows(context, set, touched)
  const reroutes = given.deadLetters !== undefined
  const movesDiffer =
    reroutes && !isDeepStrictEqual({ ...core.options.deadLetterMoves }, { ...set.deadLetterMoves })
  if (movesDiffer && core.isRecording) {
    throw new SignalboxError(
      'bad_option',
      'Where dead letters go on cannot be changed while a journal is recorded: it needs a restart.',
    )
  }
  if (movesDiffer) core.options.deadLetterMoves = set.deadLetterMoves
  if (reroutes) context.deadLetters.setRoutes(set.deadLetters)
  for (const name of touched) {
    const options = set.queues[name]
    if (options.shadow !== '' && options.shadow !== core.queues.get(name)?.options.shadow) {
      context.shadows.begin(name)
    }
    const before: object = core.queues.get(name)?.options ?? {}
    core.configureQueue(name, options)
    context.together.configured(options)
    context.ledger?.writer.queueConfigured(name, keysThatDiffer(before, options).join(', '))
  }
  return { added, changed }
}

/** What stands in the ledger of a change. */
function keysThatDiffer(before: object, after: object): string[] {
  const old = new Map(Object.entries(before))
  return Object.entries(after)
    .filter(([key, value]) => !isDeepStrictEqual(old.get(key), value))
    .map(([key]) => key)
}

function checkRoom({ core }: FrontEndContext, added: readonly string[]): void {
  if (core.queues.size + added.length <= LIMITS.queuesMax) return
  throw new SignalboxError(
    'too_many_queues',
    `There are ${core.queues.size} queues and may be ${LIMITS.queuesMax}: ` +
      `${added.length} more do not fit.`,
  )
}

function checkShadows({ options }: FrontEndContext, set: QueueSet, names: readonly string[]): void {
  const name =
    options.routers > 0 ? undefined : names.find((each) => set.queues[each].shadow !== '')
  if (name === undefined) return
  throw new SignalboxError(
    'bad_option',
    `Queue "${name}" cannot have a shadow: it decides on routers, and this scheduler has none.`,
  )
}
