/**
 * What does moving tasks between agents gain, and what does it cost?
 *
 * ```
 *  makespan    four agents, one ten times slower; 200 tasks of 1 to 10 s, all at once, bound in turn
 *              ideal: all work by all speeds, as if the last task could be cut to pieces
 *  a steal     1,000 agents with queues of up to 16 and one of four capabilities; one becomes free
 *  rebalance   20 tasks on one of five agents, until no move is legal
 *  searching   100,000 agents, each with tasks that nobody who is free can do; 2,000 turns a second
 *  variation   20 agents, tasks bound by a power law, half more than they can do; whenever ten and more are
 *              with an agent on average all is moved that may be, and looked at
 * ```
 *
 * Makespan and variation are in virtual time, by the fleet model, with learned times; the others are timed,
 * each side in a process of its own. The twin of a steal filters and sorts all agents' objects for each
 * decision; that of a rebalance sorts them for each move; that of a makespan is the same fleet with stealing
 * off; that of the variation is what it was before the move.
 *
 * Runs on: the process of `npm run bench`, and its children. Invariant: a run fails whose tasks are not all
 * with somebody at its end, or whose side does not move what it should.
 */
import { runModel } from '../src/fleet-model/model.ts'
import { ONE_TYPE, type Workload } from '../src/fleet-model/workload.ts'
import type { AgentState } from '../src/policy/agents.ts'
import type { Candidates } from '../src/routing/candidates.ts'
import { Random } from '../src/routing/generator.ts'
import type { PlacementTask, StrategyFactory } from '../src/routing/strategy.ts'
import { cpuUs } from './cpu.ts'
import type { Benchmark, Configuration, Extent, Parameters, Values } from './harness.ts'
import { median, percentile } from './statistics.ts'
import { BoundFleet } from './stealing-fleet.ts'
import { rebalanceNaively, stealNaively } from './stealing-naive.ts'
import { reportOf } from './stealing-report.ts'

const SPEEDS = [1, 1, 1, 0.1]
const TASKS = 200
const SECOND_US = 1_000_000
const AGENTS = 1_000
const QUEUE_MAX = 16
/** Agents that become free; what they take is in the queues of the others. */
const THIEVES = 32
const KINDS = ['a', 'b', 'c', 'd']
const VARIED_AGENTS = 20
const SKEW = 3
/** Between two arrivals: 5.5 s of work each, half more than the agents can do. */
const VARIED_GAP_US = (5.5 * SECOND_US) / (1.5 * VARIED_AGENTS)
const BACKLOG_MIN = 10
const LOOK_MS = 30_000
const SEEDS_APART = 1_000
const IDLE_TURNS = 1_000_000

/** @returns tasks of 1 to 10 s, all there at once. */
function burst(count: number, seed: number): Workload {
  const random = new Random(seed)
  return {
    count,
    types: ONE_TYPE,
    arrivalUs: new Float64Array(count),
    workUs: new Float64Array(count).map(() => (1 + 9 * random.nextFloat()) * SECOND_US),
    typeOf: new Uint16Array(count),
  }
}

function agentOf(name: string, speed: number) {
  return { name, speed, concurrency: 1, capabilities: [] }
}

/** @param steals 0 for the twin. @returns makespan by the ideal one: mean and worst of the seeds. */
async function makespan({ steals, seeds, queueMax }: Parameters): Promise<Values> {
  const speed = SPEEDS.reduce((sum, each) => sum + each, 0)
  const fleet = SPEEDS.map((speed, i) => agentOf(`a${i}`, speed))
  let worst = 0
  let sum = 0
  let stolen = 0
  for (let seed = 1; seed <= (seeds as number); seed++) {
    const workload = burst(TASKS, seed)
    const { endUs, stolen: moves } = runModel({
      workload,
      fleet,
      strategy: 'round_robin',
      binding: 'early',
      seed,
      agentQueueMax: queueMax as number,
      ...(steals === 1 ? { stealing: {} } : {}),
    })
    const idealUs = workload.workUs.reduce((all, us) => all + us, 0) / speed
    const ratio = endUs.reduce((last, us) => Math.max(last, us), 0) / idealUs
    sum += ratio
    worst = Math.max(worst, ratio)
    stolen += moves
  }
  return { ratio: sum / (seeds as number), worst, stolen: stolen / (seeds as number) }
}

