/** `signalbox flow submit|get|list|cancel|wait`: graphs of tasks. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { Client } from '../client/client.ts'
import { readFlowFile } from '../config/flow-file.ts'
import { SignalboxError } from '../errors.ts'
import {
  FLOW_STATES,
  type FlowOptions,
  type FlowView,
  type ListFlowsOptions,
} from '../flow-views.ts'
import { dotOf, mermaidOf } from '../flows/drawing.ts'
import { wordsOfFile } from '../flows/file-words.ts'
import { checkFlow } from '../flows/options.ts'
import { LIMITS } from '../options.ts'
import { PARENT_FAILURES, type ParentFailure } from '../task.ts'
import { payloadText } from '../wire/payload.ts'
import { someOf } from '../words/lists.ts'
import { nearest } from '../words/nearest.ts'
import { explainUnknownQueue, withClient } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import { LIST_LIMIT, natsFlagOf, terminalOf } from './options.ts'
import { flowLines, flowListLines, progressText } from './render/flow.ts'
import { fileOf } from './task-input.ts'
import type { Terminal } from './terminal.ts'

const EXAMPLES = `
Examples:
  signalbox flow submit report.yaml --wait
  signalbox flow get report-7                      its tasks as a tree
  signalbox flow get report-7 --format dot | dot -Tsvg > report-7.svg
  signalbox flow cancel report-7 publish           that task and all behind it`

const FORMATS = ['tree', 'dot', 'mermaid'] as const
type Format = (typeof FORMATS)[number]
const STDIN = 0
/** Of its tasks, where one was named that it does not have. */
const NAMES_MAX = 8
/** Between two looks at a flow that is waited for: doubled up to the second. */
const LOOK_MS_MIN = 50
const LOOK_MS_MAX = 1_000

export function addFlow(program: Command): void {
  const flow = program
    .command('flow')
    .description('graphs of tasks: submit one, look at it, wait for it, cancel it')
    .addHelpText('after', EXAMPLES)
  flow
    .command('submit')
    .description('submit a flow, whole or not at all')
    .argument('<file>', 'the flow as YAML or JSON (docs/flows.md), or - for standard input')
    .option('-w, --wait', 'wait for its end and show it')
    .option('--id <id>', 'the flow’s id; a second submit with it is the same flow')
    .option('--queue <queue>', 'of tasks that name none')
    .addOption(
      new Option('--on-failure <how>', 'what becomes of tasks behind one that fails').choices(
        PARENT_FAILURES,
      ),
    )
    .action(submit)
  flow
    .command('get')
    .description('show a flow, also one that ended lately')
    .argument('<id>', 'its id')
    .addOption(
      new Option('--format <format>', 'tree, dot or mermaid').choices(FORMATS).default('tree'),
    )
    .action(show)
  flow
    .command('list')
    .description('running flows, the oldest first, then ended ones, the newest first')
    .addOption(new Option('--state <state>', 'in this state only').choices(FLOW_STATES))
    .option('--limit <n>', 'how many at most', LIST_LIMIT, LIMITS.listTasksDefault)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(list)
  flow
    .command('cancel')
    .description('cancel a flow, or a task of it and all that depend on that')
    .argument('<id>', 'its id')
    .argument('[task]', 'the name of the task; else all')
    .action((id: string, task: string | undefined, _: unknown, command: Command) => {
      const terminal = terminalOf(command)
      return withClient(natsFlagOf(command), async (client) => {
        const flow = await client.cancelFlow(id, task).catch(async (error) => {
          throw await explainCancel(error, client, id, task)
        })
        print(flow, 'tree', terminal)
      })
    })
  flow
    .command('wait')
    .description('wait for a flow’s end and show it')
    .argument('<id>', 'its id')
    .action((id: string, _: unknown, command: Command) =>
      withClient(natsFlagOf(command), (client) => waitFor(client, id, terminalOf(command))),
    )
}

interface SubmitFlags {
  wait?: boolean
  id?: string
  queue?: string
  onFailure?: ParentFailure
}

