/** The order of steps when a router's thread ends, with threads that the test plays itself. */
import type { MessagePort, Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createMemory,
  DequeOwner,
  DequeThief,
  RouterStatusWriter,
  type SharedMemory,
  Sleepers,
  toGeneration,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { type RouterTask, RUNNING } from '../../src/router/messages.ts'
import { type RouterFault, RouterThread } from '../../src/router/router-thread.ts'
import { STRATEGY_DEFAULTS } from '../../src/strategy-options.ts'
import { until } from '../support/until.ts'

const ROUTER = toRouter(0)

/** A thread as Piscina shows it, whose exit the test decides. */
class FakeThread {
  readonly worker: Worker
  isTerminated = false
  exit: () => void = () => undefined
  private readonly exited = new Promise<void>((resolve) => {
    this.exit = resolve
  })

  constructor(threadId: number) {
    this.worker = { threadId, terminate: () => this.terminate() } as unknown as Worker
  }

  private async terminate(): Promise<void> {
    this.isTerminated = true
    await this.exited
  }
}

let memory: SharedMemory
let router: RouterThread
let threads: FakeThread[]
let tasks: RouterTask[]
let failRun: (error: Error) => void
let events: string[]
let faults: RouterFault[]

beforeEach(() => {
  memory = createMemory({
    slotCount: 32,
    agentCountMax: 32,
    classCountMax: 1,
    routerCount: 2,
    ringCapacity: 2,
    publishMax: 1,
    latencyStageCount: 0,
  })
  threads = []
  tasks = []
  events = []
  faults = []
  router = new RouterThread({
    memory,
    router: ROUTER,
    strategies: [],
    routing: STRATEGY_DEFAULTS,
    isGuarded: true,
    strategyBudgetUs: 1_000,
    seed: 1,
    piscina: {
      get threads() {
        return threads.map(({ worker }) => worker)
      },
      run: (task) => {
        tasks.push(task)
        events.push('run')
        return new Promise((_resolve, reject) => {
          failRun = reject
        })
      },
    },
    ports: { letGo: () => undefined } as never,
    onBell: () => events.push('bell'),
    onReturn: () => events.push('return'),
    onFault: (fault) => faults.push(fault),
    onStrategyFault: () => undefined,
  })
})

afterEach(() => {
  for (const { port } of tasks) (port as MessagePort).close()
})

/** Plays a thread that takes the latest task and begins its loop. */
async function beRunning(threadId: number): Promise<FakeThread> {
  const thread = new FakeThread(threadId)
  threads.push(thread)
  new RouterStatusWriter(memory, ROUTER).begin(threadId)
  tasks.at(-1)!.port.postMessage(RUNNING)
  await until(() => router.state === 'running', { what: 'the router to run' })
  return thread
}

/** Lets everything that is due happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('router thread: nothing is given back or started anew before the old thread has exited', async () => {
  void router.start()
  const first = await beRunning(11)
  failRun(new Error('worker exited'))
  await settle()
  expect(first.isTerminated).toBe(true)
  expect(events).toEqual(['run'])
  first.exit()
  await settle()
  expect(events).toEqual(['run', 'return', 'run'])
  expect(faults.map(({ kind }) => kind)).toEqual(['exited'])
})

test('router thread: what a dead thread left in deque and sleep word is cleared before the next', async () => {
  void router.start()
  const first = await beRunning(11)
  const deque = new DequeOwner(memory, ROUTER)
  deque.push(toSlot(1), toGeneration(0))
  deque.push(toSlot(2), toGeneration(0))
  const sleepers = new Sleepers(memory)
  sleepers.announce(ROUTER)
  sleepers.announce(toRouter(1))
  failRun(new Error('worker exited'))
  first.exit()
  await settle()
  expect(tasks.length).toBe(2)
  expect(new DequeThief(memory, ROUTER).size()).toBe(0)
  // A wake that was spent on the dead is repeated: the other router is awake too.
  expect(sleepers.asleepCount()).toBe(0)
})

test('router thread: last words that arrive with the exit are heard', async () => {
  void router.start()
  const first = await beRunning(11)
  tasks[0].port.postMessage({ threw: new Error('no more') })
  failRun(new Error('worker exited'))
  first.exit()
  await settle()
  expect(faults.map(({ kind }) => kind)).toEqual(['threw'])
  expect(faults[0].error.message).toBe('Router 0 threw: no more; another thread takes its place.')
})

test('router thread: one that never ran is not tried again', async () => {
  const start = router.start().catch((error: unknown) => error)
  failRun(new Error('cannot load'))
  expect(await start).toMatchObject({ code: 'router_given_up' })
  expect(events).toEqual(['run', 'return'])
  expect(router.state).toBe('given_up')
})

test('router thread: standing still is 250 ms without progress, counted 100 ms a look at most', async () => {
  void router.start()
  const first = await beRunning(11)
  const status = new RouterStatusWriter(memory, ROUTER)
  // The whole process was stopped for a minute: that look counts for 100 ms.
  for (const atMs of [50, 100, 60_000]) router.check(atMs)
  status.progress()
  for (const atMs of [60_050, 60_100, 60_150, 60_200, 60_250]) router.check(atMs)
  expect(first.isTerminated).toBe(false)
  router.check(60_300)
  expect(first.isTerminated).toBe(true)
})

test('router thread: a sleeper is left alone however long it sleeps', async () => {
  void router.start()
  const first = await beRunning(11)
  new Sleepers(memory).announce(ROUTER)
  for (let atMs = 0; atMs < 5_000; atMs += 50) router.check(atMs)
  expect(first.isTerminated).toBe(false)
})

test('router thread: bells are passed on while it runs', async () => {
  void router.start()
  await beRunning(11)
  tasks[0].port.postMessage(0)
  await until(() => events.includes('bell'), { what: 'the bell' })
})
