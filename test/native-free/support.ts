/** Small memories, hooks in the middle of an operation, and stampedes on real threads. */
import { Worker } from 'node:worker_threads'
import { createMemory, type MemoryShape, type SharedMemory } from '../../native-free/index.ts'

/** Where counters start when a test wants to see them pass 2^31. */
export const BEFORE_WRAP = 2 ** 31 - 5

/** Where counters start when a test wants to see them pass 2^32, which is 0. */
export const BEFORE_ZERO = -5

const TINY: MemoryShape = {
  slotCount: 32,
  agentCountMax: 64,
  classCountMax: 4,
  routerCount: 4,
  ringCapacity: 8,
  publishMax: 8,
  latencyStageCount: 0,
}

/** Makes a memory that is as small as it may be, so that full and wrap come soon. */
export function tinyMemory(shape: Partial<MemoryShape> = {}, counterStart = 0): SharedMemory {
  return createMemory({ ...TINY, ...shape }, counterStart)
}

/**
 * Makes an array for results whose first write runs `hook`: the operation that fills it is then in
 * the middle, between its loads and its exchange.
 */
export function hooked(length: number, hook: () => void): Int32Array {
  let isFirst = true
  return new Proxy(new Int32Array(length), {
    set(target, key, value) {
      if (isFirst) {
        isFirst = false
        hook()
      }
      return Reflect.set(target, key, value)
    },
  })
}

/** Words that all threads of a stampede share beside the memory; see workers/common.mjs. */
export interface Stampede {
  readonly control: Int32Array
  /** How often each item was taken. */
  readonly seen: Int32Array
}

/** Makes the words of a stampede of `itemCount` items. */
export function makeStampede(itemCount: number): Stampede {
  return {
    control: new Int32Array(new SharedArrayBuffer(256)),
    seen: new Int32Array(new SharedArrayBuffer(Math.max(1, itemCount) * 4)),
  }
}

/** Items that were not taken exactly once, as `item: count`; the first ten. */
export function notOnce(seen: Int32Array): string[] {
  const wrong: string[] = []
  for (let item = 0; item < seen.length && wrong.length < 10; item++) {
    if (seen[item] !== 1) wrong.push(`${item}: ${seen[item]}`)
  }
  return wrong
}

/**
 * Runs one thread per role, lets them go at the same moment, and waits for all their reports.
 * @param file name in test/native-free/workers/.
 * @throws what a thread threw, or that they did not end in time; no thread survives.
 */
export async function stampede<Report>(
  file: string,
  memory: SharedMemory,
  { control, seen }: Stampede,
  roles: readonly object[],
): Promise<Report[]> {
  const url = new URL(`./workers/${file}`, import.meta.url)
  const { buffer, shape } = memory
  const workers = roles.map(
    (role) =>
      new Worker(url, {
        workerData: { ...role, buffer, shape, control, seen, threadCount: roles.length },
      }),
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${file}: threads did not end in 25 s`)), 25_000)
  })
  try {
    const reports = workers.map(
      (worker, index) =>
        new Promise<Report>((resolve, reject) => {
          worker.once('message', resolve)
          worker.once('error', reject)
          worker.once('exit', () => reject(new Error(`${file}: thread ${index} ended silently`)))
        }),
    )
    return await Promise.race([Promise.all(reports), late])
  } finally {
    clearTimeout(timer)
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
