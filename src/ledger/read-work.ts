/**
 * From the words of entries about graphs, stages and people to what is shown of them. Any thread; pure.
 *
 * Invariant: what an entry does not have is never read: a kind that is not known here is left to others.
 */
import { DECISION_WORDS } from './entry-words.ts'
import { CONFIDENCE_STEPS, Entry, SEEN_WORDS } from './format.ts'
import type { LedgerEntry } from './reader.ts'

/** Fields of the entry that is being read, by their number, from 1. */
export interface EntryFields {
  field(number: number): number
  /** What a number stands for. */
  text(number: number): string
  /** A text that stands in the entry itself. */
  textAt(number: number): string
  agent(index: number): string
  hex(number: number, words: number): string
}

/** @returns whether it is one of these. */
export function readWork(
  kind: number,
  aux: number,
  entry: LedgerEntry,
  fields: EntryFields,
): boolean {
  switch (kind) {
    case Entry.LINKED:
      entry.what = 'linked'
      entry.detail = linkedWords(fields)
      return true
    case Entry.STAGE_LEFT: {
      const bytes = fields.field(6)
      entry.what = 'stage left'
      entry.agent = fields.text(3)
      const result = bytes < 0 ? 'result not kept' : `${bytes} B`
      const tries = fields.field(4) === 1 ? '1 attempt' : `${fields.field(4)} attempts`
      entry.detail = `${fields.text(2)} by its rule ${fields.field(5) + 1}, ${tries}, ${result}`
      return true
    }
    case Entry.RESOLVED:
      entry.what = 'decided together'
      entry.detail = aux === 1 ? 'as completed' : fields.text(2)
      return true
    case Entry.HEDGED:
      entry.what = 'hedged'
      entry.detail = `a second attempt elsewhere, ${fields.text(2)}`
      return true
    default:
      return readPerson(kind, aux, entry, fields)
  }
}

function linkedWords(fields: EntryFields): string {
  const parents = fields.field(2)
  const flow = fields.text(3)
  // Tasks that it comes after, or votes on it: the entry has the same words for both.
  const waits = parents === 1 ? 'waits for 1 task' : `waits for ${parents} tasks`
  if (flow === '') return waits
  const place = `flow ${flow} as ${fields.text(4)}`
  return parents === 0 ? place : `${place}, ${waits}`
}

function readPerson(kind: number, aux: number, entry: LedgerEntry, fields: EntryFields): boolean {
  switch (kind) {
    case Entry.CLAIMED:
      entry.what = 'claimed'
      entry.agent = fields.agent(fields.field(2))
      entry.detail = judgedWords(fields)
      return true
    case Entry.DECIDED: {
      const comment = fields.textAt(4 + SEEN_WORDS)
      const judged = `${DECISION_WORDS[aux] ?? '?'}, ${judgedWords(fields)}`
      entry.what = 'decided'
      entry.agent = fields.agent(fields.field(2))
      entry.detail = comment === '' ? judged : `${judged}: ${comment}`
      return true
    }
    case Entry.COMMENTED:
      entry.what = 'commented'
      entry.agent = fields.text(2)
      entry.detail = aux === 1 ? `${fields.textAt(3)} …` : fields.textAt(3)
      return true
    default:
      return false
  }
}

/** `confidence 91, saw 0f3a…`. */
function judgedWords(fields: EntryFields): string {
  const confidence = fields.field(3)
  const sure = confidence === 0 ? '' : `confidence ${(confidence - 1) / CONFIDENCE_STEPS}, `
  return `${sure}saw ${fields.hex(4, SEEN_WORDS)}`
}

/** Of no task. @returns whether it is one of these. */
export function readFlow(kind: number, entry: LedgerEntry, fields: EntryFields): boolean {
  if (kind !== Entry.FLOW_ACCEPTED && kind !== Entry.FLOW_ENDED) return false
  entry.queue = fields.text(2)
  if (kind === Entry.FLOW_ACCEPTED) {
    entry.what = 'flow accepted'
    entry.detail = `${fields.text(1)}, ${fields.field(3)} tasks`
  } else {
    entry.what = 'flow ended'
    entry.detail = `${fields.text(1)}: ${fields.text(3)}`
  }
  return true
}
