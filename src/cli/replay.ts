/** `signalbox replay`: runs a recorded journal again and compares its end. */
import type { Command } from 'commander'
import { SignalboxError } from '../errors.ts'
import type { ReplayResult } from '../service/replay.ts'
import { terminalOf } from './options.ts'
import { readingLine, replayLines } from './render/journal.ts'

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('run a recorded journal again: does it end in the same state?')
    .argument('<file>', 'the journal')
    .action(replay)
}

async function replay(file: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const { runReplay } = await import('../service/replay.ts')
  let result: ReplayResult
  try {
    result = await runReplay(file, (share) => terminal.live(readingLine('Replayed', share)))
  } finally {
    terminal.clearLive()
  }
  if (terminal.format === 'table') terminal.lines(replayLines(result, terminal.colors))
  else terminal.json(result)
  if (!result.isEnded) throw cut(result)
}

function cut({ file, cutBytes }: ReplayResult): SignalboxError {
  const how =
    cutBytes > 0 ? `in the middle of a record (${cutBytes} bytes of it)` : 'without an END'
  return new SignalboxError(
    'journal_cut',
    `${file} stops ${how}: what is whole was replayed and is as recorded, but nothing says what ` +
      'state the scheduler was in.',
  )
}
