import { expect, test } from 'vitest'
import { AGENT_ACTIONS } from '../../src/balance-options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { Random } from '../../src/routing/generator.ts'
import { checkInvariants } from '../policy/invariants.ts'
import { seedsOr } from '../policy/support.ts'
import { World } from './support.ts'

const STEPS = 100
const KINDS = [['q'], ['q', 'other']]
/** By condition: what the core is told; `slow` and `failing` depend on what is done about them. */
const LIMITS: Record<string, readonly number[]> = {
  fit: [-1],
  silent: [0],
  maintenance: [0],
  trial: [1],
  slow: [-1, 0, 1],
  failing: [-1, 0, 1],
  flapping: [-1, 0, 1],
}

class Play {
  readonly random: Random
  readonly world: World
  /** Spared by their own doing, as told. */
  readonly spared = new Set<string>()
  instances = 0

  constructor(seed: number) {
    this.random = new Random(seed)
    const action = () => AGENT_ACTIONS[this.random.nextInt(AGENT_ACTIONS.length)]
    this.world = new World(
      {
        onFailing: action(),
        onFlapping: action(),
        onSlow: action(),
        resultsMin: 3,
        flaps: 2,
        quarantineMs: 3_000,
        quarantineMaxMs: 10_000,
        sparedShareMax: this.random.nextInt(4) / 3,
      },
      { leaseMs: 6_000, slots: 32, agentsMax: 32, queue: { retryCount: 0, binding: 'early' } },
    )
  }

  get agents(): AgentState[] {
    return [...this.world.policy.core.agents.values()]
  }

  some(): AgentState | undefined {
    return this.agents[this.random.nextInt(Math.max(1, this.agents.length))]
  }

  step(): void {
    const { world, random } = this
    const { policy } = world
    const agent = this.some()
    const what = random.nextInt(20)
    if (agent === undefined || what <= 1) this.join(`a${random.nextInt(8)}`)
    else if (what === 2) policy.core.agentLost(agent, policy.nowMs)
    else if (what === 3) policy.bye(agent, random.nextInt(3) === 0)
    else if (what === 4) world.health.maintain(agent.id, random.nextInt(3) === 0, policy.nowMs)
    else if (what === 5) for (const each of this.agents) policy.beat(each)
    else if (what <= 8) policy.submitMany(random.nextInt(12))
    else if (what <= 14) for (const each of this.agents) this.end(each)
    else if (what === 15) this.learn(agent)
    else world.pass(1_000 * (1 + random.nextInt(3)))
    world.turn()
    policy.startBound()
    policy.place()
  }

  join(id: string): void {
    const { random } = this
    const known = this.world.policy.core.agents.get(id)?.instance
    this.world.join(id, {
      instance: known !== undefined && random.nextInt(2) === 0 ? known : `${this.instances++}`,
      queues: KINDS[random.nextInt(4) === 0 ? 1 : 0],
      concurrency: 1 + random.nextInt(3),
      leased: random.nextInt(3) === 0,
      pull: random.nextInt(5) === 0,
      recalls: random.nextInt(2) === 0,
    })
  }

  /** By their numbers, some agents fail more than others. */
  end(agent: AgentState): void {
    const { policy } = this.world
    while (agent.running.head !== null) {
      if (agent.id < 'a3' || this.random.nextInt(4) === 0) policy.fail(agent.running.head, false)
      else policy.succeed(agent.running.head)
    }
  }

  learn({ id }: AgentState): void {
    this.world.learn(id, { us: 20_000 * 10 ** this.random.nextInt(3) })
  }

  check(): void {
    const { world } = this
    const able = (agent: AgentState) =>
      !agent.draining && !['silent', 'maintenance'].includes(world.condition(agent))
    for (const agent of this.agents) {
      const condition = world.condition(agent)
      expect(LIMITS[condition], `${agent.id} is ${condition}`).toContain(agent.limit)
      expect(world.reason(agent) === '').toBe(condition === 'fit')
    }
    world.health.check(world.policy.nowMs)
    for (const queues of KINDS) {
      const kind = this.agents.filter(
        (agent) => agent.queues.join() === queues.join() && able(agent),
      )
      const working = kind.filter(({ limit }) => limit !== 0)
      expect(kind.length === 0 || working.length > 0, 'somebody is left').toBe(true)
    }
    checkInvariants(world.policy)
  }
}

test('agents’ health: whatever happens, limits agree, the core holds and somebody is left', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < seedsOr(40); seed++) {
    const play = new Play(seed)
    for (let step = 0; step < STEPS; step++) {
      try {
        play.step()
        play.check()
      } catch (error) {
        throw new Error(`seed ${seed}, step ${step}`, { cause: error })
      }
    }
    for (const { kind } of play.world.told) seen.add(kind)
  }
  // A play in which nothing happened would show nothing.
  expect([...seen].sort()).toEqual([
    'agent_avoided',
    'agent_maintenance',
    'agent_quarantined',
    'agent_recovered',
    'agent_silent',
    'agent_trial',
  ])
})
