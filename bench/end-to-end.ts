/**
 * How much of plain NATS is left with a scheduler in between?
 *
 * The runs are drawn in `cast.ts`: ours with the SDK and without, and what somebody would write by
 * hand, one task a message and 64. All with the same payloads (256 bytes, empty result), the same
 * number of agents (10, which take 2,000 tasks together) and of tasks in flight (8,192).
 *
 * Closed loop for tasks a second, open loop at 1,000 a second for the latency that the generator
 * sees; both after a closed loop that lets the code be compiled. CPU is read of each process around
 * the measured part, of the scheduler also by thread and, in a run of its own, by stage.
 *
 * `--matrix` adds 1, 10 and 100 agents by 16 bytes to 64 KiB, `--plot` frames of 1 to 64 tasks and
 * longer open loops.
 *
 * Runs on: child processes that start the others.
 */
import { floor, loop, packed, plain, sdk } from './cast.ts'
import { report } from './end-to-end-report.ts'
import type { Benchmark, Configuration, Extent, Parameters, Samples } from './harness.ts'
import { HEADLINE } from './headline.ts'
import { matrixConfigurations } from './matrix.ts'
import { latencyPlot, type Named } from './plot/latency.ts'
import { frameConfigurations, throughputPlot } from './plot/throughput.ts'

const WINDOWS = [1_000, 65_536]

const FULL = {
  closed: { loop: 'closed', tasks: 250_000, warmUpTasks: 80_000 },
  packed: { loop: 'closed', tasks: 1_600_000, warmUpTasks: 320_000 },
  frames: { loop: 'closed', tasks: 120_000, warmUpTasks: 40_000 },
  open: { loop: 'open', tasks: 4_000, warmUpTasks: 60_000 },
  plotted: { loop: 'open', tasks: 20_000, warmUpTasks: 60_000 },
}
const QUICK: typeof FULL = {
  closed: { loop: 'closed', tasks: 3_000, warmUpTasks: 1_000 },
  packed: { loop: 'closed', tasks: 3_200, warmUpTasks: 640 },
  frames: { loop: 'closed', tasks: 1_000, warmUpTasks: 200 },
  open: { loop: 'open', tasks: 200, warmUpTasks: 100 },
  plotted: { loop: 'open', tasks: 200, warmUpTasks: 100 },
}

function configurations({ isQuick, isMatrix, isPlot }: Extent): Configuration[] {
  const sizes = isQuick ? QUICK : FULL
  const closed = { ...HEADLINE, ...sizes.closed }
  const open = { ...HEADLINE, ...(isPlot ? sizes.plotted : sizes.open) }
  return [
    { name: 'sdk, closed', run: 'sdk', parameters: closed },
    { name: 'loop, closed', run: 'loop', parameters: closed },
    { name: 'packed, closed', run: 'packed', parameters: { ...HEADLINE, ...sizes.packed } },
    { name: 'plain, closed', run: 'plain', parameters: closed },
    { name: 'sdk, open', run: 'sdk', parameters: open },
    { name: 'loop, open', run: 'loop', parameters: open },
    { name: 'plain, open', run: 'plain', parameters: open },
    { name: 'forwarder, open', run: 'floor', parameters: open },
    ...WINDOWS.map((window) => ({
      name: `sdk, ${window.toLocaleString('en')} in flight`,
      run: 'sdk',
      parameters: { ...closed, window },
    })),
    { name: 'sdk, profiled', run: 'sdk', parameters: { ...closed, isProfiled: 1 } },
    ...(isMatrix ? [iterated(closed), ...matrixConfigurations(isQuick)] : []),
    ...(isPlot ? frameConfigurations({ ...HEADLINE, ...sizes.frames }) : []),
  ]
}

/** A `for await` over `runMany`, beside `submitMany` with a function that is told the outcomes. */
function iterated(closed: Parameters): Configuration {
  return { name: 'sdk, iterated', run: 'sdk', parameters: { ...closed, loop: 'iterated' } }
}

const LATENCIES: readonly Named[] = [
  ['sdk, open', 'Signalbox, SDK'],
  ['plain, open', 'Signalbox, plain'],
  ['forwarder, open', 'a forwarder'],
  ['loop, open', 'loop by hand'],
]

function plots(samples: Samples, at: string): Record<string, string> {
  const { agents, payloadBytes } = HEADLINE
  const what = `${payloadBytes} bytes, ${agents} agents`
  const window = HEADLINE.window.toLocaleString('en')
  return {
    'latency.svg': latencyPlot(samples, LATENCIES, `${what}; ${at}`),
    'throughput.svg': throughputPlot(samples, `${what}, ${window} in flight; ${at}`),
  }
}

export const endToEnd: Benchmark = {
  name: 'end-to-end',
  question: 'tasks through NATS, scheduler and agents; baselines: loops by hand, no scheduler',
  doesNotShow:
    'more machines than one (all processes share its cores), handlers that work, or durable mode',
  configurations,
  runs: { sdk, plain, loop, packed, floor },
  report,
  plots,
}
