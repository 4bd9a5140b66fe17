/**
 * Which agents of a seed keep what they were sent, which pull, and what gets lost between them and
 * the scheduler beyond what the network loses. Drawn apart from the rest of a plan.
 */
import type { Hello } from '../../src/wire/messages.ts'
import type { AgentPlan, Renewal } from './agent-plans.ts'
import type { Dice } from './dice.ts'
import type { Theme } from './themes.ts'

export interface Confirms {
  /** Knows each attempt and its result until that was acknowledged. */
  readonly keeps: boolean
  /** So many tasks it likes to have asked for; 0 for one that does not pull. */
  readonly pulls: number
  /** Shares of the work that never gets to it, and of its results that never get away. */
  readonly losesWork: number
  readonly losesResults: number
  /** Is of the other kind, keeping or pulling, from each renewal to the next. */
  readonly changesMind: boolean
  /** Asks for impossible numbers, or though it does not pull. */
  readonly pullsAnyhow: boolean
  /** Takes and sends frames; how many tasks it would hold beyond its concurrency. */
  readonly frames: boolean
  readonly prefetch: number
}

export const PLAIN: Confirms = {
  keeps: false,
  pulls: 0,
  losesWork: 0,
  losesResults: 0,
  changesMind: false,
  pullsAnyhow: false,
  frames: false,
  prefetch: 0,
}

const WITHOUT: readonly Theme[] = ['window', 'wideWindow']

export function confirmsOf(dice: Dice, theme: Theme): Confirms {
  if (WITHOUT.includes(theme)) return PLAIN
  const isLossy = theme === 'silent' || theme === 'losses'
  const keeps = dice.chance(isLossy ? 0.6 : 0.35)
  const loses = keeps && theme !== 'calm' && dice.chance(0.7)
  return {
    keeps,
    pulls: dice.chance(0.2) ? dice.pick([1, 2, 5]) : 0,
    losesWork: loses ? dice.pick([0, 0.1, 0.4]) : 0,
    losesResults: loses ? dice.pick([0, 0.1, 0.4]) : 0,
    changesMind: dice.chance(0.3),
    pullsAnyhow: theme !== 'calm' && dice.chance(theme === 'liars' ? 0.4 : 0.05),
    frames: dice.chance(0.5),
    prefetch: dice.pick([0, 0, 3, 1_024]),
  }
}

type Says = Pick<AgentPlan, 'confirms' | 'onPreempt' | 'moves' | 'declines'>

/**
 * What an agent says of itself.
 * @param before what it said last, when it says it anew.
 */
export function helloOf(
  instance: string,
  offers: Omit<Renewal, 'atMs'>,
  { confirms, onPreempt, moves, declines }: Says,
  before: Hello | null = null,
): Hello {
  const { queues, capabilities, concurrency, beats } = offers
  const preemptible = onPreempt !== null
  const { frames, prefetch, changesMind } = confirms
  return {
    instance,
    queues: [...queues],
    capabilities: [...capabilities],
    concurrency,
    beats,
    keeps: before === null ? confirms.keeps : before.keeps !== changesMind,
    pull: before === null ? confirms.pulls > 0 : before.pull !== changesMind,
    prefetch,
    // A frame of the first version has no room for a checkpoint, nor for what comes back.
    ...(frames && { frames: preemptible || moves.recalls ? 3 : 1 }),
    ...(preemptible && { preemptible }),
    ...(moves.recalls && { recalls: true }),
    ...(declines > 0 && { declines: true }),
  }
}

/** The scheduler gives an agent another prefetch, as it does by what it measures. */
export interface Tuning {
  readonly atMs: number
  readonly agent: string
  readonly count: number
}

export function planTunings(
  dice: Dice,
  theme: Theme,
  agents: readonly string[],
  faultyMs: number,
): Tuning[] {
  if (WITHOUT.includes(theme) || dice.chance(0.5)) return []
  const tunings = Array.from({ length: dice.whole(1, 6) }, () => ({
    atMs: Math.round(dice.between(0, faultyMs)),
    agent: dice.pick(agents),
    count: dice.pick([0, 1, 1, 2, 2, 3, 5, 1_024, 5_000]),
  }))
  return tunings.sort((a, b) => a.atMs - b.atMs)
}
