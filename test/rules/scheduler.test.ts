/** Rules as a whole scheduler follows them. */
import { afterEach, describe, expect, test } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { stageLines } from '../../src/cli/render/stages.ts'
import type { GivenQueueOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'

let scheduler: Scheduler
afterEach(() => scheduler.stop())

async function start(queues: Record<string, GivenQueueOptions>, work: (queue: string) => unknown) {
  scheduler = new Scheduler({ queues, slots: 64, agentsMax: 32, keep: { count: 100 } })
  await scheduler.agent({ id: 'worker', queues: ['*'], concurrency: 4 }, ({ queue }) => work(queue))
}

async function over(queue: string) {
  const task = await scheduler.submit(queue, 'payload')
  await task.result().catch(() => null)
  return scheduler.getTask(task.id)
}

describe('rules in a scheduler', () => {
  test('a result that is no JSON is nobody’s business where there are no rules', async () => {
    await start({ plain: {}, ruled: { rules: [{ done: true }] } }, () => Buffer.from([0xff, 0x7b]))
    const [plain, ruled] = [await over('plain'), await over('ruled')]
    expect([plain.state, plain.resultBytes]).toEqual(['completed', 2])
    expect([ruled.state, ruled.code, ruled.attempts, ruled.deadLetter]).toEqual([
      'failed',
      'bad_result',
      1,
      'ruled',
    ])
    expect(ruled.message).toBe('The result is no JSON, which the rules of queue "ruled" read.')
  })

  test('a loop goes round as often as it may, and then on; the outcome is the last stage’s', async () => {
    let drafts = 0
    await start(
      {
        draft: { rules: [{ queue: 'review' }] },
        review: {
          rules: [
            { field: 'ok', value: true, done: true },
            { field: 'ok', value: false, queue: 'draft', times: 2 },
            { deadLetter: 'never_good' },
          ],
        },
      },
      (queue) => (queue === 'draft' ? { draft: ++drafts } : { ok: false }),
    )
    const task = await over('draft')
    expect(task.stages.map(({ sourceQueue }) => sourceQueue)).toEqual([
      'draft',
      'review',
      'draft',
      'review',
      'draft',
      'review',
    ])
    expect([task.state, task.code, drafts, task.attempts]).toEqual(['failed', 'never_good', 3, 6])
  })

  test('the submitter has one answer: what came of the last stage', async () => {
    await start({ one: { rules: [{ queue: 'two' }] }, two: {} }, (queue) => ({ from: queue }))
    const task = await scheduler.submit('one', 'payload')
    expect(await task.result()).toEqual({ from: 'two' })
  })

  test('retries of a stage are its own, and stages say in how many attempts it was done', async () => {
    let tries = 0
    await start(
      { one: { rules: [{ queue: 'two' }], retryCount: 3 }, two: { retryCount: 0 } },
      (queue) => {
        if (queue === 'one' && ++tries < 3) throw new Error('not yet')
        return {}
      },
    )
    const task = await over('one')
    expect([task.state, task.attempts, task.stages[0].attempts]).toEqual(['completed', 4, 3])
  })

  test('task get shows the stages, nothing without any', async () => {
    await start({ one: { rules: [{ queue: 'two' }] }, two: {} }, () => ({}))
    const [row, ...lines] = stageLines(await over('one'), NO_COLORS)
    expect(row).toBe('')
    expect(lines[0]).toBe('Stages that it has left')
    expect(lines.at(-1)).toMatch(/^ {2}one {4}worker +1 +[\d.]+ \S+ +[\d.]+ \S+ {2}two \(rule 1\)$/)
    expect(stageLines(await over('two'), NO_COLORS)).toEqual([])
  })

  test('task get shows no times of a stage that several have decided', async () => {
    const rules = [{ queue: 'two' }]
    await start({ one: { rules, voters: 2, decide: 'first' }, two: {} }, () => ({}))
    await scheduler.agent({ id: 'other', queues: ['one'] }, () => ({}))
    const lines = stageLines(await over('one'), NO_COLORS)
    expect(lines.at(-1)).toMatch(/^ {2}one +0 +– +– {2}two \(rule 1\)$/)
  })

  test('results of stages are kept with the task, within the same bounds', async () => {
    const result = { text: 'x'.repeat(1_000) }
    const queues = { one: { rules: [{ queue: 'two' }] }, two: {} }
    scheduler = new Scheduler({ queues, slots: 64, agentsMax: 32, keep: { bytes: 2_500 } })
    await scheduler.agent({ queues: ['*'] }, () => result)
    const [first, second] = [await over('one'), await over('one')]
    const kept = await scheduler.taskInput(second.id, 'one')
    expect(JSON.parse(Buffer.from(kept).toString())).toEqual(result)
    expect(second.stages[0].resultBytes).toBe(kept.length)
    await expect(scheduler.getTask(first.id)).rejects.toMatchObject({ code: 'task_unknown' })
  })
})
