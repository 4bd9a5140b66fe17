/**
 * The shared memory of a run: made once for each shape, put back to its start for each run.
 *
 * Runs on: the one thread of a test.
 * Invariant: at the start of a run every word is what `createMemory` makes it, and every word of a
 * run lies in one buffer, so that a byte offset names it.
 */
import type { MemoryShape, SharedMemory } from '../../native-free/index.ts'
import type { NativeFree } from './stepped.ts'

/** Just below 2^31, so that counters pass it within the first few steps. */
export const BEFORE_WRAP = 2 ** 31 - 2

/** Shape of a memory that is as small as may be. */
export const TINY: MemoryShape = {
  slotCount: 32,
  agentCountMax: 32,
  classCountMax: 1,
  routerCount: 2,
  ringCapacity: 4,
  publishMax: 1,
  latencyStageCount: 0,
}

/** Words behind the memory's own, for what a model itself shares between its actors. */
const OWN_WORDS = 64

interface Pooled {
  readonly memory: SharedMemory
  readonly all: Int32Array
  readonly start: Int32Array
}

const pools = new Map<NativeFree, Map<string, Pooled>>()
let handedOut: SharedMemory | undefined

/**
 * Hands out the memory of a run; call it once in `world`.
 * @param shape deviations from `TINY`.
 * @param counterStart where heads, tails, tops, bottoms and generations start.
 */
export function freshMemory(
  nf: NativeFree,
  shape: Partial<MemoryShape> = {},
  counterStart = BEFORE_WRAP,
): SharedMemory {
  if (handedOut !== undefined) throw new Error('interleave: one memory a run')
  const pool = pools.get(nf) ?? new Map<string, Pooled>()
  const key = `${Object.entries(shape)} ${counterStart}`
  const pooled = pool.get(key) ?? make(nf, shape, counterStart)
  pools.set(nf, pool.set(key, pooled))
  pooled.all.set(pooled.start)
  handedOut = pooled.memory
  return pooled.memory
}

function make(nf: NativeFree, shape: Partial<MemoryShape>, counterStart: number): Pooled {
  const made = nf.createMemory({ ...TINY, ...shape }, counterStart)
  // Not shared: all actors are on one thread, and it is put back several times faster.
  const bytes = made.buffer.byteLength + OWN_WORDS * Int32Array.BYTES_PER_ELEMENT
  const buffer = new ArrayBuffer(bytes) as unknown as SharedArrayBuffer
  const words = new Int32Array(buffer, 0, made.words.length)
  words.set(made.words)
  const all = new Int32Array(buffer)
  return { memory: { ...made, buffer, words }, all, start: all.slice() }
}

/** Words of the model's own, zero at the start: what actors share beside native-free. */
export function ownWords(memory: SharedMemory, count: number): Int32Array {
  if (count > OWN_WORDS) throw new Error(`interleave: ${count} own words, at most ${OWN_WORDS}`)
  return new Int32Array(memory.buffer, memory.words.byteLength, count)
}

/** Calls `world` and returns what it made, with the memory that it asked for. */
export function worldOf<W>(nf: NativeFree, world: (nf: NativeFree) => W): [W, SharedMemory] {
  handedOut = undefined
  const made = world(nf)
  const memory = handedOut as SharedMemory | undefined
  handedOut = undefined
  if (memory === undefined) throw new Error('interleave: a world takes its memory by freshMemory')
  return [made, memory]
}
