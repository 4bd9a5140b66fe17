/**
 * Playing seeds in processes of their own, from a test: built JavaScript, because a test runner's
 * transforms make it several times slower, and because patches are applied as modules are loaded.
 */
import { spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { takeOver } from '../support/build.ts'
import { root } from '../support/files.ts'
import type { Patch } from './hooks.ts'
import type { DigestLine, DoneLine, FailedLine, Line } from './report.ts'
import type { Theme } from './themes.ts'

const FOLDER = join(root, 'dist.simulate')
/** Tests that measure time run beside. */
const NICENESS = 10
const ERROR_LENGTH_MAX = 4_000

/** Builds the simulation, beside what may be running, and takes over what differs. */
export function buildSimulation(): void {
  const fresh = join(root, `dist.simulate.${process.pid}`)
  try {
    const tsc = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/typescript/bin/tsc'),
        '-p',
        join(root, 'test/simulate/tsconfig.json'),
        '--outDir',
        fresh,
      ],
      { cwd: root, encoding: 'utf8' },
    )
    if (tsc.status !== 0) console.error(`${tsc.stdout}${tsc.stderr}`)
    takeOver(fresh, FOLDER)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

export interface ChildRun {
  readonly first: number
  readonly count: number
  /** Every n-th seed only. */
  readonly step?: number
  readonly failuresMax?: number
  /** Only those of one theme. */
  readonly theme?: Theme
  /** Only those in which work changes hands. */
  readonly moving?: boolean
  /** Only those in which it hangs together. */
  readonly hanging?: boolean
  /** Digests of the traces. */
  readonly digests?: boolean
  /** The rebuilt core is compared after every so many events. */
  readonly imagesEvery?: number
  /** Seeded bugs to apply. */
  readonly patches?: readonly Patch[]
}

/** What a process has printed. */
export interface ChildReport {
  readonly failed: FailedLine[]
  readonly digests: DigestLine[]
  readonly done: DoneLine
}

/** @throws Error with what it printed when the process dies before it is done. */
export async function playInChild(run: ChildRun): Promise<ChildReport> {
  const { step = 1, failuresMax = 1, imagesEvery = 1, patches = [] } = run
  const words: (string | number)[] = [run.first, run.count, '--step', step]
  words.push('--failures-max', failuresMax, '--images-every', imagesEvery)
  if (run.theme !== undefined) words.push('--theme', run.theme)
  if (run.moving) words.push('--moving')
  if (run.hanging) words.push('--hanging')
  const failed: FailedLine[] = []
  const digests: DigestLine[] = []
  let done: DoneLine | undefined
  const hear = (text: string): void => {
    const line = JSON.parse(text) as Line
    if (line.type === 'failed') failed.push(line)
    else if (line.type === 'digest') digests.push(line)
    else if (line.type === 'done') done = line
  }
  const errors = await runMain([...words, ...(run.digests ? ['--digests'] : [])], patches, hear)
  if (done === undefined) throw new Error(`a process that plays seeds has died: ${errors}`)
  return { failed, digests, done }
}

/** Plays one seed and hands on its trace, line by line, and at last what came of it. */
export async function traceInChild(seed: number, hear: (line: string) => void): Promise<void> {
  const errors = await runMain([seed, 1, '--trace'], [], hear)
  if (errors !== '') hear(errors)
}

/** @returns what the process wrote on its error stream. */
function runMain(
  words: readonly (string | number)[],
  patches: readonly Patch[],
  hear: (line: string) => void,
): Promise<string> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const folder = join(FOLDER, 'test/simulate')
  const child = spawn(
    process.execPath,
    ['--import', join(folder, 'register.js'), join(folder, 'main.js'), ...words.map(String)],
    {
      cwd: root,
      env: { ...env, SIMULATE_PATCHES: JSON.stringify(patches) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  if (child.pid !== undefined) setPriority(child.pid, NICENESS)
  const stop = (): boolean => child.kill('SIGKILL')
  process.once('exit', stop)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-ERROR_LENGTH_MAX)
  })
  const lines = createInterface({ input: child.stdout }).on('line', hear)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      process.removeListener('exit', stop)
      lines.close()
      resolve(errors)
    })
  })
}
