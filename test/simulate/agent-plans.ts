/** How the scripted agents of a seed behave: what they can do, how well, and what they lie about. */
import { type Confirms, confirmsOf, PLAIN } from './confirms.ts'
import { Dice } from './dice.ts'
import { type AgentMoves, UNMOVED } from './moves.ts'
import { CAPABILITIES, QUEUES, type Theme } from './themes.ts'

/** What an agent says that is not so. */
export const LIES = [
  /** A result under a token that is nobody's: another counter, slot or epoch. */
  'wrong-token',
  /** A result under a token that it has answered before. */
  'old-token',
  /** A result under a token that another agent was given. */
  'stolen-token',
  /** Each result twice. */
  'twice',
  /** Result subjects that are not even well formed. */
  'malformed',
  /** Beats that leave out what it works on. */
  'beats-too-little',
  /** Beats that name what it does not work on. */
  'beats-too-much',
  /** Beats that arrive in heaps, long after they were made. */
  'beats-late',
  /** Beats that were sent before are sent again, as if time went backwards. */
  'beats-backwards',
  /** Hellos with one size after the other, impossible ones included. */
  'resizes',
  /** Speaks as an instance that it is not. */
  'stranger',
  /** The server's own word that nobody listens, in its own name. */
  'plays-dead',
  /** Results larger than a scheduler takes. */
  'huge',
] as const
export type Lie = (typeof LIES)[number]

const ON_PREEMPT = ['yields', 'yields', 'hands-back-nothing', 'goes-on'] as const

/** What it does with an attempt that the scheduler has given up. */
export type OnCancel = 'answers' | 'drops' | 'goes-on'

export interface Renewal {
  readonly atMs: number
  readonly queues: readonly string[]
  readonly capabilities: readonly string[]
  readonly concurrency: number
  readonly beats: boolean
}

export interface AgentPlan {
  readonly id: string
  /** Runs in the scheduler's own process, by `Scheduler.agent`; of the rest it only has the work. */
  readonly isLocal: boolean
  readonly joinsAtMs: number
  readonly queues: readonly string[]
  readonly capabilities: readonly string[]
  readonly concurrency: number
  readonly beats: boolean
  readonly workMs: readonly [number, number]
  /** Shares of attempts. */
  readonly fails: number
  readonly failsForGood: number
  /** Never answered: forgotten, or worked on for ever. */
  readonly forgets: number
  readonly hangs: number
  readonly progresses: number
  /** Of its results; what they say comes first. */
  readonly resultBytes: number
  readonly onCancel: OnCancel
  /** Says hello when its connection is back; otherwise its beats have to do. */
  readonly greetsAgain: boolean
  readonly lies: readonly Lie[]
  readonly confirms: Confirms
  /** What it does when it is asked to stop; null for one that cannot be asked. */
  readonly onPreempt: 'yields' | 'hands-back-nothing' | 'goes-on' | null
  readonly moves: AgentMoves
  /** Of the tasks that it is given; it says so. 0 for one that takes what comes. */
  readonly declines: number
  /** Its results say a number that rules go by. */
  readonly scores: boolean
  readonly renewals: readonly Renewal[]
  /** Says nothing but its first hello: an agent in a crowd. */
  readonly isMute: boolean
  /** Leaves by itself; null stays. */
  readonly leaves: { readonly atMs: number; readonly drain: boolean } | null
}

/** Times that a plan is drawn for. */
export interface Span {
  readonly leaseMs: number
  readonly faultyMs: number
}

export function planAgents(seed: number, theme: Theme, span: Span): AgentPlan[] {
  const dice = new Dice(seed, 'agents')
  const count = theme === 'crowd' ? dice.whole(30, 36) : dice.whole(2, 5)
  return Array.from({ length: count }, (_, i) => {
    const plan = planAgent(dice, theme, span, i)
    const preempts = new Dice(seed, `${i} preempts`)
    if (plan.isMute) return plan
    const onPreempt = preempts.chance(0.5) ? preempts.pick(ON_PREEMPT) : null
    if (plan.isLocal) return { ...plan, onPreempt }
    return { ...plan, onPreempt, confirms: confirmsOf(new Dice(seed, `${i} confirms`), theme) }
  })
}

