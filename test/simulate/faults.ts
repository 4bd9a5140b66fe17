/**
 * The plan of a seed's faults: a faulty phase of a few leases, then quiet. Faults are data, and
 * `applyFaults` is all that they do; agents' lies are their own (agent-plans.ts).
 */
import type { Dice } from './dice.ts'
import type { FaultyWorld, Weather } from './peer.ts'
import type { Theme } from './themes.ts'

export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'weather'; readonly weather: Weather; readonly lastsMs: number }
  | { readonly kind: 'cut'; readonly peer: string; readonly lastsMs: number }
  | { readonly kind: 'scheduler-cut'; readonly lastsMs: number }
  | { readonly kind: 'scheduler-paused'; readonly lastsMs: number }
  | { readonly kind: 'clock-jump'; readonly ms: number }
  | { readonly kind: 'router-dies'; readonly router: number }
  | { readonly kind: 'router-stalls'; readonly router: number; readonly lastsMs: number }
  /** Gone without a word; a new instance comes after a while, or never. */
  | { readonly kind: 'crash'; readonly agent: string; readonly backAfterMs: number | null }
  | { readonly kind: 'agent-paused'; readonly agent: string; readonly lastsMs: number }
  /** Not subscribed to its work, and otherwise as ever. */
  | { readonly kind: 'deaf'; readonly agent: string; readonly lastsMs: number }
  /** A second process under the same name. */
  | { readonly kind: 'twin'; readonly agent: string }
)

/** What faults do to an agent. */
export interface FaultyAgent {
  crash(backAfterMs: number | null): void
  pause(lastsMs: number): void
  deafen(lastsMs: number): void
  twin(): void
}

export interface FaultSpan {
  readonly leaseMs: number
  readonly faultyMs: number
  readonly routers: number
  readonly agents: readonly string[]
  readonly submitters: readonly string[]
  /** When tasks are submitted. */
  readonly submitsAtMs: readonly number[]
}

const KINDS = {
  weather: 5,
  cut: 4,
  'scheduler-cut': 2,
  'scheduler-paused': 2,
  'clock-jump': 2,
  'router-dies': 2,
  'router-stalls': 4,
  crash: 4,
  'agent-paused': 3,
  deaf: 2,
  twin: 2,
} as const

export function planFaults(dice: Dice, theme: Theme, span: FaultSpan): Fault[] {
  if (theme === 'calm') return []
  const faults: Fault[] = []
  if (theme === 'window' || theme === 'wideWindow') faults.push(...stalls(dice, span))
  if (theme === 'window') faults.push(...stutters(dice, span))
  if (theme === 'crowd') faults.push(...takeovers(dice, span))
  if (theme === 'wideWindow') return faults
  const count = dice.whole(0, 7)
  for (let i = 0; i < count; i++) faults.push(planFault(dice, span))
  return faults.sort((a, b) => a.atMs - b.atMs)
}

/** A router stands still with tasks in its hands, soon after they came, and the other goes on. */
function stalls(dice: Dice, { submitsAtMs, routers }: FaultSpan): Fault[] {
  return Array.from({ length: 6 }, () => ({
    atMs: dice.pick(submitsAtMs) + dice.between(0.1, dice.pick([0.6, 4])),
    kind: 'router-stalls' as const,
    router: dice.whole(0, routers - 1),
    lastsMs: dice.between(3, 30),
  }))
}

/**
 * While a burst is worked off, each router stands still again and again, some of the times with
 * proposals that it has not shown: then it wakes to slots whose offers are others by now.
 */
function stutters(dice: Dice, { submitsAtMs, routers }: FaultSpan): Fault[] {
  const burstMs = dice.pick(submitsAtMs)
  return Array.from({ length: routers }, (_, router) => {
    let atMs = burstMs + dice.between(0.08, 0.4)
    return Array.from({ length: 8 }, () => {
      const lastsMs = dice.between(6, 20)
      const stall = { atMs, kind: 'router-stalls' as const, router, lastsMs }
      atMs += lastsMs + dice.between(0.01, 0.1)
      return stall
    })
  }).flat()
}

