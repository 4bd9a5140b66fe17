/**
 * Lists, numbers by name and what a task says of its routing and promises, as one text each: so they
 * are names in a journal, which stand there once. Any thread.
 *
 * Invariant: what is read of a text that was written is what was written. Names and terms have no
 * comma and no bar; the shortest digits of a number read as the same number.
 */
import type { Match } from '../options.ts'
import type { OwnPromises } from '../policy/task-record.ts'
import type { ParentFailure, TaskAfter, TaskRouting } from '../task.ts'

const NO_NAMES: readonly string[] = []

/** One alone stands for itself, without a new string. */
export function joined(names: readonly string[]): string {
  return names.length === 1 ? names[0] : names.join(',')
}

export function split(names: string): readonly string[] {
  return names === '' ? NO_NAMES : names.split(',')
}

/** `gpu=24,zone=3` */
export function numbersText(numbers: Readonly<Record<string, number>>): string {
  let text = ''
  for (const name in numbers) text += `${text === '' ? '' : ','}${name}=${numbers[name]}`
  return text
}

export function numbersOf(text: string): Record<string, number> {
  const numbers: Record<string, number> = {}
  for (const one of split(text)) {
    const at = one.indexOf('=')
    numbers[one.slice(0, at)] = Number(one.slice(at + 1))
  }
  return numbers
}

/** `type|match|prefers|strategy`, each empty for the queue's; empty when all are. */
export function routingText(routing: TaskRouting | null): string {
  if (routing === null) return ''
  const { type, match, prefers, strategy } = routing
  const text = `${type ?? ''}|${match ?? ''}|${joined(prefers)}|${strategy ?? ''}`
  return text === '|||' ? '' : text
}

export function routingOf(text: string): TaskRouting | null {
  if (text === '') return null
  const [type, match, prefers = '', strategy] = text.split('|')
  return {
    type: type || null,
    match: (match || null) as Match | null,
    prefers: split(prefers),
    strategy: strategy || null,
  }
}

/** `fail id queue/id`; empty for a task that names no parents. Neither ids nor names have a space. */
export function afterText(after: TaskAfter | null): string {
  return after === null ? '' : [after.onFailure, ...after.ids].join(' ')
}

export function afterOf(text: string): TaskAfter | null {
  if (text === '') return null
  const [onFailure, ...ids] = text.split(' ')
  return { ids, onFailure: onFailure as ParentFailure }
}

/** `ttl|deadline|sla target|retry delay|delay` in ms, each empty for the queue's; empty without any. */
export function promisesText(own: OwnPromises | null): string {
  if (own === null) return ''
  const { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs } = own
  return [ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs].map((ms) => ms ?? '').join('|')
}

export function promisesOf(text: string): OwnPromises | null {
  if (text === '') return null
  const [ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs] = text
    .split('|')
    .map((ms) => (ms === '' ? null : Number(ms)))
  return { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs: delayMs ?? 0 }
}
