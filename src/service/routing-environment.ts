/**
 * Environment variables of load balancers that Signalbox takes the place of; a flag goes before them.
 *
 * Source: source document 003.
 */
import { SignalboxError } from '../errors.ts'
import type { SchedulerOptions } from '../options.ts'
import { canonicalStrategy } from '../routing/aliases.ts'
import { strategyNames } from '../routing/registry.ts'
import { quote } from '../wire/tokens.ts'

const STRATEGY = 'LOAD_BALANCER_STRATEGY'
const TRACKING = 'LOAD_BALANCER_TRACKING_ENABLED'
const WINDOW = 'LOAD_BALANCER_WINDOW_SIZE'
const WINDOW_MAX = 10_000

/** Who chooses, as a command's flags and the environment say. */
export type RoutingChoice = Pick<
  SchedulerOptions,
  'strategy' | 'strategies' | 'learning' | 'queueDefaults'
>

/** @throws bad_option, with the variable's name */
export function routingFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Pick<SchedulerOptions, 'strategy' | 'learning'> {
  const options: Pick<SchedulerOptions, 'strategy' | 'learning'> = {}
  const strategy = env[STRATEGY]
  if (strategy !== undefined && strategy !== '') {
    const name = canonicalStrategy(strategy)
    if (name === null) throw bad(STRATEGY, strategy, `known are ${strategyNames().join(', ')}`)
    options.strategy = name
  }
  const learning: SchedulerOptions['learning'] = {}
  const tracking = env[TRACKING]
  if (tracking !== undefined && tracking !== '') {
    if (!/^(true|false|1|0)$/i.test(tracking)) throw bad(TRACKING, tracking, 'give true or false')
    learning.enabled = /^(true|1)$/i.test(tracking)
  }
  const window = env[WINDOW]
  if (window !== undefined && window !== '') {
    const size = /^\d{1,6}$/.test(window) ? Number(window) : 0
    if (size < 1 || size > WINDOW_MAX) {
      throw bad(WINDOW, window, `give a whole number from 1 to ${WINDOW_MAX}`)
    }
    learning.windowSize = size
  }
  if (Object.keys(learning).length > 0) options.learning = learning
  return options
}

function bad(name: string, value: string, what: string): SignalboxError {
  return new SignalboxError(
    'bad_option',
    `The environment variable ${name} is ${quote(value)}: ${what}.`,
  )
}
