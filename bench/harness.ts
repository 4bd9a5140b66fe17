/**
 * Runs the configurations of a benchmark, each run in a process of its own, interleaved.
 *
 * Runs on: the process of `npm run bench`, which measures nothing itself.
 * Invariant: every configuration runs once in each repeat, next to its baseline twin, and what is
 * compared was measured in the same repeat.
 *
 * ```
 *  repeat 1   ours ► twin ► ours ► twin      each box a fresh Node process: JIT feedback of one
 *  repeat 2   twin ► ours ► twin ► ours      configuration never reaches another (mixing them in
 *  repeat 3   ours ► twin ► ours ► twin      one process made code look 3 to 4 times slower)
 * ```
 *
 * The order turns round from repeat to repeat, so that a machine that slows down or speeds up
 * meanwhile favours neither side. Absolute rates drift; ratios are taken within a repeat.
 *
 * What is reckoned in virtual time is the same in each repeat and on a busy machine: it is run once,
 * on all cores side by side.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { workerUrl } from '../src/worker-url.ts'

/** What one run measured, by name; whatever does not exist on this machine is NaN. */
export type Values = Record<string, number>
export type Parameters = Record<string, number | string>

/** One thing to run; `run` names a function of the benchmark's `runs`. */
export interface Configuration {
  /** Unique in its benchmark. */
  readonly name: string
  readonly run: string
  readonly parameters: Parameters
}

/** Values by configuration, one for each repeat, in the order of repeats. */
export type Samples = Record<string, Values[]>

/** A named result; only those with a target are judged. */
export interface Figure {
  readonly value: number
  readonly below?: number
  readonly atMost?: number
  readonly atLeast?: number
}

/** A line of the table. `ours`, `twin` and `ratio` hold one number for each repeat. */
export interface Row {
  readonly what: string
  readonly unit: string
  readonly ours: readonly number[]
  readonly twin?: readonly number[]
  readonly ratio?: readonly number[]
  /** Figure that this line is about, if it has a target. */
  readonly figure?: string
  /** One of too many: only JSON has it. */
  readonly isDetail?: boolean
}

export interface Report {
  readonly figures: Record<string, Figure>
  readonly rows: Row[]
}

/** How much of a benchmark is run. */
export interface Extent {
  /** Small sizes: does it run at all, not how fast. */
  readonly isQuick: boolean
  /** Also what is asked for only now and then: fleets by sizes. */
  readonly isMatrix: boolean
  /** Also what only pictures need. */
  readonly isPlot: boolean
}

/** A question with its answer; one file of this folder. */
export interface Benchmark {
  readonly name: string
  readonly question: string
  readonly doesNotShow: string
  /** Nothing of it is measured by a clock. */
  readonly isVirtual?: boolean
  configurations(extent: Extent): Configuration[]
  /** What a child process runs; throws when its result is wrong. */
  readonly runs: Record<string, (parameters: Parameters) => Promise<Values>>
  report(samples: Samples): Report
  /**
   * Sees to what has to be there before the first run, and says in sentences what it does about it.
   * @returns versions to be printed.
   * @throws Error when something cannot be had; the message says what.
   */
  prepare?(say: (sentence: string) => void): Promise<Record<string, string>>
  /** SVG texts by file name, of samples that were taken with `isPlot`. */
  plots?(samples: Samples, at: string): Record<string, string>
}

/** What a child process says: its values, or why its result is wrong. */
export type ChildAnswer = { values: Values } | { failed: string }

/** The longest run takes 60 s on two cores; one that hangs must not take the whole evening. */
const RUN_MAX_MS = 300_000

/**
 * Runs all configurations `repeats` times, or once when they are virtual.
 * @param onRun told before each run.
 * @throws Error when a run's result is wrong, it crashes or takes longer than five minutes.
 */
export async function runInterleaved(
  benchmark: Benchmark,
  options: { repeats: number; extent: Extent; onRun(what: string): void },
): Promise<Samples> {
  const configurations = benchmark.configurations(options.extent)
  const samples: Samples = {}
  for (const { name } of configurations) samples[name] = []
  if (benchmark.isVirtual) {
    await runSideBySide(benchmark, configurations, samples, options.onRun)
    return samples
  }
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    const order = repeat % 2 === 0 ? configurations : configurations.toReversed()
    for (const configuration of order) {
      const what = `${benchmark.name} ${configuration.name}`
      options.onRun(`${what}, ${repeat + 1} of ${options.repeats}`)
      samples[configuration.name].push(await runOnce(benchmark.name, configuration, what))
    }
  }
  return samples
}

/** Each once, as many at a time as there are cores, in no order. */
async function runSideBySide(
  benchmark: Benchmark,
  configurations: readonly Configuration[],
  samples: Samples,
  onRun: (what: string) => void,
): Promise<void> {
  const left = [...configurations]
  const runNext = async () => {
    // Ends: each round takes one.
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const what = `${benchmark.name} ${next.name}`
      onRun(`${what}, ${left.length} left`)
      samples[next.name].push(await runOnce(benchmark.name, next, what))
    }
  }
  const lanes = Array.from({ length: availableParallelism() }, runNext)
  await Promise.all(lanes)
}

async function runOnce(benchmark: string, configuration: Configuration, what: string) {
  const { run, parameters } = configuration
  const child = fork(fileURLToPath(workerUrl('./child', import.meta.url)), {
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    const answer = await ask<ChildAnswer>(child, { benchmark, run, parameters }, what)
    if ('failed' in answer) throw new Error(`${what}: ${answer.failed}`)
    return answer.values
  } finally {
    await ended(child)
  }
}

/**
 * Sends one message to a child process and resolves with its next one.
 * @throws Error when it ends before it answers, or takes longer than five minutes.
 */
export function ask<Answer>(child: ChildProcess, request: unknown, what: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      act()
    }
    const onMessage = (answer: unknown) => settle(() => resolve(answer as Answer))
    const onExit = (code: number | null, signal: string | null) =>
      settle(() => reject(new Error(`${what}: its process ended with ${code ?? signal}`)))
    const onLate = () =>
      settle(() => reject(new Error(`${what}: not done after ${RUN_MAX_MS / 1000} s`)))
    const timer = setTimeout(onLate, RUN_MAX_MS)
    child.once('message', onMessage)
    child.once('exit', onExit)
    if (child.exitCode !== null || child.signalCode !== null) {
      onExit(child.exitCode, child.signalCode)
    } else child.send(request as object)
  })
}

const ENDED_MAX_MS = 3_000

/** Waits until a child process has gone, by force if it does not go within three seconds. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const timer = setTimeout(() => child.kill('SIGKILL'), ENDED_MAX_MS)
  if (child.connected) child.disconnect()
  await gone
  clearTimeout(timer)
}

/** The values of one name, one for each repeat. */
export function column(samples: Samples, configuration: string, value: string): number[] {
  return samples[configuration].map((values) => values[value])
}

/** Quotients within each repeat. */
export function ratios(ours: readonly number[], twin: readonly number[]): number[] {
  return ours.map((value, repeat) => value / twin[repeat])
}
