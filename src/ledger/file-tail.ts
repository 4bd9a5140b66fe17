/**
 * The newest entries of a ledger in files, of a scheduler that runs or not. Any thread but that of NATS.
 *
 * Invariant: only whole blocks are shown; whether they fit the chain is for `verify` to say.
 */
import type { LedgerPage, LedgerTailOptions } from '../ledger-views.ts'
import { walk, withFile } from './block-source.ts'
import type { KeptBlock } from './ledger-memory.ts'
import { tail, tailRequest } from './ledger-queries.ts'

/** @param files in the order of the chain. @throws bad_option, ledger_failed */
export function tailFiles(files: readonly string[], options: LedgerTailOptions): LedgerPage {
  const request = tailRequest(options)
  const { limit, after } = request
  let blocks: KeptBlock[] = []
  let entries = 0
  for (let at = files.length - 1; at >= 0; at--) {
    const some = blocksOf(files[at])
    blocks = [...some, ...blocks]
    entries += some.reduce((sum, { header }) => sum + header.entries, 0)
    const first = blocks[0]?.header.number ?? Number.POSITIVE_INFINITY
    if (after === null ? entries >= limit : first <= after.block) break
  }
  return tail(blocks, request)
}

function blocksOf(file: string): KeptBlock[] {
  const blocks: KeptBlock[] = []
  withFile(file, (bytes) =>
    walk(bytes, (stretch) => {
      if (stretch.is !== 'block' || stretch.block.length !== stretch.header.bytes) return
      blocks.push({ header: stretch.header, bytes: stretch.block })
    }),
  )
  return blocks
}
