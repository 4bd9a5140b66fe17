/**
 * What a changed file means for a scheduler that runs: which queues are new, which have other options,
 * and what cannot be changed without a restart.
 *
 * Runs at SIGHUP. Invariant: it changes nothing; who applies it does so only when nothing needs a
 * restart.
 */
import { isDeepStrictEqual } from 'node:util'
import { QUEUE_DEFAULTS, type QueueOptions, type SchedulerOptions } from '../options.ts'
import { mergedQueue } from './contradictions.ts'
import { SECTIONS } from './keys.ts'
import type { Configuration } from './read.ts'

export interface ConfigChanges {
  /** Sentences, one for each thing; when there is one, nothing is applied. */
  readonly needsRestart: readonly string[]
  readonly added: readonly string[]
  readonly changed: readonly string[]
  /** Names of dead letters whose route is another. */
  readonly routes: readonly string[]
  /** Who is new, has gone, or has other options. */
  readonly people: readonly string[]
}

export function configChanges(before: Configuration, after: Configuration): ConfigChanges {
  const needsRestart = SECTIONS.filter(({ reloads }) => !reloads)
    .filter(({ yaml }) => !isDeepStrictEqual(before.sections[yaml], after.sections[yaml]))
    .map(({ yaml }) => `${yaml} cannot be changed without a restart`)
  const old = completeQueues(before.scheduler)
  const now = completeQueues(after.scheduler)
  for (const name of Object.keys(old)) {
    if (!Object.hasOwn(now, name)) {
      needsRestart.push(`queue ${name} cannot be taken away without a restart: pause it instead`)
    }
  }
  const isLoose = after.scheduler.strictQueues === false
  if (isLoose && !isDeepStrictEqual(defaultsOf(before.scheduler), defaultsOf(after.scheduler))) {
    needsRestart.push(
      'queue_defaults cannot be changed without a restart while queues may come into being',
    )
  }
  const names = Object.keys(now)
  const routesBefore = before.scheduler.deadLetters ?? {}
  const routesAfter = after.scheduler.deadLetters ?? {}
  const peopleBefore = before.scheduler.people ?? {}
  const peopleAfter = after.scheduler.people ?? {}
  const people = [...new Set([...Object.keys(peopleBefore), ...Object.keys(peopleAfter)])]
  const letters = [...new Set([...Object.keys(routesBefore), ...Object.keys(routesAfter)])]
  return {
    needsRestart,
    added: names.filter((name) => !Object.hasOwn(old, name)),
    changed: names.filter(
      (name) => Object.hasOwn(old, name) && !isDeepStrictEqual(old[name], now[name]),
    ),
    routes: letters.filter((name) => !isDeepStrictEqual(routesBefore[name], routesAfter[name])),
    people: people.filter((name) => !isDeepStrictEqual(peopleBefore[name], peopleAfter[name])),
  }
}

function defaultsOf({ strategy = QUEUE_DEFAULTS.strategy, queueDefaults }: SchedulerOptions) {
  return mergedQueue({ ...QUEUE_DEFAULTS, strategy }, queueDefaults)
}

function completeQueues(options: SchedulerOptions): Record<string, QueueOptions> {
  const defaults = defaultsOf(options)
  const queues = Object.entries(options.queues ?? {})
  return Object.fromEntries(queues.map(([name, own]) => [name, mergedQueue(defaults, own)]))
}
