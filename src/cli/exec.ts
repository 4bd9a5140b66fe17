/**
 * A shell command as an agent's handler: payload on standard input, result from standard output.
 *
 * Runs in `agent run`. Invariant: a command has its own process group, and when its task has ended,
 * for whatever reason, nothing of that group is left running.
 *
 *   spawned ── exit 0 ──► result                 cancelled: SIGTERM to the group, after 5 s SIGKILL
 *      └── other exit, signal, too much output ──► failure, with the last line of standard error
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { AgentTask, Handler } from '../agent-task.ts'
import { TaskError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { plain } from './render/text.ts'

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000
/** From its exit to the end of its output; longer only if something has left its process group. */
const OUTPUT_MS = 1_000
/** What NATS takes in one message by default. */
const STDOUT_BYTES_MAX = 1024 * 1024
const STDERR_KEPT = 8 * 1024

export interface ExecEvent {
  task: string
  queue: string
  attempt: number
  message: string
}

export class ExecHandler {
  readonly #command: string
  readonly #onFailure: (event: ExecEvent) => void
  readonly #running = new Set<ChildProcess>()

  /** @param onFailure told every attempt that failed. */
  constructor(command: string, onFailure: (event: ExecEvent) => void) {
    this.#command = command
    this.#onFailure = onFailure
  }

  readonly handle: Handler = async (task) => {
    try {
      return await this.#run(task)
    } catch (error) {
      const { message } = (task.signal.aborted ? task.signal.reason : error) as Error
      this.#onFailure({ task: task.id, queue: task.queue, attempt: task.attempt, message })
      throw error
    }
  }

  /** Ends every running command at once, for when the agent itself must. */
  killAll(): void {
    for (const child of this.#running) signalGroup(child, 'SIGKILL')
  }

  #run(task: AgentTask): Promise<Uint8Array> {
    const child = spawn(this.#command, {
      shell: true,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        SIGNALBOX_TASK_ID: task.id,
        SIGNALBOX_TASK_QUEUE: task.queue,
        SIGNALBOX_TASK_TYPE: task.type,
        SIGNALBOX_TASK_ATTEMPT: String(task.attempt),
      },
    })
    this.#running.add(child)
    // A command that does not read its input closes it early; that is its right.
    child.stdin.on('error', () => {})
    child.stdin.end(task.payload)
    return new Promise((resolve, reject) => {
      const output = new Output()
      let killer: NodeJS.Timeout | undefined
      let late: NodeJS.Timeout | undefined
      const cancel = () => {
        signalGroup(child, 'SIGTERM')
        killer = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS)
      }
      task.signal.addEventListener('abort', cancel, { once: true })
      if (task.signal.aborted) cancel()
      child.stdout.on('data', (chunk: Buffer) => {
        if (!output.take(chunk)) signalGroup(child, 'SIGKILL')
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => output.takeError(text))
      const end = (error: Error | null) => {
        clearTimeout(killer)
        task.signal.removeEventListener('abort', cancel)
        clearTimeout(late)
        this.#running.delete(child)
        if (error === null) resolve(output.bytes())
        else reject(error)
      }
      child.once('error', (error) => end(new TaskError('error', error.message)))
      child.once('exit', (code, signal) => {
        // What it left in the background would outlive its task, and hold its output open.
        signalGroup(child, 'SIGKILL')
        const ended = () => end(output.failure(code, signal))
        late = setTimeout(ended, OUTPUT_MS)
        child.once('close', ended)
      })
    })
  }
}

class Output {
  readonly #chunks: Buffer[] = []
  #length = 0
  #stderr = ''

  /** @returns false when it is too much. */
  take(chunk: Buffer): boolean {
    this.#length += chunk.length
    if (this.#length > STDOUT_BYTES_MAX) return false
    this.#chunks.push(chunk)
    return true
  }

  takeError(text: string): void {
    this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }

  /** @returns null for a success. */
  failure(code: number | null, signal: string | null): TaskError | null {
    if (this.#length > STDOUT_BYTES_MAX) {
      return TaskError.permanent(
        `The command wrote more than ${STDOUT_BYTES_MAX} bytes: store the result, print where it is.`,
        'payload_too_large',
      )
    }
    if (code === 0) return null
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`
    const lines = this.#stderr.split('\n').map((line) => plain(line).trim())
    const last = lines.findLast((line) => line !== '') ?? `The command ended with ${how}.`
    return new TaskError('error', last.slice(0, LIMITS.errorMessageBytesMax))
  }
}

/** To the command and all that it started, as far as that is still there. */
function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group has ended.
  }
}
