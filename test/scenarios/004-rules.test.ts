/** Where results of source document 004 go: its router and its fixed rules, by the example's own file. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AgentTask } from '../../src/agent-task.ts'
import { Scheduler } from '../../src/scheduler.ts'
import type { TaskView } from '../../src/task.ts'
import { configuration } from '../config/support.ts'
import { text } from '../support/files.ts'

const { queues, deadLetters } = configuration(
  text('examples/regulatory-review/signalbox.yaml'),
).scheduler

/** What the stages before the people answer, for each device: the payload says it. */
const AUTOMATIC = ['data_validation', 'gap_analysis', 'predicate_ranking', 'confidence_filtering']

let scheduler: Scheduler
beforeAll(async () => {
  scheduler = new Scheduler({
    queues,
    // Not into a file of the example's folder.
    deadLetters: { ...deadLetters, validation_errors: { route: 'keep' } },
    strictQueues: true,
    slots: 256,
    agentsMax: 32,
  })
  const answer = (task: AgentTask) => {
    const said = task.json<Record<string, unknown>>()[task.queue] ?? {}
    return typeof said === 'string' ? Buffer.from(said) : said
  }
  await scheduler.agent({ id: 'automation', queues: AUTOMATIC, concurrency: 8 }, answer)
  const others = Object.keys(queues!).filter((name) => !AUTOMATIC.includes(name))
  await scheduler.agent({ id: 'people', queues: others, concurrency: 8 }, (task) => {
    return { decision: 'accept', ...answer(task) }
  })
})
afterAll(() => scheduler.stop())

/** Submits a device of which the stages answer these; @returns the task when it is over. */
async function device(queue: string, answers: Record<string, unknown>): Promise<TaskView> {
  const task = await scheduler.submit(queue, answers)
  await task.result().catch(() => null)
  return scheduler.getTask(task.id)
}

const stagesOf = ({ stages, servedBy }: TaskView) => [
  ...stages.map(({ sourceQueue }) => sourceQueue),
  servedBy,
]

describe('[004] confidence router', () => {
  test.each([
    [95, 'ra_review_high', 4],
    [90, 'ra_review_high', 4],
    [89.9, 'ra_review_medium', 3],
    [78, 'ra_review_medium', 3],
    [70, 'ra_review_medium', 3],
    [69.9, 'expert_review_low', 2],
    [62, 'expert_review_low', 2],
    [0, 'expert_review_low', 2],
  ])('a confidence of %d goes to %s', async (confidence, queue, priority) => {
    const task = await device('confidence_filtering', { confidence_filtering: { confidence } })
    expect([task.state, task.servedBy, task.priority]).toEqual(['completed', queue, priority])
  })

  test('the same input always goes the same way', async () => {
    const answers = { confidence_filtering: { confidence: 90 } }
    const ways = Array.from({ length: 100 }, () => device('confidence_filtering', answers))
    const queues = (await Promise.all(ways)).map(({ servedBy }) => servedBy)
    expect(new Set(queues)).toEqual(new Set(['ra_review_high']))
  })

  test('a device goes through all stages as one task, and each stage says who did it', async () => {
    const task = await device('data_validation', {
      data_validation: { valid: true, recall_count: 1 },
      gap_analysis: { safety_critical: false, gaps_detected: 2, confidence: 93 },
      confidence_filtering: { confidence: 95 },
    })
    expect(stagesOf(task)).toEqual([...AUTOMATIC, 'ra_review_high'])
    expect(task.stages.map(({ agent, attempts, rule }) => [agent, attempts, rule])).toEqual([
      ['automation', 1, 2],
      ['automation', 1, 1],
      ['automation', 1, 0],
      ['automation', 1, 1],
    ])
    expect([task.queue, task.state, task.failedDestinations]).toEqual([
      'data_validation',
      'completed',
      [],
    ])
  })
})

describe('[004] deterministic and safety-critical rules', () => {
  test.each([2, 3, 50])(
    'a recall count of %d rejects always, however sure the rest is',
    async (count) => {
      const task = await device('data_validation', {
        data_validation: { valid: true, recall_count: count, confidence: 100 },
      })
      expect([task.state, task.code, task.deadLetter]).toEqual([
        'failed',
        'rejected',
        'validation_errors',
      ])
      expect(task.message).toBe('Its result fits rule 2: recall_count >= 2.')
      expect(task.attempts).toBe(1)
    },
  )

  test.each([0, 1])('a recall count of %d does not', async (count) => {
    const task = await device('data_validation', {
      data_validation: { valid: true, recall_count: count },
      confidence_filtering: { confidence: 95 },
    })
    expect([task.state, task.servedBy]).toEqual(['completed', 'ra_review_high'])
  })

  test('a safety-critical gap goes to the senior at once, as CRITICAL', async () => {
    const task = await device('gap_analysis', {
      gap_analysis: { safety_critical: true, gap: 'missing sterilization', confidence: 95 },
    })
    expect(stagesOf(task)).toEqual(['gap_analysis', 'senior_review'])
    expect([task.priority, task.state]).toEqual([5, 'completed'])
  })

  test('what a reviewer rejects goes to the expert, as LOW', async () => {
    const task = await device('confidence_filtering', {
      confidence_filtering: { confidence: 95 },
      ra_review_high: { decision: 'reject' },
      expert_review_low: { decision: 'accept' },
    })
    expect(stagesOf(task)).toEqual(['confidence_filtering', 'ra_review_high', 'expert_review_low'])
    expect([task.priority, task.result]).toEqual([2, '{"decision":"accept"}'])
  })
})

describe('[004] dead letters of confidence filtering', () => {
  test.each([
    ['no number', {}, 'no_confidence'],
    ['nothing', { confidence: null }, 'no_confidence'],
  ])('%s of confidence: the letter is recorded, then MEDIUM has it', async (_, found, code) => {
    const before = (await scheduler.listDeadLetters({ name: 'routing_errors' })).letters.length
    const task = await device('confidence_filtering', { confidence_filtering: found })
    expect([task.servedBy, task.state, task.priority]).toEqual(['ra_review_medium', 'completed', 4])
    const { letters } = await scheduler.listDeadLetters({ name: 'routing_errors' })
    expect(letters).toHaveLength(before + 1)
    expect(letters[0]).toMatchObject({ id: task.id, code })
  })

  test('an answer that is no JSON is one as well', async () => {
    const answers = { confidence_filtering: 'confidence: 95' }
    const task = await device('confidence_filtering', answers)
    expect([task.servedBy, task.state]).toEqual(['ra_review_medium', 'completed'])
    const { letters } = await scheduler.listDeadLetters({ name: 'routing_errors' })
    expect(letters[0]).toMatchObject({ id: task.id, code: 'bad_result' })
  })
})
