/**
 * Source document 000, scenarios 1, 2, 3 and 5: who gets which task, by four strategies. Any thread.
 *
 * Invariant: what each scene expects is the document's result, or follows from the document's formula
 * by arithmetic of its own.
 */
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import { countsOf, percentOf, together } from '../words.ts'

const SECOND = 1_000
/** Longer than any of these scenes: whoever got a task has it when the curtain falls. */
const LONG = 60 * SECOND

const TRANSACTION = { type: 'transaction', requires: ['transaction_analysis'] }
const PATTERN = { type: 'pattern', requires: ['pattern_detection'] }
const RISK = { type: 'risk', requires: ['risk_assessment'] }

export const basicDistribution: Demo = {
  name: 'basic-distribution',
  source: '000',
  number: 1,
  title: 'five mixed tasks, three agents',
  shows: 'Each task goes to the agent that can do it: capabilities gate every strategy.',
  run(story) {
    const stage = new Stage(story, { strategy: 'hybrid' })
    stage.fact('strategy', 'hybrid')
    stage.fact('tasks', '5 of 150 ms: two transactions, two patterns, one risk')
    stage.agent({ id: 'analyzer', places: 5, capabilities: TRANSACTION.requires })
    stage.agent({ id: 'detector', places: 5, capabilities: PATTERN.requires })
    stage.agent({ id: 'assessor', places: 5, capabilities: RISK.requires })
    const tasks = [TRANSACTION, PATTERN, RISK, TRANSACTION, PATTERN].map((kind) => {
      const name = stage.submit({ ...kind, takesMs: 150 })
      stage.tell(`${name} (${kind.type}) to ${stage.givenTo([name])[0]}`)
      return name
    })
    stage.run()
    stage.tell('all five are completed')
    story.expect(
      'each task is with the agent that can do it',
      'distributed by hybrid strategy',
      ['analyzer', 'detector', 'assessor', 'analyzer', 'detector'],
      stage.givenTo(tasks),
    )
    story.expect('tasks completed', '5 tasks', 5, stage.machine.core.counters.completed)
  },
}

export const loadBalancing: Demo = {
  name: 'load-balancing',
  source: '000',
  number: 2,
  title: 'agents at 20 %, 70 % and 50 %, ten tasks more',
  shows: 'The least loaded agent gets the next task, so different loads become equal.',
  run(story) {
    const stage = new Stage(story, { strategy: 'least_loaded' })
    const agents = ['light', 'heavy', 'medium']
    stage.fact('strategy', 'least_loaded')
    stage.fact('tasks', '10 alike, one after the other, longer than the scene')
    for (const [at, load] of [2, 7, 5].entries()) stage.agent({ id: agents[at], places: 10, load })
    const loads = () => stage.loads().map((load) => percentOf(load, 10))
    stage.tellQueues(`before: ${together(loads())}`)
    const given: string[] = []
    for (let i = 0; i < 10; i++) {
      given.push(stage.submit({ takesMs: LONG }))
      const isShown = i === 2 || i === 5
      if (isShown) stage.tell(`after task ${i + 1}: ${together(loads())}`)
      stage.run(stage.nowMs + SECOND)
    }
    stage.tellQueues(`after all ten: ${together(loads())}`)
    story.expect(
      'all agents end at the same load',
      'all agents at 80 %',
      ['80 %', '80 %', '80 %'],
      loads(),
    )
    const counts = countsOf(stage.givenTo(given), agents)
    story.expect(
      'tasks given to light, heavy, medium',
      '2, 7, 5 → 8, 8, 8 of 10',
      [6, 1, 3],
      counts,
    )
  },
}

