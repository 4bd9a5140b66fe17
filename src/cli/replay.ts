/** `signalbox replay`: runs a recorded journal again, as it was or with another strategy. */
import type { Command } from 'commander'
import { SignalboxError } from '../errors.ts'
import type { ReplayResult } from '../service/replay.ts'
import type { StrategyReplay } from '../service/replay-strategy.ts'
import { terminalOf } from './options.ts'
import { readingLine, replayLines, strategyReplayLines } from './render/journal.ts'

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('run a recorded journal again: does it end in the same state?')
    .argument('<file>', 'the journal')
    .option('--strategy <name>', 'how long would tasks have waited with this strategy?')
    .action(replay)
}

async function replay(
  file: string,
  { strategy }: { strategy?: string },
  command: Command,
): Promise<void> {
  if (strategy !== undefined) return replayOtherwise(file, strategy, command)
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

async function replayOtherwise(file: string, strategy: string, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const { replayStrategy } = await import('../service/replay-strategy.ts')
  let result: StrategyReplay
  try {
    const progress = (share: number) => terminal.live(readingLine('Replayed', share))
    result = await replayStrategy(file, strategy, progress)
  } finally {
    terminal.clearLive()
  }
  if (terminal.format === 'table') terminal.lines(strategyReplayLines(result, terminal.colors))
  else terminal.json(result)
  if (!result.isEnded) throw cut(result)
}

function cut({ file, cutBytes }: Pick<ReplayResult, 'file' | 'cutBytes'>): SignalboxError {
  const how =
    cutBytes > 0 ? `in the middle of a record (${cutBytes} bytes of it)` : 'without an END'
  return new SignalboxError(
    'journal_cut',
    `${file} stops ${how}: what is whole was replayed and is as recorded, but nothing says what ` +
      'state the scheduler was in.',
  )
}
