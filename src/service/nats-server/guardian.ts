/**
 * The process between us and nats-server: when we go away, however we go, it ends the server.
 *
 * Runs as a process of its own, one for each nats-server, started by `run.ts` with an IPC channel.
 * Invariant: while the guardian lives, the server has a living owner or is being killed.
 *
 *   owner forks ──► WAITING ── start ──► GUARDING ── server exits ──► WAITING (a restart may follow)
 *                      │                     │
 *                      └── channel closes ───┴──► kill -9 server, remove its folder, exit
 *
 * The kernel closes the channel when the owner dies, even of SIGKILL, so no heartbeat is needed.
 * The guardian sits in a session of its own: Ctrl-C on a terminal reaches the owner alone, which
 * then drains while its server still runs. Rejected: PR_SET_PDEATHSIG, which is Linux only and
 * which Node cannot set; exit handlers in the owner, which SIGKILL does not run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, rmSync } from 'node:fs'

/** What the owner may ask of its guardian. */
export type GuardianRequest =
  | {
      readonly kind: 'start'
      readonly command: string
      readonly words: readonly string[]
      readonly logFile: string
      /** Removed with all it holds when the owner is gone. */
      readonly removeAtEnd: string | undefined
    }
  | { readonly kind: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }

/** What a guardian tells its owner. */
export type GuardianReport =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }

/** A killed process is gone at once unless the disk holds it up. */
const END_TIMEOUT_MS = 2_000

let server: ChildProcess | undefined
let removeAtEnd: string | undefined

process.on('message', (request: GuardianRequest) => {
  if (request.kind === 'start') start(request)
  else server?.kill(request.signal)
})
process.on('disconnect', end)
process.on('SIGTERM', end)
process.on('SIGINT', end)

function start(request: Extract<GuardianRequest, { kind: 'start' }>): void {
  removeAtEnd = request.removeAtEnd
  const log = openSync(request.logFile, 'a')
  const child = spawn(request.command, request.words, { stdio: ['ignore', log, log] })
  closeSync(log)
  server = child
  child.once('spawn', () => report({ kind: 'started', pid: child.pid! }))
  child.once('error', (error) => report({ kind: 'refused', message: error.message }))
  child.once('exit', (code, signal) => {
    if (server === child) server = undefined
    report({ kind: 'exited', code, signal })
  })
}

function report(message: GuardianReport): void {
  // The owner may die in this instant; `disconnect` then ends us, so a failed send is no news.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

/** Kills the server, waits until it is gone (so that it writes no more), cleans up, ends. */
function end(): void {
  if (server === undefined) {
    cleanUp()
    return
  }
  server.once('exit', cleanUp)
  server.kill('SIGKILL')
  setTimeout(cleanUp, END_TIMEOUT_MS)
}

function cleanUp(): void {
  if (removeAtEnd !== undefined) {
    rmSync(removeAtEnd, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  }
  process.exit(0)
}
