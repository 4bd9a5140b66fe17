/**
 * The benchmarks by name, in the order in which all are run.
 *
 * Runs on: the harness and its children. Invariant: only what is asked for is loaded, so that a
 * child holds the code of one benchmark.
 */
import type { Benchmark } from './harness.ts'

export const LOADERS = {
  ring: async () => (await import('./ring.ts')).ring,
  routing: async () => (await import('./routing.ts')).routing,
  quality: async () => (await import('./quality.ts')).quality,
  strategies: async () => (await import('./strategies.ts')).strategies,
  stealing: async () => (await import('./stealing.ts')).stealing,
  hedging: async () => (await import('./hedging.ts')).hedging,
  scaling: async () => (await import('./scaling.ts')).scaling,
  flows: async () => (await import('./flows.ts')).flows,
  assignment: async () => (await import('./assignment.ts')).assignment,
  capacity: async () => (await import('./capacity.ts')).capacity,
  promises: async () => (await import('./promises.ts')).promises,
  'end-to-end': async () => (await import('./end-to-end.ts')).endToEnd,
  memory: async () => (await import('./memory.ts')).memory,
  peers: async () => (await import('./peers.ts')).peers,
} satisfies Record<string, () => Promise<Benchmark>>

export type BenchmarkName = keyof typeof LOADERS
export const BENCHMARK_NAMES = Object.keys(LOADERS) as BenchmarkName[]
/** What is run when none is named: what needs nothing that is not here. */
export const NAMES_OF_ALL = BENCHMARK_NAMES.filter((name) => name !== 'peers')

export function isKnown(name: string): name is BenchmarkName {
  return Object.hasOwn(LOADERS, name)
}
