/**
 * Whether a property test that plays whole worlds shrinks what failed.
 *
 * Shrinking hundreds of commands takes many minutes, in which a run says nothing; the seed and the
 * path of the failure are enough to play it again. `SHRINK=1` shrinks.
 */
export const QUICKLY: { readonly endOnFailure?: true } = process.env.SHRINK
  ? {}
  : { endOnFailure: true }
