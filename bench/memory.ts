/**
 * How many bytes does a task cost while it waits, and while it is kept for look-up?
 *
 * ```
 *  waiting   1,000,000 handed over, nobody serves them: resident memory of the scheduler's process
 *            after collecting, less that of the same process before, less the payloads
 *  kept      2,000,000 pass, the last 20,000 are kept: resident memory after collecting, less that
 *            of another process through which as many passed and which kept one
 *  twins     a map of plain objects with a buffer each, in a process of its own
 * ```
 *
 * Base and noise: `waiting` charges everything that has grown since the scheduler started to the
 * tasks: compiled code, the NATS client's buffers, slack of the heap's pages; some tens of MB, or as
 * many bytes a task. For 20,000 kept tasks the same would be thousands of bytes each, so their base
 * is a process that did the same work; what is left is the difference in slack of two processes, of
 * 1 to 3 MB, or 50 to 150 bytes a task. The row beside it counts used heap and buffers, without slack.
 *
 * Runs on: child processes that start the others.
 */
import { startNatsServer } from '../src/service/nats-server/run.ts'
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
import { naiveKept, naiveWaiting, perTask } from './memory-naive.ts'
import { Role } from './role.ts'
import { median } from './statistics.ts'

const PAYLOAD_BYTES = 256
const BYTES_BELOW = 512
const AGENTS = 10
const CONCURRENCY = 200
const WINDOW = 8_192
const MB = 1e6

/** @throws Error unless as many tasks wait as were handed over. */
async function waiting({ tasks, payloadBytes, form }: Parameters): Promise<Values> {
  const server = await startNatsServer()
  const scheduler = new Role('scheduler')
  const submitter = new Role('hand-over')
  try {
    const { url } = server
    await scheduler.ask('start', { url, tasksMax: tasks })
    const before = await scheduler.ask('resident')
    const { lost } = await submitter.ask(form as string, { url, tasks, payloadBytes })
    const status = await scheduler.ask('status')
    if (status.waiting !== tasks || lost !== 0 || status.lost !== 0) {
      throw new Error(`${status.waiting} of ${tasks} tasks wait, ${status.lost} lost`)
    }
    const after = await scheduler.ask('resident')
    return perTask(before, after, tasks as number, payloadBytes as number)
  } finally {
    await Promise.all([scheduler.stop(), submitter.stop()])
    await server.stop()
  }
}

/** @throws Error unless all tasks completed. */
async function passed({ tasks, kept, payloadBytes }: Parameters): Promise<Values> {
  const server = await startNatsServer()
  const scheduler = new Role('scheduler')
  const workers = new Role('sdk-agents')
  const submitter = new Role('sdk-generator')
  try {
    const { url } = server
    await scheduler.ask('start', { url, keepCount: kept })
    await workers.ask('start', { url, agents: AGENTS, concurrency: CONCURRENCY })
    await submitter.ask('start', { url })
    const first = Math.ceil((tasks as number) / 4)
    await submitter.ask('closed', { tasks: first, window: WINDOW, payloadBytes })
    const before = await scheduler.ask('resident')
    const rest = (tasks as number) - first
    await submitter.ask('closed', { tasks: rest, window: WINDOW, payloadBytes })
    const status = await scheduler.ask('status')
    if (status.completed !== tasks || status.lost !== 0) {
      throw new Error(`${status.completed} of ${tasks} tasks completed, ${status.lost} lost`)
    }
    const after = await scheduler.ask('resident')
    const grownBytes = after.residentBytes - before.residentBytes
    return { ...after, grownBytes, kept: kept as number }
  } finally {
    await Promise.all([scheduler.stop(), workers.stop(), submitter.stop()])
    await server.stop()
  }
}

function configurations({ isQuick }: Extent): Configuration[] {
  const payloadBytes = PAYLOAD_BYTES
  const waits = { tasks: isQuick ? 2_000 : 1_000_000, payloadBytes }
  const passes = { tasks: isQuick ? 4_000 : 2_000_000, payloadBytes }
  const kept = isQuick ? 200 : 20_000
  return [
    { name: 'waiting', run: 'waiting', parameters: { ...waits, form: 'sdk' } },
    { name: 'waiting, by hand', run: 'waiting', parameters: { ...waits, form: 'plain' } },
    { name: 'waiting, map', run: 'naiveWaiting', parameters: waits },
    { name: 'kept', run: 'passed', parameters: { ...passes, kept } },
    { name: 'kept, one', run: 'passed', parameters: { ...passes, kept: 1 } },
    { name: 'kept, map', run: 'naiveKept', parameters: { ...passes, kept } },
  ]
}

function report(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const row = (what: string, ours: number[], twin: number[], figure?: string): Row => ({
    what,
    unit: 'bytes',
    ours,
    twin,
    ratio: ratios(ours, twin),
    figure,
  })
  const keptEach = (value: string) =>
    of('kept', value).map((bytes, repeat) => {
      const { [value]: base } = samples['kept, one'][repeat]
      return (bytes - base) / samples.kept[repeat].kept
    })
  const waits = of('waiting', 'residentBytesEach')
  const waitsByHand = of('waiting, by hand', 'residentBytesEach')
  const grown = of('kept', 'grownBytes').map((bytes) => bytes / MB)
  const map = (name: string, value: string) => of(`${name}, map`, value)
  return {
    figures: {
      bytesPerWaitingTask: { value: median(waits), below: BYTES_BELOW },
      bytesPerKeptTask: { value: median(keptEach('residentBytes')), below: BYTES_BELOW },
      bytesPerWaitingTaskPlain: { value: median(waitsByHand) },
      heapBytesPerWaitingTask: { value: median(of('waiting', 'heapBytesEach')) },
      heapBytesPerKeptTask: { value: median(keptEach('heapBytes')) },
      grownMBWhilePassing: { value: median(grown) },
    },
    rows: [
      row('waiting, by SDK', waits, map('waiting', 'residentBytesEach'), 'bytesPerWaitingTask'),
      row('  heap and buffers alone', ...both('waiting', 'heapBytesEach')),
      row('waiting, by hand', waitsByHand, map('waiting', 'residentBytesEach')),
      row('kept', keptEach('residentBytes'), map('kept', 'residentBytesEach'), 'bytesPerKeptTask'),
      row('  heap and buffers alone', keptEach('heapBytes'), map('kept', 'heapBytesEach')),
      { what: 'grown while the last three quarters passed', unit: 'MB', ours: grown },
    ],
  }

  function both(name: string, value: string): [number[], number[]] {
    return [of(name, value), map(name, value)]
  }
}

export const memory: Benchmark = {
  name: 'memory',
  question: 'resident bytes of a task beyond its payload; baseline: a map of plain objects',
  doesNotShow:
    'peaks while tasks arrive, long ids and requirements, or what clients and agents hold',
  configurations,
  runs: { waiting, passed, naiveWaiting, naiveKept },
  report,
}