/** The same names again and again, so that more instances are fenced than are remembered. */
function takeovers(dice: Dice, { faultyMs, agents }: FaultSpan): Fault[] {
  return Array.from({ length: 8 }, () => ({
    atMs: Math.round(dice.between(0, faultyMs)),
    kind: 'twin' as const,
    agent: agents[dice.whole(0, 2)],
  }))
}

function planFault(dice: Dice, span: FaultSpan): Fault {
  const { leaseMs, faultyMs, routers, agents, submitters } = span
  const atMs = Math.round(dice.between(0, faultyMs))
  const kind = dice.weighted(
    routers === 0 ? { ...KINDS, 'router-dies': 0, 'router-stalls': 0 } : KINDS,
  )
  const lastsMs = Math.min(dice.between(1, leaseMs * dice.pick([0.2, 1, 2])), faultyMs - atMs)
  switch (kind) {
    case 'weather':
      return { atMs, kind, lastsMs, weather: weatherOf(dice, leaseMs) }
    case 'cut':
      return { atMs, kind, lastsMs, peer: dice.pick([...agents, ...submitters]) }
    case 'clock-jump':
      return { atMs, kind, ms: Math.round(dice.between(1, 3 * leaseMs)) }
    case 'router-dies':
      return { atMs, kind, router: dice.whole(0, routers - 1) }
    case 'router-stalls':
      return { atMs, kind, router: dice.whole(0, routers - 1), lastsMs }
    case 'crash': {
      const backAfterMs = dice.chance(0.75) ? dice.between(1, 2 * leaseMs) : null
      return { atMs, kind, agent: dice.pick(agents), backAfterMs }
    }
    case 'agent-paused':
    case 'deaf':
      return { atMs, kind, lastsMs, agent: dice.pick(agents) }
    case 'twin':
      return { atMs, kind, agent: dice.pick(agents) }
    default:
      return { atMs, kind, lastsMs }
  }
}

function weatherOf(dice: Dice, leaseMs: number): Weather {
  const slow = dice.pick([1, 5, leaseMs / 2, leaseMs * 1.2])
  return {
    delayMs: [0.05, dice.between(0.1, slow)],
    drop: dice.chance(0.5) ? dice.between(0, 0.3) : 0,
    duplicate: dice.chance(0.4) ? dice.between(0, 0.3) : 0,
    reorder: dice.chance(0.4) ? dice.between(0, 0.4) : 0,
  }
}

/** Hands the plan to the world; `calm` is what the network goes back to. */
export function applyFaults(
  faults: readonly Fault[],
  world: FaultyWorld,
  calm: Weather,
  agentOf: (id: string) => FaultyAgent | undefined,
  trace: (line: () => string) => void,
): void {
  for (const fault of faults) {
    world.after(fault.atMs, () => {
      trace(() => `fault ${describe(fault)}`)
      strike(fault, world, calm, agentOf)
    })
  }
}

function describe(fault: Fault): string {
  return Object.values(fault)
    .slice(1)
    .map((value) => JSON.stringify(value))
    .join(' ')
}

function strike(
  fault: Fault,
  world: FaultyWorld,
  calm: Weather,
  agentOf: (id: string) => FaultyAgent | undefined,
): void {
  switch (fault.kind) {
    case 'weather':
      world.setWeather(fault.weather)
      world.after(fault.lastsMs, () => world.setWeather(calm))
      return
    case 'cut':
      world.setCutOff(fault.peer, true)
      world.after(fault.lastsMs, () => world.setCutOff(fault.peer, false))
      return
    case 'scheduler-cut':
      world.setSchedulerCutOff(true)
      world.after(fault.lastsMs, () => world.setSchedulerCutOff(false))
      return
    case 'scheduler-paused':
      world.pauseScheduler(fault.lastsMs)
      return
    case 'clock-jump':
      world.jumpClock(fault.ms)
      return
    case 'router-dies':
      world.killRouter(fault.router)
      return
    case 'router-stalls':
      world.stallRouter(fault.router, fault.lastsMs)
      return
    case 'crash':
      agentOf(fault.agent)?.crash(fault.backAfterMs)
      return
    case 'agent-paused':
      agentOf(fault.agent)?.pause(fault.lastsMs)
      return
    case 'deaf':
      agentOf(fault.agent)?.deafen(fault.lastsMs)
      return
    case 'twin':
      agentOf(fault.agent)?.twin()
  }
}
