/** A user's scheduler options, checked, with every default filled in. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { adoptedAgents } from './adopted-options.ts'
import { SignalboxError } from './errors.ts'
import type { FrontEndOptions } from './front-end/context.ts'
import {
  type AdoptedAgent,
  BINDINGS,
  type JournalOptions,
  type LearningOptions,
  LIMITS,
  MATCHES,
  type NatsOptions,
  QUEUE_DEFAULTS,
  type QueueOptions,
  SCHEDULER_DEFAULTS,
  type SchedulerOptions,
} from './options.ts'
import { canonicalStrategy, strategyIndexIn } from './routing/aliases.ts'
import { type StrategyEntry, strategyNames } from './routing/registry.ts'
import { checkStrategyOptions } from './strategy-options.ts'
import { quote, randomToken, requireToken } from './wire/tokens.ts'

const ROUTERS_MAX = 16
const ROUTERS_WITH_NATS = 2
/** Less does not hold a few chunks of the writer. */
const JOURNAL_BYTES_MIN = 256 * 1024
const KNOWN: ReadonlySet<string> = new Set<keyof SchedulerOptions>([
  'name',
  'queues',
  'queueDefaults',
  'strictQueues',
  'placement',
  'routers',
  'strategy',
  'strategies',
  'routing',
  'learning',
  'agentQueueMax',
  'leaseMs',
  'keep',
  'payloadBytesMax',
  'arenaBytesMax',
  'agentsMax',
  'slots',
  'seed',
  'window',
  'whenFull',
  'journal',
  'nats',
])

/** @throws bad_option, bad_token */
export function frontEndOptions(options: SchedulerOptions): FrontEndOptions {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) throw bad(key, (options as Record<string, unknown>)[key], 'no such option')
  }
  const placement = options.placement ?? SCHEDULER_DEFAULTS.placement
  if (!['auto', 'routers', 'inline'].includes(placement)) {
    throw bad('placement', placement, 'give auto, routers or inline')
  }
  const routersDefault = options.nats === undefined ? 0 : ROUTERS_WITH_NATS
  const routers = number('routers', options.routers ?? routersDefault, 0, ROUTERS_MAX)
  if (placement === 'routers' && routers === 0) {
    throw bad('routers', 0, 'placement "routers" needs at least 1')
  }
  const strategies = strategyEntries(options.strategies ?? {}, routers)
  const names = strategies.map(({ name }) => name)
  const queueDefaults = queueOptions('queueDefaults', options.queueDefaults ?? {}, names, {
    ...QUEUE_DEFAULTS,
    strategy: options.strategy ?? QUEUE_DEFAULTS.strategy,
  })
  const queues: Record<string, QueueOptions> = {}
  for (const [name, given] of Object.entries(options.queues ?? {})) {
    queues[requireToken(name, 'queue')] = queueOptions(
      `queues.${name}`,
      given,
      names,
      queueDefaults,
    )
  }
  return {
    name: requireToken(options.name ?? randomToken(8), 'scheduler name'),
    placement,
    routers,
    seed: options.seed ?? 1,
    strategies,
    routing: checkStrategyOptions(options.routing ?? {}),
    learning: learningOptions(options.learning ?? {}),
    payloadBytesMax: number(
      'payloadBytesMax',
      options.payloadBytesMax ?? LIMITS.payloadBytesDefault,
      1,
      64 * 1024 * 1024,
    ),
    arenaBytesMax: number(
      'arenaBytesMax',
      options.arenaBytesMax ?? SCHEDULER_DEFAULTS.arenaBytesMax,
      1024 * 1024,
      2 ** 40,
    ),
    policy: {
      epoch: Date.now(),
      slots: number('slots', options.slots ?? SCHEDULER_DEFAULTS.slots, 32, 2 ** 20, 32),
      agentsMax: number(
        'agentsMax',
        options.agentsMax ?? SCHEDULER_DEFAULTS.agentsMax,
        32,
        LIMITS.agentsMax,
        32,
      ),
      classesMax: SCHEDULER_DEFAULTS.classes,
      agentQueueMax: number(
        'agentQueueMax',
        options.agentQueueMax ?? SCHEDULER_DEFAULTS.agentQueueMax,
        1,
        LIMITS.agentQueueMax,
      ),
      leaseMs: number('leaseMs', options.leaseMs ?? SCHEDULER_DEFAULTS.leaseMs, 100, 3_600_000),
      keep: { ...SCHEDULER_DEFAULTS.keep, ...options.keep },
      strictQueues: options.strictQueues ?? false,
      queueDefaults,
      queues,
    },
  }
}

/**
 * @returns undefined for a scheduler that stands alone.
 * @throws bad_token, bad_option, bad_concurrency
 */
export function natsOptions(
  options: SchedulerOptions,
): (NatsOptions & { agents: readonly AdoptedAgent[] }) | undefined {
  if (options.nats === undefined) return undefined
  const given = typeof options.nats === 'string' ? { servers: options.nats } : options.nats
  if (given.prefix !== undefined) requireToken(given.prefix, 'subject prefix')
  const strict = options.strictQueues ?? false
  const agents = adoptedAgents(given.agents, {
    prefix: given.prefix ?? SCHEDULER_DEFAULTS.prefix,
    queues: strict ? Object.keys(options.queues ?? {}) : null,
  })
  return { ...given, agents, wildcard: given.wildcard ?? !strict }
}

