/** `signalbox load`: tasks at a rate, or with a window in flight, and how long they took. */
import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import { LIMITS } from '../options.ts'
import type { Load, LoadCounts, LoadPace, LoadPlan } from '../service/load.ts'
import type { LoadLatency } from '../service/load-latency.ts'
import { explainUnknownQueue, withClient } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import { natsFlagOf, positiveNumber, terminalOf, wholeNumber } from './options.ts'
import { type LoadSummary, loadLiveLine, loadSummaryLines } from './render/load.ts'
import type { Terminal } from './terminal.ts'

const WINDOW_DEFAULT = 100
const SECONDS_DEFAULT = 10
const LIVE_MS = 200
const LATENCY_MS = 1_000
/** No answer at all for so long: somebody should say what the tasks wait for. */
const SILENT_MS = 3_000

interface LoadFlags {
  rate?: number
  window?: number
  count?: number
  duration?: number
  payloadBytes: number
}

export function addLoad(program: Command): void {
  const byDefault = `; ${SECONDS_DEFAULT} s when neither is given`
  program
    .command('load')
    .description('send tasks at a rate or with a window in flight, and measure')
    .argument('<queue>', 'the queue')
    .option('--rate <perSecond>', 'open loop: tasks a second', positiveNumber(1e6))
    .option(
      '--window <n>',
      `closed loop: tasks in flight (${WINDOW_DEFAULT} by default)`,
      wholeNumber(1, 65_536),
    )
    .option('--count <n>', `how many tasks${byDefault}`, wholeNumber(1, 1e12))
    .option('--duration <seconds>', `how long${byDefault}`, positiveNumber(1e7))
    .option(
      '--payload-bytes <n>',
      'size of a payload',
      wholeNumber(0, LIMITS.payloadBytesDefault),
      256,
    )
    .action(load)
}

async function load(queue: string, flags: LoadFlags, command: Command): Promise<void> {
  if (flags.rate !== undefined && flags.window !== undefined) {
    command.error("error: options '--rate' and '--window' exclude each other: give one of them")
  }
  const terminal = terminalOf(command)
  const [{ Load }, { LoadLatency }] = await Promise.all([
    import('../service/load.ts'),
    import('../service/load-latency.ts'),
  ])
  const interrupts = catchInterrupts()
  const latency = new LoadLatency()
  try {
    await withClient(natsFlagOf(command), async (client) => {
      const plan = planOf(queue, flags)
      const run = new Load(client, plan, latency)
      interrupts.signal.addEventListener('abort', () => run.stop(), { once: true })
      const counts = await watched(run, plan, latency, terminal, client)
      const report = await latency.report()
      show({ queue, pace: plan.pace, counts, ...report }, terminal)
      process.exitCode = exitCode(counts, interrupts.signal.aborted)
    })
  } finally {
    terminal.clearLive()
    await latency.stop()
    interrupts.dispose()
  }
}

function planOf(queue: string, flags: LoadFlags): LoadPlan {
  const { rate, window = WINDOW_DEFAULT, payloadBytes } = flags
  const count = flags.count ?? Number.POSITIVE_INFINITY
  const seconds =
    flags.duration ?? (flags.count === undefined ? SECONDS_DEFAULT : Number.POSITIVE_INFINITY)
  const payload = Buffer.from(payloadOf(payloadBytes))
  const plan = { queue, payload: () => payload }
  if (rate === undefined) {
    const pace: LoadPace = { kind: 'window', window, burst: 1 }
    return { ...plan, pace, count, durationMs: seconds * 1_000 }
  }
  // At a rate a duration is a number of tasks; a second more, for the last of them to be sent late.
  return {
    ...plan,
    pace: { kind: 'rate', perSecond: rate },
    count: Math.min(count, Math.max(1, Math.round(rate * seconds))),
    durationMs: (seconds + 1) * 1_000,
  }
}

/** A JSON string of exactly so many bytes, where that is possible, so that handlers can read it. */
function payloadOf(size: number): string {
  return size < 2 ? '0'.repeat(size) : `"${'x'.repeat(size - 2)}"`
}

async function watched(
  run: Load,
  plan: LoadPlan,
  latency: LoadLatency,
  terminal: Terminal,
  client: Client,
): Promise<LoadCounts> {
  let report: Awaited<ReturnType<LoadLatency['report']>> | undefined
  const timers = [
    setInterval(() => {
      terminal.live(loadLiveLine(run.counts, report, terminal.columns))
    }, LIVE_MS),
    setInterval(async () => {
      if (terminal.interactive) report = await latency.report().catch(() => report)
    }, LATENCY_MS),
  ]
  const silence = setTimeout(() => {
    if (run.counts.completed === 0) void tellWhy(plan.queue, client, terminal)
  }, SILENT_MS)
  try {
    return await run.run()
  } catch (error) {
    throw await explainUnknownQueue(error, client, plan.queue)
  } finally {
    for (const timer of timers) clearInterval(timer)
    clearTimeout(silence)
    terminal.clearLive()
  }
}

async function tellWhy(queue: string, client: Client, terminal: Terminal): Promise<void> {
  const status = await client.status().catch(() => null)
  const why = status?.queues.find((each) => each.queue === queue)?.waitingFor
  if (why) terminal.note(`Nothing is completed yet: ${why}.`)
}

function show(summary: LoadSummary, terminal: Terminal): void {
  if (terminal.format === 'table') {
    terminal.lines(loadSummaryLines(summary, terminal.colors))
    return
  }
  const { counts, ...rest } = summary
  const { inFlight, ...more } = counts
  terminal.json({ ...rest, ...more, unanswered: inFlight })
}

function exitCode(counts: LoadCounts, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted
  return counts.failedTotal === 0 && counts.inFlight === 0 ? EXIT.ok : EXIT.taskFailed
}
