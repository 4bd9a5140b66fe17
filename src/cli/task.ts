/** `signalbox task submit|get|list|cancel`: tasks from the outside. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { TaskHandle } from '../api.ts'
import type { Client } from '../client/client.ts'
import { TaskError } from '../errors.ts'
import { LIMITS, MATCHES, type Match } from '../options.ts'
import { type ListTasksOptions, type SubmitOptions, TASK_STATES, type TaskView } from '../task.ts'
import { payloadText } from '../wire/payload.ts'
import { explainUnknownQueue, withClient } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import { LIST_LIMIT, names, natsFlagOf, RETRY_COUNT, TIMEOUT_MS, terminalOf } from './options.ts'
import { explanationLines } from './render/explain.ts'
import { resultLines, submittedLines, taskLines, taskListLines } from './render/task.ts'
import type { Terminal } from './terminal.ts'

interface SubmitFlags {
  wait?: boolean
  id?: string
  priority?: SubmitOptions['priority']
  type?: string
  requires?: string[]
  prefers?: string[]
  match?: Match
  strategy?: string
  key?: string
  timeoutMs?: number
  retryCount?: number
}

export function addTask(program: Command): void {
  const task = program
    .command('task')
    .description('submit a task, look at it, list tasks, cancel one')
  task
    .command('submit')
    .description('submit one task')
    .argument('<queue>', 'the queue')
    .argument('[payload]', 'the payload as text, or - for standard input; none by default')
    .option('-w, --wait', 'wait for the outcome and print the result')
    .option('--id <id>', 'the task’s id; a second submit with it is the same task')
    .option('--priority <level>', '1 to 5, or background, low, normal, high, critical')
    .option('--type <type>', 'what kind of work it is; by default the queue’s name')
    .option('--requires <term...>', 'what the agent must have: `ocr`, `gpu>=24`', names)
    .option('--prefers <term...>', 'agents that have it are taken first', names)
    .addOption(new Option('--match <how>', 'how much of what is required').choices(MATCHES))
    .option('--strategy <name>', 'who chooses the agent; by default the queue’s strategy')
    .option('--key <key>', 'with strategy affinity: tasks of a key go to the same agent')
    .option('--timeout-ms <ms>', 'running time-out', TIMEOUT_MS)
    .option('--retry-count <n>', 'how often a failed attempt is repeated', RETRY_COUNT)
    .action(submit)
  task
    .command('get')
    .description('show a task, also one that finished lately')
    .argument('<id>', 'its id')
    .option('--queue <queue>', 'its queue, where the id alone is not clear')
    .action((id: string, { queue }: { queue?: string }, command: Command) =>
      showTask(command, (client) => client.getTask(id, queue)),
    )
  task
    .command('list')
    .description('open tasks, the oldest first, then finished ones, the newest first')
    .option('--queue <queue>', 'of this queue only')
    .addOption(new Option('--state <state>', 'in this state only').choices(TASK_STATES))
    .option('--limit <n>', 'how many at most', LIST_LIMIT, LIMITS.listTasksDefault)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(listTasks)
  task
    .command('explain')
    .description('why it is where it is: who was chosen and why, or what it waits for')
    .argument('<id>', 'its id')
    .option('--queue <queue>', 'its queue, where the id alone is not clear')
    .action(explainTask)
  task
    .command('cancel')
    .description('cancel a task, whether it waits or runs')
    .argument('<id>', 'its id')
    .option('--queue <queue>', 'its queue, where the id alone is not clear')
    .action((id: string, { queue }: { queue?: string }, command: Command) =>
      showTask(command, (client) => client.cancelTask(id, queue)),
    )
}

async function showTask(
  command: Command,
  ask: (client: Client) => Promise<TaskView>,
): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const view = await ask(client)
    if (terminal.format === 'table') terminal.lines(taskLines(view, terminal.colors))
    else terminal.json(view)
  })
}

async function explainTask(
  id: string,
  { queue }: { queue?: string },
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const explanation = await client.explainTask(id, queue)
    if (terminal.format === 'table') {
      terminal.lines(explanationLines(explanation, terminal.columns, terminal.colors))
    } else terminal.json(explanation)
  })
}

async function listTasks(options: ListTasksOptions, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const { tasks, cursor } = await client.listTasks(options)
    if (terminal.format === 'table') {
      terminal.lines(taskListLines(tasks, Date.now(), terminal.columns, terminal.colors))
    } else terminal.jsonRows(tasks)
    if (cursor !== null) terminal.note(`There are more: --cursor ${cursor} goes on here.`)
  })
}

async function submit(
  queue: string,
  payload: string | undefined,
  { wait, ...options }: SubmitFlags,
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  const bytes = payload === '-' ? readFileSync(0) : Buffer.from(payload ?? '')
  await withClient(natsFlagOf(command), async (client) => {
    let task: TaskHandle
    try {
      task = await client.submit(queue, bytes, options)
    } catch (error) {
      throw await explainUnknownQueue(error, client, queue)
    }
    if (wait) return waitFor(task, terminal)
    const { id, state, waitingFor } = task
    if (terminal.format === 'table') terminal.lines(submittedLines(task, terminal.colors))
    else terminal.json({ id, queue, state, waitingFor })
  })
}

/** Prints the result as it came, so that it can be piped; a failed task is an error. */
async function waitFor(task: TaskHandle, terminal: Terminal): Promise<void> {
  const { id, queue, waitingFor } = task
  const interrupts = catchInterrupts()
  if (terminal.format === 'ndjson') terminal.json({ id, queue, state: task.state, waitingFor })
  if (waitingFor !== null && process.stderr.isTTY) {
    terminal.note(`Task ${id} is accepted; ${waitingFor}.`)
  }
  const aborted = new Promise<null>((resolve) => {
    interrupts.signal.addEventListener('abort', () => resolve(null), { once: true })
  })
  try {
    const bytes = await Promise.race([task.bytes(), aborted])
    if (bytes === null) {
      terminal.note(
        `Interrupted. Task ${id} goes on: look with \`signalbox task get ${id}\`, ` +
          `or stop it with \`signalbox task cancel ${id}\`.`,
      )
      process.exitCode = EXIT.interrupted
      return
    }
    if (terminal.format !== 'table') {
      terminal.json({ id, queue, state: 'completed', result: parsed(bytes) })
    } else if (process.stdout.isTTY) terminal.lines(resultLines(payloadText(bytes)))
    else await write(bytes)
  } catch (error) {
    if (terminal.format !== 'table' && error instanceof TaskError) {
      const { code, message, attempts } = error
      terminal.json({ id, queue, state: 'failed', code, message, attempts })
    }
    throw error
  } finally {
    interrupts.dispose()
  }
}

/** JSON as its value, anything else as text. */
function parsed(bytes: Uint8Array): unknown {
  const text = payloadText(bytes)
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}

/** The bytes themselves, and a line's end after text that has none. */
function write(bytes: Uint8Array): Promise<void> {
  const all =
    bytes.length === 0 || bytes.at(-1) === 10 ? bytes : Buffer.concat([bytes, Buffer.from('\n')])
  return new Promise((resolve) => process.stdout.write(all, () => resolve()))
}