/** @returns undefined when nothing is recorded. @throws bad_option */
export function journalOptions({
  journal,
}: SchedulerOptions): (JournalOptions & { bytesMax: number }) | undefined {
  if (journal === undefined) return undefined
  if (typeof journal !== 'object' || journal === null) {
    throw bad('journal', journal, 'give an object with file or bytesMax, or both, or neither')
  }
  for (const key of Object.keys(journal)) {
    if (key === 'file' || key === 'bytesMax') continue
    const value = (journal as Record<string, unknown>)[key]
    throw bad(`journal.${key}`, value, 'known are file and bytesMax')
  }
  const { file, bytesMax = SCHEDULER_DEFAULTS.journalBytesMax } = journal
  if (file !== undefined && (typeof file !== 'string' || file === '')) {
    throw bad('journal.file', file, 'give the path of a file')
  }
  number('journal.bytesMax', bytesMax, JOURNAL_BYTES_MIN, 2 ** 40)
  return { file, bytesMax }
}

/** @returns those that come with Signalbox, then the user's; a slot's strategy index counts in it. */
function strategyEntries(own: Record<string, string>, routers: number): StrategyEntry[] {
  const entries: StrategyEntry[] = strategyNames().map((name) => ({ name }))
  const given = Object.entries(own)
  if (given.length > LIMITS.ownStrategiesMax) {
    throw bad('strategies', given.length, `give at most ${LIMITS.ownStrategiesMax} of your own`)
  }
  if (given.length > 0 && routers === 0) {
    throw bad(
      'strategies',
      given[0][0],
      'your own strategies run on routers: give routers: 1 or more',
    )
  }
  for (const [name, file] of given) {
    requireToken(name, 'strategy')
    if (canonicalStrategy(name) !== null) {
      throw bad(`strategies.${name}`, file, 'a strategy of that name comes with Signalbox')
    }
    if (typeof file !== 'string' || file === '') {
      throw bad(`strategies.${name}`, file, "give the path of the strategy's module")
    }
    const moduleUrl = file.startsWith('file:') ? file : pathToFileURL(resolve(file)).href
    entries.push({ name, moduleUrl })
  }
  return entries
}

function learningOptions(given: Partial<LearningOptions>): LearningOptions {
  const known = Object.keys(SCHEDULER_DEFAULTS.learning)
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const value = given[key as keyof LearningOptions]
    throw bad(`learning.${key}`, value, `known are ${known.join(' and ')}`)
  }
  const learning = { ...SCHEDULER_DEFAULTS.learning, ...given }
  if (typeof learning.enabled !== 'boolean') {
    throw bad('learning.enabled', learning.enabled, 'give true or false')
  }
  number('learning.windowSize', learning.windowSize, 1, LIMITS.windowSizeMax)
  return learning
}

/**
 * @param names of the strategies that are loaded.
 * @returns the name that the given one stands for. @throws bad_option
 */
export function strategyNamed(where: string, given: unknown, names: readonly string[]): string {
  const index = strategyIndexIn(names, given)
  if (index >= 0) return names[index]
  throw bad(where, given, `known are ${names.join(', ')}`)
}

function oneOf<T extends string>(where: string, given: unknown, known: readonly T[]): T {
  if (known.includes(given as T)) return given as T
  throw bad(where, given, `give ${known.join(' or ')}`)
}

function queueOptions(
  where: string,
  given: Partial<QueueOptions>,
  names: readonly string[],
  defaults: QueueOptions,
): QueueOptions {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(QUEUE_DEFAULTS, key)) {
      const known = Object.keys(QUEUE_DEFAULTS).join(', ')
      throw bad(`${where}.${key}`, given[key as keyof QueueOptions], `known are ${known}`)
    }
  }
  const queue = { ...defaults, ...given }
  number(`${where}.timeoutMs`, queue.timeoutMs, 1, LIMITS.timeoutMsMax)
  number(`${where}.retryCount`, queue.retryCount, 0, LIMITS.retryCountMax)
  number(`${where}.lossLimit`, queue.lossLimit, 0, LIMITS.retryCountMax)
  number(`${where}.tasksMax`, queue.tasksMax, 1, 2 ** 31 - 1)
  number(`${where}.bytesMax`, queue.bytesMax, 1, 2 ** 50)
  queue.strategy = strategyNamed(`${where}.strategy`, queue.strategy, names)
  if (queue.shadow !== '') queue.shadow = strategyNamed(`${where}.shadow`, queue.shadow, names)
  oneOf(`${where}.binding`, queue.binding, BINDINGS)
  oneOf(`${where}.match`, queue.match, MATCHES)
  if (typeof queue.explain !== 'boolean') {
    throw bad(`${where}.explain`, queue.explain, 'give true or false')
  }
  return queue
}

function number(key: string, value: unknown, min: number, max: number, multipleOf = 1): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw bad(key, value, `give a whole number from ${min} to ${max}`)
  }
  if (value % multipleOf !== 0) throw bad(key, value, `give a multiple of ${multipleOf}`)
  return value
}

function bad(key: string, value: unknown, what: string): SignalboxError {
  return new SignalboxError('bad_option', `Option "${key}" is ${quote(value)}: ${what}.`)
}
