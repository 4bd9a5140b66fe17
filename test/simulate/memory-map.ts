/**
 * Stands in for `native-free/memory-map.ts`: the real one, but that the memory of a simulated
 * scheduler has its counters (heads, tails, generations) where the world wants them: in some seeds
 * just below 2^31, so that all of them wrap.
 */
import {
  createMemory as createRealMemory,
  type MemoryShape,
  type SharedMemory,
} from '../../native-free/memory-map.ts'
import { current } from './current.ts'

export * from '../../native-free/memory-map.ts'

export function createMemory(
  shape: MemoryShape,
  counterStart: number = current().counterStart,
): SharedMemory {
  return createRealMemory(shape, counterStart)
}