/**
 * One decision at a time: an agent has become free, and takes from whom it should.
 * @returns µs of the decision and its move, the median of single ones, and the 99th percentile.
 */
async function steal({ side, decisions }: Parameters): Promise<Values> {
  const fleet = new BoundFleet({
    agents: AGENTS,
    queueMax: QUEUE_MAX,
    capabilities: (agent) => [KINDS[agent % KINDS.length]],
    stealing: { mode: 'pull' },
  })
  const { agents, core, balancer } = fleet
  const random = new Random(1)
  const giveTo = (agent: AgentState) =>
    fleet.give(agent, random.nextInt(2) === 0 ? [] : agent.capabilities)
  for (const agent of agents) fleet.give(agent)
  for (const agent of agents.slice(THIEVES)) {
    for (let left = 1 + random.nextInt(QUEUE_MAX); left > 0; left--) giveTo(agent)
  }
  const count = decisions as number
  const us = new Float64Array(count)
  const tasks = core.totalBound + AGENTS
  for (let i = -count / 4; i < count; i++) {
    const thief = agents[random.nextInt(THIEVES)]
    fleet.finish(thief)
    fleet.nowMs += 10
    const startMs = performance.now()
    if (side === 'ours') balancer.run(fleet.nowMs)
    else stealNaively(core, agents, thief, fleet.nowMs)
    if (i >= 0) us[i] = (performance.now() - startMs) * 1_000
    if (thief.running.length !== 1) throw new Error('the free agent took nothing')
    giveTo(someWithRoom(agents, random))
  }
  fleet.expectTasks(tasks)
  return { us: percentile(us, 50), p99: percentile(us, 99) }
}

function someWithRoom(agents: readonly AgentState[], random: Random): AgentState {
  // Ends: not all of a thousand queues are full.
  for (;;) {
    const agent = agents[THIEVES + random.nextInt(AGENTS - THIEVES)]
    if (agent.bound.length < QUEUE_MAX) return agent
  }
}

/** @returns ms of 20 tasks on one of five agents until no move is legal: the first time, and the median. */
async function rebalance({ side, rounds }: Parameters): Promise<Values> {
  const ms: number[] = []
  for (let round = 0; round < (rounds as number); round++) {
    const fleet = new BoundFleet({ agents: 5, queueMax: 32 })
    const { agents, core, balancer } = fleet
    for (let i = 0; i < 20; i++) fleet.give(agents[0])
    const startMs = performance.now()
    const moves =
      side === 'ours' ? balancer.rebalance(0).moved.length : rebalanceNaively(core, agents, 0)
    ms.push(performance.now() - startMs)
    const loads = agents.map(({ running, bound }) => running.length + bound.length)
    if (moves !== 16 || loads.some((load) => load !== 4)) throw new Error(`${moves}: ${loads}`)
  }
  return { ms: median(ms), first: ms[0] }
}

/**
 * A second of turns in which agents become free and nobody may have what waits, because it does not
 * pay or because nobody who is free can do it.
 * @returns share of the second that searching took of a core, and ns of a turn's look while nothing is bound.
 */
async function searching({ agents: count, side, turns }: Parameters): Promise<Values> {
  const fleet = new BoundFleet({
    agents: count as number,
    queueMax: QUEUE_MAX,
    capabilities: (agent) => (agent % 100 === 0 ? [] : ['ocr']),
  })
  const { agents, core, balancer } = fleet
  const idle = agents.filter(({ capabilities }) => capabilities.length === 0)
  const idleNs = (cpuOf(IDLE_TURNS, () => balancer.run(fleet.nowMs)) * 1_000) / IDLE_TURNS
  for (const agent of agents) {
    if (agent.capabilities.length === 0) continue
    for (let i = 0; i < 3; i++) fleet.give(agent, ['ocr'])
  }
  // Of another class, which is bound to nobody: only a look at each victim shows that there is none.
  for (let i = 0; i < idle.length / 2; i++) fleet.give(idle[i])
  const turn = (look: () => void) => {
    fleet.finish(idle[0])
    fleet.give(idle[0])
    look()
  }
  const thief = idle[idle.length - 1]
  const looks = side === 'ours' ? (turns as number) : 5
  const second = () =>
    cpuOf(looks, (at) => {
      if (at % ((turns as number) / 1_000) === 0) fleet.nowMs++
      turn(() => {
        if (side === 'ours') balancer.run(fleet.nowMs)
        else stealNaively(core, agents, thief, fleet.nowMs)
      })
    })
  // The first one compiles, and collects what was left of the fleet's making.
  second()
  const withUs = second()
  const withoutUs = cpuOf(looks, () => turn(() => {}))
  if (core.counters.stolen > 0) throw new Error('somebody took what it cannot do')
  const perTurnUs = (withUs - withoutUs) / looks
  return { share: (perTurnUs * (turns as number)) / SECOND_US, idleNs }
}

