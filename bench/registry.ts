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
  assignment: async () => (await import('./assignment.ts')).assignment,
  'end-to-end': async () => (await import('./end-to-end.ts')).endToEnd,
} satisfies Record<string, () => Promise<Benchmark>>

export type BenchmarkName = keyof typeof LOADERS
export const BENCHMARK_NAMES = Object.keys(LOADERS) as BenchmarkName[]

export function isKnown(name: string): name is BenchmarkName {
  return Object.hasOwn(LOADERS, name)
}
