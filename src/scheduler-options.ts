/** A user's scheduler options, checked, with every default filled in. */
import { adoptedAgents } from './adopted-options.ts'
import { SignalboxError } from './errors.ts'
import type { FrontEndOptions } from './front-end/context.ts'
import {
  type AdoptedAgent,
  type JournalOptions,
  LIMITS,
  type NatsOptions,
  QUEUE_DEFAULTS,
  type QueueOptions,
  SCHEDULER_DEFAULTS,
  type SchedulerOptions,
} from './options.ts'
import { strategyNames } from './routing/registry.ts'
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
  const queueDefaults = queueOptions('queueDefaults', options.queueDefaults ?? {}, {
    ...QUEUE_DEFAULTS,
    strategy: options.strategy ?? QUEUE_DEFAULTS.strategy,
  })
  const queues: Record<string, QueueOptions> = {}
  for (const [name, given] of Object.entries(options.queues ?? {})) {
    queues[requireToken(name, 'queue')] = queueOptions(`queues.${name}`, given, queueDefaults)
  }
  return {
    name: requireToken(options.name ?? randomToken(8), 'scheduler name'),
    placement,
    routers,
    seed: options.seed ?? 1,
    strategies: strategyNames(),
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

function queueOptions(
  where: string,
  given: Partial<QueueOptions>,
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
  if (!strategyNames().includes(queue.strategy)) {
    throw bad(`${where}.strategy`, queue.strategy, `known are ${strategyNames().join(', ')}`)
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
