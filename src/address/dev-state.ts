/**
 * Where a running `dev` leaves its address, so that commands in a second terminal find it:
 * `$XDG_STATE_HOME/signalbox/dev.json` (by default `~/.local/state`), `{ url, pid, startedAt }`.
 *
 * Runs in `dev` (writes) and in every command (reads). Invariant: the file names the newest `dev`,
 * appears by one rename, and counts only while that process lives, so one that was killed leaves
 * nothing that could mislead.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

export interface DevState {
  url: string
  pid: number
  /** ISO 8601. */
  startedAt: string
}

export function devStateFile(env: Environment = process.env): string {
  const folder = env.XDG_STATE_HOME
  const base =
    folder && isAbsolute(folder) ? folder : join(env.HOME || homedir(), '.local', 'state')
  return join(base, 'signalbox', 'dev.json')
}

/** @returns the running `dev`; undefined when there is none, or only what a dead one left. */
export function readDevState(env: Environment = process.env): DevState | undefined {
  try {
    const { url, pid, startedAt } = JSON.parse(readFileSync(devStateFile(env), 'utf8')) as DevState
    if (typeof url !== 'string' || !Number.isInteger(pid) || !isAlive(pid)) return undefined
    return { url, pid, startedAt: String(startedAt) }
  } catch {
    return undefined
  }
}

/**
 * Announces this process as the running `dev`.
 *
 * @returns takes the announcement back: the file goes, or names the `dev` that it named before if
 *   that still runs. Does nothing when a newer `dev` has announced itself. Synchronous, so that it
 *   can run while the process ends.
 */
export function announceDev(url: string, env: Environment = process.env): () => void {
  const before = readDevState(env)
  write({ url, pid: process.pid, startedAt: new Date().toISOString() }, env)
  return () => {
    if (readDevState(env)?.pid !== process.pid) return
    if (before !== undefined && before.pid !== process.pid && isAlive(before.pid)) {
      write(before, env)
    } else {
      rmSync(devStateFile(env), { force: true })
    }
  }
}

function write(state: DevState, env: Environment): void {
  const file = devStateFile(env)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify(state)}\n`, { mode: 0o600 })
  renameSync(fresh, file)
}

/** A process that belongs to somebody else (EPERM) is alive too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
