/** `signalbox inbox list|show|claim|decide|comment`: the tasks of people. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DecisionName, InboxOptions } from '../people-views.ts'
import { withClient } from './connection.ts'
import { LIST_LIMIT, natsFlagOf, terminalOf } from './options.ts'
import { decidedLines, inboxLines, inboxTaskLines } from './render/inbox.ts'

const LIMIT_DEFAULT = 100

const EXAMPLES = `
Examples:
  signalbox inbox list --as alice
  signalbox inbox claim order-1 --as alice
  signalbox inbox comment order-1 --as alice 'page 3 is missing'
  signalbox inbox decide order-1 --as alice --accept --comment 'as it should be'
  signalbox inbox decide order-1 --as alice --reject --data '{"gaps":["labels"]}'

Who always is the same says so once: export SIGNALBOX_AS=alice`

interface AsFlags {
  as: string
  queue?: string
}

interface DecideFlags extends AsFlags {
  accept?: boolean
  reject?: boolean
  escalate?: boolean
  handBack?: boolean
  comment?: string
  data?: unknown
}

export function addInbox(program: Command): void {
  const inbox = program
    .command('inbox')
    .description('tasks of people: what is assigned to whom; claim one, decide it')
    .addHelpText('after', EXAMPLES)
  inbox
    .command('list')
    .description('tasks in the inbox of one or of all, and those that wait to be taken')
    .addOption(asOption('whose; all without'))
    .option('--queue <queue>', 'that this queue serves')
    .option('--limit <n>', 'how many at most', LIST_LIMIT, LIMIT_DEFAULT)
    .action(listInbox)
  withTask(inbox.command('show'))
    .description('one task as its person sees it: payload, inputs, comments')
    .action(showTask)
  withTask(inbox.command('claim'))
    .description('begin a task of the inbox, or take one that waits; its time-out begins')
    .addOption(asOption('who', true))
    .action(claimTask)
  withTask(inbox.command('decide'))
    .description('end a claimed task')
    .addOption(asOption('who', true))
    .option('--accept', 'it is right')
    .option('--reject', 'it is not')
    .option('--escalate', 'whom its queue escalates to is to decide')
    .option('--hand-back', 'somebody else is to decide')
    .option('--comment <text>', 'why')
    .option('--data <json>', 'goes into the result', jsonOf)
    .action(decideTask)
  withTask(inbox.command('comment'))
    .argument('<text>', 'what there is to say')
    .description('say something of a task, for who decides it and for the record')
    .addOption(asOption('who', true))
    .action(commentTask)
}

function withTask(command: Command): Command {
  return command
    .argument('<id>', 'the task’s id')
    .option('--queue <queue>', 'its queue, where ids are not alone')
}

function asOption(words: string, isNeeded = false): Option {
  return new Option('--as <name>', `${words}, by the name in the configuration`)
    .env('SIGNALBOX_AS')
    .makeOptionMandatory(isNeeded)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('Give JSON, in quotes: \'{"gaps":2}\'.')
  }
}

async function listInbox(
  { as: person, queue, limit }: { as?: string } & InboxOptions,
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const rows = await client.listInbox(onlySaid({ person, queue, limit }))
    if (terminal.format === 'table') {
      terminal.lines(inboxLines(rows, Date.now(), terminal.columns, terminal.colors))
    } else terminal.jsonRows(rows)
  })
}

async function showTask(id: string, { queue }: AsFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const view = await client.inboxTask(id, queue)
    if (terminal.format === 'table') terminal.lines(inboxTaskLines(view, null, terminal.colors))
    else terminal.json(view)
  })
}

async function claimTask(id: string, { as: by, queue }: AsFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const view = await client.claimTask(id, onlySaid({ by, queue }))
    if (terminal.format === 'table') terminal.lines(inboxTaskLines(view, by, terminal.colors))
    else terminal.json(view)
  })
}

async function decideTask(id: string, flags: DecideFlags, command: Command): Promise<void> {
  const decision = decisionOf(flags)
  if (decision === null) {
    command.error('error: give one of --accept, --reject, --escalate and --hand-back')
  }
  const { as: by, queue, comment, data } = flags
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const options = onlySaid({ by, queue, comment, data, decision: decision! })
    const view = await client.decideTask(id, options)
    if (terminal.format === 'table') terminal.lines(decidedLines(view, terminal.colors))
    else terminal.json(view)
  })
}

/** @returns null unless exactly one was given. */
function decisionOf({ accept, reject, escalate, handBack }: DecideFlags): DecisionName | null {
  const flags: [boolean | undefined, DecisionName][] = [
    [accept, 'accept'],
    [reject, 'reject'],
    [escalate, 'escalate'],
    [handBack, 'hand_back'],
  ]
  const given = flags.filter(([isGiven]) => isGiven)
  return given.length === 1 ? given[0][1] : null
}

async function commentTask(
  id: string,
  text: string,
  { as: by, queue }: AsFlags,
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const comment = await client.commentTask(id, onlySaid({ by, text, queue }))
    if (terminal.format === 'table') terminal.lines([`The comment stands with task ${id}.`])
    else terminal.json(comment)
  })
}

function onlySaid<T extends object>(options: T): T {
  const said = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(said) as T
}
