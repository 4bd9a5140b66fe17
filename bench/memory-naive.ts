/**
 * What somebody would write first: an object for each task in a map by its id, a buffer for its
 * payload.
 *
 * Runs on: a child of the memory benchmark. Invariant: each object has fields of its own for what a
 * task of ours has, and nothing else; there is no index beside the map.
 */
import type { Parameters, Values } from './harness.ts'
import { residentBytes } from './resident.ts'

interface NaiveTask {
  id: string
  queue: string
  priority: number
  requires: string[]
  timeoutMs: number
  retryCount: number
  payload: Uint8Array | null
  result: Uint8Array | null
  replyTo: string
  state: string
  attempts: number
  agent: string | null
  code: string | null
  message: string | null
  receivedMs: number
  finishedMs: number
}

const INBOX = `_INBOX.${'A'.repeat(22)}.`

/** So many waiting, with their payloads. */
export async function naiveWaiting({ tasks, payloadBytes }: Parameters): Promise<Values> {
  const before = await residentBytes()
  const map = new Map<string, NaiveTask>()
  for (let i = 0; i < (tasks as number); i++) {
    const task = naiveTask(i, payloadBytes as number)
    map.set(task.id, task)
  }
  const after = await residentBytes()
  if (map.size !== tasks) throw new Error(`${map.size} of ${tasks} tasks are in the map`)
  return perTask(before, after, tasks, payloadBytes as number)
}

/**
 * So many kept among those that passed, the oldest forgotten first; before, a quarter passes of which
 * one is kept, so that the heap has grown when the base is taken.
 */
export async function naiveKept({ tasks, kept, payloadBytes }: Parameters): Promise<Values> {
  const map = new Map<string, NaiveTask>()
  const first = Math.ceil((tasks as number) / 4)
  passThrough(map, 0, first, 1, payloadBytes as number)
  const before = await residentBytes()
  passThrough(map, first, tasks as number, kept as number, payloadBytes as number)
  const after = await residentBytes()
  if (map.size !== kept) throw new Error(`${map.size} of ${kept} tasks are in the map`)
  return perTask(before, after, kept, 0)
}

function passThrough(
  map: Map<string, NaiveTask>,
  from: number,
  to: number,
  kept: number,
  payloadBytes: number,
): void {
  for (let i = from; i < to; i++) {
    const task = naiveTask(i, payloadBytes)
    map.set(task.id, task)
    task.state = 'completed'
    task.payload = null
    task.finishedMs = Date.now()
    if (map.size > kept) map.delete(map.keys().next().value!)
  }
}

function naiveTask(number: number, payloadBytes: number): NaiveTask {
  return {
    id: `task-${number}`,
    queue: 'bench',
    priority: 3,
    requires: [],
    timeoutMs: 30_000,
    retryCount: 2,
    payload: new Uint8Array(payloadBytes).fill(0x78),
    result: null,
    replyTo: INBOX + number,
    state: 'pending',
    attempts: 0,
    agent: null,
    code: null,
    message: null,
    receivedMs: Date.now(),
    finishedMs: 0,
  }
}

/** @returns bytes of each beyond its payload: resident, and on the heap and in buffers. */
export function perTask(
  before: Values,
  after: Values,
  count: number,
  payloadBytes: number,
): Values {
  const each = (name: string) => (after[name] - before[name]) / count - payloadBytes
  return { residentBytesEach: each('residentBytes'), heapBytesEach: each('heapBytes'), lost: 0 }
}
