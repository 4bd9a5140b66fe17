/**
 * What a task waits for, in words a submitter can act on; where nobody may be given it, also who comes
 * nearest and what that agent lacks. Front-end thread, when somebody asks or is answered; reads only.
 */
import type { Term } from '../terms.ts'
import type { AgentState } from './agents.ts'
import { hasOther } from './apart.ts'
import type { ClassState } from './classes.ts'
import { isAtLimit } from './holds.ts'
import type { Profile } from './profiles.ts'
import { meets, termsOf } from './requirements.ts'
import type { PolicyState } from './state.ts'
import { BLOCKED, isFinal, PARKED, stateName, type TaskRecord, WAITING } from './task-record.ts'

/** Terms of a list that are said. */
const SAID_MAX = 8

/** @returns null when it does not wait, or only for its turn among the tasks before it. */
export function waitingFor(core: PolicyState, record: TaskRecord): string | null {
  const { state } = record
  if (state === BLOCKED) return blockedWords(record)
  if (state !== WAITING && state !== PARKED) return null
  const cls = record.cls!
  if (cls.queue.paused) return 'the queue is paused'
  let agents = 0
  let accepting = 0
  let draining = 0
  let limited = 0
  let resting = 0
  for (const profile of cls.profiles) {
    agents += profile.agents.size
    for (const agent of profile.agents) {
      if (agent.accepting) accepting++
      else if (agent.draining) draining++
      else if (agent.limit === 0) agent.claims ? resting++ : limited++
    }
  }
  if (agents === 0) return nobody(core, cls)
  if (accepting === 0) return notAccepting(agents, draining, limited, resting)
  if (isAtLimit(cls.queue)) {
    return `the queue runs as many tasks as it may (${cls.queue.options.concurrency})`
  }
  if (state === PARKED) return parkedWords(record)
  if (cls.free > 0) return null
  return accepting === 1 ? 'the only agent is full' : `all ${accepting} agents full`
}

/** Its parents that are not final, as far as they are said. */
function blockedWords({ extras }: TaskRecord): string {
  const { parents, held, open } = extras!.links!
  const ends = parents.filter((parent) => !isFinal(parent.state))
  const tasks = ends.map((parent) => `"${parent.id}" (${stateName(parent.state)})`)
  const words = some(tasks, ', ')
  return held
    ? `${open} of ${parents.length} votes on it: ${words}`
    : `what it depends on: ${words}`
}

/** Who is free must not have it. */
function parkedWords(record: TaskRecord): string {
  const { agents } = record.extras!.apart!
  const others = `another agent than ${some(
    agents.map((id) => `"${id}"`),
    ', ',
  )}`
  if (hasOther(record)) return others
  return `${others}: no other serves ${record.cls!.queue.name}`
}

/**
 * @param limited in quarantine or maintenance, or silent.
 * @param resting people out of their hours, or with a day off.
 */
function notAccepting(agents: number, draining: number, limited: number, resting: number): string {
  const isOne = agents === 1
  const ways: string[] = []
  if (draining > 0) ways.push(isOne ? 'is draining' : 'are draining')
  if (limited > 0) ways.push(isOne ? 'is given nothing for now' : 'are given nothing for now')
  if (resting > 0) ways.push(isOne ? 'is not at work now' : 'are not at work now')
  if (draining + limited + resting < agents) ways.push(isOne ? 'does not answer' : 'do not answer')
  return `${isOne ? 'the only agent' : `all ${agents} agents`} ${ways.join(' or ')}`
}

function nobody(core: PolicyState, cls: ClassState): string {
  const offers = offersOf(core, cls)
  if (offers.length === 0) return `no agent serves ${cls.queue.name}`
  const missing = missingOf(cls, offers)
  const what = missing.length > 0 ? some(missing, ', ') : `${some(cls.requires, ' and ')} together`
  const nearest = nearestOf(cls, offers)
  return `no agent offers ${what}${nearest === null ? '' : nearestWords(nearest)}`
}

/** One term that an agent does not meet. */
export interface Lack {
  readonly term: string
  /** The capability or label that it is about. */
  readonly name: string
  /** What it has where the term compares; null when it has nothing of that name. */
  readonly has: number | null
}

