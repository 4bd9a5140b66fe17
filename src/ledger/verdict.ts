/** What a verification finds. Any thread; shapes and words. */

export type FindingKind =
  | 'changed'
  | 'rewritten'
  | 'missing'
  | 'doubled'
  | 'reordered'
  | 'cut'
  | 'foreign'
  | 'headless'

export interface LedgerFinding {
  kind: FindingKind
  file: string
  /** Number of the block; null when it is not known. */
  block: number | null
  /** Bytes of the file, the last one not included. */
  fromByte: number
  toByte: number
  /** Wall clock of its first entry and its last, ms since 1970; null when not known. */
  from: number | null
  to: number | null
  /** Numbers of its first task and its last. */
  firstTask: number | null
  lastTask: number | null
  message: string
}

export interface LedgerVerdict {
  files: number
  bytes: number
  blocks: number
  entries: number
  /** Entries that the scheduler itself says it lost. */
  lost: number
  firstBlock: number | null
  lastBlock: number | null
  from: number | null
  to: number | null
  /** In hex; note it elsewhere. null without a block. */
  lastHash: string | null
  /** The last block says that the scheduler was stopped. */
  isEnded: boolean
  /** Whether the hash that was asked for is that of one of the blocks; null when none was. */
  hasHash: boolean | null
  /** What is worth knowing and no finding. */
  notes: string[]
  findings: LedgerFinding[]
  /** Findings, those that are not listed included. */
  total: number
}

export function missingMessage(from: number, to: number, where: string): string {
  return from === to
    ? `Block ${from} is missing ${where}.`
    : `Blocks ${from} to ${to} are missing ${where}.`
}
