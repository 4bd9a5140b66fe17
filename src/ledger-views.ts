/** What is shown of the ledger. Shared by library, API and CLI. */

/** One entry, in words. */
export interface LedgerRow {
  /** Wall clock, ms since 1970. */
  at: number
  what: string
  /** Id of the task it is about; null for what is about no task. */
  task: string | null
  /** Where it was submitted, as far as the ledger's memory goes back. */
  queue: string | null
  attempt: number | null
  agent: string | null
  detail: string
}

export interface LedgerPage {
  /** The oldest first. */
  entries: LedgerRow[]
  /** Give it as `after` to go on. */
  cursor: string
  /** What came right after the cursor is not in memory any more: entries are left out between. */
  isGap: boolean
}

/** Which entries a tail shows; any other key is answered `not_supported`. */
export interface LedgerTailOptions {
  /** At most so many, 1 to 1,000; 100 by default. */
  limit?: number
  /** Those behind an earlier page; without it the newest. */
  after?: string
}
