/** `signalbox check`: looks in a journal for what must never happen. */
import type { Command } from 'commander'
import { SignalboxError } from '../errors.ts'
import type { CheckResult } from '../service/check.ts'
import { EXIT } from './exit-codes.ts'
import { terminalOf } from './options.ts'
import { checkLines, readingLine } from './render/journal.ts'

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('look in a journal for lost, doubled, overtaken and mis-assigned tasks')
    .argument('<file>', 'the journal')
    .action(check)
}

async function check(file: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const { runCheck } = await import('../service/check.ts')
  let result: CheckResult
  try {
    result = await runCheck(file, (share) => terminal.live(readingLine('Checked', share)))
  } finally {
    terminal.clearLive()
  }
  if (terminal.format === 'table') terminal.lines(checkLines(result, terminal.colors))
  else if (terminal.format === 'json') terminal.json(result)
  else {
    const { findings, ...facts } = result
    terminal.jsonRows([...findings.map((each) => ({ event: 'finding', ...each })), facts])
  }
  if (result.total > 0) process.exitCode = EXIT.taskFailed
  else if (!result.ended) {
    throw new SignalboxError(
      'journal_cut',
      `${file} stops without an END: nothing is wrong in what is whole, but what was open then ` +
        'cannot be judged.',
    )
  }
}
