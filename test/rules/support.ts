/** Rules for tests: what is not said is as a rule has it that always fits and is done. */
import { QUEUE_DEFAULTS, type QueueOptions, type ResultRule } from '../../src/options.ts'

const PLAIN: ResultRule = {
  field: '',
  is: 'exists',
  value: null,
  then: 'done',
  queue: '',
  priority: 0,
  code: '',
  times: 0,
}

export const rule = (given: Partial<ResultRule>): ResultRule => ({ ...PLAIN, ...given })

export const to = (queue: string, given: Partial<ResultRule> = {}): ResultRule =>
  rule({ then: 'queue', queue, ...given })

export const dead = (code: string, given: Partial<ResultRule> = {}): ResultRule =>
  rule({ then: 'dead', code, ...given })

export function queues(given: Record<string, Partial<QueueOptions>>): Record<string, QueueOptions> {
  return Object.fromEntries(
    Object.entries(given).map(([name, options]) => [name, { ...QUEUE_DEFAULTS, ...options }]),
  )
}
