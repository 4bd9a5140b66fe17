/**
 * The ladder: the same eight questions to every structure that threads share, from the simplest up.
 *
 * | rung          | question                                                                      |
 * | ------------- | ----------------------------------------------------------------------------- |
 * | smoke         | what one thread puts in, does another get out?                                |
 * | empty         | is nothing answered with nothing?                                             |
 * | full          | is too much refused, and is there room again afterwards?                      |
 * | wraps         | does all that go on when the counters pass 2^31 and 0?                        |
 * | one to one    | two threads at full speed: everything, whole, in order?                       |
 * | stampede      | nine threads at the tightest capacity: does nobody hurt another?              |
 * | no starvation | does each contender get its share while the others never pause?               |
 * | conservation  | many items (50 million in a soak run): each exactly once?                     |
 *
 * A structure that lacks a rung says why. Source: the test ladder of crossbeam-deque.
 */
import type { Crew } from './crew.ts'

export const RUNGS = [
  'smoke',
  'empty',
  'full',
  'wraps',
  'one to one',
  'stampede',
  'no starvation',
  'conservation',
] as const
export type RungName = (typeof RUNGS)[number]

/** A question as a sentence that is its answer, and how it is shown. */
export interface Rung {
  readonly title: string
  readonly climb: (crew: Crew) => Promise<void>
}

/** Why a structure has no such rung. */
export interface Missing {
  readonly because: string
}

/** One structure's ladder. */
export interface Ladder {
  readonly structure: string
  /** Its files in native-free/, without ending. */
  readonly modules: readonly string[]
  readonly rungs: Readonly<Record<RungName, Rung | Missing>>
  /** What only this structure is asked. */
  readonly beyond?: Readonly<Record<string, Rung>>
}

export function rung(title: string, climb: Rung['climb']): Rung {
  return { title, climb }
}

export function missing(because: string): Missing {
  return { because }
}

const SOAK = process.env.SOAK === '1'

/** Items of the rung `conservation`: of 50 million half a percent in an ordinary run. */
export const ITEMS = SOAK ? 50_000_000 : 250_000
/** Items of the rungs `one to one` and `stampede`, as many as crossbeam takes. */
export const FEW = 50_000
/** Items after which a contender that got nothing counts as starved. */
export const STARVED = 5_000_000
/** How often a contender is served before it counts as having got its share. */
export const SHARE = 8
/** Threads on the side of a structure that many may use. */
export const MANY = 8
/** How long a part of a run may take. */
export const LIMIT_MS = SOAK ? 300_000 : 25_000

/** Numbers from 0 on. */
export const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

/** Sums one figure of the reports. */
export function sumOf<Name extends string>(
  reports: readonly { readonly [name in Name]: number }[],
  name: Name,
): number {
  return reports.reduce((sum, report) => sum + report[name], 0)
}

/** Prints what a soak run of a structure took. */
export function tell(structure: string, items: number, elapsedMs: number, more = ''): void {
  if (!SOAK) return
  const perSecond = Math.round((items / elapsedMs) * 1_000)
  console.log(
    `${structure}: ${items.toLocaleString('en')} items, each once, ` +
      `${(elapsedMs / 1_000).toFixed(1)} s, ${perSecond.toLocaleString('en')} a second${more}`,
  )
}
