/** `signalbox ledger tail|verify`: what was decided, and whether that record is as it was written. */
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { SignalboxError } from '../errors.ts'
import type { LedgerPage, LedgerTailOptions } from '../ledger-views.ts'
import { withClient } from './connection.ts'
import { catchInterrupts } from './interrupts.ts'
import { LIST_LIMIT, natsFlagOf, terminalOf } from './options.ts'
import { ledgerLines, verdictLines } from './render/ledger.ts'
import type { Terminal } from './terminal.ts'

const POLL_MS = 500

interface TailFlags {
  follow: boolean
  limit: number
  file?: string
}

export function addLedger(program: Command): void {
  const ledger = program
    .command('ledger')
    .description('every decision: the newest ones; was anything changed?')
  ledger
    .command('tail')
    .description('the newest entries of a running scheduler, or of files')
    .option('-f, --follow', 'go on as entries come', false)
    .option('-n, --limit <n>', 'so many, at most 1,000', LIST_LIMIT, 20)
    .option('--file <path>', 'a file of the ledger, or its folder, instead of a scheduler')
    .action(tail)
  ledger
    .command('verify')
    .description('compute the chain of hashes anew: what was changed, cut, taken away?')
    .argument('<path...>', 'folder of a ledger, or files of one')
    .option('--hash <hex>', 'a hash that was noted before: is it in the chain?', hash)
    .action(verify)
}

function hash(text: string): string {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text
  throw new InvalidArgumentError('Give the 64 hex digits that `ledger verify` printed.')
}

/** Programs that read lines get one for each entry. */
function widthOf(terminal: Terminal): number {
  return terminal.interactive ? terminal.columns : Number.POSITIVE_INFINITY
}

function noLedger(path: string): SignalboxError {
  return new SignalboxError(
    'ledger_failed',
    `${path} has no file of a ledger: give the folder of the option ledger.directory.`,
  )
}

type Source = (options: LedgerTailOptions) => Promise<LedgerPage>

async function tail({ follow, limit, file }: TailFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const interrupts = follow ? catchInterrupts() : undefined
  try {
    if (file === undefined) {
      await withClient(natsFlagOf(command), async (client) => {
        await show(terminal, (options) => client.ledgerTail(options), limit, interrupts?.signal)
      })
    } else {
      const { tailFiles } = await import('../ledger/file-tail.ts')
      const { ledgerFilesOf } = await import('../ledger/verify.ts')
      if (ledgerFilesOf(file).length === 0) throw noLedger(file)
      const source: Source = async (options) => tailFiles(ledgerFilesOf(file), options)
      await show(terminal, source, limit, interrupts?.signal)
    }
  } finally {
    interrupts?.dispose()
  }
}

/** @param signal ends it; undefined shows what there is. */
async function show(
  terminal: Terminal,
  source: Source,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let page = await source({ limit })
  if (signal === undefined) {
    print(terminal, page, true)
    return
  }
  print(terminal, page, true)
  // Ends: with the signal.
  while (!signal.aborted) {
    await wait(POLL_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    page = await source({ limit: 1_000, after: page.cursor })
    if (page.isGap) terminal.note('Entries were left out here: they came faster than this asked.')
    print(terminal, page, false)
  }
}

function print(terminal: Terminal, { entries }: LedgerPage, isFirst: boolean): void {
  if (terminal.format !== 'table') terminal.jsonRows(entries)
  else if (entries.length > 0)
    terminal.lines(ledgerLines(entries, isFirst, widthOf(terminal), terminal.colors))
  else if (isFirst) terminal.lines(['The ledger has no entries yet.'])
}

async function verify(
  paths: string[],
  { hash }: { hash?: string },
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  const { ledgerFilesOf, verifyFiles } = await import('../ledger/verify.ts')
  const files = paths.flatMap((path) => ledgerFilesOf(path)).sort()
  if (new Set(files.map((file) => dirname(file))).size > 1) {
    command.error('error: these are files of several folders; verify one ledger at a time')
  }
  if (files.length === 0) throw noLedger(paths.join(', '))
  const verdict = verifyFiles(files, hash)
  if (terminal.format === 'table') terminal.lines(verdictLines(verdict, terminal.colors))
  else if (terminal.format === 'json') terminal.json(verdict)
  else {
    const { findings, ...facts } = verdict
    terminal.jsonRows([...findings.map((each) => ({ event: 'finding', ...each })), facts])
  }
  if (verdict.total > 0) {
    const all = verdict.total === 1 ? '1 finding' : `${verdict.total} findings`
    throw new SignalboxError('ledger_broken', `${all}: the ledger is not as it was written.`)
  }
  if (verdict.hasHash === false) {
    throw new SignalboxError(
      'ledger_broken',
      `No block has the hash ${hash}: the chain was written anew, or that block was deleted.`,
    )
  }
}
