/**
 * Strategies by name: those of this folder, and a module's path for those of users.
 *
 * Runs on: the front end and, with the same entries in the same order, every router, so that a
 * strategy index means the same everywhere.
 * Invariant: `BUILT_IN` holds exactly the files of this folder that have a default export, under
 * their names with `-` as `_`; a test reads the folder.
 */
import { SignalboxError } from '../errors.ts'
import affinity from './affinity.ts'
import bestFit from './best-fit.ts'
import capabilityBest from './capability-best.ts'
import capacityPriority from './capacity-priority.ts'
import hybrid from './hybrid.ts'
import latency from './latency.ts'
import leastLoaded from './least-loaded.ts'
import performance from './performance.ts'
import powerOfTwo from './power-of-two.ts'
import random from './random.ts'
import roundRobin from './round-robin.ts'
import shortestWait from './shortest-wait.ts'
import specialization from './specialization.ts'
import type { Strategy, StrategyContext, StrategyFactory } from './strategy.ts'
import weightedRoundRobin from './weighted-round-robin.ts'

/** Factories of the strategies that come with Signalbox. */
export const BUILT_IN: Readonly<Record<string, StrategyFactory>> = {
  affinity,
  best_fit: bestFit,
  capability_best: capabilityBest,
  capacity_priority: capacityPriority,
  hybrid,
  latency,
  least_loaded: leastLoaded,
  performance,
  power_of_two: powerOfTwo,
  random,
  round_robin: roundRobin,
  shortest_wait: shortestWait,
  specialization,
  weighted_round_robin: weightedRoundRobin,
}

/** A strategy to load: one of ours by name, or a user's by the URL of its module. */
export interface StrategyEntry {
  readonly name: string
  /** URL of a module whose default export is a `StrategyFactory`. */
  readonly moduleUrl?: string
}

/** @returns the names of the strategies that come with Signalbox, sorted. */
export function strategyNames(): string[] {
  return Object.keys(BUILT_IN).sort()
}

/**
 * Makes strategies that come with Signalbox.
 * @throws SignalboxError `bad_option` when a name is unknown.
 */
export function createStrategies(names: readonly string[], context: StrategyContext): Strategy[] {
  return names.map((name) => builtIn(name)(context))
}

/**
 * Makes strategies, importing the modules of those that have one.
 * @returns them in the order of the entries: a slot's strategy index counts from there.
 * @throws SignalboxError `bad_option` when a name is unknown or a module does not export a strategy;
 * whatever a module throws while it is imported.
 */
export async function loadStrategies(
  entries: readonly StrategyEntry[],
  context: StrategyContext,
): Promise<Strategy[]> {
  const strategies: Strategy[] = []
  for (const { name, moduleUrl } of entries) {
    const factory = moduleUrl === undefined ? builtIn(name) : await importFactory(moduleUrl)
    const strategy = factory(context)
    if (typeof strategy?.choose !== 'function') {
      throw new SignalboxError(
        'bad_option',
        `Strategy "${name}" has no choose function; its module's default export must return one.`,
      )
    }
    strategies.push(strategy)
  }
  return strategies
}

function builtIn(name: string): StrategyFactory {
  if (Object.hasOwn(BUILT_IN, name)) return BUILT_IN[name]
  throw new SignalboxError(
    'bad_option',
    `Strategy "${name}" is unknown; use one of ${strategyNames().join(', ')}.`,
  )
}

async function importFactory(moduleUrl: string): Promise<StrategyFactory> {
  const module: { default?: unknown } = await import(moduleUrl)
  if (typeof module.default === 'function') return module.default as StrategyFactory
  throw new SignalboxError(
    'bad_option',
    `${moduleUrl} has no default export; export default a function that returns the strategy.`,
  )
}
