/** A user's adopted agents, checked, with every default filled in. */
import { checkHello } from './agent-options.ts'
import { SignalboxError } from './errors.ts'
import { type AdoptedAgent, type AdoptedAgentOptions, LIMITS } from './options.ts'
import { quote } from './wire/tokens.ts'

const KNOWN: readonly string[] = [
  'subject',
  'concurrency',
  'name',
  'queues',
  'capabilities',
  'labels',
  'specializations',
] satisfies (keyof AdoptedAgentOptions)[]

/** What adopted agents are checked against. */
export interface AdoptedWhere {
  /** The prefix of our own subjects. */
  prefix: string
  /** Queues that there may be; null when any may. */
  queues: readonly string[] | null
}

/** @throws bad_option, bad_token, bad_concurrency */
export function adoptedAgents(given: unknown, where: AdoptedWhere): AdoptedAgent[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw bad('', given, 'give a list of objects with a subject')
  const names = new Set<string>()
  return given.map((one: unknown, index) => {
    const agent = adoptedAgent(one, index, where)
    if (names.has(agent.name)) {
      throw bad(`[${index}].name`, agent.name, 'another one has it; give each a name of its own')
    }
    names.add(agent.name)
    return agent
  })
}

function adoptedAgent(given: unknown, index: number, where: AdoptedWhere): AdoptedAgent {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw bad(`[${index}]`, given, 'give an object with a subject')
  }
  for (const [key, value] of Object.entries(given)) {
    if (!KNOWN.includes(key)) {
      throw bad(`[${index}].${key}`, value, `known are ${KNOWN.join(', ')}`)
    }
  }
  const options = given as AdoptedAgentOptions
  const { subject } = options
  checkSubject(subject, index, where.prefix)
  const agent = named(options)
  const unknown = agent.queues.find((queue) => queue !== '*' && !where.queues?.includes(queue))
  if (where.queues !== null && unknown !== undefined) {
    throw bad(
      `[${index}].queues`,
      unknown,
      `it is none of the configured queues (${where.queues.join(', ')}); say which it serves`,
    )
  }
  return agent
}

/** The same rules as for agents that say hello. */
function named(options: AdoptedAgentOptions): AdoptedAgent {
  const { subject, name, queues, capabilities, concurrency } = options
  try {
    const { id, hello } = checkHello({
      id: name ?? subject.replaceAll('.', '-'),
      queues: queues === undefined ? [subject.slice(subject.lastIndexOf('.') + 1)] : [...queues],
      capabilities: capabilities === undefined ? [] : [...capabilities],
      labels: options.labels,
      specializations: options.specializations,
      concurrency,
    })
    const { labels, specializations } = hello
    return {
      subject,
      name: id,
      queues: hello.queues,
      capabilities: hello.capabilities,
      labels,
      specializations,
      concurrency: hello.concurrency,
    }
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error
    throw new SignalboxError(error.code, `Adopted agent on ${quote(subject)}: ${error.message}`)
  }
}

/** The client writes subjects to the wire as they are, so nothing else may stand in them. */
function checkSubject(subject: unknown, index: number, prefix: string): void {
  const key = `[${index}].subject`
  const isPlain =
    typeof subject === 'string' &&
    subject.length <= LIMITS.subjectLengthMax &&
    /^[!-~]+$/.test(subject) &&
    subject.split('.').every((token) => token !== '')
  if (!isPlain) {
    const form = 'tokens of printable ASCII without spaces, separated by dots'
    throw bad(
      key,
      subject,
      `give a subject, ${form}, at most ${LIMITS.subjectLengthMax} characters`,
    )
  }
  if (/[*>]/.test(subject)) throw bad(key, subject, 'wildcards receive and cannot be sent to')
  if (subject.startsWith('$')) throw bad(key, subject, 'that is the NATS server’s own')
  if (subject === prefix || subject.startsWith(`${prefix}.`)) {
    throw bad(key, subject, 'that is ours, and work would go round in circles')
  }
}

function bad(key: string, value: unknown, what: string): SignalboxError {
  return new SignalboxError('bad_option', `Option "nats.agents${key}" is ${quote(value)}: ${what}.`)
}
