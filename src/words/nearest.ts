/** The word that somebody meant who wrote another. Any thread. */
import { distance } from 'fastest-levenshtein'

/** @returns the nearest word when it is near: a third of its letters may differ, or their case. */
export function nearest(given: string, words: readonly string[]): string | null {
  const plain = plainOf(given)
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  for (const word of words) {
    const far = distance(plain, plainOf(word))
    if (far >= bestDistance || far >= word.length || far > Math.ceil(word.length / 3)) continue
    best = word
    bestDistance = far
  }
  return best
}

function plainOf(word: string): string {
  return word.slice(0, 64).toLowerCase().replaceAll(/[-\s]/g, '_')
}
