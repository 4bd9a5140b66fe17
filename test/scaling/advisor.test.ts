/** Scaling advice over a real core in virtual time: source documents 000 and 004, and what surrounds them. */
import { describe, expect, test } from 'vitest'
import { SCALING_DEFAULTS } from '../../src/options.ts'
import { Advisor } from '../../src/scaling/advisor.ts'
import { Stage } from './support.ts'

const SLA = { q: { slaTargetMs: 30_000 } }

describe('scaling: by the use of the places', () => {
  test('scaling: 3 agents at 80 % with a threshold of 70 % are advised to be more', () => {
    // Source document 000, scenario 6.
    const stage = new Stage({ isUnknown: true })
    stage.agents(3, { concurrency: 5 })
    stage.submit(12)
    stage.seconds(5)
    const { verdict, agents, desiredAgents, reason, utilization } = stage.of()
    expect({ verdict, agents, desiredAgents, utilization }).toEqual({
      verdict: 'add',
      agents: 3,
      desiredAgents: 4,
      utilization: 0.8,
    })
    expect(reason).toBe('add 1 agent: 80 % of 15 places in use, above 70 %')
  })

  test('scaling: at 70 % the number stays as it is', () => {
    const stage = new Stage({ isUnknown: true, serviceMs: () => 3_600_000 })
    stage.agents(2, { concurrency: 10 })
    stage.submit(14)
    stage.seconds(600)
    expect(stage.of().reason).toBe('keep 2 agents: 70 % of 20 places in use')
    expect(stage.told).toEqual([])
  })

  test('scaling: agents are removed after 5 minutes of little use, not before', () => {
    const stage = new Stage()
    stage.agents(10, { concurrency: 4 })
    stage.seconds(290, { q: 0.8 })
    expect(stage.of().verdict).toBe('keep')
    stage.seconds(30, { q: 0.8 })
    const { verdict, desiredAgents, reason } = stage.of()
    expect({ verdict, desiredAgents }).toEqual({ verdict: 'remove', desiredAgents: 4 })
    expect(reason).toBe('remove 6 agents: 20 % of 40 places in use for 5 min')
  })

  test('scaling: between both thresholds nothing changes, whichever way it came there', () => {
    const stage = new Stage()
    stage.agents(10)
    for (const perSecond of [0.55, 0.65, 0.52, 0.68]) {
      expect(stage.seconds(400, { q: perSecond }).of().desiredAgents).toBe(10)
    }
  })
})

