/**
 * The people who take tasks, checked, with every default filled in. Any thread; pure.
 *
 * Invariant: what passes can join as an agent, and its hours can be read.
 */
import { checkHello } from '../agent-options.ts'
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { zoneOf } from '../people/clock.ts'
import { type Hours, parseHours } from '../people/hours.ts'
import type { Person, Roster } from '../people/person.ts'
import type { PersonOptions } from '../people-views.ts'
import { quote, requireToken } from '../wire/tokens.ts'
import { nearest } from '../words/nearest.ts'
import { PERSON_DEFAULTS, PERSON_KEYS } from './people-keys.ts'
import { badOption, requireKeys } from './require.ts'

export interface RosterWhere {
  /** Queues that there may be; null when any may. */
  readonly queues: readonly string[] | null
  /** Names that others have: of adopted agents. */
  readonly taken?: readonly string[]
}

export const NAME_TAKEN = 'an adopted agent has the name: give each its own'

/** What is wrong with a person whose options are right by themselves. */
export interface PersonFault {
  readonly option: keyof PersonOptions
  readonly value: unknown
  /** What to do, as it stands behind the value. */
  readonly message: string
  /** What was probably meant. */
  readonly suggestion: string | null
}

/** @param given options by name. @throws bad_option, bad_token */
export function requireRoster(given: unknown, where: RosterWhere): Roster {
  const roster = new Map<string, Person>()
  if (given === undefined) return roster
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw badOption('people', given, 'give an object of names with their options')
  }
  const entries = Object.entries(given)
  if (entries.length > LIMITS.peopleMax) {
    throw badOption('people', entries.length, `give at most ${LIMITS.peopleMax}`)
  }
  for (const [name, one] of entries) {
    requireToken(name, 'name of a person')
    const path = `people.${name}`
    if (where.taken?.includes(name)) throw badOption(path, name, NAME_TAKEN)
    const options = requireKeys(path, PERSON_KEYS, one) as unknown as PersonOptions
    const [fault] = personFaults(options, where)
    if (fault !== undefined) {
      const { suggestion, message } = fault
      const meant = suggestion === null ? '.' : `; did you mean ${suggestion}?`
      throw badOption(`${path}.${fault.option}`, fault.value, message, meant)
    }
    roster.set(name, personOf(name, options))
  }
  return roster
}

/** @param options of a person, each right by itself. */
export function personFaults(options: PersonOptions, where: RosterWhere): PersonFault[] {
  const faults: PersonFault[] = []
  const wrong = (
    option: keyof PersonOptions,
    value: unknown,
    message: string,
    suggestion: string | null = null,
  ) => faults.push({ option, value, message, suggestion })
  const { queues = [], hours = '', timeZone = 'UTC' } = options
  if (queues.length === 0) wrong('queues', queues, 'name one queue at least')
  const unknown =
    where.queues === null ? undefined : queues.find((each) => !where.queues!.includes(each))
  if (unknown !== undefined) {
    wrong('queues', unknown, 'there is no queue of that name: add it to the queues')
  }
  const read = hours === '' ? null : parseHours(hours)
  if (typeof read === 'string') wrong('hours', hours, read)
  if (zoneOf(timeZone) === null) {
    const near = nearestZone(timeZone)
    const message = 'there is no such time zone: give a name such as Europe/Berlin'
    wrong('timeZone', timeZone, message, near === null ? null : quote(near))
  }
  const numbers = numbersFault(options)
  if (numbers !== null) wrong(numbers.option, options[numbers.option], numbers.message)
  return faults
}

/** The same rules as for agents that say hello. */
function numbersFault({ labels, specializations }: PersonOptions) {
  for (const [option, given] of Object.entries({ labels, specializations })) {
    try {
      checkHello({ queues: ['*'], [option]: given })
    } catch (error) {
      if (!(error instanceof SignalboxError)) throw error
      const message = error.message.replace(/\.$/, '')
      return { option: option as 'labels' | 'specializations', message }
    }
  }
  return null
}

function personOf(name: string, options: PersonOptions): Person {
  const { queues, capabilities, labels, specializations, capacity, hours, timeZone } = {
    ...PERSON_DEFAULTS,
    capabilities: [],
    labels: {},
    specializations: {},
    ...options,
  }
  const { hello } = checkHello({
    id: name,
    queues: [...queues],
    capabilities: [...capabilities],
    labels: { ...labels },
    specializations: { ...specializations },
    concurrency: capacity,
  })
  return {
    name,
    queues: hello.queues,
    capabilities: hello.capabilities,
    labels: hello.labels,
    specializations: hello.specializations,
    capacity,
    hours,
    timeZone,
    working: {
      hours: hours === '' ? null : (parseHours(hours) as Hours),
      zone: zoneOf(timeZone)!,
    },
  }
}

/** @returns the name of a zone that may have been meant: that of the city, or one that is written alike. */
function nearestZone(name: string): string | null {
  const all = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  const city = all.find((each) => each.endsWith(`/${name.replaceAll(' ', '_')}`))
  return city ?? nearest(name, all)
}
