/** A user's agent options, checked the same way for agents over NATS and in the scheduler's process. */
import type { AgentOptions, BatchAgentOptions } from './agent-task.ts'
import { SignalboxError } from './errors.ts'
import { LIMITS } from './options.ts'
import { FRAME } from './wire/frames.ts'
import { checkLabels, checkSpecializations } from './wire/hello-numbers.ts'
import { type Hello, requireConcurrency } from './wire/messages.ts'
import { quote, randomToken, requireToken } from './wire/tokens.ts'

const KNOWN: readonly string[] = [
  'id',
  'queues',
  'capabilities',
  'labels',
  'specializations',
  'concurrency',
  'prefetch',
  'pull',
  'preemptible',
  'recall',
  'declines',
  'batch',
] satisfies (keyof AgentOptions)[]
type AnyOptions = AgentOptions | BatchAgentOptions

/** What an agent takes beyond its concurrency at most, unless it says otherwise. */
const PREFETCH_DEFAULT = 256

/** @throws bad_token, bad_option, bad_concurrency; not_supported for any other key */
export function checkHello(options: AnyOptions): {
  id: string
  hello: Required<Hello>
  /** Tasks of a call of the handler, at most; 0 for a handler that takes one at a time. */
  batch: number
} {
  for (const key of Object.keys(options)) {
    if (KNOWN.includes(key)) continue
    throw new SignalboxError(
      'not_supported',
      `The agent option ${quote(key)} is not supported; known are ${KNOWN.join(', ')}.`,
    )
  }
  const id = options.id === undefined ? `agent-${randomToken(6)}` : options.id
  const hello: Required<Hello> = {
    instance: randomToken(),
    queues: queueNames(options.queues),
    capabilities: names('capability', options.capabilities ?? [], LIMITS.capabilitiesMax),
    labels: checkLabels(options.labels),
    specializations: checkSpecializations(options.specializations),
    concurrency: requireConcurrency(options.concurrency ?? 1),
    beats: true,
    frames: FRAME.version,
    keeps: true,
    preemptible: yesOrNo('preemptible', options.preemptible),
    recalls: yesOrNo('recall', options.recall ?? true),
    declines: yesOrNo('declines', options.declines),
    ...pushOrPull(options),
  }
  return { id: requireToken(id, 'agent id'), hello, batch: batchOf(options) }
}

function batchOf({ batch }: AnyOptions): number {
  if (batch === undefined) return 0
  if (Number.isInteger(batch) && batch >= 1 && batch <= LIMITS.batchSizeMax) return batch
  throw badOption(
    `"batch" is ${quote(batch)}: give a whole number from 1 to ${LIMITS.batchSizeMax}.`,
  )
}

function yesOrNo(key: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw badOption(`"${key}" is ${quote(value)}: give true or false.`)
}

function pushOrPull(options: AnyOptions): { prefetch: number; pull: boolean } {
  const pull = yesOrNo('pull', options.pull)
  const prefetch = options.prefetch ?? (pull ? 0 : PREFETCH_DEFAULT)
  if (!Number.isInteger(prefetch) || prefetch < 0 || prefetch > LIMITS.prefetchMax) {
    throw badOption(
      `"prefetch" is ${quote(prefetch)}: give a whole number from 0 to ${LIMITS.prefetchMax}.`,
    )
  }
  if (pull && prefetch > 0) {
    throw badOption('An agent that pulls is sent nothing beyond that: leave "prefetch" out.')
  }
  return { prefetch, pull }
}

/** @throws bad_option unless an agent may ask for `n` tasks. */
export function checkPull(n: number, isPuller: boolean): void {
  if (!isPuller) {
    throw badOption(
      'The agent is sent work as it has room: give it the option "pull" to ask for it.',
    )
  }
  if (Number.isInteger(n) && n >= 1 && n <= LIMITS.concurrencyMax) return
  throw badOption(`An agent pulls 1 to ${LIMITS.concurrencyMax} tasks, not ${quote(n)}.`)
}

/** @throws bad_option unless an agent may have `n` tasks of its own. */
export function checkLoad(n: number): void {
  if (Number.isInteger(n) && n >= 0 && n <= LIMITS.concurrencyMax) return
  throw badOption(`An agent has 0 to ${LIMITS.concurrencyMax} tasks of its own, not ${quote(n)}.`)
}

function badOption(message: string): SignalboxError {
  return new SignalboxError('bad_option', message)
}

function queueNames(queues: readonly string[]): string[] {
  if (!Array.isArray(queues) || queues.length === 0) {
    throw badOption('"queues" must be a list of the queues the agent serves, or ["*"] for all.')
  }
  const others = queues.filter((name) => name !== '*')
  const sorted = names('queue', others, LIMITS.queuesPerAgentMax)
  return others.length === queues.length ? sorted : ['*', ...sorted]
}

function names(what: string, values: readonly string[], max: number): string[] {
  if (!Array.isArray(values) || values.length > max) {
    throw badOption(`Give a list of at most ${max} names of kind ${what}.`)
  }
  return [...new Set(values.map((value) => requireToken(value, what)))].sort()
}