describe('scaling: by an SLA', () => {
  test('scaling: more work than places is more agents before the SLA is missed', () => {
    const stage = new Stage({ queues: SLA })
    stage.agents(10)
    stage.seconds(280, { q: 0.8 })
    expect(stage.of().desiredAgents).toBe(10)
    stage.seconds(25, { q: 2 })
    const { desiredAgents, reason, oldestMs } = stage.of()
    expect(oldestMs).toBeLessThan(30_000)
    expect(desiredAgents).toBeGreaterThanOrEqual(14)
    expect(reason).toMatch(/^add \d+ agents: predicted wait \d+ s, SLA 30 s$/)
  })

  test('scaling: who lacks what is required is no help, and is told of', () => {
    const stage = new Stage({ queues: SLA })
    stage.agents(3, {}, 'general')
    stage.agents(2, { capabilities: ['ocr'] }, 'ocr')
    stage.seconds(120, { 'q/ocr': 0.1 })
    stage.submit(10, 'q', { requires: ['ocr'] })
    stage.seconds(5, { 'q/ocr': 0.1 })
    const { verdict, agents, reason } = stage.of('q', ['ocr'])
    expect({ verdict, agents }).toEqual({ verdict: 'add', agents: 2 })
    expect(reason).toMatch(
      /^add \d+ agents with ocr: predicted wait \d\d s, SLA 30 s; 3 generalists idle$/,
    )
  })

  test('scaling: a backlog that nobody can do is said to be one', () => {
    const stage = new Stage({ queues: SLA })
    stage.agents(2)
    stage.submit(3, 'q', { requires: ['ocr'] })
    stage.seconds(5)
    expect(stage.of('q', ['ocr']).reason).toMatch(
      /^add \d+ agents? with ocr: 3 tasks wait and nobody can do them; 2 generalists idle$/,
    )
  })

  test('scaling: an SLA of ending that one task alone misses is kept by no number', () => {
    const stage = new Stage({
      queues: { q: { slaTargetMs: 5_000, slaClock: 'completed' } },
    })
    stage.agents(4)
    stage.seconds(300, { q: 0.2 })
    expect(stage.of().reason).toBe(
      'keep 4 agents: predicted end after 16 s, SLA 5 s; no number of agents keeps the SLA of 5 s, ' +
        'one task alone takes 10 s',
    )
  })

  test('scaling: of an SLA of ending the running time is taken off', () => {
    const wanted = (slaClock: 'assigned' | 'completed') => {
      const stage = new Stage({ queues: { q: { slaTargetMs: 12_000, slaClock } } })
      stage.agents(10)
      stage.seconds(200, { q: 0.9 })
      return stage.of().desiredAgents
    }
    expect(wanted('completed')).toBeGreaterThan(wanted('assigned'))
  })

  test('scaling: where an agent starts more slowly than the SLA allows, one is kept ready', () => {
    const stage = new Stage({ queues: SLA, options: { startupMs: 45_000 } })
    stage.agents(3)
    stage.seconds(60, { q: 0.1 })
    stage.seconds(1_500)
    const { desiredAgents } = stage.of()
    expect(desiredAgents).toBe(1)
    stage.leave([...stage.policy.core.agents.values()].slice(0, 2))
    stage.seconds(5)
    expect(stage.of().reason).toBe(
      'keep 1 agent: an agent starts more slowly than the SLA of 30 s allows',
    )
  })
})

