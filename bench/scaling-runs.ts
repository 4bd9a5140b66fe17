/**
 * One day, four ways: advice that is followed, the cheapest schedule found with hindsight, a fleet that
 * never changes, and a plain rule of the use of the places.
 *
 * Runs on: child processes. Invariant: all four are played by the real core with the very same tasks,
 * and each pays for an agent from being asked for until it has gone.
 */
import type { Workload } from '../src/fleet-model/workload.ts'
import type { PolicyCore } from '../src/policy/core.ts'
import type { Parameters, Values } from './harness.ts'
import {
  AdvisedController,
  CONCURRENCY,
  type Followed,
  follow,
  GOAL,
  PlainController,
  SLA_MS,
} from './scaling-follow.ts'
import { bestSchedule, fixedFleet, type HindsightSetting, workHours } from './scaling-hindsight.ts'
import { makeDay } from './scaling-traffic.ts'

const EVERY_MS = 5_000
const AGENTS_AT_START = 10
/** The plain rule: use aimed at, what is left alone, and how long the most of it stands. */
const USE = 0.7
const TOLERANCE = 0.1
const STABLE_MS = 300_000
/** Looks that a use is the mean of: a minute, as metrics servers have it. */
const LOOKS = 12

export async function day(parameters: Parameters): Promise<Values> {
  const startupMs = Number(parameters.startupMs)
  const workload = makeDay({
    tasks: Number(parameters.tasks),
    wave: 0.6,
    bursts: Number(parameters.bursts),
    factors: [1.5, 3],
    minutes: [3, 15],
    hours: Number(parameters.hours),
    seed: Number(parameters.seed),
  })
  const setting = {
    concurrency: CONCURRENCY,
    slaUs: SLA_MS * 1_000,
    goal: GOAL,
    startupUs: startupMs * 1_000,
  }
  const work = workHours(workload, CONCURRENCY)
  const common = { startupMs, everyMs: EVERY_MS, agentsAtStart: AGENTS_AT_START, hasSla: true }
  const advised = new AdvisedController({ startupMs }, AGENTS_AT_START)
  const ways = {
    advice: follow(workload, advised, common),
    hindsight: hindsight(workload, setting, common),
    fixed: fixed(workload, setting, common),
    rule: follow(workload, new PlainController(useRule()), common),
  }
  return { tasks: workload.count, work, ...valuesOf(ways) }
}

function valuesOf(ways: Record<string, Followed>): Values {
  return Object.fromEntries(
    Object.entries(ways).flatMap(([way, { hours, attainment, worstHour, agentsMax, changes }]) => [
      [`${way}.hours`, hours],
      [`${way}.attainment`, attainment],
      [`${way}.worstHour`, worstHour],
      [`${way}.agentsMax`, agentsMax],
      [`${way}.changes`, changes],
    ]),
  )
}

type Common = { startupMs: number; everyMs: number; agentsAtStart: number; hasSla: boolean }

function hindsight(workload: Workload, setting: HindsightSetting, common: Common): Followed {
  const { agents, blockUs } = bestSchedule(workload, setting)
  const at = (ms: number) => agents[Math.min(agents.length - 1, Math.floor((ms * 1_000) / blockUs))]
  // Who is needed when an agent that is asked for now comes, is asked for now.
  const rule = (nowMs: number) => Math.max(at(nowMs), at(nowMs + common.startupMs))
  const followed = follow(workload, new PlainController(rule), {
    ...common,
    agentsAtStart: agents[0],
  })
  if (followed.attainment < GOAL) {
    throw new Error(`the schedule found with hindsight keeps only ${followed.attainment}`)
  }
  return followed
}

function fixed(workload: Workload, setting: HindsightSetting, common: Common): Followed {
  const agents = fixedFleet(workload, setting)
  return follow(workload, new PlainController(() => agents), { ...common, agentsAtStart: agents })
}

/** As Kubernetes' horizontal pod autoscaler does: agents x use / 70 %, the most of the last 5 minutes. */
function useRule(): (nowMs: number, core: PolicyCore) => number {
  const wanted: { atMs: number; agents: number }[] = []
  const uses: number[] = []
  return (nowMs, core) => {
    const working = [...core.agents.values()].filter(({ draining }) => !draining)
    const running = working.reduce((sum, { charged }) => sum + charged, 0)
    uses.push(working.length === 0 ? 1 : running / (working.length * CONCURRENCY))
    if (uses.length > LOOKS) uses.shift()
    const use = uses.reduce((sum, one) => sum + one, 0) / uses.length
    const isNear = Math.abs(use / USE - 1) <= TOLERANCE
    const agents = isNear ? working.length : Math.ceil((working.length * use) / USE)
    wanted.push({ atMs: nowMs, agents: Math.max(1, agents) })
    // Ends: there are as many as looks in `STABLE_MS`.
    while (wanted[0].atMs < nowMs - STABLE_MS) wanted.shift()
    return Math.max(...wanted.map((one) => one.agents))
  }
}
