/**
 * How much memory a process holds once its garbage is gone.
 *
 * Runs on: the process that is asked. Invariant: what is returned was read after collections that no
 * longer freed anything.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Values } from './harness.ts'

const ROUNDS_MAX = 20
/** V8 gives pages back from a thread of its own, some after the collection. */
const ROUND_MS = 100
const SETTLED_BYTES = 256 * 1024

let collect: (() => void) | undefined

/** @returns bytes: resident, on the heap, and in buffers outside it. */
export async function residentBytes(): Promise<Values> {
  collect ??= collector()
  let before = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS_MAX; round++) {
    collect()
    await sleep(ROUND_MS)
    const { rss } = process.memoryUsage()
    if (before - rss < SETTLED_BYTES) break
    before = rss
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { residentBytes: rss, heapBytes: heapUsed + external }
}

/** The collector, without an option on the command line. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