describe('scaling: in time', () => {
  test('scaling: a burst is answered within 15 s, and given back 5 minutes after it', () => {
    const stage = new Stage({ queues: SLA })
    stage.agents(14)
    stage.seconds(600, { q: 1 })
    const before = stage.of().desiredAgents
    stage.seconds(15, { q: 4 })
    const inBurst = stage.of().desiredAgents
    expect(inBurst).toBeGreaterThan(1.5 * before)
    stage.agents(40, {}, 'more')
    stage.seconds(120, { q: 4 })
    const most = stage.of().desiredAgents
    expect(most).toBeGreaterThan(2.5 * before)
    stage.seconds(240, { q: 1 })
    expect(stage.of().desiredAgents).toBe(most)
    stage.seconds(300, { q: 1 })
    expect(stage.of().desiredAgents).toBeLessThanOrEqual(before + 1)
  })

  test('scaling: agents on their way are counted on, so no look asks for more of the same', () => {
    const stage = new Stage({ queues: SLA, options: { startupMs: 40_000, cooldownMs: 0 } })
    stage.agents(10)
    stage.seconds(300, { q: 0.9 })
    stage.seconds(25, { q: 1.5 })
    const asked = stage.of().desiredAgents
    stage.seconds(10, { q: 1.5 })
    expect(stage.of().desiredAgents).toBeLessThanOrEqual(asked * 1.2)
  })

  test('scaling: steady load is never told of twice', () => {
    for (const [queues, count] of [
      [{}, 15],
      [SLA, 11],
    ] as const) {
      const stage = new Stage({ queues })
      stage.agents(count)
      stage.seconds(3_600, { q: 0.9 })
      expect(stage.told).toEqual([])
    }
  })

  test('scaling: tasks that take twice as long are believed at once, a third more with time', () => {
    for (const [factor, isAtOnce] of [
      [2.1, true],
      [1.3, false],
    ] as const) {
      let serviceMs = 10_000
      const stage = new Stage({ serviceMs: () => serviceMs })
      stage.agents(20)
      stage.seconds(600, { q: 1 })
      serviceMs *= factor
      stage.seconds(5, { q: 1 })
      expect(stage.of().serviceMs! > serviceMs * 0.95).toBe(isAtOnce)
      stage.seconds(2_400, { q: 1 })
      expect(stage.of().serviceMs).toBeGreaterThan(serviceMs * 0.95)
    }
  })

  test('scaling: two changes in one direction are apart by the cool-down', () => {
    const stage = new Stage({ options: { cooldownMs: 60_000 } })
    stage.agents(10, { concurrency: 2 })
    stage.seconds(300, { q: 1.2 })
    const at: number[] = []
    for (let second = 0; second < 600; second++) {
      const before = stage.told.length
      stage.seconds(1, { q: 1.2 + second / 1_000 })
      if (stage.told.length > before) at.push(stage.policy.nowMs)
    }
    expect(at.length).toBeGreaterThan(1)
    for (let i = 1; i < at.length; i++) expect(at[i] - at[i - 1]).toBeGreaterThanOrEqual(60_000)
  })

  test('scaling: with `upAfterMs` a need has to last before it is told', () => {
    const stage = new Stage({ options: { upAfterMs: 60_000 } })
    stage.agents(10)
    stage.seconds(120, { q: 0.6 })
    stage.submit(30)
    stage.seconds(30, { q: 0.6 })
    expect(stage.of().verdict).toBe('keep')
    stage.seconds(90, { q: 1.5 })
    expect(stage.of().verdict).toBe('add')
  })

  test('scaling: without arrivals everybody may go, down to the least that is wanted', () => {
    for (const agentsMin of [0, 2]) {
      const stage = new Stage({ options: { agentsMin } })
      stage.agents(3)
      stage.seconds(60, { q: 0.1 })
      stage.seconds(1_800)
      const { verdict, desiredAgents, reason } = stage.of()
      expect({ verdict, desiredAgents }).toEqual({ verdict: 'remove', desiredAgents: agentsMin })
      expect(reason).toBe(`remove ${3 - agentsMin} agent${agentsMin ? '' : 's'}: no task for 5 min`)
    }
  })

  test('scaling: never more are advised than are allowed, and that is said', () => {
    const stage = new Stage({ queues: SLA, options: { agentsMax: 12 } })
    stage.agents(10)
    stage.seconds(120, { q: 4 })
    expect(stage.of().desiredAgents).toBe(12)
    expect(stage.of().reason).toMatch(/; \d+ are needed, agents_max is 12$/)
  })
})

describe('scaling: from nothing', () => {
  test('scaling: agents that come back are taken to have as many places as before', () => {
    const stage = new Stage({ queues: SLA })
    const agents = stage.agents(2, { concurrency: 10 })
    stage.seconds(60, { q: 1 })
    stage.seconds(60)
    stage.leave(agents)
    stage.submit(40)
    stage.seconds(5)
    const { agents: there, desiredAgents, places } = stage.of()
    expect({ there, places }).toEqual({ there: 0, places: 0 })
    expect(desiredAgents).toBeLessThanOrEqual(4)
    expect(stage.of().reason).toMatch(/: 40 tasks wait and nobody can do them$/)
  })

  test('scaling: a promise that is broken already is said to be', () => {
    const stage = new Stage({ queues: SLA })
    stage.submit(1)
    stage.seconds(65)
    expect(stage.of().reason).toMatch(/; the oldest task has waited for 6\d s$/)
  })
})

describe('scaling: what more agents cannot help', () => {
  test('scaling: of a paused queue what was advised before stands', () => {
    const stage = new Stage({ queues: SLA })
    stage.agents(10)
    stage.seconds(200, { q: 0.8 })
    stage.policy.core.pauseQueue('q')
    stage.seconds(900, { q: 0.8 })
    expect(stage.of().reason).toBe(
      'keep 10 agents: the queue is paused; the oldest task has waited for 15 min',
    )
  })

  test('scaling: a queue that may run so many at a time needs no more places than that', () => {
    const stage = new Stage({ queues: { q: { slaTargetMs: 30_000, concurrency: 6 } } })
    stage.agents(6)
    stage.seconds(300, { q: 1 })
    expect(stage.of().desiredAgents).toBe(6)
    expect(stage.of().reason).toMatch(/; more would not help, the queue runs 6 tasks at a time$/)
  })
})

