/**
 * The task function of a router thread: opens the shared memory and runs the loop until told to stop.
 *
 * Runs on: a Piscina worker thread, one call for the thread's whole life as a router.
 * Invariant: nothing of ring, deque and outbox is touched before RUNNING is sent, so a thread that
 * dies while it loads strategies has held no task.
 *
 * What throws ends the thread, not only the call: Piscina would otherwise hand the thread to another
 * router while the pool is about to terminate it.
 *
 * Always loaded as built JavaScript (src/worker-url.ts).
 */
import { type MessagePort, threadId } from 'node:worker_threads'
import { toRouter } from '../../native-free/brands.ts'
import { openMemory } from '../../native-free/memory-map.ts'
import { RouterStatusWriter } from '../../native-free/router-status.ts'
import { StrategySwitchesReader } from '../../native-free/strategy-switches.ts'
import { Random } from '../routing/generator.ts'
import { loadSet, NotLoaded } from './load.ts'
import { RouterLoop } from './loop.ts'
import {
  type FaultMessage,
  type LastWords,
  type RouterTask,
  RUNNING,
  type StrategyFault,
} from './messages.ts'

/** Spreads the routers' seeds (2^32 / golden ratio), so that none repeats another's numbers. */
const SEED_STEP = 0x9e3779b9

/** Is router `routerIndex` until a stop is requested; whatever throws ends the thread. */
export default async function run(task: RouterTask): Promise<void> {
  try {
    await begin(task)
  } catch (threw) {
    lastWords(task.port, threw)
    process.exit(1)
  }
  task.port.close()
}

async function begin(task: RouterTask): Promise<void> {
  const { shape, routerIndex, port } = task
  const memory = openMemory(task.buffer, shape)
  const router = toRouter(routerIndex)
  const status = new RouterStatusWriter(memory, router)
  status.begin(threadId)
  const parts = {
    entries: task.strategies,
    switches: new StrategySwitchesReader(memory),
    status,
    isGuarded: task.isGuarded,
    budgetUs: task.budgetUs,
    onFault: (fault: StrategyFault) => port.postMessage({ fault } satisfies FaultMessage),
  }
  const contextOf = () => ({
    random: new Random(task.seed + Math.imul(routerIndex + 1, SEED_STEP)),
    options: task.routing,
    agentCountMax: shape.agentCountMax,
    classCountMax: shape.classCountMax,
    phase: (routerIndex + 1) / (shape.routerCount + 1),
  })
  const strategies = await loadSet({ ...parts, context: contextOf(), needsStandIn: true })
  const shadows = await loadSet({ ...parts, context: contextOf(), needsStandIn: false })
  const loop = new RouterLoop({ memory, router, strategies, shadows, status, port })
  port.postMessage(RUNNING)
  loop.run()
}

function lastWords(port: MessagePort, threw: unknown): void {
  const notLoaded = threw instanceof NotLoaded ? threw.fault : undefined
  try {
    port.postMessage({ threw, notLoaded } satisfies LastWords)
  } catch {
    // A strategy may throw what cannot be cloned.
    port.postMessage({ threw: new Error(String(threw)), notLoaded } satisfies LastWords)
  }
}
