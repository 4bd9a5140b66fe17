/**
 * Makes a router's strategies: ours, and users' from their modules, each with a guard around it.
 *
 * Runs on: router threads, before the loop begins.
 * Invariant: the result has a strategy at every index; one that is off is not even loaded: the default
 * takes its place, and nobody that of a shadow.
 *
 * There are two sets of instances, one that decides and one for shadows: a strategy's state (where a
 * rotation stands, what chance comes next) follows from what it was asked, and a shadow must not move
 * the live one's. Both start from the same seed.
 */
import { pathToFileURL } from 'node:url'
import type { RouterStatusWriter } from '../../native-free/router-status.ts'
import type { StrategySwitchesReader } from '../../native-free/strategy-switches.ts'
import { createStrategies, loadStrategies, type StrategyEntry } from '../routing/registry.ts'
import { NONE, type Strategy, type StrategyContext } from '../routing/strategy.ts'
import { GuardedStrategy } from './guarded-strategy.ts'
import type { StrategyFault } from './messages.ts'

/** Decides in place of a user's strategy that is off. */
export const STAND_IN = 'least_loaded'

const NOBODY: Strategy = { name: 'nobody', choose: () => NONE }

/** A user's module could not be loaded. */
export class NotLoaded extends Error {
  readonly fault: StrategyFault

  constructor(fault: StrategyFault, cause: unknown) {
    super(fault.reason, { cause })
    this.fault = fault
  }
}

export interface LoadParts {
  readonly entries: readonly StrategyEntry[]
  readonly context: StrategyContext
  /** Whether somebody must decide in place of one that is off; not for shadows. */
  readonly needsStandIn: boolean
  readonly switches: StrategySwitchesReader
  readonly status: RouterStatusWriter
  readonly isGuarded: boolean
  readonly budgetUs: number
  readonly onFault: (fault: StrategyFault) => void
}

/** @throws NotLoaded for the first user's strategy of which nothing can be made. */
export async function loadSet(parts: LoadParts): Promise<Strategy[]> {
  const { entries, context, switches } = parts
  const ours = entries.filter(({ moduleUrl }) => moduleUrl === undefined).map(({ name }) => name)
  const made = new Map(createStrategies(ours, context).map((strategy, i) => [ours[i], strategy]))
  const standIn = made.get(STAND_IN) ?? createStrategies([STAND_IN], context)[0]
  const strategies: Strategy[] = []
  for (const [index, entry] of entries.entries()) {
    if (entry.moduleUrl === undefined) strategies.push(made.get(entry.name)!)
    else if (switches.isOff(index)) strategies.push(parts.needsStandIn ? standIn : NOBODY)
    else {
      const strategy = await loadOne(entry, index, parts)
      const guard = { ...parts, strategy, index, standIn: parts.needsStandIn ? standIn : null }
      strategies.push(parts.isGuarded ? new GuardedStrategy(guard) : strategy)
    }
  }
  return strategies
}

async function loadOne(
  entry: StrategyEntry,
  index: number,
  { context, status }: LoadParts,
): Promise<Strategy> {
  try {
    // Should the module never come back, its thread is known to have been in it.
    status.enter(index)
    const [strategy] = await loadStrategies([entry], context)
    status.leave()
    return strategy
  } catch (threw) {
    const cause = threw instanceof Error ? threw.message : String(threw)
    const reason = `cannot be loaded from ${pathOf(entry.moduleUrl!)}: ${firstLine(cause)}`
    throw new NotLoaded({ strategy: index, kind: 'not_loaded', reason }, threw)
  }
}

/** A missing module's message goes on with who asked for it, which is one of our files. */
function firstLine(text: string): string {
  return text
    .split('\n')[0]
    .replace(/ imported from .*$/, '')
    .replace(/\.$/, '')
}

function pathOf(moduleUrl: string): string {
  const { protocol } = new URL(moduleUrl)
  return protocol === 'file:'
    ? decodeURI(moduleUrl.slice(pathToFileURL('/').href.length - 1))
    : moduleUrl
}
