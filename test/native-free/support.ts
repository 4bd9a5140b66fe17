/** Small memories, and hooks in the middle of an operation. */
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
