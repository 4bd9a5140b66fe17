/**
 * The router of the ring benchmark: claims, proposes without choosing, sleeps by the routers' own
 * protocol.
 *
 * Runs on: a worker thread of `ring.ts`. Invariant: every entry becomes one proposal.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import {
  CLAIM_MAX,
  ENTRY_WORDS,
  type MemoryShape,
  OutboxProducer,
  openMemory,
  RETRY,
  RouterBell,
  type RouterIndex,
  Sleepers,
  TaskRingConsumer,
} from '../native-free/index.ts'

interface Given {
  buffer: SharedArrayBuffer
  shape: MemoryShape
  port: MessagePort
}

const { buffer, shape, port } = workerData as Given
const ROUTER = 0 as RouterIndex
const memory = openMemory(buffer, shape)
const ring = new TaskRingConsumer(memory, 2)
const outbox = new OutboxProducer(memory, ROUTER)
const sleepers = new Sleepers(memory)
const bell = new RouterBell(memory)
const claimed = new Int32Array(CLAIM_MAX * ENTRY_WORDS)

// Ends: the main thread asks for a stop when everything has come back, and wakes.
while (!sleepers.stopRequested(ROUTER)) {
  const count = ring.claim(claimed, CLAIM_MAX)
  if (count > 0) propose(count)
  else if (count !== RETRY) sleep()
}
port.close()

function propose(count: number): void {
  for (let i = 0; i < count; i++) {
    const slot = claimed[ENTRY_WORDS * i]
    const generation = claimed[ENTRY_WORDS * i + 1]
    if (!outbox.write(slot as never, generation as never, 0 as never, 1 as never, i)) {
      throw new Error(`slot ${slot}: the outbox is full, which its capacity rules out`)
    }
  }
  if (outbox.publish() > 0 && bell.ring()) port.postMessage(0)
}

function sleep(): void {
  sleepers.announce(ROUTER)
  // must come after announce: otherwise what is published in between wakes nobody
  if (sleepers.stopRequested(ROUTER) || ring.size() > 0) sleepers.retract(ROUTER)
  else sleepers.wait(ROUTER, 1_000)
}