/** Why no agent may be given a task, and who comes nearest to it. */
export interface NearestMiss {
  /** Terms that nobody meets; none when each is met by somebody, but not all by the same. */
  readonly missing: readonly string[]
  /** The agent that meets the most of what is required; null when none meets or resembles any. */
  readonly agent: string | null
  readonly met: number
  readonly lacks: readonly Lack[]
}

/**
 * @returns null when the task could be given to some agent, be it full, and when nobody serves its
 *   queue at all. *Cost* a look at every profile.
 */
export function nearestMiss(core: PolicyState, record: TaskRecord): NearestMiss | null {
  const cls = record.cls
  if (cls === null || cls.profiles.some((profile) => profile.agents.size > 0)) return null
  const offers = offersOf(core, cls)
  if (offers.length === 0) return null
  const nearest = nearestOf(cls, offers)
  const missing = missingOf(cls, offers)
  return { missing, ...(nearest ?? { agent: null, met: 0, lacks: [] }) }
}

type Nearest = Pick<NearestMiss, 'met' | 'lacks'> & { readonly agent: string }

/** The profiles whose agents serve the queue. */
function offersOf(core: PolicyState, cls: ClassState): Profile[] {
  const serving = [...core.profiles.values()].filter((profile) => profile.agents.size > 0)
  return serving.filter((profile) => profile.servesQueue(cls.queue.name))
}

function missingOf(cls: ClassState, offers: readonly Profile[]): string[] {
  const terms = termsOf(cls.requires)
  const missing = terms.filter((term) => !offers.some((offer) => meets(term, offer)))
  return missing.map(({ text }) => text)
}

/** Of agents that are equally near, one of the profile that was there first. */
function nearestOf(cls: ClassState, offers: readonly Profile[]): Nearest | null {
  const terms = termsOf(cls.requires)
  let best: Profile | null = null
  let most = 0
  for (const offer of offers) {
    const near = nearness(terms, offer)
    if (near <= most) continue
    most = near
    best = offer
  }
  if (best === null) return null
  const { labels } = best
  const lacking = terms.filter((term) => !meets(term, best))
  return {
    agent: agentOf(best).id,
    met: terms.length - lacking.length,
    lacks: lacking.map(({ text, name, operator }) => ({
      term: text,
      name,
      has: operator === '' ? null : (labels.get(name) ?? null),
    })),
  }
}

/** One that takes work, if there is one. */
function agentOf({ agents }: Profile): AgentState {
  const all = [...agents]
  return all.find(({ accepting }) => accepting) ?? all[0]
}

/** Terms that are met count one each; of the others all together less, for labels that come near. */
function nearness(terms: readonly Term[], offer: Profile): number {
  let near = 0
  for (const term of terms) {
    if (meets(term, offer)) near++
    else if (term.operator !== '') near += resemblance(term, offer) / (terms.length + 1)
  }
  return near
}

/** @returns 1 for all but the same, more than 0 for any label of that name, 0 without one. */
function resemblance({ name, value }: Term, { labels }: Profile): number {
  const label = labels.get(name)
  if (label === undefined) return 0
  const gap = Math.abs(label - value) / Math.max(Math.abs(label), Math.abs(value), Number.MIN_VALUE)
  return 1 - Math.min(1, gap) / 2
}

function nearestWords({ agent, lacks }: Nearest): string {
  const has = lacks.filter((lack) => lack.has !== null)
  const hasNot = lacks.filter((lack) => lack.has === null)
  const words: string[] = []
  if (has.length > 0) {
    const labels = has.map(({ name, has: value }) => `${name} ${value}`)
    words.push(`with ${some([...new Set(labels)], ' and ')}`)
  }
  const terms = hasNot.map(({ term }) => term)
  if (terms.length > 0) words.push(`without ${some(terms, ' and ')}`)
  return `; the nearest is "${agent}" ${words.join(', ')}`
}

/** A sentence that people read; `nearestMiss` has all of them. */
function some(words: readonly string[], between: string): string {
  const more = words.length - SAID_MAX
  if (more <= 0) return words.join(between)
  return `${words.slice(0, SAID_MAX).join(between)}${between}${more} more`
}
