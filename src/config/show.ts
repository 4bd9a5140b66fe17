/**
 * The configuration as it takes effect, with every default, in the words of the file.
 *
 * Runs for `config show`. Invariant: what it shows, read again, comes to the same options; what is
 * secret is left out and said to be there.
 */
import { Document } from 'yaml'
import { QUEUE_DEFAULTS, type SchedulerOptions } from '../options.ts'
import { mergedQueue } from './contradictions.ts'
import { groupToYaml, type Key } from './key.ts'
import { SECTIONS, type Section, sectionOf } from './keys.ts'
import type { Configuration } from './read.ts'

type Shown = Record<string, unknown>

const SERVERS = sectionOf('nats').keys.find(({ yaml }) => yaml === 'servers')
/** A user and password in an address. */
const LOGIN = /^(\w+:\/\/)?[^@/]*@/

/** @returns sections by name, as a reader of YAML or JSON would have them. */
export function effectiveConfig({ scheduler, sections }: Configuration): Shown {
  const shown: Shown = {}
  for (const section of SECTIONS) {
    const value = effectiveSection(section, sections[section.yaml], scheduler)
    if (value !== undefined) shown[section.yaml] = value
  }
  return shown
}

/** @returns the same as a file. */
export function effectiveYaml(configuration: Configuration): string {
  const document = new Document(effectiveConfig(configuration), { aliasDuplicateObjects: false })
  document.commentBefore = [
    ` ${configuration.file}, with every default.`,
    ...secretsIn(configuration).map((path) => ` ${path} is set, and not shown.`),
  ].join('\n')
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function effectiveSection(section: Section, given: unknown, options: SchedulerOptions): unknown {
  switch (section.yaml) {
    case 'queue_defaults':
      return groupToYaml(section.keys, { ...defaultQueue(options) })
    case 'queues': {
      const defaults = defaultQueue(options)
      const queues = Object.entries(options.queues ?? {}).map(([name, own]) => [
        name,
        groupToYaml(section.keys, { ...mergedQueue(defaults, own) }),
      ])
      return Object.fromEntries(queues)
    }
    case 'scheduler': {
      const { strictQueues } = options
      return complete(section.keys, { strictQueues, ...(given as Shown) })
    }
    // Without the section nothing is recorded.
    case 'journal':
      return given === undefined ? undefined : complete(section.keys, given as Shown)
    case 'strategies':
      return given ?? {}
  }
  if (given === false) return false
  if (section.shape === 'keys') return complete(section.keys, (given ?? {}) as Shown)
  if (section.shape === 'list') {
    return ((given ?? []) as Shown[]).map((one) => complete(section.keys, one))
  }
  const entries = Object.entries((given ?? {}) as Record<string, Shown>)
  return Object.fromEntries(entries.map(([name, one]) => [name, complete(section.keys, one)]))
}

function defaultQueue(options: SchedulerOptions) {
  const { strategy = QUEUE_DEFAULTS.strategy } = options
  return mergedQueue({ ...QUEUE_DEFAULTS, strategy }, options.queueDefaults)
}

function complete(keys: readonly Key[], given: Shown): Shown {
  const options: Shown = {}
  for (const key of keys) {
    if (key.isSecret) continue
    const value = given[key.option] ?? key.default
    if (key === SERVERS) {
      options[key.option] = (value as string[]).map((server) => server.replace(LOGIN, '$1'))
      continue
    }
    const isGroup = key.kind === 'group' && typeof value === 'object'
    options[key.option] = isGroup ? optionsOf(key, value as Shown) : value
  }
  return groupToYaml(keys, options)
}

/** A group whose keys that are not given have their defaults. */
function optionsOf(key: Key, given: Shown): Shown {
  const entries = key.keys.map((each) => [each.option, given[each.option] ?? each.default])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function secretsIn({ sections }: Configuration): string[] {
  return SECTIONS.filter(({ shape }) => shape === 'keys').flatMap(({ yaml, keys }) => {
    const given = (sections[yaml] || {}) as Shown
    const hasLogin = (servers: unknown) => [servers].flat().some((each) => LOGIN.test(String(each)))
    return keys
      .filter((key) => {
        const value = given[key.option]
        return value !== undefined && (key.isSecret || (key === SERVERS && hasLogin(value)))
      })
      .map((key) => `${yaml}.${key.yaml}`)
  })
}
