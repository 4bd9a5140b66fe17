/**
 * What `end-to-end` says of its runs.
 *
 * Runs on: the process of `npm run bench`. Invariant: ratios and shares are taken within a repeat.
 */
import { column, type Figure, type Report, type Row, ratios, type Samples } from './harness.ts'
import { matrixRows } from './matrix.ts'
import { STAGE_NAMES } from './stages.ts'
import { median } from './statistics.ts'

const PER = 100_000

/** What a stage of the scheduler's main thread is called in the table. */
const STAGE_WORDS: Record<string, string> = {
  collect: 'garbage collection',
  natsClient: 'NATS client',
  transport: 'transport: frames and messages in and out',
  receive: 'receive, decode',
  admit: 'admit, payloads',
  choose: 'choose, when placed on the spot',
  codec: 'codec',
  shared: 'shared memory',
  latency: 'histograms',
  turn: "turns, and what is nobody's",
  node: 'Node: sockets, streams, timers',
  native: 'native code: system calls, the event loop',
}

export function report(samples: Samples): Report {
  const columns = new Columns(samples)
  const rows = [
    ...rateRows(columns),
    ...latencyRows(columns),
    ...processRows(columns),
    ...schedulerRows(columns),
    ...stageRows(columns),
    ...('sdk, iterated' in samples ? [iteratedRow(columns)] : []),
    ...matrixRows(samples),
  ]
  const lost = Object.values(samples)
    .flat()
    .reduce((sum, values) => sum + values.lost, 0)
  return {
    figures: { ...figures(columns), lost: { value: lost, atMost: 0 } },
    rows: [...rows, { what: 'tasks lost, all runs', unit: '', ours: [lost], figure: 'lost' }],
  }
}

class Columns {
  readonly #samples: Samples

  constructor(samples: Samples) {
    this.#samples = samples
  }

