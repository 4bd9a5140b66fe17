/** `signalbox task submit|get|list|cancel`: tasks from the outside. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { TaskHandle } from '../api.ts'
import type { Client } from '../client/client.ts'
import { SignalboxError, TaskError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { HistoryEntry } from '../promise-views.ts'
import { type ListTasksOptions, TASK_STATES, type TaskView } from '../task.ts'
import { payloadText } from '../wire/payload.ts'
import { taskMessage } from '../wire/task-message.ts'
import { explainUnknownQueue, withClient } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import { LIST_LIMIT, natsFlagOf, terminalOf } from './options.ts'
import { explanationLines } from './render/explain.ts'
import {
  historyLines,
  resultLines,
  submittedLines,
  taskLines,
  taskListLines,
} from './render/task.ts'
import { addSubmitFlags, type SubmitFlags, taskOf } from './task-input.ts'
import type { Terminal } from './terminal.ts'

/** Between two looks at a task that is waited for. */
const LOOK_MS = 2_000
/** How long nobody may answer: a scheduler that is started again is back by then. */
const SILENCE_MS = 10_000

export function addTask(program: Command): void {
  const task = program
    .command('task')
    .description('submit a task, look at it, list tasks, cancel one')
  addSubmitFlags(task.command('submit').description('submit one task')).action(submit)
  task
    .command('get')
    .description('show a task, also one that finished lately')
    .argument('<id>', 'its id')
    .option('--queue <queue>', 'its queue, where the id alone is not clear')
    .option('--message', 'as a message (docs/PROTOCOL.md), in JSON')
    .action((id: string, { queue }: { queue?: string }, command: Command) =>
      showTask(command, async (client) => {
        const view = await client.getTask(id, queue)
        return { view, history: await historyOf(client, id, queue) }
      }),
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
      showTask(command, async (client) => {
        return { view: await client.cancelTask(id, queue), history: null }
      }),
    )
}

interface Shown {
  view: TaskView
  /** null when none is kept. */
  history: HistoryEntry[] | null
}

async function showTask(command: Command, ask: (client: Client) => Promise<Shown>): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const { view, history } = await ask(client)
    if (command.opts<{ message?: boolean }>().message === true) {
      terminal.json(taskMessage(view))
      return
    }
    if (terminal.format !== 'table') {
      terminal.json(history === null ? view : { ...view, history })
      return
    }
    terminal.lines([
      ...taskLines(view, terminal.colors, history ?? []),
      ...historyLines(history ?? [], terminal.columns, terminal.colors),
    ])
  })
}

/** Schedulers of an earlier version, and those without a ledger, know of none. */
async function historyOf(
  client: Client,
  id: string,
  queue: string | undefined,
): Promise<HistoryEntry[] | null> {
  try {
    return await client.taskHistory(id, queue)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'not_supported' || code === 'task_unknown') return null
    throw error
  }
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
  queueName: string | undefined,
  payload: string | undefined,
  flags: SubmitFlags,
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  const { wait, message } = flags
  if (queueName === undefined && message === undefined) {
    command.error("error: missing required argument 'queue'")
  }
  const { queue, bytes, options } = taskOf(queueName, payload, flags)
  await withClient(natsFlagOf(command), async (client) => {
    let task: TaskHandle
    try {
      task = await client.submit(queue, bytes, options)
    } catch (error) {
      throw await explainUnknownQueue(error, client, queue)
    }
    if (wait) return waitFor(client, task, terminal)
    const { id, state, waitingFor } = task
    if (terminal.format === 'table') terminal.lines(submittedLines(task, terminal.colors))
    else terminal.json({ id, queue, state, waitingFor })
  })
}

/** Prints the result as it came, so that it can be piped; a failed task is an error. */
async function waitFor(client: Client, task: TaskHandle, terminal: Terminal): Promise<void> {
  const { id, queue, waitingFor } = task
  const interrupts = catchInterrupts()
  const over = new AbortController()
  if (terminal.format === 'ndjson') terminal.json({ id, queue, state: task.state, waitingFor })
  if (waitingFor !== null && process.stderr.isTTY) {
    terminal.note(`Task ${id} is accepted; ${waitingFor}.`)
  }
  const aborted = new Promise<null>((resolve) => {
    interrupts.signal.addEventListener('abort', () => resolve(null), { once: true })
  })
  try {
    const bytes = await Promise.race([
      task.bytes(),
      aborted,
      silenceOf(client, task, terminal, over.signal),
    ])
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
    over.abort()
    interrupts.dispose()
  }
}

/**
 * Looks at the task now and then: an outcome does not come from a scheduler that is no more. Whatever a
 * scheduler answers, the outcome is its to tell.
 * @returns null, when it is over.
 * @throws no_scheduler, disconnected when nobody has answered for `SILENCE_MS`.
 */
async function silenceOf(
  client: Client,
  { id, queue }: TaskHandle,
  terminal: Terminal,
  over: AbortSignal,
): Promise<null> {
  let heardAt = performance.now()
  let isNoted = false
  // Ends with who waits.
  while (!over.aborted) {
    await sleep(LOOK_MS, undefined, { signal: over }).catch(() => {})
    if (over.aborted) break
    const answer: unknown = await client.getTask(id, queue).catch((error) => error)
    if (over.aborted) break
    if (!isSilence(answer)) {
      heardAt = performance.now()
      isNoted = false
    } else if (performance.now() - heardAt >= SILENCE_MS) {
      const message =
        `Nobody has answered for ${SILENCE_MS / 1_000} s: whether task ${id} completes is unknown. ` +
        `When a scheduler is there again, look with \`signalbox task get ${id}\`.`
      throw new SignalboxError(answer.code, message, { cause: answer })
    } else if (!isNoted) {
      isNoted = true
      terminal.note(`No scheduler answers; waiting up to ${SILENCE_MS / 1_000} s for one.`)
    }
  }
  return null
}

function isSilence(answer: unknown): answer is SignalboxError {
  if (!(answer instanceof SignalboxError)) return false
  return answer.code === 'no_scheduler' || answer.code === 'disconnected'
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
