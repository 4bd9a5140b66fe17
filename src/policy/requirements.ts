/**
 * What an agent offers against what a task requires or prefers. Front-end thread, where classes and
 * profiles come into being: never for a single task.
 *
 * Invariant: a term is met by a capability of its name, or, with a comparison, by a label of its name
 * that compares so; an agent without the label meets no comparison with it, not even `!=`.
 */
import type { Match } from '../options.ts'
import { parseTerm, type Term } from '../terms.ts'

/** What one agent, or all of a profile, can do. */
export interface Offer {
  readonly capabilities: ReadonlySet<string>
  readonly labels: ReadonlyMap<string, number>
}

/** Lists of canonical terms are shared by all tasks of a class, so each is read once. */
const read = new WeakMap<readonly string[], readonly Term[]>()

/** @param texts canonical terms. */
export function termsOf(texts: readonly string[]): readonly Term[] {
  const known = read.get(texts)
  if (known !== undefined) return known
  const terms = texts.map((text) => {
    const term = parseTerm(text)
    // Whatever came in was checked at the border; a name of another kind can still only be a name.
    return term ?? ({ name: text, operator: '', value: 0, text } satisfies Term)
  })
  read.set(texts, terms)
  return terms
}

export function meets(term: Term, offer: Offer): boolean {
  if (term.operator === '') return offer.capabilities.has(term.name)
  const label = offer.labels.get(term.name)
  if (label === undefined) return false
  switch (term.operator) {
    case '>=':
      return label >= term.value
    case '<=':
      return label <= term.value
    case '>':
      return label > term.value
    case '<':
      return label < term.value
    case '=':
      return label === term.value
    case '!=':
      return label !== term.value
  }
}

/** @param texts canonical terms; none is met by everybody. */
export function meetsAll(texts: readonly string[], offer: Offer): boolean {
  for (const term of termsOf(texts)) if (!meets(term, offer)) return false
  return true
}

/** How many of the terms are met. */
export function metCount(texts: readonly string[], offer: Offer): number {
  let met = 0
  for (const term of termsOf(texts)) if (meets(term, offer)) met++
  return met
}

/** @returns 0 to 1, the part of the terms that is met; 1 without terms. */
export function fraction(texts: readonly string[], offer: Offer): number {
  return texts.length === 0 ? 1 : metCount(texts, offer) / texts.length
}

/** What a class of tasks asks of agents. */
export interface Wanted {
  readonly requires: readonly string[]
  readonly prefers: readonly string[]
  readonly match: Match
}

/**
 * The terms of the agents that are taken first while one of them has room; none when all are alike.
 * Under `fallback` these are the required ones: what may be missing at worst comes before what is
 * only liked.
 */
export function preferredTerms(cls: Wanted): readonly string[] {
  return cls.match === 'fallback' && cls.requires.length > 0 ? cls.requires : cls.prefers
}

/** @returns whether some of its agents are taken before others. */
export function hasPreferred(cls: Wanted): boolean {
  return preferredTerms(cls).length > 0
}
