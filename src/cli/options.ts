/** Flags that several commands share, and readers of their values. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AdoptedAgentOptions, LIMITS, type Placement } from '../options.ts'
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

export function placementOption(): Option {
  const choices: Placement[] = ['auto', 'routers', 'inline']
  return new Option('--placement <how>', 'who places tasks: auto, routers or inline')
    .choices(choices)
    .default('auto')
}

export function routersOption(): Option {
  return new Option('--routers <n>', 'router threads').argParser(wholeNumber(0, 16)).default(2)
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

export const LIST_LIMIT = wholeNumber(1, LIMITS.listTasksMax)
export const AGENT_LIMIT = wholeNumber(1, LIMITS.agentsMax)
export const CONCURRENCY = wholeNumber(1, LIMITS.concurrencyMax)
export const TIMEOUT_MS = wholeNumber(1, LIMITS.timeoutMsMax)
export const RETRY_COUNT = wholeNumber(0, LIMITS.retryCountMax)
