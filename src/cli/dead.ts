/** `signalbox dead list|show|replay|purge`: tasks that were given up, and trying them again. */
import { existsSync } from 'node:fs'
import { type Command, InvalidArgumentError } from 'commander'
import { LIMITS } from '../options.ts'
import type { ListDeadLettersOptions, ReplayOptions } from '../promise-views.ts'
import { quote } from '../wire/tokens.ts'
import { withClient } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { LIST_LIMIT, natsFlagOf, terminalOf, wholeNumber } from './options.ts'
import { deadLines, deadListLines, replayedLines } from './render/dead.ts'
import { fileOf } from './task-input.ts'

const EXAMPLES = `
Examples:
  signalbox dead list --name review_errors
  signalbox dead show review_errors order-1
  signalbox dead replay review_errors order-1 --payload '{"page":2}'
  signalbox dead replay review_errors --max 10    the ten oldest
  signalbox dead replay review_errors --all
  signalbox dead purge review_errors --yes`

const REPLAY_MAX = wholeNumber(1, LIMITS.deadLettersMax)

interface ReplayFlags {
  all?: boolean
  max?: number
  payload?: Uint8Array
}

export function addDead(program: Command): void {
  const dead = program
    .command('dead')
    .description('dead letters: tasks that were given up; look at them, try them again')
    .addHelpText('after', EXAMPLES)
  dead
    .command('list')
    .description('dead letters, the newest first')
    .option('--name <name>', 'of this name only: that of the queue, or its deadLetterQueue')
    .option('--queue <queue>', 'of tasks of this queue only')
    .option('--limit <n>', 'how many at most', LIST_LIMIT, LIMITS.listTasksDefault)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(listLetters)
  dead
    .command('show')
    .description('one dead letter with its payload, its last error and its way')
    .argument('<name>', 'the name of the dead letters')
    .argument('<id>', 'the task’s id')
    .action(showLetter)
  dead
    .command('replay')
    .description('submit the tasks of dead letters again, under new ids')
    .argument('<name>', 'the name of the dead letters')
    .argument('[id]', 'the task’s id; else --max or --all')
    .option('--all', 'all of the name that were not replayed yet')
    .option('--max <n>', 'the oldest so many', REPLAY_MAX)
    .option('--payload <file|json>', 'instead of the task’s own, of one letter', payloadOf)
    .action(replay)
  dead
    .command('purge')
    .description('delete dead letters')
    .argument('<name>', 'the name of the dead letters')
    .argument('[id]', 'the task’s id; else all of the name')
    .option('--yes', 'delete all of the name')
    .action(purge)
}

/** @returns what the file holds; else the text, when it is JSON. */
function payloadOf(text: string): Uint8Array {
  if (existsSync(text)) return fileOf(text)
  try {
    JSON.parse(text)
  } catch {
    throw new InvalidArgumentError(`There is no file ${quote(text)}, and it is no JSON either.`)
  }
  return Buffer.from(text)
}

async function listLetters(options: ListDeadLettersOptions, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const { letters, cursor } = await client.listDeadLetters(options)
    if (terminal.format === 'table') {
      terminal.lines(deadListLines(letters, Date.now(), terminal.columns, terminal.colors))
    } else terminal.jsonRows(letters)
    if (cursor !== null) terminal.note(`There are more: --cursor ${cursor} goes on here.`)
  })
}

async function showLetter(name: string, id: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const letter = await client.getDeadLetter(name, id)
    if (terminal.format === 'table') terminal.lines(deadLines(letter, terminal.colors))
    else terminal.json(letter)
  })
}

async function replay(
  name: string,
  id: string | undefined,
  { all = false, max, payload }: ReplayFlags,
  command: Command,
): Promise<void> {
  const ways = [id !== undefined, all, max !== undefined].filter((is) => is).length
  if (ways !== 1) command.error('error: give one of an id, --max and --all')
  if (payload !== undefined && id === undefined) {
    command.error('error: --payload is for one letter: give its id')
  }
  const options: ReplayOptions = { name, id, max, payload }
  for (const key of ['id', 'max', 'payload'] as const) {
    if (options[key] === undefined) delete options[key]
  }
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const result = await client.replayDeadLetters(options)
    if (terminal.format === 'table') terminal.lines(replayedLines(result, terminal.colors))
    else terminal.json(result)
    if (result.refused.length > 0) process.exitCode = EXIT.refused
  })
}

async function purge(
  name: string,
  id: string | undefined,
  { yes = false }: { yes?: boolean },
  command: Command,
): Promise<void> {
  if (id === undefined && !yes) {
    command.error(`error: all dead letters of ${name} would be deleted: say --yes, or give an id`)
  }
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const { purged } = await client.purgeDeadLetters(id === undefined ? { name } : { name, id })
    const letters = purged === 1 ? '1 dead letter is' : `${purged} dead letters are`
    if (terminal.format === 'table') terminal.lines([`${letters} deleted of ${name}.`])
    else terminal.json({ name, purged })
  })
}
