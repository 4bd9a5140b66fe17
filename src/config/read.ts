/**
 * `signalbox.yaml` as options of a scheduler and of the service around it, or everything that is amiss
 * in it.
 *
 * Runs in any thread, at the start and at SIGHUP. Invariant: with an error there are no options, so
 * nothing starts half configured.
 *
 *   text ──parse──► nodes ──table──► options of each section ──together──► contradictions
 *     └─ findings ◄────┴────────────────┴─────────────────────────────────────┘
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isMap, type Node } from 'yaml'
import { parseAddress } from '../address/nats-address.ts'
import { adoptedAgents } from '../adopted-options.ts'
import { SignalboxError } from '../errors.ts'
import {
  type NatsOptions,
  QUEUE_DEFAULTS,
  type QueueOptions,
  SCHEDULER_DEFAULTS,
  type SchedulerOptions,
} from '../options.ts'
import { canonicalStrategy } from '../routing/aliases.ts'
import { strategyNames } from '../routing/registry.ts'
import { quote } from '../wire/tokens.ts'
import { nearest } from '../words/nearest.ts'
import { impossiblePairs } from './balance-together.ts'
import { contradictions, mergedQueue } from './contradictions.ts'
import { type ConfigDocument, parseConfig } from './document.ts'
import { mergeDocument002, pathOf002, SECTIONS_002 } from './document-002.ts'
import type { Finding } from './findings.ts'
import { toYaml } from './key.ts'
import { SECTIONS } from './keys.ts'
import { PERSON_KEYS } from './people-keys.ts'
import { QUEUE_KEYS } from './queue-keys.ts'
import { NAME_TAKEN, personFaults } from './require-people.ts'
import { type Entry, isNothing, offsetOf, SectionReader } from './sections.ts'
import type { ServiceOptions } from './service-options.ts'

export interface Configuration {
  readonly file: string
  readonly scheduler: SchedulerOptions
  readonly service: ServiceOptions
  /** What each section said, as options, by its name in the file. */
  readonly sections: Readonly<Record<string, unknown>>
}

export interface ConfigResult {
  /** In the order of the file. */
  readonly findings: readonly Finding[]
  /** Findings beyond those that are held. */
  readonly more: number
  /** Null when one of the findings is an error. */
  readonly configuration: Configuration | null
}

export interface ReadOptions {
  /** Queues that there are besides, by a flag. */
  queues?: readonly string[]
  /** Users' strategies that there are besides, by a flag. */
  strategies?: readonly string[]
  /** What `strict_queues` is when the file does not say. Default true, as `serve` is. */
  isStrict?: boolean
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'is not there: check the path, or write one (docs/configuration.md)',
  EISDIR: 'is a folder: give the file in it',
  EACCES: 'may not be read by this user: check its permissions',
}

/** @throws bad_config when the file cannot be read. */
export async function readConfigFile(file: string, options?: ReadOptions): Promise<ConfigResult> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = UNREADABLE[code ?? ''] ?? `cannot be read (${code}): check the path`
    throw new SignalboxError('bad_config', `The configuration ${quote(file)} ${why}.`, { cause })
  }
  return readConfig(text, file, options)
}

/** @param file its name in findings; paths in it count from its folder. */
export function readConfig(text: string, file: string, options: ReadOptions = {}): ConfigResult {
  const document = parseConfig(text, file)
  const { findings } = document
  const folder = dirname(resolve(file))
  const resolvePath = (path: string) => (path.startsWith('file:') ? path : resolve(folder, path))
  const reader = new SectionReader(
    document,
    [...strategyNames(), ...(options.strategies ?? [])],
    resolvePath,
  )
  const sections = findings.hasErrors ? {} : readSections(document, reader)
  checkNats(sections, document, reader, options)
  const scheduler = schedulerOptions(sections, options)
  checkTogether(scheduler, document, reader, options)
  checkBalance(scheduler, document, reader)
  checkPeople(scheduler, document, reader)
  return {
    findings: findings.sorted(),
    more: findings.more,
    configuration: findings.hasErrors
      ? null
      : { file, scheduler, service: serviceOptions(sections), sections },
  }
}

