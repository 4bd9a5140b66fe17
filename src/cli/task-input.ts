/** What `task submit` is given: arguments, flags or a message, as one task. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { SignalboxError } from '../errors.ts'
import { DECIDE_POLICIES, type DecidePolicy, MATCHES, type Match } from '../options.ts'
import { PARENT_FAILURES, type SubmitOptions } from '../task.ts'
import { readTaskMessage } from '../wire/task-message.ts'
import { quote } from '../wire/tokens.ts'
import { names, RETRY_COUNT, TIMEOUT_MS, VOTERS } from './options.ts'
import { SPAN_FORM, span, timeOfDay } from './times.ts'

const STDIN = 0

export interface SubmitFlags {
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
  retryDelay?: number
  ttl?: number
  deadline?: number
  sla?: number
  delay?: number
  at?: Date
  after?: string[]
  onParentFailure?: SubmitOptions['onParentFailure']
  voters?: number
  decide?: DecidePolicy
  decideBy?: string
  message?: string
}

export function addSubmitFlags(command: Command): Command {
  return command
    .argument('[queue]', 'the queue; not needed where a message names it')
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
    .option('--retry-delay <time>', `how long it waits before that: ${SPAN_FORM}`, span)
    .option('--ttl <time>', 'how long it may wait for an agent', span)
    .option('--deadline <time>', 'how long it may take in all', span)
    .option('--sla <time>', 'how long it is to wait for an agent at most', span)
    .addOption(
      new Option('--delay <time>', 'begin so long after acceptance')
        .argParser(span)
        .conflicts('at'),
    )
    .option('--at <time>', 'begin then: 2026-02-13T10:30:00Z, or 10:30 today', timeOfDay)
    .option('--voters <n>', 'so many agents do it, and decide together', VOTERS)
    .addOption(new Option('--decide <policy>', 'how they do').choices(DECIDE_POLICIES))
    .option('--decide-by <field>', 'field of their results that is compared; all without')
    .option('--after <id...>', 'tasks that must complete first: id, or queue/id', names)
    .addOption(
      new Option(
        '--on-parent-failure <how>',
        'what one of them that does not complete does to it',
      ).choices(PARENT_FAILURES),
    )
    .option('--message <file>', 'the task as a message (docs/PROTOCOL.md), or - for standard input')
}

export interface GivenTask {
  queue: string
  bytes: Uint8Array
  options: SubmitOptions
}

/** @throws bad_option, and what a message is refused with. */
export function taskOf(
  queue: string | undefined,
  payload: string | undefined,
  { message: file, ...flags }: SubmitFlags,
): GivenTask {
  const options = optionsOf(flags)
  if (file !== undefined) return taskOfMessage(queue, payload, file, options)
  if (queue === undefined) throw badOption('Give the queue, or a message that names one.')
  const bytes = payload === '-' ? readFileSync(STDIN) : Buffer.from(payload ?? '')
  return { queue, bytes, options }
}

/** What the command says counts before what the message does: it is nearer to who submits. */
function taskOfMessage(
  given: string | undefined,
  payload: string | undefined,
  file: string,
  options: SubmitOptions,
): GivenTask {
  if (payload !== undefined) throw badOption('The payload stands in the message: give one of them.')
  const message = readTaskMessage(file === '-' ? readFileSync(STDIN) : fileOf(file))
  const queue = message.queue ?? given
  if (queue === undefined) throw badOption('The message names no queue: give one before it.')
  if (given !== undefined && given !== queue) {
    throw badOption(`The message is for queue "${queue}", the command for "${given}": give one.`)
  }
  return { queue, bytes: message.payload, options: { ...onlySaid(message.options), ...options } }
}

/** @throws bad_option when it cannot be read. */
export function fileOf(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw badOption(`The file ${quote(path)} cannot be read (${code}): check the path.`)
  }
}

function optionsOf(flags: Omit<SubmitFlags, 'message'>): SubmitOptions {
  const { wait: _, after, retryDelay, ttl, deadline, sla, delay, ...said } = flags
  return onlySaid({
    ...said,
    retryDelayMs: retryDelay,
    ttlMs: ttl,
    deadlineMs: deadline,
    slaTargetMs: sla,
    delayMs: delay,
    dependsOn: after,
  })
}

function onlySaid(options: SubmitOptions): SubmitOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function badOption(message: string): SignalboxError {
  return new SignalboxError('bad_option', message)
}
