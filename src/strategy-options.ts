/**
 * Weights and numbers of the strategies, with their defaults and where those come from.
 *
 * Runs on: checked once at the start; every strategy reads the same object.
 * Invariant: what `checkStrategyOptions` returned has every key and only numbers within their range.
 */
import { SignalboxError } from './errors.ts'

/** All of it, as strategies see it. */
export interface StrategyOptions {
  readonly roundRobin: {
    /** An agent of capacity 4 has four turns in a row. */
    readonly weighted: boolean
  }
  /** Weights of a sum; source document 000. */
  readonly hybrid: {
    readonly load: number
    readonly specialization: number
    readonly performance: number
  }
  /** Factors of a product; source document 003. */
  readonly capability: {
    /** For an agent that meets every requirement. */
    readonly exact: number
    /** For one whose success rate is at least `successMin`. */
    readonly success: number
    readonly successMin: number
    /** For one that is quicker than the mean for the type. */
    readonly fast: number
    /** For one that has any load. */
    readonly busy: number
  }
  /** Weights of a sum, `queue` for each task in hand; source document 002. */
  readonly bestFit: { readonly match: number; readonly queue: number; readonly success: number }
  readonly affinity: {
    /** An agent takes its keys until its load is so many times the fleet's mean. */
    readonly loadMax: number
  }
  /** Share of choices that try somebody who does not look best, where a strategy goes by experience. */
  readonly exploration: number
}

/** What a user may give: any part of it. */
export type RoutingOptions = {
  readonly [K in keyof StrategyOptions]?: StrategyOptions[K] extends number
    ? number
    : Partial<StrategyOptions[K]>
}

export const STRATEGY_DEFAULTS: StrategyOptions = {
  roundRobin: { weighted: false },
  hybrid: { load: 0.4, specialization: 0.4, performance: 0.2 },
  capability: { exact: 2, success: 1.2, successMin: 0.9, fast: 1.5, busy: 0.5 },
  bestFit: { match: 1, queue: 0.1, success: 0.3 },
  affinity: { loadMax: 1.25 },
  exploration: 0.02,
}

/** From and to; what is not named here is a weight from 0 to 1,000. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  'capability.successMin': [0, 1],
  'affinity.loadMax': [1, 1_000],
  exploration: [0, 1],
}
const WEIGHT_RANGE = [0, 1_000] as const

/**
 * @returns the options with every default filled in.
 * @throws SignalboxError `bad_option` when a key is unknown or a value is out of its range.
 */
export function checkStrategyOptions(given: RoutingOptions): StrategyOptions {
  return merged('', STRATEGY_DEFAULTS, given) as unknown as StrategyOptions
}

function merged(path: string, defaults: object, given: unknown): Record<string, unknown> {
  if (typeof given !== 'object' || given === null) throw bad(path, 'give an object')
  const known = Object.entries(defaults)
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(defaults, key)) continue
    throw bad(path + key, `known are ${known.map(([name]) => name).join(', ')}`)
  }
  const result: Record<string, unknown> = {}
  for (const [key, fallback] of known) {
    const value: unknown = (given as Record<string, unknown>)[key] ?? fallback
    const name = path + key
    result[key] =
      typeof fallback === 'object'
        ? merged(`${name}.`, fallback, value)
        : checked(name, fallback, value)
  }
  return result
}

function checked(name: string, fallback: unknown, value: unknown): unknown {
  if (typeof fallback === 'boolean') {
    if (typeof value === 'boolean') return value
    throw bad(name, 'give true or false')
  }
  const [min, max] = RANGES[name] ?? WEIGHT_RANGE
  if (typeof value === 'number' && value >= min && value <= max) return value
  throw bad(name, `give a number from ${min} to ${max}`)
}

function bad(path: string, next: string): SignalboxError {
  const name = path === '' ? 'routing' : `routing.${path.replace(/\.$/, '')}`
  return new SignalboxError('bad_option', `Option ${name} is not valid: ${next}.`)
}
