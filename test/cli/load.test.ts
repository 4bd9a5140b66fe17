import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { SignalboxError, TaskError } from '../../src/errors.ts'
import { Load, type LoadPlan } from '../../src/service/load.ts'
import { LoadLatency } from '../../src/service/load-latency.ts'
import { Answer, type Taker } from '../../src/submit/answer.ts'
import type { Port } from '../../src/submit/port.ts'
import { Submissions } from '../../src/submit/submissions.ts'
import { windowOf } from '../../src/submit/window.ts'
import { decodePayload, encodePayload } from '../../src/wire/payload.ts'
import { until } from '../support/until.ts'

const PLAN: LoadPlan = {
  queue: 'q',
  pace: { kind: 'window', window: 10, burst: 1 },
  count: 100,
  durationMs: Number.POSITIVE_INFINITY,
  payload: (n) => n,
}

const latencies: LoadLatency[] = []
afterEach(async () => {
  for (const latency of latencies.splice(0)) await latency.stop()
})

function latencyOf(): LoadLatency {
  const latency = new LoadLatency()
  latencies.push(latency)
  return latency
}

/** A way to submit whose tasks end as `answer` does; keeps what it was asked. */
class Answering implements Port<string> {
  readonly window = windowOf({})
  readonly keepsPayload = false
  readonly closed = null
  readonly paused = false
  readonly payloads: number[] = []
  readonly #answer: (n: number) => Promise<unknown>
  #inFlight = 0
  inFlightMax = 0

  constructor(answer: (n: number) => Promise<unknown>) {
    this.#answer = answer
  }

  onResume(): void {}
  requireOpen(): void {}
  laneOf(queue: string): string {
    return queue
  }

  send(_: string, __: unknown, taker: Taker, index: number, ___: string, bytes: Uint8Array): void {
    const n = decodePayload<number>(bytes)
    this.payloads.push(n)
    this.inFlightMax = Math.max(this.inFlightMax, ++this.#inFlight)
    void this.#end(n, taker, index)
  }

  async #end(n: number, taker: Taker, index: number): Promise<void> {
    const answer = new Answer()
    let isRefused = false
    try {
      const bytes = encodePayload(await this.#answer(n))
      answer.setCompleted('', 1, bytes, 0, bytes.length)
    } catch (error) {
      const { code, message, retryable } = error as SignalboxError | TaskError
      isRefused = error instanceof SignalboxError
      if (isRefused) answer.setRefused(code, message, retryable)
      else answer.setEnded('', 'failed', code, message, retryable, 1)
    }
    this.#inFlight--
    if (isRefused) taker.refused(index, answer)
    else taker.outcome(index, answer)
    this.window.leave()
  }
}

function runner(answer: (n: number) => Promise<unknown>) {
  const port = new Answering(answer)
  const submissions = new Submissions(port)
  return {
    submitMany: submissions.submitMany.bind(submissions),
    payloads: port.payloads,
    inFlightMax: () => port.inFlightMax,
  }
}

test('load: a window sends every task once and never more than it at a time', async () => {
  const sb = runner(() => sleep(1))
  const counts = await new Load(sb, PLAN).run()
  expect(counts).toMatchObject({ sent: 100, completed: 100, failedTotal: 0, inFlight: 0 })
  expect(sb.payloads).toEqual(Array.from({ length: 100 }, (_, n) => n))
  expect(sb.inFlightMax()).toBe(10)
})

test('load: a window in bursts waits until there is room for one', async () => {
  const waiting: (() => void)[] = []
  const sb = runner(() => new Promise<void>((resolve) => waiting.push(resolve)))
  const load = new Load(sb, { ...PLAN, pace: { kind: 'window', window: 10, burst: 4 }, count: 14 })
  const done = load.run()
  await until(() => sb.payloads.length === 10, { what: 'the window to be full' })
  for (const resolve of waiting.splice(0, 3)) resolve()
  await until(() => load.counts.completed === 3, { what: 'three answers' })
  expect(sb.payloads.length).toBe(10)
  waiting.shift()!()
  await until(() => sb.payloads.length === 14, { what: 'the next burst' })
  for (const resolve of waiting) resolve()
  await done
})

test('load: at a rate a stall counts for every task that was due meanwhile', async () => {
  const latency = latencyOf()
  const stall = sleep(300)
  let first = true
  const sb = runner(async () => {
    if (!first) return
    first = false
    // The whole process stands still, as a generator does that waits for its server.
    const end = performance.now() + 300
    while (performance.now() < end);
    await stall
  })
  const plan: LoadPlan = { ...PLAN, pace: { kind: 'rate', perSecond: 1000 }, count: 400 }
  const counts = await new Load(sb, plan, latency).run()
  expect(counts).toMatchObject({ sent: 400, completed: 400 })
  const { fromIntended, fromSent } = await latency.report()
  expect(fromIntended.count).toBe(400)
  expect(fromIntended.p50Us).toBeGreaterThan(50_000)
  expect(fromSent.p50Us).toBeLessThan(fromIntended.p50Us)
  expect(fromIntended.maxUs).toBeGreaterThanOrEqual(300_000)
})

test('load: failures are counted by code and wrong answers apart', async () => {
  const sb = runner(async (n) => {
    if (n % 10 === 0) throw new TaskError('api_error', 'no')
    if (n % 10 === 1) throw new SignalboxError('queue_full', 'full')
    return n % 10 === 2 ? 'wrong' : n
  })
  const counts = await new Load(sb, { ...PLAN, isRight: (result, n) => result === n }).run()
  expect(counts).toMatchObject({
    sent: 100,
    completed: 70,
    wrong: 10,
    failed: { api_error: 10, queue_full: 10 },
    failedTotal: 20,
    inFlight: 0,
  })
})

test('load: a refusal that does not pass ends it with that error', async () => {
  const sb = runner(async () => {
    throw new SignalboxError('queue_unknown', 'no such queue')
  })
  const load = new Load(sb, { ...PLAN, count: 1_000_000 })
  await expect(load.run()).rejects.toMatchObject({ code: 'queue_unknown' })
  expect(sb.payloads.length).toBeLessThan(100)
})

test('load: stopped, it sends no more and tells what stayed unanswered', async () => {
  const sb = runner((n) => (n < 5 ? Promise.resolve(n) : new Promise(() => {})))
  const load = new Load(sb, PLAN)
  const done = load.run()
  await until(() => load.counts.completed === 5, { what: 'five answers' })
  load.stop()
  expect(await done).toMatchObject({ sent: 15, completed: 5, inFlight: 10 })
})

test('load: a result that is not JSON is a result all the same', async () => {
  const sb = runner(async () => new TextEncoder().encode('plain text'))
  expect(await new Load(sb, PLAN).run()).toMatchObject({ completed: 100, failedTotal: 0 })
})
