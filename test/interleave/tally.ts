/** Counts what went in against what came out: each entry once, whole, and in order. */
import type { Generation, SlotIndex } from '../../native-free/index.ts'

/** Entries that one actor put in or took out, in its order. */
export type Entries = number[]

/** The generation that goes with a slot in models, so that a torn entry shows. */
export function generationFor(slot: number): Generation {
  return (slot + 100) as Generation
}

/** Writes down an entry that was taken. */
export function takeDown(into: Entries, slot: number, generation: number): void {
  into.push(generation === generationFor(slot) ? slot : Number.NaN)
}

/** Names the slots 1, 2, 3 … of a model. */
export function slots(...numbers: number[]): SlotIndex[] {
  return numbers as SlotIndex[]
}

/**
 * Compares what was pushed with what was taken and what is left.
 * @returns `each once`, or `torn`, `twice`, `invented` or `lost` with the entries.
 */
export function tally(pushed: Entries, ...taken: readonly Entries[]): string {
  const all = taken.flat()
  if (all.some(Number.isNaN)) return 'torn'
  const twice = all.filter((slot, index) => all.indexOf(slot) !== index)
  if (twice.length > 0) return `twice: ${twice}`
  const invented = all.filter((slot) => !pushed.includes(slot))
  if (invented.length > 0) return `invented: ${invented}`
  const lost = pushed.filter((slot) => !all.includes(slot))
  return lost.length > 0 ? `lost: ${lost}` : 'each once'
}

/** Whether entries come in the order in which they were pushed. */
export function isRising(entries: Entries): boolean {
  return entries.every((slot, index) => index === 0 || slot > entries[index - 1])
}

/** `each once`, `each once, full`: the tally with all that also happened, in the order given. */
export function withTags(outcome: string, tags: Record<string, boolean>): string {
  const happened = Object.keys(tags).filter((tag) => tags[tag])
  return [outcome, ...happened].join(', ')
}

/** What no queue may do, for the `forbidden` of its models. */
export const NEVER: Record<string, string> = {
  'torn*': 'an entry was read while another was written over it',
  'twice*': 'two actors took the same entry: its task would be placed twice',
  'invented*': 'an entry came out that nobody put in',
  'lost*': 'an entry that was put in never comes out: its task would wait for ever',
  'out of order*': 'an actor got a later entry before an earlier one',
}