/** @returns µs of CPU: a busy machine takes the process off its core in the middle of a look. */
function cpuOf(calls: number, call: (at: number) => void): number {
  const before = cpuUs()
  for (let at = 0; at < calls; at++) call(at)
  return cpuUs() - before
}

/** Binds by a power law: of twenty agents the first is given a third of all tasks. */
const skewed: StrategyFactory = ({ random }) => ({
  name: 'skewed',
  choose(_task: PlacementTask, candidates: Candidates) {
    const rank = Math.floor(random.nextFloat() ** SKEW * candidates.count())
    return candidates.nth(rank)
  },
})

/**
 * Whenever ten and more tasks are with an agent on average, all is moved that may be.
 * @returns the largest variation of loads that was seen afterwards over all seeds, and the mean before.
 */
async function variation({ tasks, seeds }: Parameters): Promise<Values> {
  const fleet = Array.from({ length: VARIED_AGENTS }, (_, i) => agentOf(`a${i}`, 1))
  const count = tasks as number
  const arrivalUs = new Float64Array(count).map((_, task) => task * VARIED_GAP_US)
  let worst = 0
  let before = 0
  let looks = 0
  for (let seed = 1; seed <= (seeds as number); seed++) {
    let nextMs = 0
    runModel({
      workload: { ...burst(count, seed), arrivalUs },
      fleet,
      strategy: 'random',
      factory: skewed,
      binding: 'early',
      // Not that of the work: who is given a task would say how long it is.
      seed: SEEDS_APART + seed,
      agentQueueMax: 4_096,
      // Cycles come too seldom to even anything out by themselves.
      stealing: { mode: 'push', intervalMs: 2 ** 30 },
      observe(balancer, nowMs) {
        if (nowMs < nextMs) return
        nextMs = nowMs + LOOK_MS
        const { variation, load } = balancer.spread()
        if (load < BACKLOG_MIN) return
        balancer.rebalance(nowMs)
        before += variation
        looks++
        worst = Math.max(worst, balancer.spread().variation)
      },
    })
  }
  if (looks === 0) throw new Error(`there was never a backlog of ${BACKLOG_MIN}`)
  return { worst, before: before / looks, looks }
}

function configurations({ isQuick }: Extent): Configuration[] {
  const seeds = isQuick ? 1 : 20
  const decisions = isQuick ? 40 : 4_000
  const rounds = isQuick ? 2 : 500
  const agents = isQuick ? 1_000 : 100_000
  const both = (run: string, sides: readonly string[], parameters: Parameters) =>
    sides.map((side) => ({ name: `${run} ${side}`, run, parameters: { ...parameters, side } }))
  return [
    ...['all', 'some'].flatMap((bound) =>
      [1, 0].map((steals) => ({
        name: `makespan ${bound} ${steals}`,
        run: 'makespan',
        parameters: { steals, seeds, queueMax: bound === 'all' ? TASKS : QUEUE_MAX },
      })),
    ),
    ...both('steal', ['ours', 'twin'], { decisions }),
    ...both('rebalance', ['ours', 'twin'], { rounds }),
    ...both('searching', ['ours', 'twin'], { agents, turns: 2_000 }),
    {
      name: 'variation',
      run: 'variation',
      parameters: { tasks: isQuick ? 1_500 : 5_000, seeds: isQuick ? 1 : 5 },
    },
  ]
}

export const stealing: Benchmark = {
  name: 'stealing',
  question: 'what does moving tasks between agents gain, and what does it cost?',
  doesNotShow:
    'calling back what was sent; the wire; agents whose speed changes; tasks of which some agents can ' +
    'do only few',
  runs: { makespan, steal, rebalance, searching, variation },
  configurations,
  report: reportOf,
}
