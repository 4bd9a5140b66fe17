/**
 * Virtual time: everything that happens in a simulated world waits here, and happens in order of
 * (time, order of asking), one after the other. No real clock is ever read.
 *
 * Runs on: the one thread of a simulation.
 * Invariant: between two happenings every microtask has run, so promises of the code under test
 * settle at a settled place of the order.
 *
 * ```
 *  ask ──► heap ── earliest ──► act ──► microtasks ──► is it over? ──► earliest …
 * ```
 *
 * Microtasks are drained by Node itself: a step is a `nextTick` that is asked for from a microtask,
 * and Node runs the next tick only when no microtask is left. Not taken: `await` between steps (a
 * chain of promises takes several), a real `setImmediate` a step (ten times slower).
 *
 * What belongs to the scheduler's process (its timers, its turns, what arrives at its socket) can
 * be paused, and its clock can jump; the rest of the world goes on.
 */
/** A world that is still busy after so many happenings turns in a circle. */
const HAPPENINGS_MAX = 500_000

const nextTick = process.nextTick
const settled = Promise.resolve()

/** Something that will happen. What the code under test has of a timer is one of these. */
export class Happening {
  atUs: number
  order: number
  /** Where `refresh` has moved it to, while it still stands at `atUs`. */
  dueUs: number
  readonly isSchedulers: boolean
  /** It calls no code under test, so no microtask needs to run after it. */
  readonly isQuiet: boolean
  act: (() => void) | null
  /** It stands in the heap. */
  isWaiting = false

  constructor(
    atUs: number,
    order: number,
    act: () => void,
    isSchedulers: boolean,
    isQuiet: boolean,
  ) {
    this.atUs = atUs
    this.dueUs = atUs
    this.order = order
    this.act = act
    this.isSchedulers = isSchedulers
    this.isQuiet = isQuiet
  }

  cancel(): void {
    this.act = null
  }
}

/** How a run of a world ended. */
export type RunEnd = 'done' | 'nothing left' | 'too late'

export class VirtualTime {
  nowUs: number
  /** Happenings so far. */
  happened = 0
  /** Changes with every happening: two equal runs end with equal prints. */
  print = 0
  /** How far the scheduler's clock is ahead of the world's. */
  aheadUs = 0
  /** What a turn of the event loop takes, and where in a millisecond its clock ticks. */
  readonly turnUs: number
  readonly phaseUs: number
  readonly #heap: Happening[] = []
  #nextOrder = 0
  #pausedUntilUs = 0
  #isDone: () => boolean = () => false
  #limitUs = 0
  #end: ((end: RunEnd) => void) | undefined
  #fail: ((error: unknown) => void) | undefined
  #failure: unknown

  constructor(startUs: number, turnUs: number, phaseUs: number) {
    this.nowUs = startUs
    this.turnUs = turnUs
    this.phaseUs = phaseUs
  }

  /** µs of the scheduler's own clock. */
  get schedulersUs(): number {
    return this.nowUs + this.aheadUs
  }

  /** Something of the world: an actor, a fault, a router. */
  after(delayUs: number, act: () => void): Happening {
    return this.#ask(this.nowUs + delayUs, act, false, false)
  }

  /** As `after`, for what calls no code under test. */
  quietly(atUs: number, act: () => void): Happening {
    return this.#ask(atUs, act, false, true)
  }

  /** Something that happens on the scheduler's main thread, and waits while that is paused. */
  schedulers(atUs: number, act: () => void): Happening {
    return this.#ask(atUs, act, true, false)
  }

  /** The scheduler's thread does nothing for so long. */
  pause(forUs: number): void {
    this.#pausedUntilUs = Math.max(this.#pausedUntilUs, this.nowUs + Math.ceil(forUs))
  }

  /** The scheduler's clock jumps forward, and the clock of its event loop with it. */
  jump(forUs: number): void {
    const byUs = Math.ceil(forUs)
    this.aheadUs += byUs
    const all = this.#heap.splice(0)
    for (const happening of all) {
      if (happening instanceof Timer) happening.bring(this.nowUs, byUs)
      this.#push(happening)
    }
  }

  /** The same happening again, later; its handle stays. */
  again(happening: Happening, atUs: number): void {
    happening.atUs = atUs
    happening.dueUs = atUs
    happening.order = this.#nextOrder++
    this.#push(happening)
  }

