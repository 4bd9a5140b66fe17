/**
 * A user's scheduler options, checked, with every default filled in.
 *
 * Runs in the thread that makes the scheduler. Invariant: names and ranges are those of the table of
 * the configuration (`config/keys.ts`); what the table cannot say of one value alone is said here.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { adoptedAgents } from './adopted-options.ts'
import {
  AGENT_HEALTH_KEYS,
  METRICS_KEYS,
  SCALING_KEYS,
  STEALING_KEYS,
} from './config/balance-keys.ts'
import { impossiblePairs } from './config/balance-together.ts'
import type { Key } from './config/key.ts'
import { badOption, requireKeys } from './config/require.ts'
import { requireRoster } from './config/require-people.ts'
import { requireQueueSet } from './config/require-queues.ts'
import {
  DEAD_LETTERS_KEEP_KEYS,
  DEDUP_KEYS,
  JOURNAL_KEYS,
  KEEP_KEYS,
  LEARNING_KEYS,
  LEDGER_KEYS,
  ROUTERS_WITH_NATS,
  SCHEDULER_KEYS,
} from './config/section-keys.ts'
import type { FrontEndOptions } from './front-end/context.ts'
import {
  type AdoptedAgent,
  type JournalOptions,
  LIMITS,
  type NatsOptions,
  SCHEDULER_DEFAULTS,
  type SchedulerOptions,
  type StealingOptions,
} from './options.ts'
import { canonicalStrategy } from './routing/aliases.ts'
import { type StrategyEntry, strategyNames } from './routing/registry.ts'
import { checkStrategyOptions } from './strategy-options.ts'
import { randomToken, requireToken } from './wire/tokens.ts'

/** Options with keys of their own; the rest are `SCHEDULER_KEYS`. */
const GROUPS: ReadonlySet<string> = new Set<keyof SchedulerOptions>([
  'queues',
  'queueDefaults',
  'strategies',
  'routing',
  'learning',
  'keep',
  'journal',
  'deadLetters',
  'deadLettersKeep',
  'dedup',
  'ledger',
  'stealing',
  'scaling',
  'agentHealth',
  'metrics',
  'people',
  'nats',
])

/** @throws bad_option, bad_token */
export function frontEndOptions(given: SchedulerOptions): FrontEndOptions {
  const standsAlone = given.nats === undefined
  const { strategies, names } = loaded(given, standsAlone)
  const options = ownOptions(given, names)
  const routers = options.routers ?? (standsAlone ? 0 : ROUTERS_WITH_NATS)
  const placement = options.placement ?? SCHEDULER_DEFAULTS.placement
  if (placement === 'routers' && routers === 0) {
    throw badOption('routers', 0, 'placement "routers" needs at least 1')
  }
  checkLedger(given.ledger)
  const set = requireQueueSet(given, names, given.strictQueues ?? false)
  const strict = given.strictQueues ?? false
  const people = requireRoster(given.people, {
    queues: strict ? Object.keys(set.queues) : null,
    taken: (natsOptions(given)?.agents as readonly AdoptedAgent[] | undefined)?.map(nameOf),
  })
  const defaults = SCHEDULER_DEFAULTS
  const stealing = stealingOptions(given.stealing)
  const scaling = orOff('scaling', SCALING_KEYS, given.scaling, defaults.scaling)
  const { agentHealth: health } = defaults
  const agentHealth = orOff('agentHealth', AGENT_HEALTH_KEYS, given.agentHealth, health)
  for (const { section, option, other, words } of impossiblePairs({
    stealing,
    scaling,
    agentHealth,
  })) {
    const value = (given[section] as Record<string, unknown>)[option]
    throw badOption(`${section}.${option}`, value, `it must be ${words} ${section}.${other}`)
  }
  return {
    name: requireToken(options.name ?? randomToken(8), 'scheduler name'),
    placement,
    routers,
    seed: options.seed ?? 1,
    strategies,
    routing: checkStrategyOptions(given.routing ?? {}),
    learning: { ...defaults.learning, ...group('learning', LEARNING_KEYS, given.learning) },
    payloadBytesMax: options.payloadBytesMax ?? LIMITS.payloadBytesDefault,
    arenaBytesMax: options.arenaBytesMax ?? defaults.arenaBytesMax,
    flowTasksMax: options.flowTasksMax ?? LIMITS.flowTasksDefault,
    stealing,
    metrics: { ...defaults.metrics, ...group('metrics', METRICS_KEYS, given.metrics) },
    scaling,
    agentHealth,
    people,
    deadLetters: {
      routes: set.deadLetters,
      keep: {
        ...defaults.deadLettersKeep,
        ...group('deadLettersKeep', DEAD_LETTERS_KEEP_KEYS, given.deadLettersKeep),
      },
    },
    policy: {
      epoch: Date.now(),
      slots: options.slots ?? defaults.slots,
      agentsMax: options.agentsMax ?? defaults.agentsMax,
      classesMax: defaults.classes,
      protectFrom: stealing.protectFrom,
      agentQueueMax: options.agentQueueMax ?? defaults.agentQueueMax,
      leaseMs: options.leaseMs ?? defaults.leaseMs,
      keep: { ...defaults.keep, ...group('keep', KEEP_KEYS, given.keep) },
      strictQueues: options.strictQueues ?? false,
      deadLetterMoves: set.deadLetterMoves,
      dedup: { ...defaults.dedup, ...group('dedup', DEDUP_KEYS, given.dedup) },
      queueDefaults: set.queueDefaults,
      queues: set.queues,
    },
  }
}

