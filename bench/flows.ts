/**
 * What does it cost that tasks wait for each other, and how long does a graph of them take?
 *
 * ```
 *  admit      a flow of 1,000 tasks, checked, its payloads copied, in the core   the same tasks, each alone
 *  edge       1,000 tasks and 9,900 edges, admitted and run to their end         a scan of all that is left
 *             less the same without edges, by edge                               after each end, as in [001]
 *  makespan   random graphs on eight agents, the next in line to whoever is      the list schedule by critical
 *             free, in virtual time                                              path, which knows all durations
 * ```
 *
 * Runs on: child processes, one for each side. The first two are CPU time, the third is no time at all.
 */
import { policyMs } from '../src/clock.ts'
import type { FlowOptions } from '../src/flow-views.ts'
import { checkFlow } from '../src/flows/options.ts'
import { admitWaiting } from '../src/front-end/admit.ts'
import type { FlowOrigin } from '../src/front-end/flows.ts'
import { receive } from '../src/front-end/receive.ts'
import { FrontEnd } from '../src/front-end/turn.ts'
import { NOBODY } from '../src/policy/origin.ts'
import { frontEndOptions } from '../src/scheduler-options.ts'
import { encodePayload } from '../src/wire/payload.ts'
import { checkOptions } from '../src/wire/submit-options.ts'
import { cpuUs } from './cpu.ts'
import { criticalPathSchedule, FlowFleet } from './flows-fleet.ts'
import { denseLayers, graphOf, KIND_NAMES, type Kind, longestFirst } from './flows-graphs.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Parameters,
  type Report,
  type Row,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { median } from './statistics.ts'

const ADMIT_MS_MAX = 5
const EDGE_US_MAX = 2
const MAKESPAN_RATIO_MAX = 1.2
const AGENTS = 8
const SORTED = 'makespan forkJoin, longest first'
/** Until as much is kept as ever will be. */
const WARM_UP = 15
const PAYLOAD = { document: 'report-17', page: 3, text: 'x'.repeat(100) }

/** Two parents each, from a layer of 25 before. */
function flowOf(count: number, seed: number): FlowOptions {
  const { after } = graphOf('layered', count, seed)
  const tasks = after.map((parents, i): [string, FlowOptions['tasks'][string]] => [
    `task-${i}`,
    { queue: 'bench', payload: PAYLOAD, after: parents.map((parent) => `task-${parent}`) },
  ])
  return { tasks: Object.fromEntries(tasks) }
}

function frontEnd() {
  const { context } = new FrontEnd(frontEndOptions({ routers: 0, ledger: false }), () => {})
  context.nowMs = policyMs()
  return context
}

/** @throws Error unless every flow was accepted whole. */
async function admit({ tasks, flows }: Parameters): Promise<Values> {
  const context = frontEnd()
  let accepted = 0
  const origin: FlowOrigin = {
    accepted: () => accepted++,
    ended() {},
    refused: (_, code, message) => {
      throw new Error(`${code}: ${message}`)
    },
  }
  const us: number[] = []
  for (let i = 0; i < (flows as number) + WARM_UP; i++) {
    const options = flowOf(tasks as number, i)
    const startUs = cpuUs()
    const flow = checkFlow(options)
    context.flows.receive({ flow, origin, replyTo: null, wantsEnd: true })
    context.inbox.takeArrivals()
    us.push(cpuUs() - startUs)
    context.flows.turned()
    endAll(context)
  }
  const { counters } = context.core
  const expected = us.length * (tasks as number)
  if (accepted !== us.length || counters.accepted !== expected) {
    throw new Error(`${counters.accepted} of ${expected} tasks were accepted`)
  }
  return { ms: median(us.slice(WARM_UP)) / 1e3 }
}

/** Between two flows all is over, and what is beyond the bound of what is kept is used again. */
function endAll({ core, records }: ReturnType<typeof frontEnd>): void {
  for (const record of [...core.index.records()].reverse()) core.cancel(record, policyMs())
  records.reclaim()
}

/** The same tasks, each by itself and after nobody. @throws Error unless all were accepted. */
async function admitAlone({ tasks, flows }: Parameters): Promise<Values> {
  const context = frontEnd()
  const us: number[] = []
  for (let i = 0; i < (flows as number) + WARM_UP; i++) {
    const startUs = cpuUs()
    for (let k = 0; k < (tasks as number); k++) {
      const options = checkOptions({ priority: 'normal' })
      const bytes = encodePayload(PAYLOAD)
      const { length } = bytes
      receive(
        context,
        context.records.take('', 'bench', options, bytes, 0, length, NOBODY, null, true, false, 0),
      )
    }
    // Ends: each call takes some of those that wait.
    while (admitWaiting(context) > 0);
    us.push(cpuUs() - startUs)
    endAll(context)
  }
  const expected = us.length * (tasks as number)
  if (context.core.counters.accepted !== expected) throw new Error('not all were accepted')
  return { ms: median(us.slice(WARM_UP)) / 1e3 }
}

/** A graph from its submit to its end on the core, µs. @throws Error unless all is done, in order. */
async function edges({ layers, width, isDense, times }: Parameters): Promise<Values> {
  const dense = denseLayers(layers as number, width as number)
  const after = isDense === 1 ? dense : dense.map(() => [])
  const graph = { durations: after.map(() => 1_000), after }
  const us: number[] = []
  for (let i = 0; i < (times as number) + WARM_UP; i++) {
    const fleet = new FlowFleet(AGENTS)
    const startUs = cpuUs()
    fleet.run(graph)
    us.push(cpuUs() - startUs)
  }
  return { us: median(us.slice(WARM_UP)), edges: dense.flat().length }
}