async function submit(file: string, flags: SubmitFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const text = payloadText(file === '-' ? readFileSync(STDIN) : fileOf(file))
  const options = flowOf(text, flags)
  // What is wrong with it is said without a scheduler; how large it may be, the scheduler says.
  const inFile = wordsOfFile(text)
  const { queue } = checkFlow(options, { tasksMax: LIMITS.flowTasksMax, inFile })
  await withClient(natsFlagOf(command), async (client) => {
    const handle = await client.flow(options).catch(async (error) => {
      throw await explainUnknownQueue(error, client, queue)
    })
    const { id, isDuplicate } = handle
    if (flags.wait) return waitFor(client, id, terminal)
    if (terminal.format !== 'table') {
      terminal.json({
        id,
        queue: handle.queue,
        tasks: Object.keys(options.tasks).length,
        isDuplicate,
      })
      return
    }
    const known = isDuplicate ? ' was there already' : ' is accepted'
    terminal.lines([
      `Flow ${terminal.colors.bold(id)}${known}: \`signalbox flow get ${id}\` shows it.`,
    ])
  })
}

/** What the command says counts before what the file does. */
function flowOf(text: string, { id, queue, onFailure }: SubmitFlags): FlowOptions {
  const flow = readFlowFile(text, queue)
  return {
    ...flow,
    ...(id === undefined ? {} : { id }),
    ...(onFailure === undefined ? {} : { onFailure }),
  }
}

/** @returns the same error, with what there is instead, and what to do. */
async function explainCancel(error: unknown, client: Client, id: string, task: string | undefined) {
  if (!(error instanceof SignalboxError)) return error
  const { code, message } = error
  const but = (more: string) =>
    new SignalboxError(code, `${message.replace(/\.$/, '')}: ${more}.`, { cause: error })
  if (code === 'finished') {
    return but(`\`signalbox flow get ${id}\` shows how; submit it with another id to run it again`)
  }
  if (code !== 'task_unknown' || task === undefined) return error
  const flow = await client.getFlow(id).catch(() => null)
  if (flow === null || flow.tasks.length === 0) return error
  const names = flow.tasks.map(({ name }) => name)
  const near = nearest(task, names)
  const guess = near === null ? '' : `did you mean ${near}? `
  return but(`${guess}it has ${someOf(names, NAMES_MAX)}`)
}

async function show(id: string, { format }: { format: Format }, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    print(await client.getFlow(id), format, terminal)
  })
}

function print(flow: FlowView, format: Format, terminal: Terminal): void {
  if (format === 'dot') process.stdout.write(dotOf(flow))
  else if (format === 'mermaid') process.stdout.write(mermaidOf(flow))
  else if (terminal.format !== 'table') terminal.json(flow)
  else terminal.lines(flowLines(flow, Date.now(), terminal.columns, terminal.colors))
}

async function list(options: ListFlowsOptions, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const page = await client.listFlows(options)
    if (terminal.format === 'table') {
      terminal.lines(flowListLines(page, Date.now(), terminal.columns, terminal.colors))
    } else terminal.jsonRows(page.flows)
    if (page.cursor !== null) terminal.note(`There are more: --cursor ${page.cursor} goes on here.`)
  })
}

/** Looks at it until it has ended; a person sees how far it is. Ends as a task that did not complete. */
async function waitFor(client: Client, id: string, terminal: Terminal): Promise<void> {
  const interrupts = catchInterrupts()
  try {
    const flow = await ended(client, id, terminal, interrupts.signal)
    if (flow === null) {
      terminal.note(
        `Interrupted. Flow ${id} goes on: look with \`signalbox flow get ${id}\`, ` +
          `or stop it with \`signalbox flow cancel ${id}\`.`,
      )
      process.exitCode = EXIT.interrupted
      return
    }
    print(flow, 'tree', terminal)
    if (flow.state !== 'completed') process.exitCode = EXIT.taskFailed
  } finally {
    interrupts.dispose()
  }
}

/** @returns null when it was interrupted first. */
async function ended(
  client: Client,
  id: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<FlowView | null> {
  // Ends with the flow, or by whoever waits.
  for (let lookMs = LOOK_MS_MIN; !signal.aborted; lookMs = Math.min(LOOK_MS_MAX, 2 * lookMs)) {
    const flow = await client.getFlow(id)
    if (flow.state !== 'running') return flow
    terminal.live(progressText(flow, Date.now()))
    await sleep(lookMs, undefined, { signal }).catch(() => {})
  }
  return null
}
