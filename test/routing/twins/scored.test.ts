/** Strategies that compare scores, against their formulas over arrays of objects. */
import { describe, test } from 'vitest'
import { expectAgreement, highest, latencyOf, loadOf, type TwinAgent } from './world.ts'

/** Behind everybody who can start at once; by more than any score or latency of the fleets. */
function startsLater(agent: TwinAgent): boolean {
  return loadOf(agent) >= agent.capacity
}

/** The smallest mean among those of whom one is known; Infinity without any. */
function bestLatency(members: TwinAgent[], latency: (agent: TwinAgent) => number): number {
  return Math.min(...members.map(latency).filter((us) => us > 0))
}

describe('twins: agree on 10,000 random fleets', () => {
  test('capability_best: 2.0 exact × 1.2 success × 1.5 fast × 0.5 busy', () => {
    expectAgreement({
      strategy: 'capability_best',
      twin: () =>
        highest((agent, task, members) => {
          const latencies = members.map((member) => latencyOf(member, task))
          const mean = latencies.reduce((sum, us) => sum + us, 0) / members.length
          const own = latencyOf(agent, task)
          return (
            (agent.match === 1 ? 2 : 1) *
            (agent.success >= Math.fround(0.9) ? 1.2 : 1) *
            (own > 0 && own < mean ? 1.5 : 1) *
            (loadOf(agent) > 0 ? 0.5 : 1) *
            (startsLater(agent) ? 0.001 : 1)
          )
        }),
    })
  })

  test('latency: the smallest mean', () => {
    expectAgreement({
      strategy: 'latency',
      twin: () =>
        highest((agent, task) => -latencyOf(agent, task) - (startsLater(agent) ? 2 ** 40 : 0)),
    })
  })

  test('specialization: the highest skill', () => {
    expectAgreement({
      strategy: 'specialization',
      twin: () => highest((agent) => agent.skill - (startsLater(agent) ? 1 : 0)),
    })
  })

  test('performance: half success, half best mean over own', () => {
    expectAgreement({
      strategy: 'performance',
      twin: () =>
        highest((agent, task, members) => {
          const best = bestLatency(members, (member) => latencyOf(member, task))
          const own = latencyOf(agent, task)
          const score = 0.5 * agent.success + 0.5 * (own > 0 ? best / own : 1)
          return score - (startsLater(agent) ? 1 : 0)
        }),
    })
  })

  test('hybrid: 0.4 free + 0.4 skill + 0.2 performance', () => {
    expectAgreement({
      strategy: 'hybrid',
      twin: () =>
        highest((agent, task, members) => {
          const best = bestLatency(members, (member) => latencyOf(member, task))
          const own = latencyOf(agent, task)
          const performance = 0.5 * agent.success + 0.5 * (own > 0 ? best / own : 1)
          return 0.4 * (1 - loadOf(agent) / agent.capacity) + 0.4 * agent.skill + 0.2 * performance
        }),
    })
  })

  test('hybrid with other weights', () => {
    expectAgreement({
      strategy: 'hybrid',
      options: { hybrid: { load: 1, specialization: 0, performance: 3 } },
      twin: () =>
        highest((agent, task, members) => {
          const best = bestLatency(members, (member) => latencyOf(member, task))
          const own = latencyOf(agent, task)
          const performance = 0.5 * agent.success + 0.5 * (own > 0 ? best / own : 1)
          return 1 - loadOf(agent) / agent.capacity + 3 * performance
        }),
    })
  })

  test('best_fit: match - queue / 10 + 0.3 × success', () => {
    expectAgreement({
      strategy: 'best_fit',
      twin: () => highest((agent) => agent.match - 0.1 * loadOf(agent) + 0.3 * agent.success),
    })
  })

  test('shortest_wait: four times the wait for what is ahead, and the own mean', () => {
    expectAgreement({
      strategy: 'shortest_wait',
      twin: () =>
        highest((agent, task) => {
          const mustEndFirst = Math.max(0, loadOf(agent) - agent.capacity + 1)
          const each = agent.latencyOverall || task.overallMean
          return -(latencyOf(agent, task) + (4 * mustEndFirst * each) / agent.capacity)
        }),
    })
  })
})
