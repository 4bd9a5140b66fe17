/**
 * The settings in which `strategies` compares, and how their samples are named and read.
 *
 * Runs on: the process of `npm run bench`. Invariant: table and picture read the same samples.
 */
import { BINDINGS, type Binding } from '../src/options.ts'
import type { Samples } from './harness.ts'

/** Shares of what the fleet can do; why these is told in `strategies.ts`. */
export const LOADS = [0.3, 0.8]

/** As source document 003 orders them by average latency, the worst first. */
export const ORDER_OF_003 = [
  'random',
  'round_robin',
  'least_loaded',
  'capability_best',
  'latency',
] as const

export interface Setting {
  readonly load: number
  readonly binding: Binding
}

export const SETTINGS: readonly Setting[] = BINDINGS.flatMap((binding) =>
  LOADS.map((load) => ({ load, binding })),
)

export function settingName({ load, binding }: Setting): string {
  return `${binding} binding at ${Math.round(100 * load)} %`
}

/** @returns one value for each seed. */
export function bySeed(samples: Samples, setting: Setting, value: string): number[] {
  const prefix = `${settingName(setting)}, seed `
  const names = Object.keys(samples).filter((name) => name.startsWith(prefix))
  return names.map((name) => samples[name][0][value])
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
