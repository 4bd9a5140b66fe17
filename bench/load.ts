/**
 * One run of load: what went out, what came back, and how long it took.
 *
 * Runs on: the process of a load generator. Invariant: every item is answered once; a second answer
 * or a wrong one ends the run, a missing one is counted as lost.
 *
 * ```
 *  closed loop   always `window` items in flight: how many a second?
 *  open loop     so many a second, whatever comes back: how long does one take?
 * ```
 */
import type { Values } from './harness.ts'
import { openLoop } from './pace.ts'
import { percentile } from './statistics.ts'

/** How long after the last answer another may still come. */
const ANSWERS_MAX_MS = 10_000

/** Where a latency distribution is read, in percent. */
export const PERCENTILES = [
  0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 100,
]

export class Load {
  readonly items: number
  answered = 0
  onEach: (item: number) => void = () => {}
  readonly #seen: Uint8Array
  #allAnswered!: () => void
  /** Ends the run: its result is wrong. */
  fail!: (error: Error) => void
  readonly #over: Promise<void>

  constructor(items: number) {
    this.items = items
    this.#seen = new Uint8Array(items)
    this.#over = new Promise((resolve, reject) => {
      this.#allAnswered = resolve
      this.fail = reject
    })
    // A failure may come before anybody waits for the end.
    this.#over.catch(() => {})
  }

  get lost(): number {
    return this.items - this.answered
  }

  answer(item: number): void {
    if (this.#seen[item] !== 0) this.fail(new Error(`task ${item} was answered twice`))
    this.#seen[item] = 1
    this.answered++
    this.onEach(item)
    if (this.answered === this.items) this.#allAnswered()
  }

  /** Resolves when all are answered, or nothing was for ten seconds. */
  async over(): Promise<void> {
    let before = -1
    let onLate = () => {}
    const late = new Promise<void>((resolve) => {
      onLate = resolve
    })
    const timer = setInterval(() => {
      if (this.answered === before) onLate()
      before = this.answered
    }, ANSWERS_MAX_MS)
    try {
      await Promise.race([this.#over, late])
    } finally {
      clearInterval(timer)
    }
  }
}

/**
 * @param send sends an item; whoever hears its answer calls `load.answer`.
 * @returns items a second, and how many were lost.
 */
export async function closedLoop(
  load: Load,
  window: number,
  send: (item: number) => void,
): Promise<Values> {
  const startMs = performance.now()
  let sent = 0
  const sendNext = () => {
    if (sent < load.items) send(sent++)
  }
  load.onEach = sendNext
  for (let i = 0; i < window; i++) sendNext()
  await load.over()
  return rateOf(load, startMs)
}

export function rateOf(load: Load, startMs: number): Values {
  const tookMs = performance.now() - startMs
  return { tasksPerSecond: (load.answered * 1_000) / tookMs, lost: load.lost }
}

/** @returns percentiles from the moment of sending, and from the one that was planned. */
export async function pacedLoop(
  load: Load,
  ratePerSecond: number,
  send: (item: number) => void,
): Promise<Values> {
  const sentMs = new Float64Array(load.items)
  const plannedMs = new Float64Array(load.items)
  const tookUs = new Float64Array(load.items)
  const tookPlannedUs = new Float64Array(load.items)
  load.onEach = (item) => {
    const answeredMs = performance.now()
    tookUs[item] = (answeredMs - sentMs[item]) * 1_000
    tookPlannedUs[item] = (answeredMs - plannedMs[item]) * 1_000
  }
  await openLoop(load.items, ratePerSecond, (item, planned) => {
    plannedMs[item] = planned
    sentMs[item] = performance.now()
    send(item)
  })
  await load.over()
  const distribution = PERCENTILES.map((percent) => [at(percent), percentile(tookUs, percent)])
  return {
    p50Us: percentile(tookUs, 50),
    p99Us: percentile(tookUs, 99),
    plannedP50Us: percentile(tookPlannedUs, 50),
    lost: load.lost,
    items: load.items,
    ...Object.fromEntries(distribution),
  }
}

/** The name of a percentile among the values of a run. */
export function at(percent: number): string {
  return `us@${percent}`
}