/** Own strategies first: other sections name them. */
function readSections(document: ConfigDocument, reader: SectionReader): Record<string, unknown> {
  const sections: Record<string, unknown> = {}
  const { root, findings } = document
  if (root === null || isNothing(root)) return sections
  if (!isMap(root)) {
    findings.error(offsetOf(root as Node), '', 'give sections: queues, nats, scheduler, …')
    return sections
  }
  const known = [...SECTIONS, ...SECTIONS_002]
  const entries = new Map<string, Entry>()
  for (const entry of reader.entries(root, '')) {
    if (known.some(({ yaml }) => yaml === entry.name)) entries.set(entry.name, entry)
    else reader.unknown(entry, '', known)
  }
  const isStrategies = (yaml: string) => yaml === 'strategies'
  const ordered = [...known].sort(
    (a, b) => Number(isStrategies(b.yaml)) - Number(isStrategies(a.yaml)),
  )
  for (const section of ordered) {
    const entry = entries.get(section.yaml)
    if (entry === undefined) continue
    reader.places.set(section.yaml, entry.keyOffset)
    const value = reader.section(section, entry)
    if (value !== undefined) sections[section.yaml] = value
    if (isStrategies(section.yaml)) addStrategies(value ?? {}, document, reader)
  }
  mergeDocument002(sections, findings, reader.places)
  return sections
}

function addStrategies(own: object, { findings }: ConfigDocument, reader: SectionReader): void {
  for (const name of Object.keys(own)) {
    if (canonicalStrategy(name) === null) continue
    const path = `strategies.${name}`
    const message = 'a strategy of that name comes with Signalbox: give it another'
    findings.error(reader.places.get(path) ?? 0, path, message)
  }
  reader.strategies = [...reader.strategies, ...Object.keys(own)]
}

/** What only the readers of addresses and of agents can tell. */
function checkNats(
  sections: Readonly<Record<string, unknown>>,
  { findings }: ConfigDocument,
  reader: SectionReader,
  { isStrict = true, queues: others = [] }: ReadOptions,
): void {
  const nats = (sections.nats ?? {}) as { servers?: string[]; prefix?: string }
  try {
    if (nats.servers !== undefined) parseAddress(nats.servers.join(','), 'of the file')
  } catch (error) {
    const place = reader.places.get('nats.servers') ?? 0
    findings.error(place, 'nats.servers', sentenceOf(error))
  }
  const agents = (sections.agents ?? []) as object[]
  const strict = (sections.scheduler as { strictQueues?: boolean })?.strictQueues ?? isStrict
  const queues = strict ? [...Object.keys(sections.queues ?? {}), ...others] : null
  const where = { prefix: nats.prefix ?? SCHEDULER_DEFAULTS.prefix, queues }
  const names = new Set<string>()
  for (const [index, agent] of agents.entries()) {
    const path = `agents[${index}]`
    const place = reader.places.get(path) ?? 0
    // Without a subject it is told of already.
    if (!('subject' in agent)) continue
    try {
      const [{ name }] = adoptedAgents([agent], where)
      if (names.has(name)) {
        findings.error(place, path, 'another agent has the name: give each its own', {
          value: name,
        })
      }
      names.add(name)
    } catch (error) {
      findings.error(place, path, sentenceOf(error))
    }
  }
}

/** @returns a sentence of ours without what the path says, and without its stop. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof SignalboxError)) throw error
  return error.message.replace(/^Option "nats\.agents\[0\]\.?(\w*)" is /, '$1 ').replace(/\.$/, '')
}

function schedulerOptions(
  sections: Readonly<Record<string, unknown>>,
  { isStrict = true, queues = [] }: ReadOptions,
): SchedulerOptions {
  const {
    scheduler,
    queues: ofFile,
    queue_defaults: queueDefaults,
    dead_letters: deadLetters,
    dead_letters_keep: deadLettersKeep,
    nats,
    agents,
    agent_health: agentHealth,
    http: _,
    log: __,
    ...same
  } = sections as Record<string, object>
  const others = Object.fromEntries(queues.map((name) => [name, {}]))
  const options: Record<string, unknown> = {
    strictQueues: isStrict,
    ...scheduler,
    queues: { ...others, ...ofFile },
    ...same,
  }
  const given = { queueDefaults, deadLetters, deadLettersKeep, agentHealth }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) options[name] = value
  if (nats !== undefined || agents !== undefined) {
    options.nats = { ...nats, ...(agents === undefined ? {} : { agents }) }
  }
  return options as SchedulerOptions
}

function serviceOptions(sections: Readonly<Record<string, unknown>>): ServiceOptions {
  return { http: sections.http ?? {}, log: sections.log ?? {} }
}

/** Everything is right by itself; is it together? */
function checkTogether(
  options: SchedulerOptions,
  { findings }: ConfigDocument,
  { places }: SectionReader,
  { queues: others = [] }: ReadOptions,
): void {
  const defaults = mergedQueue(QUEUE_DEFAULTS, options.queueDefaults)
  const queues = Object.fromEntries(
    Object.entries(options.queues ?? {}).map(([name, given]) => [
      name,
      mergedQueue(defaults, given),
    ]),
  )
  const { deadLetters = {}, strictQueues: isStrict = true } = options
  checkRoutes(deadLetters, findings, places)
  const wrong = findings.all.filter(({ severity }) => severity === 'error').map(({ path }) => path)
  for (const each of contradictions({ queues, deadLetters, defaults, isStrict, isFile: true })) {
    if (each.in === 'queues' && others.includes(each.of)) continue
    const key = QUEUE_KEYS.find(({ option }) => option === each.option)
    const yaml = key?.yaml ?? each.option
    // Of a queue that comes into being.
    const isDefault = each.in === 'queues' && !Object.hasOwn(queues, each.of)
    const section = each.in === 'queues' ? 'queues' : 'dead_letters'
    const own = isDefault ? 'queue_defaults' : `${section}.${each.of}`
    const said = `${yaml}${each.at ?? ''}`
    const path = yaml === '' ? own : `${own}.${said}`
    // Of what is wrong by itself nothing more can be said.
    if (wrong.some((at) => at.startsWith('queue_defaults') || at.startsWith(own))) continue
    const inDefaults = places.get(`queue_defaults.${said}`) ?? places.get(`queue_defaults.${yaml}`)
    const place = places.get(path) ?? inDefaults ?? places.get(own) ?? 0
    const options = isDefault ? defaults : queues[each.of]
    const given = key && toYaml(key, options[key.option as keyof QueueOptions])
    const value = typeof given === 'object' ? undefined : given
    if (each.severity === 'warning') findings.warning(place, path, each.message, { value })
    else {
      findings.error(place, path, each.message, { value, suggestion: nearQueue(each, queues) })
    }
  }
}

