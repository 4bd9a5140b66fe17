/**
 * Votes of several agents on one question, counted. Pure; any thread.
 *
 * ```
 *   OPEN ──cast──► OPEN ─┬─ as many as the policy asks for are equal ──► DECIDED, by the first of them
 *                        └─ they cannot be any more ───────────────────► UNDECIDABLE
 * ```
 *
 * | policy   | decided                       | undecidable                                            |
 * | -------- | ----------------------------- | ------------------------------------------------------ |
 * | first    | by the first success          | all have failed                                        |
 * | majority | more than half are equal      | what most said, and all that are out, are half or less |
 * | all      | all are equal                 | one has failed, or two differ                          |
 *
 * Invariant: what was decided, or cannot be, stays so, whatever is cast later; a voter counts once.
 *
 * Not taken: weights by what is known of the agents. Who agreed with whom could not be told from the
 * counts any more, and an agent that was often right would outvote the two who are right now.
 */
import type { DecidePolicy } from '../task.ts'

export const OPEN = 0
export const DECIDED = 1
export const UNDECIDABLE = 2
export type Verdict = typeof OPEN | typeof DECIDED | typeof UNDECIDABLE

/** How votes went, for people. */
export interface BallotCount {
  readonly voters: number
  /** Of those that are in: how many failed, and sizes of the groups of equal ones, the largest first. */
  readonly failed: number
  readonly groups: readonly number[]
}

export class Ballot {
  verdict: Verdict = OPEN
  /** Once DECIDED: a voter whose result is the outcome, the first of those that agree. */
  winner = -1
  readonly voters: number
  readonly policy: DecidePolicy
  /** By voter: what was said; null for a failure, undefined while it is out. */
  readonly #said: (string | null | undefined)[]
  /** What was said, and by how many. */
  readonly #counts = new Map<string, number>()
  #out: number
  #failed = 0
  #most = 0

  /** @param voters 1 or more. */
  constructor(policy: DecidePolicy, voters: number) {
    this.policy = policy
    this.voters = voters
    this.#out = voters
    this.#said = new Array(voters).fill(undefined)
  }

  /** How many equal votes decide. */
  get needed(): number {
    if (this.policy === 'first') return 1
    return this.policy === 'all' ? this.voters : Math.floor(this.voters / 2) + 1
  }

  /** @param said equal for what is equal; null when the voter failed. A second one changes nothing. */
  cast(voter: number, said: string | null): Verdict {
    if (this.verdict !== OPEN || this.#said[voter] !== undefined) return this.verdict
    this.#said[voter] = said
    this.#out--
    if (said === null) this.#failed++
    else this.#count(said)
    if (this.verdict === OPEN && !this.#canBeDecided()) this.verdict = UNDECIDABLE
    return this.verdict
  }

  count(): BallotCount {
    const groups = [...this.#counts.values()].sort((a, b) => b - a)
    return { voters: this.voters, failed: this.#failed, groups }
  }

  /** Those that said what the winner did, in their order. */
  agreeing(): number[] {
    const said = this.#said[this.winner]
    return [...this.#said.keys()].filter((voter) => this.winner >= 0 && this.#said[voter] === said)
  }

  #count(said: string): void {
    const count = (this.#counts.get(said) ?? 0) + 1
    this.#counts.set(said, count)
    this.#most = Math.max(this.#most, count)
    if (count < this.needed) return
    this.verdict = DECIDED
    this.winner = this.#said.indexOf(said)
  }

  #canBeDecided(): boolean {
    return this.#most + this.#out >= this.needed
  }
}

/** @returns why there is no decision, as a sentence. @param codes of the votes that failed. */
export function undecidedWords(ballot: Ballot, codes: readonly string[]): string {
  const { failed, groups, voters } = ballot.count()
  const parts: string[] = []
  if (groups.length === 1) parts.push(`${groups[0]} alike`)
  if (groups.length > 1) parts.push(`${groups.length} different results (${groups.join(' + ')})`)
  if (failed > 0) parts.push(`${failed} failed (${[...new Set(codes)].sort().join(', ')})`)
  const needed = ballot.policy === 'first' ? 'One success' : `${ballot.needed} equal results`
  return (
    `Its ${voters} voters came to no decision: ${parts.join(', ')}. ${needed} would have decided it ` +
    `(${ballot.policy}).`
  )
}
