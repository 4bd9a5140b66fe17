/**
 * The processes of `dev`: started with an IPC channel, ended by its end.
 *
 * `startChild` runs in `dev`, `serveParent` at the top of each child. Invariant: a child outlives its
 * parent by no more than the moment that it takes to notice: the kernel closes the channel when the
 * parent dies, even of SIGKILL.
 *
 * A child sits in a process group of its own, so that Ctrl-C on a terminal reaches `dev` alone, which
 * then ends everything in order.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SignalboxError } from '../errors.ts'
import { workerUrl } from '../worker-url.ts'
import type { DevReport, DevRequest } from './dev-messages.ts'

const READY_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 2_000
const STDERR_KEPT = 4_096

export class DevChild {
  readonly what: string
  readonly #process: ChildProcess
  #stderr = ''
  #stopping = false
  /** Told every report of the child. */
  onReport: (report: DevReport) => void = () => {}
  /** Told once, in a sentence, when the child ends without having been asked to. */
  onLost: (why: string) => void = () => {}

  /** @param module its file beside this one, without ending; `what` names it in sentences. */
  constructor(module: string, what: string) {
    this.what = what
    const { NODE_OPTIONS: _, ...env } = process.env
    this.#process = fork(fileURLToPath(workerUrl(module, import.meta.url)), {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env,
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
    })
    this.#process.on('message', (report: DevReport) => this.onReport(report))
    this.#process.on('exit', (code, signal) => {
      if (this.#stopping) return
      const why = this.#stderr.match(/^\w*Error.*$/m)?.[0]
      this.onLost(
        `The ${what} ended by itself (${signal ?? `exit ${code}`}${why ? `, ${why}` : ''}).`,
      )
    })
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Gives it its work and waits until it is ready. @throws what it failed with. */
  async start(request: DevRequest): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new SignalboxError('error', why))
      const timer = setTimeout(
        () => fail(`The ${this.what} was not ready within ${READY_TIMEOUT_MS} ms.`),
        READY_TIMEOUT_MS,
      )
      const settled = (then: () => void) => {
        clearTimeout(timer)
        then()
      }
      this.onLost = (why) => settled(() => fail(why))
      this.onReport = (report) => {
        if (report.kind === 'ready') settled(resolve)
        else if (report.kind === 'failed')
          settled(() => fail(`The ${this.what}: ${report.message}`))
      }
      this.#process.send(request, (error) => {
        if (error) settled(() => fail(`The ${this.what} could not be told its work.`))
      })
    })
    this.onLost = () => {}
    this.onReport = () => {}
  }

  /** Closes the channel, which ends it; by force when it takes more than two seconds. */
  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#process
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await gone
    clearTimeout(timer)
  }
}

/** In a child: takes one request and ends with the parent. `work` says `ready` when it is. */
export function serveParent(
  work: (request: DevRequest, report: (report: DevReport) => void) => Promise<void>,
): void {
  const end = () => process.exit(0)
  process.on('disconnect', end)
  if (!process.connected) end()
  process.once('message', (request: DevRequest) => {
    work(request, tellParent).catch((error: { code?: string; message: string }) => {
      tellParent({ kind: 'failed', code: error.code ?? 'error', message: error.message })
    })
  })
}

/** The parent may be gone in this instant; `disconnect` then ends us, so a failed send is no news. */
function tellParent(report: DevReport): void {
  if (process.connected) process.send?.(report, undefined, undefined, () => {})
}
