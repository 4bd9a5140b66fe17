/** The types of native-free after instrumentation: every function that says steps is a generator. */
import type * as index from '../../native-free/index.ts'
import type * as slotState from '../../native-free/slot-state.ts'
import type { atomics, Steps } from './step.ts'

/** Functions and methods that say no steps, among those that models use. */
export const PLAIN = [
  'candidates',
  'createMemory',
  'ctz32',
  'latencyIndex',
  'mapMemory',
  'movedAgent',
  'nextPowerOfTwo',
  'openMemory',
  'popcount32',
  'producedCount',
  'slotColumns',
  'toAgent',
  'toClass',
  'toGeneration',
  'toRouter',
  'toSlot',
  'wordCount',
] as const
type Plain = (typeof PLAIN)[number]

type Handle = index.Bitset | index.DequeThief
type SteppedArgument<T> = T extends Handle ? Stepped<T> : T
type SteppedFunction<Name, F> = F extends (...args: infer A) => infer R
  ? (
      ...args: { [I in keyof A]: SteppedArgument<A[I]> }
    ) => Name extends Plain ? SteppedArgument<R> : Steps<R>
  : SteppedArgument<F>

/** A handle of native-free, its methods being generators. */
export type Stepped<T> = { [K in keyof T]: SteppedFunction<K, T[K]> }
type SteppedModule<M> = {
  [K in keyof M]: M[K] extends new (
    ...args: infer A
  ) => infer T
    ? (new (...args: A) => Stepped<T>) & { [S in Exclude<keyof M[K], 'prototype'>]: M[K][S] }
    : SteppedFunction<K, M[K]>
}

/** All that the files of native-free export, instrumented. */
export type NativeFree = SteppedModule<Omit<typeof index, 'atomics'>> &
  SteppedModule<typeof slotState> & { readonly atomics: typeof atomics }
