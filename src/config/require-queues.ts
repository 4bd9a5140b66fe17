/**
 * A user's queues and routes of dead letters, checked, with every default filled in: at the start, and
 * when they are changed while tasks run.
 *
 * Runs in the thread of the scheduler. Invariant: what passes is right by itself and together with the
 * queues that there are already.
 */
import { SignalboxError } from '../errors.ts'
import {
  type DeadLetterRoute,
  QUEUE_DEFAULTS,
  type QueueOptions,
  type SchedulerOptions,
} from '../options.ts'
import { strategyIndexIn } from '../routing/aliases.ts'
import { requireToken } from '../wire/tokens.ts'
import { contradictions, mergedQueue } from './contradictions.ts'
import { QUEUE_KEYS } from './queue-keys.ts'
import { badOption, requireKeys } from './require.ts'
import { DEAD_LETTER_KEYS } from './section-keys.ts'

/** What may be changed while tasks run. */
export type QueueConfiguration = Pick<
  SchedulerOptions,
  'queues' | 'queueDefaults' | 'deadLetters' | 'strategy'
>

/** The same, checked and complete. */
export interface QueueSet {
  readonly queueDefaults: QueueOptions
  readonly queues: Record<string, QueueOptions>
  readonly deadLetters: Record<string, DeadLetterRoute>
  /** Queue that tasks go on in, by the name of their dead letter. */
  readonly deadLetterMoves: Record<string, string>
}

/**
 * @param names of the strategies that are loaded.
 * @param isStrict a queue that is named must be there.
 * @param others queues that there are already.
 * @throws bad_option, bad_token
 */
export function requireQueueSet(
  given: QueueConfiguration,
  names: readonly string[],
  isStrict: boolean,
  others: Readonly<Record<string, QueueOptions>> = {},
): QueueSet {
  const { strategy = QUEUE_DEFAULTS.strategy } = given
  const preset = { ...QUEUE_DEFAULTS, strategy: strategyNamed('strategy', strategy, names) }
  requireMap('queues', given.queues ?? {})
  requireMap('deadLetters', given.deadLetters ?? {})
  const queueDefaults = requireQueue('queueDefaults', given.queueDefaults ?? {}, names, preset)
  const queues = Object.fromEntries(
    Object.entries(given.queues ?? {}).map(([name, one]) => [
      requireToken(name, 'queue'),
      requireQueue(`queues.${name}`, one, names, queueDefaults),
    ]),
  )
  const deadLetters = requireRoutes(given.deadLetters ?? {})
  const together = { ...others, ...queues }
  const set = { queues: together, deadLetters, defaults: queueDefaults, isStrict, isFile: false }
  for (const each of contradictions(set)) {
    if (each.severity === 'warning') continue
    // Of a queue that comes into being.
    const isDefault = each.in === 'queues' && !Object.hasOwn(together, each.of)
    const own = isDefault ? 'queueDefaults' : `${each.in}.${each.of}`
    const path = `${own}${each.option === '' ? '' : `.${each.option}`}${each.at ?? ''}`
    const ofQueue = isDefault ? queueDefaults : together[each.of]
    const source: object = each.in === 'queues' ? ofQueue : deadLetters[each.of]
    const error = badOption(path, source[each.option as keyof object], each.message)
    throw each.option === 'rules' ? new SignalboxError('bad_rule', error.message) : error
  }
  return { queueDefaults, queues, deadLetters, deadLetterMoves: movesOf(deadLetters) }
}

function requireMap(where: string, given: unknown): void {
  if (typeof given === 'object' && !Array.isArray(given)) return
  throw badOption(where, given, 'give an object of names with their options')
}

function requireQueue(
  where: string,
  given: unknown,
  names: readonly string[],
  defaults: QueueOptions,
): QueueOptions {
  return mergedQueue(defaults, requireKeys(where, QUEUE_KEYS, given, names))
}

/** @returns the name that the given one stands for. @throws bad_option */
function strategyNamed(where: string, given: unknown, names: readonly string[]): string {
  const index = strategyIndexIn(names, given)
  if (index >= 0) return names[index]
  throw badOption(where, given, `known are ${names.join(', ')}`)
}

function requireRoutes(
  given: Readonly<Record<string, DeadLetterRoute>>,
): Record<string, DeadLetterRoute> {
  const routes = Object.entries(given).map(([name, one]): [string, DeadLetterRoute] => {
    requireToken(name, 'name of dead letters')
    const where = `deadLetters.${name}`
    const route = requireKeys(where, DEAD_LETTER_KEYS, one) as unknown as DeadLetterRoute
    for (const [key, value] of Object.entries(route)) {
      if (key === 'route' || key === route.route) continue
      throw badOption(`${where}.${key}`, value, `route "${route.route}" has no use for it`)
    }
    if (route.route !== 'keep' && !Object.hasOwn(route, route.route)) {
      throw badOption(where, one, `route "${route.route}" needs "${route.route}"`)
    }
    return [name, route]
  })
  return Object.fromEntries(routes)
}

/** An object of no kin: a name such as `constructor` has no move. */
function movesOf(routes: Readonly<Record<string, DeadLetterRoute>>): Record<string, string> {
  const moves: Record<string, string> = Object.create(null)
  for (const [name, route] of Object.entries(routes)) {
    if (route.route === 'queue') moves[name] = route.queue
  }
  return moves
}