describe('scaling: who shares agents', () => {
  test('scaling: queues of the same agents are reckoned together', () => {
    const stage = new Stage({ queues: { a: SLA.q, b: SLA.q, c: SLA.q } })
    stage.agents(8)
    stage.seconds(900, { a: 0.2, b: 0.2, c: 0.2 })
    const desired = ['a', 'b', 'c'].map((queue) => stage.of(queue).desiredAgents)
    // 6 places are in use; each queue by itself would want 3 or 4 for its 2.
    expect(desired).toEqual([8, 8, 8])
  })

  test('scaling: what specialists do for their own is not counted on by the others', () => {
    const stage = new Stage()
    stage.agents(4, { capabilities: ['ocr'] }, 'ocr')
    stage.agents(4, {}, 'general')
    stage.seconds(400, { 'q/ocr': 0.24, q: 0.24 })
    expect(stage.of('q', ['ocr']).agents).toBe(4)
    expect(stage.of().agents).toBe(8)
    expect(stage.of().desiredAgents).toBe(8)
    // The specialists' own work fills them: for the rest only four are there.
    stage.seconds(120, { 'q/ocr': 0.28, q: 0.5 })
    const { verdict, reason } = stage.of()
    expect(verdict).toBe('add')
    expect(reason).toMatch(/needed for other work$/)
  })

  test('scaling: agents in quarantine or leaving are not there', () => {
    const stage = new Stage({ isUnknown: true })
    const [first, second] = stage.agents(4, { concurrency: 5 })
    stage.submit(9)
    stage.policy.core.limitAgent(first.id, 0)
    stage.policy.core.drainAgent(second.id)
    stage.seconds(5)
    expect(stage.of()).toMatchObject({ agents: 2, places: 10 })
  })
})

describe('scaling: what it is', () => {
  test('scaling: pool C of source document 004 wants more specialists for its hours of work', () => {
    // 5 devices of 1 to 2 h each, one specialist, a working day to begin all of them.
    const hour = 3_600_000
    const stage = new Stage({
      queues: { review: { slaTargetMs: 4 * hour } },
      serviceMs: () => 1.5 * hour,
    })
    stage.agents(3, { concurrency: 12, queues: ['triage'] }, 'professional')
    stage.agents(1, { capabilities: ['senior'], queues: ['review'] }, 'senior')
    stage.submit(5, 'review', { requires: ['senior'] })
    stage.seconds(10)
    const { verdict, desiredAgents, reason } = stage.of('review', ['senior'])
    expect({ verdict, desiredAgents }).toEqual({ verdict: 'add', desiredAgents: 3 })
    expect(reason).toBe('add 2 agents with senior: predicted wait 359 min, SLA 240 min')
  })

  test('scaling: advice that is off is none, and no look is made', () => {
    const stage = new Stage()
    const off = new Advisor(stage.policy.core, { meanMs: () => 1 }, null, () => {})
    stage.submit(3)
    off.check(stage.policy.nowMs)
    expect(off.isOn).toBe(false)
    expect(off.advice()).toEqual([])
  })

  test('scaling: each change is told with its sentence, and shown with its time', () => {
    const stage = new Stage({ isUnknown: true })
    stage.agents(3, { concurrency: 5 })
    stage.submit(12)
    stage.seconds(20)
    expect(stage.told).toHaveLength(1)
    expect(stage.told[0]).toMatchObject({
      queue: 'q',
      requires: [],
      verdict: 'add',
      desiredAgents: 4,
      message: 'Queue q: add 1 agent: 80 % of 15 places in use, above 70 %.',
    })
    expect(stage.of().since).toBe(stage.told[0].since)
    expect(SCALING_DEFAULTS.scaleUpAt).toBe(0.7)
  })
})
