/**
 * Options of queues that cannot be together, each alone being right.
 *
 * Runs in any thread, on complete options. Invariant: nothing that source document 004 configures is
 * one of them. An error is what cannot work; a warning is what works otherwise than it looks.
 */
import type { DeadLetterRoute, GivenQueueOptions, QueueOptions, ResultRule } from '../options.ts'
import { ruleCircles } from '../rules/circles.ts'
import { FIELD_WORDS, pathOf } from '../rules/field.ts'
import type { PriorityName } from '../task.ts'
import { QUEUE_KEYS } from './queue-keys.ts'

export interface Contradiction {
  /** Where it is said: the queue's name, or the dead letters'. */
  readonly of: string
  readonly in: 'queues' | 'deadLetters'
  /** The option that is to be changed; of a level, both. */
  readonly option: keyof QueueOptions | 'queue' | ''
  /** Where in the option's value, `[0].queue`; '' for all of it. */
  readonly at?: string
  readonly severity: 'error' | 'warning'
  readonly message: string
}

export interface QueueSet {
  readonly queues: Readonly<Record<string, QueueOptions>>
  readonly deadLetters: Readonly<Record<string, DeadLetterRoute>>
  /** Of queues that come into being. */
  readonly defaults: QueueOptions
  /** Only these queues may be. */
  readonly isStrict: boolean
  /** Names and numbers are those of the file. */
  readonly isFile: boolean
}

/** @returns options of a queue with its defaults, groups key by key. */
export function mergedQueue(
  defaults: QueueOptions,
  given: GivenQueueOptions | undefined,
): QueueOptions {
  return {
    ...defaults,
    ...given,
    // Checked ones, whatever they were.
    rules: (given?.rules ?? defaults.rules) as readonly ResultRule[],
    slaTargetsMs: { ...defaults.slaTargetsMs, ...given?.slaTargetsMs },
    boostAfterMs: { ...defaults.boostAfterMs, ...given?.boostAfterMs },
  }
}

export function contradictions(set: QueueSet): Contradiction[] {
  const found = Object.entries(set.queues).flatMap(([name, queue]) => ofQueue(name, queue, set))
  return [...found, ...ofTargets(set), ...ofRules(set), ...ofCircles(set)]
}

/** Below half of all runs would be late; above, a thousand results do not tell. */
const HEDGE_MIN = 0.5
const HEDGE_MAX = 0.999

/** Says options by their names and values, as the reader knows them. */
class Teller {
  readonly #isFile: boolean

  constructor(isFile: boolean) {
    this.#isFile = isFile
  }