/** As the source document does it: after each end all that is left is asked whether it is ready. */
async function scan({ layers, width, times }: Parameters): Promise<Values> {
  const after = denseLayers(layers as number, width as number)
  const us: number[] = []
  for (let i = 0; i < (times as number); i++) {
    const startUs = cpuUs()
    const completed = new Set<number>()
    const pending = new Set(after.keys())
    // Ends: each round takes one out, of a graph without a cycle.
    while (pending.size > 0) {
      const ready: number[] = []
      for (const node of pending) {
        if (after[node].every((parent) => completed.has(parent))) ready.push(node)
      }
      pending.delete(ready[0])
      completed.add(ready[0])
    }
    us.push(cpuUs() - startUs)
    if (completed.size !== after.length) throw new Error('not all were completed')
  }
  return { us: median(us), edges: after.flat().length }
}

/** Medians over graphs of one kind. @throws Error when a task begins before its parents have ended. */
async function makespan({ kind, tasks, graphs, isSorted }: Parameters): Promise<Values> {
  const quotients: number[] = []
  const ours: number[] = []
  const best: number[] = []
  for (let seed = 1; seed <= (graphs as number); seed++) {
    const drawn = graphOf(kind as Kind, tasks as number, seed)
    const graph = isSorted === 1 ? longestFirst(drawn) : drawn
    const tookUs = new FlowFleet(AGENTS).run(graph)
    const bestUs = criticalPathSchedule(graph, AGENTS)
    ours.push(tookUs / 1e6)
    best.push(bestUs / 1e6)
    quotients.push(tookUs / bestUs)
  }
  return {
    ratio: median(quotients),
    worst: Math.max(...quotients),
    ours: median(ours),
    best: median(best),
  }
}

function configurations({ isQuick }: Extent): Configuration[] {
  const tasks = isQuick ? 50 : 1_000
  const flows = isQuick ? 2 : 40
  const dense = { layers: isQuick ? 5 : 100, width: 10, times: isQuick ? 2 : 40 }
  const graphs = isQuick ? 2 : 20
  return [
    { name: 'admit', run: 'admit', parameters: { tasks, flows } },
    { name: 'admit, alone', run: 'admitAlone', parameters: { tasks, flows } },
    { name: 'edges', run: 'edges', parameters: { ...dense, isDense: 1 } },
    { name: 'edges, none', run: 'edges', parameters: { ...dense, isDense: 0 } },
    { name: 'edges, scan', run: 'scan', parameters: { ...dense, times: isQuick ? 1 : 3 } },
    ...KIND_NAMES.map((kind) => ({
      name: `makespan ${kind}`,
      run: 'makespan',
      parameters: { kind, tasks, graphs, isSorted: 0 },
    })),
    {
      name: SORTED,
      run: 'makespan',
      parameters: { kind: 'forkJoin', tasks, graphs, isSorted: 1 },
    },
  ]
}

function report(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const admitMs = of('admit', 'ms')
  const aloneMs = of('admit, alone', 'ms')
  const count = of('edges', 'edges')
  const plainUs = of('edges, none', 'us')
  const edgeUs = of('edges', 'us').map((us, i) => (us - plainUs[i]) / count[i])
  const scanUs = of('edges, scan', 'us').map((us, i) => us / count[i])
  const kinds = KIND_NAMES.map((kind) => median(of(`makespan ${kind}`, 'ratio')))
  const spans = [...KIND_NAMES.map((kind) => `makespan ${kind}`), SORTED].map((name): Row => {
    const [ours, twin] = [of(name, 'ours'), of(name, 'best')]
    const ratio = of(name, 'ratio')
    const kind = name.slice('makespan '.length)
    return { what: `1,000 tasks on 8 agents, ${kind}`, unit: 's', ours, twin, ratio }
  })
  return {
    figures: {
      admitMs: { value: median(admitMs), below: ADMIT_MS_MAX },
      edgeUs: { value: median(edgeUs), below: EDGE_US_MAX },
      makespanRatio: { value: sum(kinds) / kinds.length, atMost: MAKESPAN_RATIO_MAX },
      makespanRatioWorst: { value: Math.max(...kinds) },
    },
    rows: [
      {
        what: 'a flow of 1,000 tasks, admitted',
        unit: 'ms',
        ours: admitMs,
        twin: aloneMs,
        ratio: ratios(admitMs, aloneMs),
        figure: 'admitMs',
      },
      {
        what: 'an edge, of 9,900',
        unit: 'µs',
        ours: edgeUs,
        twin: scanUs,
        ratio: ratios(edgeUs, scanUs),
        figure: 'edgeUs',
      },
      ...spans,
      {
        what: 'the mean of these kinds, to the list schedule',
        unit: '',
        ours: samples.admit.map((_, i) => {
          return sum(KIND_NAMES.map((kind) => of(`makespan ${kind}`, 'ratio')[i])) / kinds.length
        }),
        figure: 'makespanRatio',
      },
    ],
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export const flows: Benchmark = {
  name: 'flows',
  question: 'What does it cost that tasks wait for each other, and how long does a graph take?',
  doesNotShow:
    'The way of a flow over NATS, and graphs whose durations depend on who runs their tasks.',
  configurations,
  runs: { admit, admitAlone, edges, scan, makespan },
  report,
}
