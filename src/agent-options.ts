/** A user's agent options, checked the same way for agents over NATS and in the scheduler's process. */
import type { AgentOptions } from './agent-task.ts'
import { SignalboxError } from './errors.ts'
import { LIMITS } from './options.ts'
import { type Hello, requireConcurrency } from './wire/messages.ts'
import { quote, randomToken, requireToken } from './wire/tokens.ts'

const KNOWN: readonly string[] = ['id', 'queues', 'capabilities', 'concurrency']

/** @throws bad_token, bad_option, bad_concurrency; not_supported for any other key */
export function checkHello(options: AgentOptions): { id: string; hello: Hello } {
  for (const key of Object.keys(options)) {
    if (KNOWN.includes(key)) continue
    throw new SignalboxError(
      'not_supported',
      `The agent option ${quote(key)} is not supported; known are ${KNOWN.join(', ')}.`,
    )
  }
  const id = options.id === undefined ? `agent-${randomToken(6)}` : options.id
  const hello: Hello = {
    instance: randomToken(),
    queues: queueNames(options.queues),
    capabilities: names('capability', options.capabilities ?? [], LIMITS.capabilitiesMax),
    concurrency: requireConcurrency(options.concurrency ?? 1),
    beats: true,
  }
  return { id: requireToken(id, 'agent id'), hello }
}

function queueNames(queues: readonly string[]): string[] {
  if (!Array.isArray(queues) || queues.length === 0) {
    throw new SignalboxError(
      'bad_option',
      '"queues" must be a list of the queues the agent serves, or ["*"] for all.',
    )
  }
  const others = queues.filter((name) => name !== '*')
  const sorted = names('queue', others, LIMITS.queuesPerAgentMax)
  return others.length === queues.length ? sorted : ['*', ...sorted]
}

function names(what: string, values: readonly string[], max: number): string[] {
  if (!Array.isArray(values) || values.length > max) {
    throw new SignalboxError('bad_option', `Give a list of at most ${max} names of kind ${what}.`)
  }
  return [...new Set(values.map((value) => requireToken(value, what)))].sort()
}
