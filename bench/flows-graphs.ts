/**
 * Random graphs of kinds that people have, with durations. Runs on: child processes of the flows benchmark.
 * Invariant: a seed gives the same graph for ever; parents stand before their children.
 */

import { Random } from '../src/routing/generator.ts'
import type { TimedGraph } from './flows-fleet.ts'

const MS_US = 1_000
/** Of durations, drawn evenly on a logarithmic scale: as many from 1 to 10 ms as from 10 to 100. */
const DECADES = 2

/** Who comes after whom, by node. */
type Edges = number[][]

/** Layers of equal width; each task after two of the layer before. */
function layered(count: number, random: Random): Edges {
  const width = 25
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor(i / width - 1) * width
    return start < 0 ? [] : some(2, start, width, random)
  })
}

/** Each after up to three of the hundred before it. */
function loose(count: number, random: Random): Edges {
  return Array.from({ length: count }, (_, i) => {
    const width = Math.min(100, i)
    return width === 0 ? [] : some(random.nextInt(4), i - width, width, random)
  })
}

/** One task splits into thirty, one gathers them, and so on. */
const FORK_WIDTH = 30

function forkJoin(count: number, _: Random): Edges {
  const width = FORK_WIDTH
  const stride = width + 1
  return Array.from({ length: count }, (_each, i) => {
    const place = i % stride
    if (place > 0) return [i - place]
    return i === 0 ? [] : Array.from({ length: width }, (_one, k) => i - width + k)
  })
}

/** Twelve pipelines side by side, twelve being no multiple of eight, gathered in the end. */
function pipelines(count: number, _: Random): Edges {
  const width = 12
  return Array.from({ length: count }, (_each, i) => {
    if (i === count - 1) return Array.from({ length: width }, (_one, k) => i - 1 - k)
    return i < width ? [] : [i - width]
  })
}

export const KINDS = { layered, loose, forkJoin, pipelines }
export type Kind = keyof typeof KINDS
export const KIND_NAMES = Object.keys(KINDS) as Kind[]

export function graphOf(kind: Kind, count: number, seed: number): TimedGraph {
  const random = new Random(seed)
  const after = KINDS[kind](count, random)
  const durations = after.map(() => Math.round(MS_US * 10 ** (DECADES * random.nextFloat())))
  return { durations, after }
}

/** The graph of forks and joins as somebody submits it who knows which of the thirty take long: those first. */
export function longestFirst({ durations, after }: TimedGraph): TimedGraph {
  const sorted = [...durations]
  const stride = FORK_WIDTH + 1
  for (let start = 1; start < sorted.length; start += stride) {
    const part = sorted.slice(start, start + FORK_WIDTH).sort((a, b) => b - a)
    sorted.splice(start, part.length, ...part)
  }
  return { durations: sorted, after }
}

/** Layers in which each task comes after all of the layer before. */
export function denseLayers(layers: number, width: number): Edges {
  return Array.from({ length: layers * width }, (_, i) => {
    const start = (Math.floor(i / width) - 1) * width
    return start < 0 ? [] : Array.from({ length: width }, (_one, k) => start + k)
  })
}

/** @returns up to so many different ones of a range. */
function some(count: number, start: number, width: number, random: Random): number[] {
  return [...new Set(Array.from({ length: count }, () => start + random.nextInt(width)))]
}