function loaded(given: SchedulerOptions, standsAlone: boolean) {
  const { routers = standsAlone ? 0 : ROUTERS_WITH_NATS } = given
  const strategies = strategyEntries(given.strategies ?? {}, routers)
  return { strategies, names: strategies.map(({ name }) => name) }
}

/** The scheduler's own; the others have keys of their own. */
function ownOptions(given: SchedulerOptions, names: readonly string[]): SchedulerOptions {
  const own = Object.entries(given).filter(([name]) => !GROUPS.has(name))
  return requireKeys('', SCHEDULER_KEYS, Object.fromEntries(own), names, [...GROUPS])
}

/** A name that there is not is a mistake; the values are looked at where they are taken over. @throws bad_option */
export function requireOptionNames(given: object): void {
  const unknown = Object.entries(given).filter(
    ([name]) => !GROUPS.has(name) && !SCHEDULER_KEYS.some(({ option }) => option === name),
  )
  requireKeys('', SCHEDULER_KEYS, Object.fromEntries(unknown), [], [...GROUPS])
}

function group(name: string, keys: readonly Key[], given: unknown): Record<string, unknown> {
  return given === undefined ? {} : requireKeys(name, keys, given)
}

function stealingOptions(given: SchedulerOptions['stealing']): StealingOptions {
  const { stealing } = SCHEDULER_DEFAULTS
  const checked = orOff('stealing', STEALING_KEYS, given, stealing)
  return checked ?? { ...stealing, mode: 'off', recall: false }
}

/** @returns null when it is switched off. */
function orOff<T extends object>(
  name: string,
  keys: readonly Key[],
  given: Partial<T> | false | undefined,
  defaults: T,
): T | null {
  return given === false ? null : { ...defaults, ...group(name, keys, given) }
}

function checkLedger(given: unknown): void {
  if (given !== undefined && given !== false) requireKeys('ledger', LEDGER_KEYS, given)
}

function nameOf({ name }: { name: string }): string {
  return name
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
    throw badOption('journal', journal, 'give an object with file or bytesMax, or both, or neither')
  }
  for (const key of Object.keys(journal)) {
    if (key === 'file' || key === 'bytesMax') continue
    const value = (journal as Record<string, unknown>)[key]
    throw badOption(`journal.${key}`, value, 'known are file and bytesMax')
  }
  const { file, bytesMax = SCHEDULER_DEFAULTS.journalBytesMax } = journal
  if (file !== undefined && (typeof file !== 'string' || file === '')) {
    throw badOption('journal.file', file, 'give the path of a file')
  }
  requireKeys('journal', JOURNAL_KEYS, { file, bytesMax })
  return { file, bytesMax }
}

/** @returns those that come with Signalbox, then the user's; a slot's strategy index counts in it. */
function strategyEntries(own: Record<string, string>, routers: number): StrategyEntry[] {
  const entries: StrategyEntry[] = strategyNames().map((name) => ({ name }))
  const given = Object.entries(own)
  if (given.length > LIMITS.ownStrategiesMax) {
    throw badOption(
      'strategies',
      given.length,
      `give at most ${LIMITS.ownStrategiesMax} of your own`,
    )
  }
  if (given.length > 0 && routers === 0) {
    throw badOption(
      'strategies',
      given[0][0],
      'your own strategies run on routers: give routers: 1 or more',
    )
  }
  for (const [name, file] of given) {
    requireToken(name, 'strategy')
    if (canonicalStrategy(name) !== null) {
      throw badOption(`strategies.${name}`, file, 'a strategy of that name comes with Signalbox')
    }
    if (typeof file !== 'string' || file === '') {
      throw badOption(`strategies.${name}`, file, "give the path of the strategy's module")
    }
    const moduleUrl = file.startsWith('file:') ? file : pathToFileURL(resolve(file)).href
    entries.push({ name, moduleUrl })
  }
  return entries
}
