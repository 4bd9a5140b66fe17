/** Source document 002: its five demos, and its test scenarios with their numbers, in virtual time. */
import { describe, expect, test } from 'vitest'
import { Stage, type StageOptions } from '../../src/demos/stage.ts'
import { Story } from '../../src/demos/story.ts'
import { Random } from '../../src/routing/generator.ts'
import { failing, foundBy, perform } from './performed.ts'

const SECOND = 1_000
const TEN = Array.from({ length: 10 }, (_, at) => `w${at}`)

function fleet(agents: readonly string[], options: Partial<StageOptions> = {}): Stage {
  const stage = new Stage(new Story(1), { strategy: 'least_loaded', binding: 'early', ...options })
  for (const id of agents) stage.agent({ id })
  return stage
}

/** 1 to 10 s, as in the document. */
function works(count: number, seed = 1): { takesMs: number }[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => ({ takesMs: (1 + random.nextInt(10)) * SECOND }))
}

const completed = (stage: Stage) => stage.machine.core.counters.completed
const doneBy = (stage: Stage) => stage.act.agents.map(({ done }) => done)

/** Ended well exactly once, every one. */
function expectOnce(stage: Stage, count: number): void {
  const ends = stage.log.of('ended').filter(({ detail }) => detail === 'succeeded')
  expect(ends).toHaveLength(count)
  expect(new Set(ends.map(({ task }) => task)).size).toBe(count)
}

describe('[002] demos', () => {
  test('1, basic work stealing with five agents: nobody is idle while work of its waits', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const performance = perform('basic-stealing', seed)
      expect(failing(performance), `seed ${seed}`).toEqual([])
      const found = foundBy(performance)
      expect(found['tasks completed']).toBe(25)
      expect(found['seconds that agents were idle while work of theirs waited']).toBe(0)
    }
  })

  test('2, hot spot: 20 tasks on 1 agent are redistributed, by 3 a cycle or at once', () => {
    const performance = perform('hot-spot')
    const [push, all] = performance.acts
    expect(foundBy(performance)).toEqual({
      'push: seconds at which tasks moved': [30, 60, 90],
      'push: tasks moved by each cycle': [3, 3, 3],
      'push: what nobody takes from w1': 5,
      'push: done after seconds': 220,
      'all of it: done after seconds': 80.1,
      'all of it: tasks by agent': [4, 4, 4, 4, 4],
    })
    const pictures = push.lines.filter(({ queues }) => queues !== null)
    expect(pictures.map(({ queues }) => queues![0].waiting)).toEqual([19, 18, 15, 13, 10, 9, 6, 5])
    expect(push.agents.map(({ done }) => done)).toEqual([11, 3, 3, 3, 0])
    expect(all.agents.map(({ took }) => took)).toEqual([0, 4, 4, 4, 4])
  })

  test('3, cascading failure: what two dead agents had is done elsewhere, once', () => {
    const performance = perform('cascading-failure')
    expect(failing(performance)).toEqual([])
    const found = foundBy(performance)
    expect(found['tasks completed']).toBe(30)
    expect(found['tasks completed twice']).toBe(0)
    expect(found['tasks that died with their agent, and ran again']).toBe(2)
    const done = Object.fromEntries(performance.acts[0].agents.map((row) => [row.agent, row.done]))
    expect([done.w2, done.w4]).toEqual([1, 1])
    expect(done.w1 + done.w3 + done.w5).toBe(28)
  })

  test('4, priority: 4 and 5 are protected from stealing, lower ones are taken', () => {
    const { checks, acts } = perform('priority-protection')
    expect(checks.slice(0, 3).map(({ found }) => found)).toEqual([0, 6, Array(6).fill('w1')])
    expect(acts[0].agents.map(({ done }) => done)).toEqual([6, 2, 2, 2])
  })

  test('5, metrics: every figure of the document is there, and they agree', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const performance = perform('metrics', seed)
      expect(failing(performance), `seed ${seed}`).toEqual([])
    }
    expect(Object.keys(perform('metrics').acts[0].figures)).toEqual([
      'steal_attempts',
      'successful_steals',
      'failed_steals',
      'successful_migrations',
      'failed_migrations',
      'rebalance_cycles',
      'queue_depths',
      'average_wait_time_ms',
      'longest_wait_ms',
      'busy_agents',
      'idle_agents',
    ])
  })
})

