/** Flags that several commands share, and readers of their values. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type AdoptedAgentOptions,
  BINDINGS,
  type Binding,
  LIMITS,
  type Placement,
} from '../options.ts'
import { type RoutingChoice, routingFromEnvironment } from '../service/routing-environment.ts'
import { OUTPUT_FORMATS, type OutputFormat, Terminal } from './terminal.ts'

export interface GlobalOptions {
  output: OutputFormat
  nats?: string
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'table, json or ndjson')
    .choices(OUTPUT_FORMATS)
    .default('table')
}

/** The terminal that a command's `-o` asks for. */
export function terminalOf(command: Command): Terminal {
  return new Terminal(command.optsWithGlobals<GlobalOptions>().output)
}

export function natsFlagOf(command: Command): string | undefined {
  return command.optsWithGlobals<GlobalOptions>().nats
}

/** @param preset what is used when it is not given; without one the caller decides. */
export function placementOption(preset?: Placement): Option {
  const choices: Placement[] = ['auto', 'routers', 'inline']
  const option = new Option('--placement <how>', 'who places tasks: auto, routers or inline')
  if (preset !== undefined) option.default(preset)
  return option.choices(choices)
}

export function routersOption(): Option {
  return new Option('--routers <n>', 'router threads').argParser(wholeNumber(0, 16)).default(2)
}

export function strategyOption(): Option {
  return new Option(
    '--strategy <name>',
    'who chooses the agents, where a queue does not say: `strategy list` shows all ' +
      '(default: LOAD_BALANCER_STRATEGY, or least_loaded)',
  )
}

export function strategyModuleOption(): Option {
  return new Option(
    '--strategy-module <name=path...>',
    'strategies of your own: modules that export one',
  ).argParser(namedPath)
}

export function bindingOption(): Option {
  return new Option(
    '--binding <when>',
    'late: tasks wait in their lane; early: at a busy agent',
  ).choices(BINDINGS)
}

function namedPath(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Give NAME=PATH.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

interface RoutingFlags {
  strategy?: string
  strategyModule?: Record<string, string>
  binding?: Binding
}

/** @returns who chooses: flags before the environment. @throws bad_option */
export function routingOf({ strategy, strategyModule, binding }: RoutingFlags): RoutingChoice {
  const choice: RoutingChoice = routingFromEnvironment(process.env)
  if (strategy !== undefined) choice.strategy = strategy
  if (strategyModule !== undefined) choice.strategies = strategyModule
  if (binding !== undefined) choice.queueDefaults = { binding }
  return choice
}

export function configOption(): Option {
  return new Option('--config <file>', 'configuration; flags go before it (docs/configuration.md)')
}

/** @returns a flag's value; undefined when it is only its default. */
export function ifGiven<T>(command: Command, flag: string, value: T): T | undefined {
  return command.getOptionValueSource(flag) === 'default' ? undefined : value
}

export function journalOption(): Option {
  return new Option('--journal <file>', 'record what the scheduler decides, to replay and check')
}

export function adoptOption(): Option {
  return new Option(
    '--adopt <subject...>',
    'services that answer requests, as agents: SUBJECT[=QUEUE][:CONCURRENCY]',
  )
    .argParser(adopted)
    .default([], 'none')
}

/** Reads `SUBJECT[=QUEUE][:CONCURRENCY]`; what the three may be is the scheduler's to say. */
function adopted(
  text: string,
  before: readonly AdoptedAgentOptions[] = [],
): readonly AdoptedAgentOptions[] {
  const parts = /^([^=:]+)(?:=([^=:]+))?(?::(\d{1,9}))?$/.exec(text)
  if (parts === null) throw new InvalidArgumentError('Give SUBJECT, SUBJECT=QUEUE or SUBJECT:8.')
  const [, subject, queue, concurrency] = parts
  const one: AdoptedAgentOptions = { subject }
  if (queue !== undefined) one.queues = [queue]
  if (concurrency !== undefined) one.concurrency = Number(concurrency)
  return [...before, one]
}

/** @returns a reader of whole numbers, digits only. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

/** @returns a reader of numbers with or without a fraction, above 0. */
export function positiveNumber(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
    if (value > 0 && value <= max) return value
    throw new InvalidArgumentError(`Give a number above 0, at most ${max}.`)
  }
}

/** Reads `a,b c` given as one word or several, also over several flags. */
export function names(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').filter((name) => name !== '')]
}

/** Reads `gpu=24` given as one word or several, also over several flags. */
export function namedNumber(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const pairs = text.split(',').map((pair): [string, number] => {
    const parts = /^([^=]+)=(-?\d{1,15}(?:\.\d{1,15})?)$/.exec(pair)
    if (parts === null) throw new InvalidArgumentError('Give NAME=NUMBER.')
    return [parts[1], Number(parts[2])]
  })
  return { ...before, ...Object.fromEntries(pairs) }
}

export const LIST_LIMIT = wholeNumber(1, LIMITS.listTasksMax)
export const AGENT_LIMIT = wholeNumber(1, LIMITS.agentsMax)
export const CONCURRENCY = wholeNumber(1, LIMITS.concurrencyMax)
export const TIMEOUT_MS = wholeNumber(1, LIMITS.timeoutMsMax)
export const RETRY_COUNT = wholeNumber(0, LIMITS.retryCountMax)
export const VOTERS = wholeNumber(1, LIMITS.votersMax)
