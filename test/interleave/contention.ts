/**
 * Which words of a model are contended: touched by two actors, and written by one of them.
 *
 * Invariant: what is contended stays so; a word becomes it in the step that shows it. Why only
 * contended words matter: see explore.ts.
 */

/** What is known about each word, over all runs of a model. */
export class Contention {
  private readonly isEverywhere: boolean
  private flags = new Uint8Array(0)
  private readers = new Uint8Array(0)
  private writers = new Uint8Array(0)
  /** A word turned out to be contended in this run. */
  hasGrown = false

  constructor(isEverywhere: boolean) {
    this.isEverywhere = isEverywhere
  }

  fit(wordCount: number): void {
    if (this.flags.length === wordCount) return
    this.flags = new Uint8Array(wordCount)
    this.readers = new Uint8Array(wordCount)
    this.writers = new Uint8Array(wordCount)
  }

  has(word: number): boolean {
    return this.isEverywhere || this.flags[word] === 1
  }

  note(word: number, actor: number, doesWrite: boolean): void {
    if (this.flags[word] === 1) return
    const bit = 1 << actor
    if (doesWrite) this.writers[word] |= bit
    else this.readers[word] |= bit
    const all = this.writers[word] | this.readers[word]
    if (this.writers[word] === 0 || (all & (all - 1)) === 0) return
    this.flags[word] = 1
    this.hasGrown = true
  }
}