  of(configuration: string, value: string): number[] {
    return column(this.#samples, configuration, value)
  }

  /** Ours over a twin, both named by configuration. */
  row(what: string, unit: string, mine: string, theirs: string, value: string): Row {
    const ours = this.of(mine, value)
    const twin = this.of(theirs, value)
    return { what, unit, ours, twin, ratio: ratios(ours, twin) }
  }

  ratio(mine: string, theirs: string, value: string): number {
    return median(ratios(this.of(mine, value), this.of(theirs, value)))
  }

  rate(mine: string, theirs: string): number {
    return this.ratio(mine, theirs, 'tasksPerSecond')
  }

  /** The part of the rate that is gone with more in flight, by repeat; nothing gone is 0. */
  windowDrop(): number[] {
    const few = this.of('sdk, 1,000 in flight', 'tasksPerSecond')
    const many = this.of('sdk, 65,536 in flight', 'tasksPerSecond')
    return ratios(many, few).map((ratio) => Math.max(0, 1 - ratio))
  }
}

function figures(columns: Columns): Record<string, Figure> {
  const middle = (configuration: string, value: string): Figure => ({
    value: median(columns.of(configuration, value)),
  })
  const allocated = middle('sdk, closed', 'allocatedBytes').value
  return {
    ratioSdk: { value: columns.rate('sdk, closed', 'loop, closed'), atLeast: 0.6 },
    ratioSdk64: { value: columns.rate('sdk, closed', 'packed, closed'), atLeast: 0.12 },
    ratioPlain: { value: columns.rate('plain, closed', 'loop, closed'), atLeast: 0.25 },
    windowDrop: { value: median(columns.windowDrop()), atMost: 0.05 },
    schedulerCpuUs: { ...middle('sdk, closed', 'middleCpuUs'), atMost: 4 },
    schedulerCpuUsPlain: middle('plain, closed', 'middleCpuUs'),
    latencyRatioP50: { value: columns.ratio('sdk, open', 'loop, open', 'p50Us'), atMost: 1.8 },
    latencyRatioP50Plain: { value: columns.ratio('plain, open', 'loop, open', 'p50Us'), atMost: 2 },
    latencyRatioP50Forwarder: { value: columns.ratio('forwarder, open', 'loop, open', 'p50Us') },
    latencyRatioP50Planned: { value: columns.ratio('sdk, open', 'loop, open', 'plannedP50Us') },
    latencyRatioP99: { value: columns.ratio('sdk, open', 'loop, open', 'p99Us') },
    gcShare: { ...middle('sdk, closed', 'gcShare'), atMost: 0.05 },
    gcMsPer100k: { value: middle('sdk, closed', 'gcMs').value * PER },
    allocatedBytesPer100k: { value: allocated * PER },
    allocatedBytesPerTask: { value: allocated },
    tasksPerSecond: middle('sdk, closed', 'tasksPerSecond'),
    tasksPerSecondPlain: middle('plain, closed', 'tasksPerSecond'),
    tasksPerSecondLoop: middle('loop, closed', 'tasksPerSecond'),
    tasksPerSecondLoop64: middle('packed, closed', 'tasksPerSecond'),
    latencyP50Us: middle('sdk, open', 'p50Us'),
    latencyP99Us: middle('sdk, open', 'p99Us'),
    busyShare: middle('sdk, closed', 'busyShare'),
    placedByRouters: middle('sdk, closed', 'byRouters'),
  }
}

function rateRows(columns: Columns): Row[] {
  const rate = (what: string, mine: string, theirs: string) =>
    columns.row(what, '1/s', mine, theirs, 'tasksPerSecond')
  return [
    {
      ...rate('tasks, SDK; loop, one a message', 'sdk, closed', 'loop, closed'),
      figure: 'ratioSdk',
    },
    {
      ...rate('tasks, SDK; loop, 64 a message', 'sdk, closed', 'packed, closed'),
      figure: 'ratioSdk64',
    },
    { ...rate('tasks, plain; loop', 'plain, closed', 'loop, closed'), figure: 'ratioPlain' },
    {
      ...rate(
        'tasks, SDK, 65,536 in flight; SDK, 1,000',
        'sdk, 65,536 in flight',
        'sdk, 1,000 in flight',
      ),
    },
    {
      what: 'the part of the rate that is lost by it',
      unit: '',
      ours: columns.windowDrop(),
      figure: 'windowDrop',
    },
  ]
}

function iteratedRow(columns: Columns): Row {
  const what = 'tasks, for await over runMany; submitMany'
  return columns.row(what, '1/s', 'sdk, iterated', 'sdk, closed', 'tasksPerSecond')
}

function latencyRows(columns: Columns): Row[] {
  const latency = (what: string, mine: string, value: string) =>
    columns.row(what, 'µs', mine, 'loop, open', value)
  return [
    { ...latency('latency at 1,000/s, p50, SDK', 'sdk, open', 'p50Us'), figure: 'latencyRatioP50' },
    { ...latency('  plain', 'plain, open', 'p50Us'), figure: 'latencyRatioP50Plain' },
    latency('  a forwarder that schedules nothing', 'forwarder, open', 'p50Us'),
    latency('  SDK, from the planned moment', 'sdk, open', 'plannedP50Us'),
    latency('latency at 1,000/s, p99, SDK', 'sdk, open', 'p99Us'),
    latency('  plain', 'plain, open', 'p99Us'),
  ]
}

const PROCESSES = [
  ['submitter', 'generatorCpuUs'],
  ['agents', 'workersCpuUs'],
  ['nats-server', 'serverCpuUs'],
] as const

function processRows(columns: Columns): Row[] {
  const rows = (what: string, mine: string) => [
    {
      what: `CPU a task, ${what}: scheduler`,
      unit: 'µs',
      ours: columns.of(mine, 'middleCpuUs'),
      ...(what === 'SDK' ? { figure: 'schedulerCpuUs' } : {}),
    },
    ...PROCESSES.map(([who, value]) =>
      columns.row(`  ${who}; the loop's`, 'µs', mine, 'loop, closed', value),
    ),
  ]
  return [...rows('SDK', 'sdk, closed'), ...rows('plain', 'plain, closed')]
}

function schedulerRows(columns: Columns): Row[] {
  const of = (what: string, unit: string, value: string, times = 1, figure?: string): Row => ({
    what,
    unit,
    ours: columns.of('sdk, closed', value).map((one) => one * times),
    twin: columns.of('plain, closed', value).map((one) => one * times),
    figure,
  })
  return [
    of('scheduler, SDK; plain: front end thread', 'µs', 'mainUs'),
    of('  router threads', 'µs', 'routersUs'),
    of("  the runtime's threads: collecting, compiling", 'µs', 'runtimeUs'),
    of('  front end stands still for collecting', 'ms/100k', 'gcMs', PER),
    of('  the same, part of its time that is not idle', '', 'gcShare', 1, 'gcShare'),
    of('  front end not idle, part of all time', '', 'busyShare'),
    of('  bytes allocated on the heap', 'MB/100k', 'allocatedBytes', PER / 1e6),
    of('  share placed by routers', '', 'byRouters'),
  ]
}

/** Shares of the profiled run by the time of the one that was not. */
function stageRows(columns: Columns): Row[] {
  const threadUs = columns.of('sdk, closed', 'mainUs')
  return STAGE_NAMES.map((stage) => {
    const shares = columns.of('sdk, profiled', `share-${stage}`)
    return {
      what: `  front end, SDK: ${STAGE_WORDS[stage] ?? stage}`,
      unit: 'µs',
      ours: shares.map((share, repeat) => share * threadUs[repeat]),
    }
  })
}