describe('[002] load scenarios', () => {
  test('hot spot: 20 tasks of 1 to 10 s on one agent, nine more come: all is spread', () => {
    const stage = fleet(['w0'], { agentQueueMax: 32 })
    stage.submitAll(works(20))
    expect(stage.loads()).toEqual([20])
    stage.at(1, () => {
      for (const id of TEN.slice(1)) stage.agent({ id })
    })
    stage.run()
    expectOnce(stage, 20)
    expect(Math.max(...doneBy(stage))).toBeLessThanOrEqual(5)
    expect(Math.min(...doneBy(stage))).toBeGreaterThanOrEqual(1)
    // Nobody takes what its own results say would be done later with it than where it waits.
    expect(stage.idleWhileWaitingMs).toBeLessThan(10 * SECOND)
  })

  test('uniform load: 100 tasks are spread evenly over ten agents, and nothing is stolen', () => {
    const stage = fleet(TEN)
    stage.submitAll(Array(100).fill({ takesMs: 5 * SECOND }))
    expect(stage.loads()).toEqual(Array(10).fill(10))
    stage.run()
    expectOnce(stage, 100)
    expect(doneBy(stage)).toEqual(Array(10).fill(10))
    expect(stage.judges.balancer.counters.stolen).toBe(0)
    expect(stage.act.endMs).toBe(50 * SECOND)
  })

  test('agent removal: its tasks go to the others, in order, and none is lost', () => {
    const stage = fleet(TEN.slice(0, 4))
    stage.submitAll(Array(20).fill({ takesMs: 5 * SECOND }))
    expect(stage.loads()).toEqual([5, 5, 5, 5])
    stage.at(7 * SECOND, () => stage.remove('w2'))
    stage.run()
    expectOnce(stage, 20)
    // One was completed, one died with it, three had waited for it.
    expect(stage.log.of('ended').filter(({ detail }) => detail === 'agent_lost')).toHaveLength(1)
    expect(stage.log.of('unbound').map(({ agent }) => agent)).toEqual(['w2', 'w2', 'w2'])
    const atW2 = stage.log.of('ended').filter(({ agent, detail }) => {
      return agent === 'w2' && detail === 'succeeded'
    })
    expect(atW2).toHaveLength(1)
  })

  test('bursty traffic: five bursts of 20, and nobody is idle while others have a queue', () => {
    const stage = fleet(TEN)
    for (let burst = 0; burst < 5; burst++) {
      stage.at(burst * 8 * SECOND, () => stage.submitAll(works(20, burst + 1)))
    }
    stage.run()
    expectOnce(stage, 100)
    expect(stage.idleWhileWaitingMs).toBe(0)
    expect(stage.judges.balancer.counters.stolen).toBeGreaterThan(0)
    // 100 tasks of 5.5 s by ten agents are 55 s; the last may be a long one.
    expect(stage.act.endMs).toBeLessThanOrEqual(70 * SECOND)
  })

  test('a burst of 100 at once: all are bound, and the fleet is done with them together', () => {
    const stage = fleet(TEN)
    stage.submitAll(works(100))
    expect(stage.openTasks).toBe(100)
    stage.run()
    expectOnce(stage, 100)
    const work = works(100).reduce((sum, { takesMs }) => sum + takesMs, 0)
    // Nobody is idle before the last task has begun, and that takes ten seconds at most.
    expect(stage.act.endMs).toBeLessThanOrEqual(work / 10 + 10 * SECOND)
  })

  test('ten tasks a second, sustained for a minute: the queue does not grow', () => {
    const stage = new Stage(new Story(1), { strategy: 'least_loaded', binding: 'early' })
    for (const id of TEN) stage.agent({ id, places: 6 })
    const tasks = works(600)
    for (const [at, task] of tasks.entries()) stage.at(at * 100, () => stage.submit(task))
    stage.run(60 * SECOND)
    const rate = completed(stage) / 60
    // Ten agents of six places do 60 tasks of 5.5 s at a time: 10.9 a second.
    expect(rate).toBeGreaterThan(8.5)
    expect(stage.queues().reduce((sum, { waiting }) => sum + waiting, 0)).toBeLessThanOrEqual(12)
    stage.run()
    expectOnce(stage, 600)
    expect(Math.max(...stage.waitsMs())).toBeLessThan(5 * SECOND)
  })

  test.each([
    ['off', 'none'],
    ['pull', 'all'],
    ['push', 'some'],
    ['hybrid', 'all'],
  ] as const)('strategy %s: of the work that could be taken, %s is', (mode, how) => {
    const stage = fleet(['w0'], { agentQueueMax: 32, stealing: { mode } })
    stage.submitAll(Array(20).fill({ takesMs: 20 * SECOND }))
    stage.at(1, () => {
      for (const id of TEN.slice(1, 5)) stage.agent({ id })
    })
    stage.run()
    expectOnce(stage, 20)
    const { stolen } = stage.judges.balancer.counters
    if (how === 'none') expect(stolen).toBe(0)
    if (how === 'all') expect(doneBy(stage)).toEqual([4, 4, 4, 4, 4])
    if (how === 'some') expect(stolen).toBeGreaterThanOrEqual(9)
    expect(stage.idleWhileWaitingMs === 0).toBe(how === 'all')
  })
})

