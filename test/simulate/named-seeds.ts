/**
 * Seeds that failed once, with what they found; `simulate.test.ts` plays each of them. What a seed
 * means changes with the scenarios (scenario.ts and what it draws from): then another seed that finds
 * the same is put in its place, with the bug put back.
 */
export interface NamedSeed {
  readonly seed: number
  readonly found: string
}

export const NAMED_SEEDS: readonly NamedSeed[] = [
  {
    seed: 46,
    found:
      'more leases ended at once than a turn may see to, and the next look for them was not due ' +
      'before the first of those that were left',
  },
  {
    seed: 226928,
    found:
      'who submitted a known id again was refused for want of memory, and never heard its outcome',
  },
  {
    seed: 301019,
    found:
      'the checker of journals gave a bounced task a new place in its lane, and then held others ' +
      'for overtaken that were not',
  },
  {
    seed: 27,
    found:
      'credit that was allocated of an agent that pulls did not come back to it, so that it waited ' +
      'for ever for what it had asked for',
  },
  {
    seed: 1,
    found: 'a task was bound to an agent that pulls and never asked again, while others were idle',
  },
  {
    seed: 142,
    found:
      'ages that came due took all that a turn may see to, and it was said that nothing was left, ' +
      'so that a time to live was never kept',
  },
  {
    seed: 4000876,
    found:
      'a task that was over as it was admitted was its own parent in the journal, because the one it ' +
      'named had its id in another queue and was forgotten',
  },
  {
    seed: 3009176,
    found:
      'an id was made up that a user had given to a task that was finished and forgotten, while it ' +
      'was still known',
  },
]
