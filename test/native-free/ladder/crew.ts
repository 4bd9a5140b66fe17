/**
 * Threads that climb the ladder: started when first needed, given one part after another.
 *
 * A part is a function of a module in workers/, which runs on a thread of its own with a `Scene`
 * (workers/scene.mjs). A remote is a handle that lives on another thread and is called step by
 * step. Whatever goes wrong, an error, a silence, a thread that ends, ends all threads; the next
 * user gets new ones.
 */
import { Worker } from 'node:worker_threads'
import type { SharedMemory } from '../../../native-free/index.ts'

/** Words that the threads of one run share beside the memory: one line for each purpose. */
const CONTROL_WORDS = 1_024

/** What one thread does in a run. */
export interface Part {
  /** Module in workers/, and the function in it: `task-ring#consume`. */
  readonly act: `${string}#${string}`
  /** What else the function wants to know. */
  readonly [detail: string]: unknown
}

/** What came of a run. */
export interface Run<Report> {
  /** One a thread, in the order of the parts. */
  readonly reports: Report[]
  /** A bit for each item, one row a thread: who took what. */
  readonly tally: Tally
  readonly elapsedMs: number
}

/** The methods of a handle, each answered by another thread. */
export type Remote<Handle> = {
  [Name in keyof Handle as Handle[Name] extends (...args: never[]) => unknown
    ? Name
    : never]: Handle[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Answer>
    : never
}

/** Who took which item: every thread has a row of bits of its own, so taking costs no atomic. */
export class Tally {
  readonly words: Int32Array
  readonly rowWords: number
  private readonly rowCount: number
  private readonly itemCount: number

  constructor(rowCount: number, itemCount: number) {
    this.rowCount = rowCount
    this.itemCount = itemCount
    // Rows start on a line, so that no thread slows another by its neighbour's bits.
    this.rowWords = Math.ceil(itemCount / 512) * 16
    this.words = shared(rowCount * this.rowWords)
  }

  /** Items that more than one thread took; the first ten. One thread cannot take one twice. */
  moreThanOnce(): string[] {
    return this.differing(this.itemCount, false)
  }

  /** Items below `itemCount` that were not taken by exactly one thread; the first ten. */
  notOnce(itemCount = this.itemCount): string[] {
    return this.differing(itemCount, true)
  }

  private differing(itemCount: number, mustBeThere: boolean): string[] {
    const wrong: string[] = []
    for (let word = 0; word * 32 < itemCount && wrong.length < 10; word++) {
      let once = 0
      let more = 0
      for (let row = 0; row < this.rowCount; row++) {
        const bits = this.words[row * this.rowWords + word]
        more |= once & bits
        once |= bits
      }
      const bitCount = Math.min(32, itemCount - word * 32)
      if (more === 0 && (!mustBeThere || once === ((-1 >>> (32 - bitCount)) | 0))) continue
      for (let bit = 0; bit < bitCount; bit++) {
        const item = word * 32 + bit
        if ((more >>> bit) & 1) wrong.push(`${item}: more than once`)
        else if (mustBeThere && !((once >>> bit) & 1)) wrong.push(`${item}: never`)
      }
    }
    return wrong.slice(0, 10)
  }
}

/** Makes an array that all threads see, for results of remotes. */
export function shared(words: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT))
}

/** The threads. */
export class Crew {
  private readonly limitMs: number
  private workers: Worker[] = []

  /** @param limitMs how long a thread may be silent after it was asked. */
  constructor(limitMs: number) {
    this.limitMs = limitMs
  }

  /**
   * Runs each part on a thread of its own, and lets them go at the same moment.
   * @param itemCount items of the tally.
   * @throws what a thread threw, or that one did not answer in time.
   */
  async run<Report>(
    memory: SharedMemory,
    parts: readonly Part[],
    itemCount = 0,
  ): Promise<Run<Report>> {
    const tally = new Tally(parts.length, itemCount)
    const common = {
      kind: 'act',
      memory: { buffer: memory.buffer, shape: memory.shape },
      control: shared(CONTROL_WORDS),
      tally: tally.words,
      rowWords: tally.rowWords,
      itemCount,
      threadCount: parts.length,
    }
    const begin = performance.now()
    const reports = await this.all(
      parts.map((role, thread) =>
        this.ask<Report>(thread, role.act, { ...common, role: { ...role }, thread }),
      ),
    )
    return { reports, tally, elapsedMs: performance.now() - begin }
  }

  /** Makes a handle on a thread; its methods are then called there, one at a time. */
  async remote<Args extends unknown[], Handle extends object>(
    thread: number,
    make: new (...args: Args) => Handle,
    ...args: Args
  ): Promise<Remote<Handle>> {
    const { name } = make
    const handle = await this.all([
      this.ask<number>(thread, `new ${name}`, { kind: 'make', name, args }),
    ])
    const methods = new Proxy(
      {},
      {
        get: (_, method) => {
          // A promise that resolves to this proxy looks for `then`.
          if (typeof method !== 'string' || method === 'then') return undefined
          return async (...args: unknown[]) => {
            const request = { kind: 'call', handle: handle[0], method, args }
            const [answer] = await this.all([this.ask(thread, `${name}#${method}`, request)])
            return answer
          }
        },
      },
    )
    return methods as Remote<Handle>
  }

  /** Ends all threads. */
  async end(): Promise<void> {
    const ending = this.workers.filter((worker) => worker !== undefined)
    this.workers = []
    await Promise.all(ending.map((worker) => worker.terminate()))
  }

  /** Counts the threads that live. */
  get threadCount(): number {
    return this.workers.filter((worker) => worker !== undefined).length
  }

  private async all<Answer>(answers: Promise<Answer>[]): Promise<Answer[]> {
    try {
      return await Promise.all(answers)
    } catch (error) {
      await this.end()
      // Those that were still waiting fail because their threads ended: nothing to add.
      await Promise.allSettled(answers)
      throw error
    }
  }

  private ask<Answer>(thread: number, what: string, request: object): Promise<Answer> {
    this.workers[thread] ??= new Worker(new URL('../workers/crew.mjs', import.meta.url))
    const worker = this.workers[thread]
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(timer)
        worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        then()
      }
      const onMessage = ({ value, error }: { value: Answer; error?: Error }) =>
        settle(() => (error === undefined ? resolve(value) : reject(error)))
      const onError = (error: Error) => settle(() => reject(error))
      const onExit = () => onError(new Error(`${what}: thread ${thread} ended`))
      const timer = setTimeout(
        () => onError(new Error(`${what}: thread ${thread} silent for ${this.limitMs} ms`)),
        this.limitMs,
      )
      worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      worker.postMessage(request)
    })
  }
}
