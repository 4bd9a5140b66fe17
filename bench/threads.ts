/**
 * CPU time of this process by kind of thread: the main one, workers, the runtime's own.
 *
 * Runs on: the process of a part that is watched. Invariant: every thread is counted under one name,
 * the one it had when it was first seen.
 *
 * Linux tells the time on a core of each thread in ns (`/proc/self/task/<tid>/schedstat`), but Node
 * 20 gives its threads no names and no thread its own number. So kinds are told apart by when they
 * appear: whoever starts workers names what is there before (`name('runtime')`) and after.
 * `process.threadCpuUsage` and `Worker#cpuUsage` would say it directly; they came after Node 20.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'

const TASKS = '/proc/self/task'
const MAIN = String(process.pid)
/** Node's threads for files and look-ups; they start with the first such call. */
const POOL_THREADS = 4

export class ThreadCpu {
  readonly #names = new Map([[MAIN, 'main']])

  /** Gives all threads that have no name yet this one. */
  name(kind: string): void {
    for (const thread of threads()) {
      if (!this.#names.has(thread)) this.#names.set(thread, kind)
    }
  }

  /** @returns µs by name, `others` for threads that nobody named; NaN where there is no /proc. */
  readUs(...kinds: string[]): Record<string, number> {
    const found = threads()
    const empty = found.length === 0 ? Number.NaN : 0
    const sums = Object.fromEntries([...kinds, 'others'].map((kind) => [kind, empty]))
    for (const thread of found) {
      const kind = this.#names.get(thread) ?? 'others'
      sums[kind] = (sums[kind] ?? 0) + cpuOfThreadUs(thread)
    }
    return sums
  }
}

/** Has Node start the threads of its pool, so that they are not taken for somebody else's. */
export async function startPoolThreads(): Promise<void> {
  await Promise.all(Array.from({ length: POOL_THREADS }, () => stat('.')))
}

function threads(): string[] {
  try {
    return readdirSync(TASKS)
  } catch {
    return []
  }
}

function cpuOfThreadUs(thread: string): number {
  try {
    return Number(readFileSync(`${TASKS}/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1_000
  } catch {
    // It has ended since it was listed.
    return 0
  }
}
