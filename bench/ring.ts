/**
 * What does an item cost through ring and outbox, against messages between threads?
 *
 * ```
 *  ours   main ── slot, generation ──► task ring ── claims of 16 ──► router thread
 *          ▲        (shared memory; sleepers wake the router)              │ proposes agent 0,
 *          └────────── proposals ◄── outbox ◄──────────────────────────────┘ chooses nothing
 *
 *  twin   main ── postMessage([64 items]) ──► worker thread
 *          ▲                                       │
 *          └───────── postMessage([64 answers]) ◄──┘
 * ```
 *
 * Both carry the same: slot and generation there; slot, generation, agent, its generation and a stamp
 * back; both keep 1,024 items in flight, sleep when there is nothing to do, and check on the way that
 * every item comes back once. CPU is the whole process's, both threads and the runtime's own.
 *
 * The baseline sends arrays of 64 objects, which is what one would write. Beside it stands the same
 * with the fields of 64 items flat in one array of numbers, the cheapest thing that can be cloned.
 *
 * Runs on: a child process and one thread of its own.
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import {
  createMemory,
  FrontEndBell,
  type MemoryShape,
  OutboxConsumer,
  PROPOSAL_WORDS,
  type RouterIndex,
  Sleepers,
  TaskRingProducer,
} from '../native-free/index.ts'
import { workerUrl } from '../src/worker-url.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Parameters,
  ratios,
  type Values,
} from './harness.ts'
import { Receipts } from './receipts.ts'
import { median } from './statistics.ts'

/** Items that are out at a time. */
const WINDOW = 1_024
const BATCH = 64

const SHAPE: MemoryShape = {
  slotCount: WINDOW,
  agentCountMax: 32,
  classCountMax: 1,
  routerCount: 1,
  ringCapacity: WINDOW,
  publishMax: WINDOW,
  latencyStageCount: 0,
}

/** Ring there, outbox back; the main thread takes turns and sleeps as the front end does. */
async function shared({ items }: Parameters): Promise<Values> {
  const memory = createMemory(SHAPE)
  const ring = new TaskRingProducer(memory, 2)
  const outbox = new OutboxConsumer(memory, 0 as RouterIndex)
  const sleepers = new Sleepers(memory)
  const bell = new FrontEndBell(memory)
  const receipts = new Receipts(items as number)
  const proposal = new Int32Array(PROPOSAL_WORDS)
  let sent = 0

  const turn = () => {
    bell.disarm()
    for (let left = outbox.size(); left > 0 && outbox.next(proposal); left--) {
      receipts.take(proposal[1])
    }
    outbox.commitReads()
    const until = Math.min(receipts.count, receipts.received + WINDOW)
    for (; sent < until; sent++) ring.write((sent % WINDOW) as never, sent as never)
    if (ring.publish() > 0) sleepers.wakeOne()
    bell.arm()
    if (!outbox.isEmpty()) setImmediate(turn)
  }

  const { port1, port2 } = new MessageChannel()
  port1.on('message', turn)
  const workerData = { buffer: memory.buffer, shape: SHAPE, port: port2 }
  const worker = new Worker(workerUrl('./ring-router', import.meta.url), {
    workerData,
    transferList: [port2],
  })
  turn()
  await Promise.race([receipts.done, ends(worker)])
  sleepers.requestStop(0 as RouterIndex)
  await ends(worker)
  port1.close()
  return receipts.values()
}

/** Arrays of 64 by postMessage, there and back. */
async function messages({ items, form }: Parameters): Promise<Values> {
  const receipts = new Receipts(items as number)
  const worker = new Worker(workerUrl('./ring-echo', import.meta.url), { workerData: { form } })
  let sent = 0
  const send = () => {
    const end = Math.min(receipts.count, sent + BATCH)
    if (sent === end) return
    worker.postMessage(form === 'objects' ? objects(sent, end) : numbers(sent, end))
    sent = end
  }
  worker.on('message', (answers: Answer[] | number[]) => {
    send()
    if (form === 'objects') {
      for (const { generation } of answers as Answer[]) receipts.take(generation)
    } else {
      const flat = answers as number[]
      for (let i = 0; i < flat.length; i += PROPOSAL_WORDS) receipts.take(flat[i + 1])
    }
  })
  const over = ends(worker)
  for (let out = 0; out < WINDOW; out += BATCH) send()
  await Promise.race([receipts.done, over])
  await worker.terminate()
  return receipts.values()
}

interface Answer {
  slot: number
  generation: number
  agent: number
  agentGeneration: number
  proposedUs: number
}

function objects(from: number, end: number): { slot: number; generation: number }[] {
  const batch = []
  for (let item = from; item < end; item++) batch.push({ slot: item % WINDOW, generation: item })
  return batch
}

function numbers(from: number, end: number): number[] {
  const batch = []
  for (let item = from; item < end; item++) batch.push(item % WINDOW, item)
  return batch
}

function ends(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('exit', () => resolve())
    worker.once('error', reject)
  })
}

export const ring: Benchmark = {
  name: 'ring',
  question: 'CPU of an item through ring and outbox; baseline: arrays of 64 by postMessage',
  doesNotShow:
    'choosing, committing, payloads, or the latency of a single item (assignment shows that)',
  configurations: ({ isQuick }): Configuration[] => [
    { name: 'ring', run: 'shared', parameters: { items: isQuick ? 100_000 : 8_000_000 } },
    {
      name: 'messages',
      run: 'messages',
      parameters: { items: isQuick ? 20_000 : 1_000_000, form: 'objects' },
    },
    {
      name: 'flat messages',
      run: 'messages',
      parameters: { items: isQuick ? 20_000 : 1_000_000, form: 'numbers' },
    },
  ],
  runs: { shared, messages },
  report: (samples) => {
    const cpu = (name: string) => column(samples, name, 'cpuNs')
    const rate = (name: string) => column(samples, name, 'itemsPerSecond')
    const toObjects = ratios(cpu('ring'), cpu('messages'))
    const toNumbers = ratios(cpu('ring'), cpu('flat messages'))
    return {
      figures: {
        cpuRatioToPostMessage: { value: median(toObjects), atMost: 0.1 },
        cpuRatioToFlatPostMessage: { value: median(toNumbers) },
        cpuNsPerItem: { value: median(cpu('ring')) },
        itemsPerSecond: { value: median(rate('ring')) },
      },
      rows: [
        {
          what: 'CPU an item, all threads',
          unit: 'ns',
          ours: cpu('ring'),
          twin: cpu('messages'),
          ratio: toObjects,
          figure: 'cpuRatioToPostMessage',
        },
        {
          what: 'the same, baseline flat arrays of numbers',
          unit: 'ns',
          ours: cpu('ring'),
          twin: cpu('flat messages'),
          ratio: toNumbers,
        },
        {
          what: 'items there and back',
          unit: '1/s',
          ours: rate('ring'),
          twin: rate('messages'),
          ratio: ratios(rate('ring'), rate('messages')),
        },
      ],
    }
  },
}
