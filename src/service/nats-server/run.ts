/**
 * A private nats-server: on a free loopback port, with a data folder of its own, never surviving us.
 *
 * Runs in whatever process wants a server of its own. Invariant: one `NatsServer` owns one guardian
 * process and through it at most one nats-server; when the owner ends, both are gone.
 *
 *   startNatsServer ──► RUNNING ── kill ──► DOWN ── restart ──► RUNNING
 *                          │ └── restart (orderly) ──────────────┘
 *                          └── stop ──► guardian ended, own folder removed
 *
 * The server itself picks the port (`-p -1`) and tells it in a ports file, so two servers that
 * start together cannot race for one. A restart keeps that port, so clients reconnect.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SignalboxError } from '../../errors.ts'
import { workerUrl } from '../../worker-url.ts'
import { locate } from './fetch.ts'
import type { GuardianReport, GuardianRequest } from './guardian.ts'

const READY_TIMEOUT_MS = 10_000
const STOP_TIMEOUT_MS = 5_000
const POLL_MS = 10

export interface NatsServerOptions {
  /** The binary; found or fetched when absent. */
  readonly command?: string
  /** With JetStream; off by default. */
  readonly jetstream?: boolean
  /** Where JetStream stores; a folder that is removed at the end when absent. */
  readonly storeDir?: string
  /** The text of a nats-server configuration; address, port and store stay ours. */
  readonly configuration?: string
  /** A fixed port; any free one when absent. */
  readonly port?: number
  /** Told in one sentence what is about to be fetched, before it is. */
  readonly onFetch?: (sentence: string) => void
}

/** A running nats-server and its life. */
export interface NatsServer {
  readonly url: string
  readonly port: number
  /** The server's process id, -1 while it is down. */
  readonly pid: number
  readonly guardianPid: number
  /** Where its log lies and, unless another folder was given, its store. */
  readonly folder: string
  /** What the server has written to its log so far. */
  log(): string
  /** Ends it with SIGKILL and leaves what it stored. */
  kill(): Promise<void>
  /** Ends it if it runs and starts it again on the same port and store. */
  restart(): Promise<void>
  /** Ends server and guardian and removes the folder made for them. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts a private nats-server and waits until it answers.
 *
 * @throws `nats_server_not_found` when there is none and none can be fetched.
 * @throws `nats_unreachable` when it does not answer within 10 s; the message holds its last words.
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const command =
    options.command ??
    (await locate(options.onFetch === undefined ? {} : { onFetch: options.onFetch }))
  const server = new GuardedServer(command, options)
  try {
    await server.start()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

class GuardedServer implements NatsServer {
  readonly #command: string
  readonly #options: NatsServerOptions
  readonly folder = mkdtempSync(join(tmpdir(), 'signalbox-nats-'))
  readonly #logFile = join(this.folder, 'nats-server.log')
  readonly #guardian: ChildProcess
  #port: number
  #pid = -1
  #waiting: ((report: GuardianReport) => void) | undefined

  constructor(command: string, options: NatsServerOptions) {
    this.#command = command
    this.#options = options
    this.#port = options.port ?? -1
    this.#guardian = spawnGuardian()
    this.#guardian.on('message', (report: GuardianReport) => this.#hear(report))
    this.#guardian.once('exit', () => {
      // A guardian that was killed can no longer end the server: that falls to us.
      if (this.#pid > 0) signal(this.#pid, 'SIGKILL')
      this.#hear({ kind: 'exited', code: null, signal: 'SIGKILL' })
    })
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  get pid(): number {
    return this.#pid
  }

  get guardianPid(): number {
    return this.#guardian.pid!
  }

  log(): string {
    try {
      return readFileSync(this.#logFile, 'utf8')
    } catch {
      return ''
    }
  }

  async start(): Promise<void> {
    const report = await this.#ask(
      {
        kind: 'start',
        command: this.#command,
        words: this.#words(),
        logFile: this.#logFile,
        removeAtEnd: this.folder,
      },
      READY_TIMEOUT_MS,
    )
    if (report?.kind !== 'started') throw this.#failed(report)
    await this.#ready()
  }

  async kill(): Promise<void> {
    if (this.#pid > 0) await this.#ask({ kind: 'signal', signal: 'SIGKILL' }, STOP_TIMEOUT_MS)
  }

  async restart(): Promise<void> {
    await this.#end()
    await this.start()
  }

  async stop(): Promise<void> {
    await this.#end()
    if (this.#guardian.connected) {
      const gone = new Promise((resolve) => this.#guardian.once('exit', resolve))
      this.#guardian.ref()
      this.#guardian.disconnect()
      await gone
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Ends the server in order, or by force when it takes more than five seconds. */
  async #end(): Promise<void> {
    if (this.#pid < 0) return
    await this.#ask({ kind: 'signal', signal: 'SIGTERM' }, STOP_TIMEOUT_MS)
    await this.kill()
  }