/** Hours, time zones and queues of people, who are right by themselves. */
function checkPeople(
  { people = {}, queues = {}, strictQueues: isStrict = true, nats }: SchedulerOptions,
  { findings }: ConfigDocument,
  { places }: SectionReader,
): void {
  const wrong = findings.all.filter(({ severity }) => severity === 'error').map(({ path }) => path)
  const known = isStrict ? Object.keys(queues) : null
  const agents = (nats as NatsOptions | undefined)?.agents ?? []
  const taken = agents.map(({ name, subject = '' }) => name ?? subject.replaceAll('.', '-'))
  for (const [name, options] of Object.entries(people)) {
    const own = `people.${name}`
    if (taken.includes(name)) findings.error(places.get(own) ?? 0, own, NAME_TAKEN)
    for (const { option, value, message, suggestion } of personFaults(options, { queues: known })) {
      const path = `${own}.${PERSON_KEYS.find((key) => key.option === option)!.yaml}`
      // Of what is wrong by itself nothing more can be said.
      if (wrong.some((at) => at === own || at === path)) continue
      const place = places.get(path) ?? places.get(own) ?? 0
      findings.error(place, path, message, { value, suggestion })
    }
  }
}

/** The same for options of a section of their own. */
function checkBalance(
  options: SchedulerOptions,
  { findings }: ConfigDocument,
  { places }: SectionReader,
): void {
  const { stealing, scaling, agentHealth } = options
  const defaults = SCHEDULER_DEFAULTS
  const pairs = impossiblePairs({
    stealing: { ...defaults.stealing, ...(stealing || {}) },
    scaling: { ...defaults.scaling, ...(scaling || {}) },
    agentHealth: { ...defaults.agentHealth, ...(agentHealth || {}) },
  })
  for (const { section, option, other, words } of pairs) {
    const { yaml, keys } = SECTIONS.find((each) => each.option === section)!
    const named = [option, other].map((name) => {
      const theirs = pathOf002(yaml, name)
      if (theirs !== undefined && places.has(theirs)) return theirs
      return `${yaml}.${keys.find((each) => each.option === name)!.yaml}`
    })
    const place = places.get(named[0]) ?? places.get(named[1]) ?? 0
    findings.error(place, named[0], `it must be ${words} ${named[1]}`)
  }
}

function nearQueue({ message }: { message: string }, queues: object): string | null {
  const name = /^there is no queue "([^"]+)"/.exec(message)?.[1]
  const near = name === undefined ? null : nearest(name, Object.keys(queues))
  return near === null ? null : `"${near}"`
}

/** A route has what it goes to, and nothing else. */
function checkRoutes(
  deadLetters: NonNullable<SchedulerOptions['deadLetters']>,
  findings: ConfigDocument['findings'],
  places: ReadonlyMap<string, number>,
): void {
  for (const [name, route] of Object.entries(deadLetters)) {
    const own = `dead_letters.${name}`
    for (const kind of ['file', 'queue'] as const) {
      const path = `${own}.${kind}`
      const isGiven = Object.hasOwn(route, kind)
      if (route.route === kind && !isGiven) {
        findings.error(places.get(`${own}.route`) ?? 0, own, `route ${kind} needs "${kind}"`)
      } else if (route.route !== undefined && route.route !== kind && isGiven) {
        const place = places.get(path) ?? 0
        findings.error(place, path, `route ${route.route} has no use for it: give route: ${kind}`)
      }
    }
  }
}