describe('[002] edge cases', () => {
  test('no agents: tasks wait, and the first agent that comes does them all', () => {
    const stage = fleet([])
    stage.submitAll(works(3))
    stage.run(60 * SECOND)
    expect([completed(stage), stage.openTasks]).toEqual([0, 3])
    stage.at(61 * SECOND, () => stage.agent({ id: 'late' }))
    stage.run()
    expectOnce(stage, 3)
  })

  test('a single agent: nobody to take from, nothing is stolen and no cycle moves anything', () => {
    const stage = fleet(['only'])
    stage.submitAll(works(15))
    stage.run()
    expectOnce(stage, 15)
    expect(stage.judges.balancer.counters.stolen).toBe(0)
    expect(stage.movesPerCycle()).toEqual([])
    expect(stage.act.agents[0].busy).toBe(1)
  })

  test('empty capabilities: such an agent takes what requires nothing, and nothing else', () => {
    const stage = new Stage(new Story(1), { strategy: 'least_loaded', binding: 'early' })
    stage.agent({ id: 'able', capabilities: ['python'] })
    stage.submitAll(Array(4).fill({ takesMs: 10 * SECOND, requires: ['python'] }))
    const plain = stage.submitAll(Array(4).fill({ takesMs: 10 * SECOND }))
    stage.at(1, () => stage.agent({ id: 'plain', capabilities: [] }))
    stage.run()
    expectOnce(stage, 8)
    const stolen = stage.log.of('stolen')
    expect(stolen.map(({ agent }) => agent)).toEqual(Array(4).fill('plain'))
    expect(stolen.map(({ task }) => task).sort()).toEqual(plain.sort())
    expect(stage.act.endMs).toBe(40 * SECOND + 1)
  })

  test('no agent has the skill: the task waits, and is nobody’s', () => {
    const stage = fleet(TEN.slice(0, 3))
    const name = stage.submit({ takesMs: SECOND, requires: ['cobol'] })
    stage.run(60 * SECOND)
    expect(stage.givenTo([name])).toEqual([null])
    expect(stage.machine.core.waitingFor(stage.recordOf(name))).toContain('cobol')
  })
})