  #words(): string[] {
    const words = ['-a', '127.0.0.1', '-p', String(this.#port), '--ports_file_dir', this.folder]
    if (this.#options.configuration !== undefined) {
      const file = join(this.folder, 'nats-server.conf')
      writeFileSync(file, this.#options.configuration)
      words.push('-c', file)
    }
    if (this.#options.jetstream) {
      const storeDir = this.#options.storeDir ?? join(this.folder, 'store')
      mkdirSync(storeDir, { recursive: true })
      words.push('-js', '-sd', storeDir)
    }
    return words
  }

  /** Waits until the ports file names the port and a connection is greeted on it. */
  async #ready(): Promise<void> {
    const until = Date.now() + READY_TIMEOUT_MS
    const portsFile = join(this.folder, `nats-server_${this.#pid}.ports`)
    while (Date.now() < until && this.#pid > 0) {
      const port = readPort(portsFile)
      if (port !== undefined && (await isGreeted(port))) {
        this.#port = port
        return
      }
      await sleep(POLL_MS)
    }
    throw this.#failed()
  }

  /** Asks the guardian for one thing and waits for its next report, or for the time to be up. */
  async #ask(request: GuardianRequest, timeoutMs: number): Promise<GuardianReport | undefined> {
    if (!this.#guardian.connected) return undefined
    this.#guardian.ref()
    this.#guardian.channel?.ref()
    try {
      return await new Promise<GuardianReport | undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), timeoutMs)
        this.#waiting = (report) => {
          clearTimeout(timer)
          resolve(report)
        }
        this.#guardian.send(request)
      })
    } finally {
      this.#waiting = undefined
      this.#guardian.unref()
      this.#guardian.channel?.unref()
    }
  }

  #hear(report: GuardianReport): void {
    if (report.kind === 'started') this.#pid = report.pid
    else this.#pid = -1
    this.#waiting?.(report)
  }

  #failed(report?: GuardianReport): SignalboxError {
    let words = report?.kind === 'refused' ? report.message : this.log().trim().split('\n').at(-1)
    if (!this.#guardian.connected) words = 'its guardian process ended'
    return new SignalboxError(
      'nats_unreachable',
      `${this.#command} did not start${words ? `: ${words}` : ''}.`,
    )
  }
}

/** A guardian that neither hears the terminal's Ctrl-C nor keeps this process alive. */
function spawnGuardian(): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env
  const guardian = fork(fileURLToPath(workerUrl('./guardian', import.meta.url)), {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
    env,
  })
  guardian.unref()
  guardian.channel?.unref()
  return guardian
}

function signal(pid: number, name: 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone already.
  }
}

/** @returns the client port that the server wrote down, undefined before it has. */
function readPort(portsFile: string): number | undefined {
  try {
    const { nats } = JSON.parse(readFileSync(portsFile, 'utf8')) as { nats: string[] }
    return Number(new URL(nats[0]!).port)
  } catch {
    return undefined
  }
}

/** @returns true when something on the port says INFO, as a NATS server does first. */
function isGreeted(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 1_000 })
    const done = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('data', (bytes) => done(bytes.toString('latin1').startsWith('INFO ')))
    socket.once('error', () => done(false))
    socket.once('timeout', () => done(false))
    socket.once('close', () => done(false))
  })
}
