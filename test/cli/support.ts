/** Running the built command line as its users do, away from this user's own settings. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { root } from '../support/files.ts'

const MAIN = join(root, 'dist/src/cli/main.js')
const TIMEOUT_MS = 25_000

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  readonly process: ChildProcess
  readonly pid: number
  readonly ended: Promise<Ended>
  stdout(): string
  stderr(): string
}

export interface CliOptions {
  env?: Record<string, string>
  input?: string | Uint8Array
  cwd?: string
}

/** A home of its own for one test file: no address, no context, no running `dev` of the user. */
export function withHome() {
  const home = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  const started = new Set<Running>()
  afterAll(async () => {
    for (const running of started) {
      running.process.kill('SIGKILL')
      await running.ended
    }
    rmSync(home, { recursive: true, force: true })
  })
  const start = (words: string[], { env = {}, input, cwd }: CliOptions = {}): Running => {
    const running = run(words, { ...clean(home), ...env }, input, cwd)
    started.add(running)
    void running.ended.then(() => started.delete(running))
    return running
  }
  return {
    home,
    stateFile: join(home, 'state', 'signalbox', 'dev.json'),
    start,
    /** Runs a command to its end. */
    cli: (words: string[], options?: CliOptions): Promise<Ended> => start(words, options).ended,
  }
}

function clean(home: string): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of Object.keys(env)) {
    if (/^(npm_|NODE_OPTIONS$|SIGNALBOX_|NATS_(?!SERVER$)|FORCE_COLOR$)/.test(name))
      delete env[name]
  }
  return {
    ...env,
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CONFIG_HOME: join(home, 'config'),
  }
}

function run(
  words: string[],
  env: NodeJS.ProcessEnv,
  input: string | Uint8Array = '',
  cwd?: string,
): Running {
  const child = spawn(process.execPath, [MAIN, ...words], { env, cwd, stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, stdout, stderr })
    })
  })
  return { process: child, pid: child.pid!, ended, stdout: () => stdout, stderr: () => stderr }
}

/** @returns the processes that this one has started, and those that they have started. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name))
  }
  const found = [pid]
  for (const each of found) {
    for (const [child, parent] of parents) if (parent === each) found.push(child)
  }
  return found.slice(1)
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}