  name(option: keyof QueueOptions): string {
    if (!this.#isFile) return option
    return QUEUE_KEYS.find((key) => key.option === option)!.yaml
  }

  ms(value: number): string {
    return this.#isFile ? `${value / 1_000} s` : `${value} ms`
  }

  shares(from: number, to: number): string {
    return this.#isFile ? `${from * 100} to ${to * 100}` : `${from} to ${to}`
  }
}

function ofQueue(name: string, queue: QueueOptions, set: QueueSet): Contradiction[] {
  const found: Contradiction[] = []
  const tell = new Teller(set.isFile)
  const wrong = (option: keyof QueueOptions, message: string) =>
    found.push({ of: name, in: 'queues', option, severity: 'error', message })
  const odd = (option: keyof QueueOptions, message: string) =>
    found.push({ of: name, in: 'queues', option, severity: 'warning', message })
  ofPromise(queue, tell, wrong)
  const target = queue.escalateTo || queue.escalateToAgent
  if (queue.escalateOn.length > 0 && target === '') {
    wrong('escalateOn', `nobody is named to escalate to: give ${tell.name('escalateTo')}`)
  }
  if (queue.escalateTo !== '' && queue.escalateToAgent !== '') {
    wrong('escalateToAgent', `give this or ${tell.name('escalateTo')}, not both`)
  }
  if (queue.escalateTo === name) {
    wrong('escalateTo', 'a task cannot be escalated to the queue that it is in: name another')
  }
  ofRetries(queue, tell, wrong, odd)
  if (queue.confidenceField !== '' && pathOf(queue.confidenceField) === null) {
    wrong('confidenceField', `give ${FIELD_WORDS}`)
  }
  if (queue.decideBy !== '' && pathOf(queue.decideBy) === null) {
    wrong('decideBy', `give ${FIELD_WORDS}`)
  }
  const { hedgePercentile: share } = queue
  if (share !== 0 && (share < HEDGE_MIN || share > HEDGE_MAX)) {
    wrong('hedgePercentile', `give 0 for never, or ${tell.shares(HEDGE_MIN, HEDGE_MAX)}`)
  }
  const { heartbeatTimeoutMs: beat, timeoutMs, ttlMs, deadlineMs } = queue
  if (beat > timeoutMs) {
    const limit = `${tell.name('timeoutMs')} of ${tell.ms(timeoutMs)}`
    wrong('heartbeatTimeoutMs', `it is never reached under a ${limit}: give less, or raise that`)
  }
  if (deadlineMs > 0 && ttlMs > deadlineMs) {
    const limit = `${tell.name('deadlineMs')} of ${tell.ms(deadlineMs)}`
    odd('ttlMs', `it is never reached under a ${limit}`)
  }
  return found
}

type Told = (option: keyof QueueOptions, message: string) => void

/** A breach is told of only while the task is there to breach. */
function ofPromise(queue: QueueOptions, tell: Teller, wrong: Told): void {
  const ends: (keyof QueueOptions & ('ttlMs' | 'deadlineMs'))[] = ['deadlineMs']
  if (queue.slaClock === 'assigned') ends.unshift('ttlMs')
  for (const end of ends) {
    const endMs = queue[end]
    if (endMs === 0) continue
    const late = (option: 'slaTargetMs' | 'slaTargetsMs', targetMs: number, of: string) => {
      if (targetMs <= endMs) return
      const when = `${tell.name(end)} of ${tell.ms(endMs)}`
      wrong(
        option,
        `${of}the task expires before its SLA of ${tell.ms(targetMs)}, by ${when}: ` +
          `give at most ${tell.ms(endMs)}, or raise ${tell.name(end)}`,
      )
    }
    late('slaTargetMs', queue.slaTargetMs, '')
    for (const [level, targetMs] of Object.entries(queue.slaTargetsMs) as [PriorityName, number][])
      late('slaTargetsMs', targetMs, `${level}: `)
  }
}

function ofRetries(queue: QueueOptions, tell: Teller, wrong: Told, odd: Told): void {
  const { retryCount, retryDelayMs, retryDelayMaxMs, retryOn, escalateOn } = queue
  if (retryCount > 0 && retryDelayMs === 0) {
    const without = `there is no delay to be changed: give ${tell.name('retryDelayMs')}`
    if (queue.exponentialBackoff) wrong('exponentialBackoff', without)
    if (queue.retryJitter === 'full') wrong('retryJitter', without)
  }
  if (retryDelayMs > retryDelayMaxMs) {
    const limit = `${tell.name('retryDelayMaxMs')} of ${tell.ms(retryDelayMaxMs)}`
    wrong('retryDelayMs', `it is cut by a ${limit}: give less, or raise that`)
  }
  if (retryOn === null) return
  if (retryCount === 0 && retryOn.length > 0) {
    odd('retryOn', `nothing is retried with a ${tell.name('retryCount')} of 0`)
  }
  const both = retryOn.filter((code) => escalateOn.includes(code))
  if (both.length > 0) {
    odd('retryOn', `${both.join(', ')} is escalated at once, as ${tell.name('escalateOn')} says`)
  }
}

/** Queues that are named and are not there; routes that nothing takes. */
function ofTargets({ queues, deadLetters, isStrict }: QueueSet): Contradiction[] {
  const found: Contradiction[] = []
  const unknown = (queue: string) => isStrict && !Object.hasOwn(queues, queue)
  const missing = (queue: string) => `there is no queue "${queue}": add it to the queues`
  const names = new Set<string>()
  for (const [name, queue] of Object.entries(queues)) {
    names.add(queue.deadLetterQueue || name)
    if (queue.escalateTo === '' || !unknown(queue.escalateTo)) continue
    const message = missing(queue.escalateTo)
    found.push({ of: name, in: 'queues', option: 'escalateTo', severity: 'error', message })
  }
  for (const [name, route] of Object.entries(deadLetters)) {
    if (route.route === 'queue' && unknown(route.queue)) {
      const message = missing(route.queue)
      found.push({ of: name, in: 'deadLetters', option: 'queue', severity: 'error', message })
    }
    if (!isStrict || names.has(name)) continue
    const message = 'no queue has dead letters of this name'
    found.push({ of: name, in: 'deadLetters', option: '', severity: 'warning', message })
  }
  return found
}

/** Rules that lead to a queue that is not there, or for ever round. */
function ofRules({ queues, deadLetters, defaults, isStrict }: QueueSet): Contradiction[] {
  const found: Contradiction[] = []
  const tell = (of: string, rule: number, at: string, message: string) => {
    const where = `[${rule}]${at}`
    found.push({ of, in: 'queues', option: 'rules', at: where, severity: 'error', message })
  }
  for (const [name, { rules }] of Object.entries(queues)) {
    for (const [at, { queue }] of rules.entries()) {
      if (queue === '' || !isStrict || Object.hasOwn(queues, queue)) continue
      tell(name, at, '.queue', `there is no queue "${queue}": add it to the queues`)
    }
  }
  const moves = (letter: string) => {
    const route = ownOf(deadLetters, letter)
    return route?.route === 'queue' ? route.queue : null
  }
  const circles = ruleCircles({ queues, moves, defaults: isStrict ? null : defaults })
  for (const { path, rule } of circles) {
    const way = path.join(' → ')
    tell(path[0], rule, '', `tasks would go round for ever, ${way}: give one of its rules "times"`)
  }
  return found
}

/** Circles are bounded, since a task goes to no queue twice, and still seldom meant. */
function ofCircles({ queues, deadLetters }: QueueSet): Contradiction[] {
  const next = (name: string): string[] => {
    const queue = queues[name]
    const route = ownOf(deadLetters, queue.deadLetterQueue || name)
    const ways = [queue.escalateTo, route?.route === 'queue' ? route.queue : '']
    return ways.filter((way) => way !== '' && Object.hasOwn(queues, way))
  }
  const found: Contradiction[] = []
  const done = new Set<string>()
  for (const start of Object.keys(queues)) {
    if (done.has(start)) continue
    const circle = circleFrom(start, next, done)
    if (circle === null || (circle.length === 2 && queues[start].escalateTo === start)) continue
    const message = `tasks may go in a circle, ${circle.join(' → ')}; each goes round once at most`
    found.push({ of: circle[0], in: 'queues', option: '', severity: 'warning', message })
  }
  return found
}

/**
 * Depth first, without recursion: there may be 10,000 queues in a row.
 * @returns the first circle that is met, its first queue once more at its end; null for none.
 */
function circleFrom(
  start: string,
  next: (name: string) => string[],
  done: Set<string>,
): string[] | null {
  const path: string[] = [start]
  const ways: string[][] = [next(start)]
  while (path.length > 0) {
    const way = ways[ways.length - 1].pop()
    if (way === undefined) {
      done.add(path.pop()!)
      ways.pop()
      continue
    }
    const at = path.indexOf(way)
    if (at >= 0) {
      for (const name of path) done.add(name)
      return [...path.slice(at), way]
    }
    if (done.has(way)) continue
    path.push(way)
    ways.push(next(way))
  }
  return null
}

function ownOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