  /** @returns µs at which a timer of the event loop rings: its clock counts whole ms. */
  timerUs(delayMs: number): number {
    const ms = delayMs >= 1 && delayMs <= 2 ** 31 - 1 ? Math.trunc(delayMs) : 1
    const loopMs = Math.floor((this.nowUs + this.phaseUs) / 1000)
    return (loopMs + ms) * 1000 - this.phaseUs
  }

  /**
   * Lets things happen until `isDone`, asked after each of them, or for `limitMs`.
   * @throws what something threw that happened; what `fail` was given.
   */
  run(isDone: () => boolean, limitMs: number): Promise<RunEnd> {
    this.#isDone = isDone
    this.#limitUs = this.nowUs + limitMs * 1000
    return new Promise((resolve, reject) => {
      this.#end = resolve
      this.#fail = reject
      this.#later()
    })
  }

  /** The world is wrong: the run ends with this. */
  fail(error: unknown): void {
    this.#failure ??= error
  }

  readonly #later = (): void => {
    nextTick(this.#step)
  }

  readonly #step = (): void => {
    if (this.#failure !== undefined) {
      this.#fail?.(this.#failure)
      return
    }
    try {
      if (this.#isDone()) this.#end?.('done')
      else this.#happen()
    } catch (error) {
      this.#fail?.(error)
    }
  }

  #happen(): void {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined) {
        this.#end?.('nothing left')
        return
      }
      if (next.atUs > this.#limitUs) {
        this.nowUs = this.#limitUs
        this.#end?.('too late')
        return
      }
      this.#shift()
      next.isWaiting = false
      if (next.act === null || this.#isPutOff(next)) continue
      this.nowUs = next.atUs
      if (this.happened++ > HAPPENINGS_MAX) throw new Error('this world goes round in a circle')
      this.mix(next.atUs)
      next.act()
      if (!next.isQuiet) break
    }
    settled.then(this.#later)
  }

  /** Makes a number part of the print. */
  mix(value: number): void {
    this.print = Math.imul(this.print ^ (value | 0) ^ (value / 2 ** 32), 0x01000193) ^ this.happened
  }

  #isPutOff(happening: Happening): boolean {
    if (happening.dueUs > happening.atUs) {
      this.again(happening, happening.dueUs)
      return true
    }
    if (!happening.isSchedulers || happening.atUs >= this.#pausedUntilUs) return false
    this.again(happening, this.#pausedUntilUs)
    return true
  }

  #ask(atUs: number, act: () => void, isSchedulers: boolean, isQuiet: boolean): Happening {
    const at = Math.max(this.nowUs, Math.round(atUs))
    const happening = new Happening(at, this.#nextOrder++, act, isSchedulers, isQuiet)
    this.#push(happening)
    return happening
  }

  /** `setTimeout` and `setInterval` of the code under test. */
  timer(act: () => void, delayMs: number, isRepeated: boolean): Timer {
    const timer = new Timer(this, this.#nextOrder++, act, delayMs, isRepeated)
    this.#push(timer)
    return timer
  }

  #push(happening: Happening): void {
    const heap = this.#heap
    happening.isWaiting = true
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(happening, heap[above])) break
      heap[at] = heap[above]
      at = above
    }
    heap[at] = happening
  }

  #shift(): void {
    const heap = this.#heap
    const last = heap.pop()!
    const { length } = heap
    if (length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= length) break
      if (below + 1 < length && isBefore(heap[below + 1], heap[below])) below++
      if (!isBefore(heap[below], last)) break
      heap[at] = heap[below]
      at = below
    }
    heap[at] = last
  }
}

/** What `setTimeout` and `setInterval` return. */
export class Timer extends Happening {
  readonly #time: VirtualTime
  readonly #delayMs: number

  constructor(
    time: VirtualTime,
    order: number,
    act: () => void,
    delayMs: number,
    isRepeated: boolean,
  ) {
    super(time.timerUs(delayMs), order, act, true, false)
    this.#time = time
    this.#delayMs = delayMs
    if (isRepeated) {
      this.act = () => {
        time.again(this, time.timerUs(delayMs))
        act()
      }
    }
  }

  /** The clock has jumped by so much: it rings earlier. */
  bring(nowUs: number, byUs: number): void {
    this.atUs = Math.max(nowUs, this.atUs - byUs)
    this.dueUs = Math.max(nowUs, this.dueUs - byUs)
  }

  /** Rings a whole delay from now; one that has rung is set again. */
  refresh(): this {
    const dueUs = this.#time.timerUs(this.#delayMs)
    if (this.isWaiting) this.dueUs = dueUs
    else this.#time.again(this, dueUs)
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  close(): this {
    this.cancel()
    return this
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order)
}
