/**
 * `signalbox/native-free`: structures in shared memory, in pure TypeScript. README.md beside this
 * file is their memory model.
 */
export * from './agent-table.ts'
export * as atomics from './atomics.ts'
export * from './bitset.ts'
export * from './brands.ts'
export * from './doorbell.ts'
export * from './latency-counts.ts'
export * from './latency-layout.ts'
export * from './memory-map.ts'
export * from './outbox.ts'
export * from './router-status.ts'
export * from './sleepers.ts'
export { SlotState } from './slot-state.ts'
export * from './slot-table.ts'
export * from './task-ring.ts'
export * from './work-stealing-deque.ts'
