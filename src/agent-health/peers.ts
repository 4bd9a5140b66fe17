/**
 * Peers: agents that serve the same queues with the same capabilities are of one kind. They are measured
 * by each other, and bound how many of them may be spared. What a kind has is found when it is asked
 * for, and forgotten at the next look.
 *
 * Invariant: of those of a kind that could work, at most `sparedShareMax` are spared, and never the last
 * one that is fit.
 *
 * Source: Envoy's `max_ejection_percent`, which bounds ejections by all hosts; here those that could not
 * work anyway (silent, in maintenance, leaving) do not count, or three spared of ten would be three of
 * the four that are left. Labels are not looked at: machines of one fleet differ by them.
 */
import type { AgentState } from '../policy/agents.ts'
import type { PolicyCore } from '../policy/core.ts'
import type { Profile } from '../policy/profiles.ts'
import type { WatchedAgent } from './watched-agent.ts'

/** Of a kind as many at most are compared with, spread over all of it. */
const SAMPLE_MAX = 64
/** 0.07 of 100 agents is 7.000000000000001 in binary. */
const ROUNDING = 1e-9

/** By row of the agent. */
export type Here = readonly (WatchedAgent | undefined)[]

/** The lower one where there are two: at least half are not above it. @returns NaN for none. */
export function lowerMedian(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1]
}

export class Kind {
  readonly #profiles: readonly Profile[]
  readonly #here: Here
  /** Of its agents: those that could work, and of these the spared; -1 before they are counted. */
  #able = -1
  #spared = 0
  #sample: readonly WatchedAgent[] | null = null
  /** What its tasks take over all types, µs, by half of the sample; undefined before it is asked for. */
  usualUs: number | undefined

  constructor(profiles: readonly Profile[], here: Here) {
    this.#profiles = profiles
    this.#here = here
  }

  /** Whether one more that is fit may be spared. *Cost* a look at all of them, the first time. */
  maySpare(shareMax: number): boolean {
    if (this.#able < 0) this.#count()
    const isLast = this.#able - this.#spared <= 1
    return !isLast && this.#spared + 1 <= Math.floor(shareMax * this.#able + ROUNDING)
  }

  #count(): void {
    this.#able = 0
    this.each((member) => {
      if (!member.isAble) return
      this.#able++
      if (member.isSpared) this.#spared++
    })
  }

  /** One that was fit is spared now. */
  spared(): void {
    this.#spared++
  }

  /** One that was fit leaves. */
  left(): void {
    this.#able--
  }

  /** *Cost* ends at the first. */
  get hasFit(): boolean {
    for (const profile of this.#profiles) {
      for (const { index } of profile.agents) {
        const member = this.#here[index]
        if (member?.isAble && !member.isSpared) return true
      }
    }
    return false
  }

  /** Those that could work, or 64 of them. */
  get sample(): readonly WatchedAgent[] {
    this.#sample ??= this.#takeSample()
    return this.#sample
  }

  #takeSample(): WatchedAgent[] {
    const able: WatchedAgent[] = []
    let left = 0
    for (const { agents } of this.#profiles) left += agents.size
    const step = Math.max(1, left / SAMPLE_MAX)
    let next = 0
    let at = 0
    this.each((member) => {
      if (at++ < next || !member.isAble) return
      able.push(member)
      next += step
    })
    return able
  }

  each(visit: (member: WatchedAgent) => void): void {
    for (const profile of this.#profiles) {
      for (const { index } of profile.agents) {
        const member = this.#here[index]
        if (member !== undefined) visit(member)
      }
    }
  }
}

export class Kinds {
  readonly #core: PolicyCore
  readonly #here: Here
  readonly #profiles = new Map<string, Profile[]>()
  readonly #kinds = new Map<string, Kind>()
  /** What the profiles were when they were put in order. */
  #profileNumber = -1
  #profileCount = -1

  constructor(core: PolicyCore, here: Here) {
    this.#core = core
    this.#here = here
  }

  /** All may be otherwise than they were. */
  look(): void {
    this.#kinds.clear()
    const { profiles, nextProfileNumber } = this.#core
    if (nextProfileNumber === this.#profileNumber && profiles.size === this.#profileCount) return
    this.#profileNumber = nextProfileNumber
    this.#profileCount = profiles.size
    this.#profiles.clear()
    for (const profile of profiles.values()) {
      const key = keyOf(profile)
      const known = this.#profiles.get(key)
      if (known === undefined) this.#profiles.set(key, [profile])
      else known.push(profile)
    }
  }

  /** After `look`. */
  of({ profile }: AgentState): Kind {
    const key = keyOf(profile)
    let kind = this.#kinds.get(key)
    if (kind === undefined) {
      kind = new Kind(this.#profiles.get(key)!, this.#here)
      this.#kinds.set(key, kind)
    }
    return kind
  }
}

/** Keys of profiles, which are made of their names. */
const keys = new WeakMap<Profile, string>()

function keyOf(profile: Profile): string {
  let key = keys.get(profile)
  if (key === undefined) {
    key = `${[...profile.queues].join(',')}|${[...profile.capabilities].join(',')}`
    keys.set(profile, key)
  }
  return key
}
