/**
 * Terms: what a task requires or prefers of an agent. A name alone is one of its capabilities; with a
 * comparison it is a label, a number that the agent says of itself.
 *
 * ```
 *   ocr            the capability "ocr"
 *   gpu>=24        the label "gpu" is 24 or more; also <=, >, <, != and =, which may be written ==
 * ```
 *
 * Any thread. Invariant: a term has one text, its canonical one, and that text reads as the same term;
 * so lists of terms that mean the same are equal texts, and share a class.
 *
 * Rejected: ranges, alternatives and brackets, which make a query language of what is to be one set
 * intersected with another; texts as labels, which are capabilities (`zone-a`).
 */
import { LIMITS } from './options.ts'

export const TERM_OPERATORS = ['>=', '<=', '!=', '>', '<', '='] as const
export type TermOperator = (typeof TERM_OPERATORS)[number]

export interface Term {
  readonly name: string
  /** '' for a capability. */
  readonly operator: TermOperator | ''
  /** What the label is compared with; 0 for a capability. */
  readonly value: number
  /** The canonical text. */
  readonly text: string
}

/** A name, an operator and a number, with room for spaces. */
const LENGTH_MAX = 128
/** The number as JSON has it. */
const TERM =
  /^([A-Za-z0-9_-]{1,64})(?: *(>=|<=|!=|==|>|<|=) *(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?))?$/

/** @returns null when the text is no term. */
export function parseTerm(text: string): Term | null {
  if (text.length > LENGTH_MAX) return null
  const parts = TERM.exec(text)
  if (parts === null) return null
  const [, name, operator, number] = parts
  if (operator === undefined) return { name, operator: '', value: 0, text: name }
  const value = exactNumber(number)
  if (value === null) return null
  const canonical = operator === '==' ? '=' : (operator as TermOperator)
  return { name, operator: canonical, value, text: `${name}${canonical}${value}` }
}

/** @returns whether somebody meant a comparison, right or wrong. */
export function isComparison(text: string): boolean {
  return /[<>=!]/.test(text)
}

/** @returns null for a number that could not be held as it is written. */
function exactNumber(text: string): number | null {
  const [mantissa] = text.split(/[eE]/)
  const digits = mantissa.replace(/[-.]/g, '').replace(/^0+|0+$/g, '')
  const value = Number(text)
  if (digits.length > LIMITS.termDigitsMax || !Number.isFinite(value)) return null
  if (value === 0 && digits !== '') return null
  // Zero has no sign here: "-0" and "0" are one term.
  return value === 0 ? 0 : value
}
