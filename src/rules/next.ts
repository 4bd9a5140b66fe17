/**
 * What a result leads to: the first of its queue's rules that fits. Any thread.
 *
 * Invariant: pure: the same result, rules and hops lead to the same stage always. With no rule that fits
 * the result is the task's outcome.
 */
import type { NextStage, ResultRule, RuleValue } from '../options.ts'
import { PRIORITIES } from '../task.ts'
import { fits } from './fits.ts'

/**
 * @param value a result as JSON has it.
 * @param hopsTaken how often the task has followed the rule of that index before.
 * @returns null when it is done.
 */
export function nextOf(
  rules: readonly ResultRule[],
  value: unknown,
  hopsTaken: (rule: number) => number,
): NextStage | null {
  for (let at = 0; at < rules.length; at++) {
    const rule = rules[at]
    if (!fits(rule, value)) continue
    if (rule.times > 0 && hopsTaken(at) >= rule.times) continue
    return outcomeOf(rule, at)
  }
  return null
}

function outcomeOf(rule: ResultRule, at: number): NextStage | null {
  switch (rule.then) {
    case 'done':
      return null
    case 'queue':
      return { then: 'queue', queue: rule.queue, level: rule.priority, rule: at }
    case 'dead': {
      const message = `Its result fits rule ${at + 1}: ${conditionWords(rule)}.`
      return { then: 'dead', code: rule.code, message, rule: at }
    }
  }
}

/** The stages behind a task, as far as rules are concerned. */
interface Left {
  readonly queue: string
  readonly rule: number
}

/** @returns how often the stages have followed a rule of that queue. */
export function hopsIn(queue: string, stages: readonly Left[]): (rule: number) => number {
  return (rule) => {
    let hops = 0
    for (const left of stages) if (left.rule === rule && left.queue === queue) hops++
    return hops
  }
}

/** @returns `confidence >= 90`, `any result`. */
export function conditionWords({ field, is, value }: ResultRule): string {
  if (field === '') return 'any result'
  if (is === 'exists' || is === 'missing') return `${field} ${is}`
  const words = Array.isArray(value) ? value.map(valueWords).join(', ') : valueWords(value)
  return `${field} ${is.replace('_', ' ')} ${words}`
}

/** @returns `confidence >= 90: ra_review_high, high`, `recall_count >= 2: dead letter rejected`. */
export function ruleWords(rule: ResultRule): string {
  const { then, queue, code, priority, times } = rule
  const level = Object.keys(PRIORITIES)[priority - 1]
  const aim = then === 'queue' ? queue : then === 'dead' ? `dead letter ${code}` : 'done'
  const more = [...(level === undefined ? [] : [level]), ...(times > 0 ? [`${times} times`] : [])]
  return [`${conditionWords(rule)}: ${aim}`, ...more].join(', ')
}

function valueWords(value: RuleValue | readonly RuleValue[]): string {
  return JSON.stringify(value)
}