export const specialization: Demo = {
  name: 'specialization',
  source: '000',
  number: 3,
  title: 'two specialists and a generalist',
  shows:
    'Tasks go to who says it is best at them; the generalist gets what the specialists cannot take.',
  run(story) {
    const stage = new Stage(story, { strategy: 'specialization' })
    stage.fact('strategy', 'specialization')
    stage.fact('tasks', '4 transactions and 4 patterns, mixed, longer than the scene')
    const skills = { transaction: 0.6, pattern: 0.6 }
    stage.agent({ id: 'generalist', places: 4, specializations: skills })
    stage.agent({
      id: 'transactions',
      places: 3,
      specializations: { transaction: 0.95, pattern: 0.3 },
    })
    stage.agent({ id: 'patterns', places: 3, specializations: { transaction: 0.3, pattern: 0.95 } })
    const kinds = ['transaction', 'pattern', 'pattern', 'transaction', 'transaction', 'pattern']
    const submit = (type: string) => stage.submit({ type, takesMs: LONG })
    const first = kinds.map(submit)
    stage.tellQueues('six tasks: three of each kind, to the specialist of that kind')
    stage.run(SECOND)
    const rest = ['transaction', 'pattern'].map(submit)
    stage.tellQueues('one more of each: both specialists are full')
    stage.run(2 * SECOND)
    const expected = kinds.map((type) => `${type}s`)
    story.expect(
      'tasks are with their specialists',
      'to specialized agents',
      expected,
      stage.givenTo(first),
    )
    story.expect('the next two', 'generalist', ['generalist', 'generalist'], stage.givenTo(rest))
  },
}

/** Of scenario 5: what each agent brings. */
const HYBRID_CAST = [
  { id: 'fast', load: 0, skill: 0.7, meanMs: 100 },
  { id: 'expert', load: 0, skill: 0.95, meanMs: 160 },
  { id: 'busy', load: 7, skill: 0.8, meanMs: 130 },
]
const HYBRID_RESULTS = 10

export const hybrid: Demo = {
  name: 'hybrid',
  source: '000',
  number: 5,
  title: 'one fast, one expert, one busy agent',
  shows:
    'Load counts 40 %, specialization 40 %, performance 20 %: nobody wins by one of them alone.',
  run(story) {
    const stage = new Stage(story, { strategy: 'hybrid' })
    stage.fact('strategy', 'hybrid: 0.4 free share + 0.4 skill + 0.2 performance')
    stage.fact('tasks', '15 of one type, one after the other, longer than the scene')
    stage.fact('known', 'ten results of each: 100, 160 and 130 ms')
    for (const { id, load, skill, meanMs } of HYBRID_CAST) {
      const history = { transaction: { results: HYBRID_RESULTS, meanMs } }
      stage.agent({ id, places: 10, load, specializations: { transaction: skill }, history })
    }
    const agents = HYBRID_CAST.map(({ id }) => id)
    const tasks: string[] = []
    for (let i = 0; i < 15; i++) {
      tasks.push(stage.submit({ type: 'transaction', takesMs: LONG }))
      stage.run(stage.nowMs + SECOND)
      if (i % 5 === 4) {
        const shares = countsOf(stage.givenTo(tasks), agents)
        stage.tellQueues(`after ${i + 1}: fast, expert and busy got ${together(shares)}`)
      }
    }
    const counts = countsOf(stage.givenTo(tasks), agents)
    const expected = hybridByHand(tasks.length)
    story.expect('tasks given, by the formula', '15 tasks by 40/40/20', expected, counts)
    const spread = Math.max(...stage.loads()) - Math.min(...stage.loads())
    story.expectAtMost('loads differ by', 'balanced across all factors', 2, spread)
  },
}

/** The document's formula, worked out without any of the scheduler's code. */
function hybridByHand(tasks: number): number[] {
  const loads = HYBRID_CAST.map(({ load }) => load)
  const fastest = Math.min(...HYBRID_CAST.map(({ meanMs }) => meanMs))
  const usual = HYBRID_CAST.reduce((sum, { meanMs }) => sum + meanMs, 0) / HYBRID_CAST.length
  const success = (9 + HYBRID_RESULTS) / (10 + HYBRID_RESULTS)
  const weight = 10 / (10 + HYBRID_RESULTS)
  const fixed = HYBRID_CAST.map(({ skill, meanMs }) => {
    const learned = success * (usual / (usual + meanMs))
    const known = weight * skill + (1 - weight) * learned
    return 0.4 * known + 0.2 * (0.5 * success + (0.5 * fastest) / meanMs)
  })
  const counts = loads.map(() => 0)
  for (let i = 0; i < tasks; i++) {
    const scores = fixed.map((score, at) => score + 0.4 * (1 - loads[at] / 10))
    const best = scores.indexOf(Math.max(...scores))
    loads[best]++
    counts[best]++
  }
  return counts
}