function planAgent(dice: Dice, theme: Theme, span: Span, i: number): AgentPlan {
  const inCrowd = theme === 'crowd' && i >= 3
  const isWindow = theme === 'window' || theme === 'wideWindow'
  const isSlow = dice.chance(0.2) && !isWindow
  const isLocal = !isWindow && !inCrowd && dice.chance(0.08)
  const plan: AgentPlan = {
    id: `a${i}`,
    isLocal,
    joinsAtMs: i === 0 ? 0 : Math.round(dice.chance(0.7) ? 0 : dice.between(0, span.faultyMs)),
    ...servesOf(dice, theme),
    concurrency: isWindow ? dice.whole(20, 40) : dice.pick([1, 1, 2, 3, 4, 7]),
    beats: dice.chance(theme === 'silent' ? 0.4 : 0.75),
    workMs: isWindow ? [0, 1] : isSlow ? [50, 1_200] : [0, dice.pick([2, 10, 60])],
    fails: dice.chance(0.5) ? dice.between(0, 0.4) : 0,
    failsForGood: dice.chance(0.3) ? 0.2 : 0,
    forgets: silenceOf(dice, theme),
    hangs: silenceOf(dice, theme),
    progresses: dice.chance(0.4) ? 0.5 : 0,
    resultBytes: theme === 'memory' ? dice.pick([0, 60_000, 200_000]) : 0,
    onCancel: dice.pick(['answers', 'drops', 'goes-on']),
    greetsAgain: dice.chance(0.6),
    lies: liesOf(dice, theme),
    confirms: PLAIN,
    onPreempt: null,
    moves: UNMOVED,
    declines: 0,
    scores: false,
    renewals: renewalsOf(dice, theme, span),
    isMute: inCrowd && dice.chance(0.8),
    leaves: dice.chance(theme === 'renewals' ? 0.4 : 0.12)
      ? { atMs: Math.round(dice.between(0, span.faultyMs)), drain: dice.chance(0.6) }
      : null,
  }
  return theme === 'calm' ? { ...plan, lies: [], forgets: 0, hangs: 0 } : plan
}

function servesOf(dice: Dice, theme: Theme): Pick<AgentPlan, 'queues' | 'capabilities'> {
  if (theme === 'window' || theme === 'wideWindow') return { queues: ['*'], capabilities: [] }
  const some = dice.some(QUEUES, 0.6)
  const all = dice.chance(0.4) || some.length === 0
  return { queues: all ? ['*'] : some, capabilities: dice.some(CAPABILITIES, 0.5) }
}

function silenceOf(dice: Dice, theme: Theme): number {
  if (theme === 'window' || theme === 'wideWindow') return 0
  if (theme === 'silent' || theme === 'losses') return dice.between(0.1, 0.5)
  return dice.chance(0.3) ? 0.1 : 0
}

function liesOf(dice: Dice, theme: Theme): Lie[] {
  if (theme === 'liars') return dice.some(LIES, 0.35)
  return dice.chance(0.2) ? [dice.pick(LIES)] : []
}

function renewalsOf(dice: Dice, theme: Theme, span: Span): Renewal[] {
  const count = theme === 'renewals' ? dice.whole(1, 4) : dice.chance(0.15) ? 1 : 0
  return Array.from({ length: count }, () => ({
    atMs: Math.round(dice.between(0, span.faultyMs)),
    ...servesOf(dice, theme),
    concurrency: dice.whole(1, 6),
    beats: dice.chance(0.7),
  }))
}

/** Joins when the faults stop: quick, honest, and able to do everything. */
export function rescuer(number = 0): AgentPlan {
  return {
    id: number === 0 ? 'rescuer' : `rescuer${number}`,
    isLocal: false,
    joinsAtMs: 0,
    queues: ['*'],
    capabilities: [...CAPABILITIES, 'one', 'two', 'three', 'four', 'five', 'six'],
    concurrency: 6,
    beats: true,
    workMs: [1, 5],
    fails: 0,
    failsForGood: 0,
    forgets: 0,
    hangs: 0,
    progresses: 0,
    resultBytes: 0,
    onCancel: 'answers',
    greetsAgain: true,
    lies: [],
    confirms: PLAIN,
    onPreempt: null,
    moves: UNMOVED,
    declines: 0,
    scores: false,
    renewals: [],
    isMute: false,
    leaves: null,
  }
}
