/** Lists in a sentence. Any thread; pure. */
import { count } from './numbers.ts'

/** @returns `a, b and 1,200 more`; '' of none. */
export function someOf(words: readonly string[], most: number): string {
  const more = words.length - most
  if (more <= 0) return words.join(', ')
  return `${words.slice(0, most).join(', ')} and ${count(more)} more`
}
