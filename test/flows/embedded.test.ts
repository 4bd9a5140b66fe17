/** Flows in a scheduler of this process: admitted whole or not at all, ended, cancelled, listed. */
import { afterEach, expect, test } from 'vitest'
import type { FlowOptions, FlowTaskView, FlowView } from '../../src/flow-views.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler, TaskError } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

let scheduler: Scheduler

afterEach(() => scheduler.stop())

/** With one agent that does as the payload says: fails, waits for `release`, or answers its name. */
async function started(options: SchedulerOptions = {}) {
  scheduler = await new Scheduler({ queueDefaults: { retryCount: 0 }, ...options }).start()
  const order: string[] = []
  const waiting: (() => void)[] = []
  await scheduler.agent({ queues: ['*'], concurrency: 100 }, async (task) => {
    const what = task.json<string | undefined>()
    order.push(task.node ?? task.id)
    if (what === 'fail') throw new TaskError('broken', 'It broke.', { retryable: false })
    if (what === 'wait') await new Promise<void>((resolve) => waiting.push(resolve))
    return task.node ?? task.id
  })
  const release = () => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  return { order, waiting, release }
}

/** `a` first, `b` and `c` after it, `d` after both. */
function diamond(payloads: Record<string, string> = {}): FlowOptions['tasks'] {
  const task = (name: string, after: string[]) => ({ queue: 'q', after, payload: payloads[name] })
  return { d: task('d', ['b', 'c']), a: task('a', []), b: task('b', ['a']), c: task('c', ['a']) }
}

function byName({ tasks }: FlowView): Record<string, FlowTaskView> {
  return Object.fromEntries(tasks.map((task) => [task.name, task]))
}

function states(view: FlowView): Record<string, string> {
  return Object.fromEntries(view.tasks.map(({ name, state }) => [name, state]))
}

test('flows: no task begins before all that it comes after are done', async () => {
  const { order } = await started()
  const flow = await scheduler.flow({ id: 'first', tasks: diamond() })
  expect(flow).toMatchObject({ id: 'first', queue: 'q', isDuplicate: false })
  const view = await flow.done()
  expect(order).toEqual(['a', 'b', 'c', 'd'])
  expect(view).toMatchObject({ id: 'first', queue: 'q', state: 'completed' })
  expect(view.layers).toEqual([['a'], ['b', 'c'], ['d']])
  expect(view.progress).toEqual({ total: 4, done: 4, share: 1, states: { completed: 4 } })
  const { a, d } = byName(view)
  expect(d).toMatchObject({ after: ['b', 'c'], layer: 2, attempts: 1, code: null, servedBy: 'q' })
  expect(d.startedAt).toBeGreaterThanOrEqual(a.finishedAt!)
  expect(await scheduler.getTask(d.id!)).toMatchObject({
    flow: 'first',
    node: 'd',
    dependsOn: [byName(view).b.id, byName(view).c.id],
  })
})

test('flows: while it runs it can be looked at, what waits is blocked', async () => {
  const { release, waiting } = await started()
  const flow = await scheduler.flow({ tasks: diamond({ b: 'wait' }) })
  await until(() => waiting.length === 1, { what: 'b to begin' })
  await until(async () => (await scheduler.getFlow(flow.id)).progress.done === 2, { what: 'c' })
  const view = await scheduler.getFlow(flow.id)
  expect(view.state).toBe('running')
  expect(states(view)).toEqual({ a: 'completed', b: 'processing', c: 'completed', d: 'blocked' })
  expect(view.finishedAt).toBeNull()
  release()
  expect((await flow.done()).state).toBe('completed')
})

test('flows: a second submit of an id is the first one, while it runs and when it has ended', async () => {
  const { order, release, waiting } = await started()
  const first = await scheduler.flow({ id: 'same', tasks: diamond({ a: 'wait' }) })
  await until(() => waiting.length === 1, { what: 'a to begin' })
  const second = await scheduler.flow({ id: 'same', tasks: { x: { queue: 'other' } } })
  expect(second).toMatchObject({ id: 'same', queue: 'q', isDuplicate: true })
  release()
  expect(await second.done()).toEqual(await first.done())
  const third = await scheduler.flow({ id: 'same', tasks: diamond() })
  expect(third.isDuplicate).toBe(true)
  expect((await third.done()).state).toBe('completed')
  expect(order).toEqual(['a', 'b', 'c', 'd'])
})

test('flows: when one payload finds no memory, nothing of the flow is there', async () => {
  await started({ arenaBytesMax: 1024 * 1024 })
  const large = new Uint8Array(60_000)
  const many = Array.from({ length: 40 }, (_, i) => [`t${i}`, { queue: 'q', payload: large }])
  const given = { id: 'large', tasks: Object.fromEntries(many) }
  await expect(scheduler.flow(given)).rejects.toMatchObject({ code: 'out_of_memory' })
  expect((await scheduler.listTasks()).tasks).toEqual([])
  await expect(scheduler.getFlow('large')).rejects.toMatchObject({ code: 'flow_unknown' })
  // The memory is free again: as much as one slab of that size holds.
  const fits = { id: 'large', tasks: Object.fromEntries(many.slice(0, 12)) }
  const view = await (await scheduler.flow(fits)).done()
  expect(view.progress.states).toEqual({ failed: 12 })
})

test('flows: when one queue has no room, nothing of the flow is there', async () => {
  await started({ queues: { small: { tasksMax: 1 } } })
  const tasks = {
    a: { queue: 'q' },
    b: { queue: 'small', after: ['a'] },
    c: { queue: 'small', after: ['a'] },
  }
  await expect(scheduler.flow({ tasks })).rejects.toMatchObject({
    code: 'queue_full',
    message: expect.stringMatching(/^Task "c": Queue "small" is full/),
  })
  expect((await scheduler.listTasks()).tasks).toEqual([])
  expect((await scheduler.listFlows()).flows).toEqual([])
})

test('flows: an id of a task that another has is told of with the task’s name', async () => {
  await started()
  await scheduler.run('q', undefined, { id: 'known' })
  const tasks = { a: { queue: 'q' }, b: { queue: 'q', id: 'known', after: ['a'] } }
  await expect(scheduler.flow({ tasks })).rejects.toMatchObject({
    code: 'bad_flow',
    message: expect.stringContaining('Task "b": There is a task "known" in queue "q" already'),
  })
  const twice = { a: { queue: 'q', id: 'x' }, b: { queue: 'q', id: 'x' } }
  await expect(scheduler.flow({ tasks: twice })).rejects.toMatchObject({ code: 'bad_option' })
})

test('flows: tasks of queues where several agents decide are submitted by themselves', async () => {
  await started({ queues: { panel: { voters: 3 } } })
  await expect(scheduler.flow({ tasks: { a: { queue: 'panel' } } })).rejects.toMatchObject({
    code: 'bad_flow',
    message:
      'Task "a" is for queue "panel", whose tasks several agents decide together: give it a queue ' +
      'without voters, or submit that task by itself when the flow has ended.',
  })
})

test('flows: one too large, of too large a payload, or that goes round is refused at once', async () => {
  await started({ flowTasksMax: 3, payloadBytesMax: 10 })
  const refused = (tasks: FlowOptions['tasks']) => scheduler.flow({ tasks })
  await expect(refused(diamond())).rejects.toMatchObject({ code: 'bad_flow' })
  const large = { a: { queue: 'q', payload: new Uint8Array(11) } }
  await expect(refused(large)).rejects.toMatchObject({
    code: 'payload_too_large',
    message: expect.stringContaining('The payload of task "a" is 11 bytes, the limit is 10'),
  })
  const round = { a: { queue: 'q', after: ['b'] }, b: { queue: 'q', after: ['a'] } }
  await expect(refused(round)).rejects.toMatchObject({
    message: expect.stringContaining('a → b → a'),
  })
})

test('flows: a hundred at once are admitted over several turns, each whole, in their order', async () => {
  await started()
  const flows = await Promise.all(
    Array.from({ length: 100 }, (_, i) => scheduler.flow({ id: `f${i}`, tasks: diamond() })),
  )
  const views = await Promise.all(flows.map((flow) => flow.done()))
  expect(views.map(({ state }) => state)).toEqual(flows.map(() => 'completed'))
  const firstIds = views.map((view) => Number(byName(view).a.id!.split('-')[1]))
  expect(firstIds).toEqual(firstIds.toSorted((a, b) => a - b))
})

test('flows: a failure fails what comes after it, and the flow', async () => {
  await started()
  const view = await (await scheduler.flow({ tasks: diamond({ b: 'fail' }) })).done()
  expect(view.state).toBe('failed')
  expect(states(view)).toEqual({ a: 'completed', b: 'failed', c: 'completed', d: 'failed' })
  expect(byName(view).b.code).toBe('broken')
  expect(byName(view).d).toMatchObject({ code: 'parent_failed', attempts: 0, startedAt: null })
})

test('flows: what is skipped behind a failure does not make the flow a failed one', async () => {
  await started()
  const tasks = diamond({ b: 'fail' })
  const view = await (await scheduler.flow({ tasks, onFailure: 'skip' })).done()
  expect(view.state).toBe('completed')
  expect(byName(view).d).toMatchObject({ state: 'cancelled', code: 'skipped' })
})

test('flows: a task may go on without one that failed, and sees that it did', async () => {
  scheduler = await new Scheduler({ queueDefaults: { retryCount: 0 } }).start()
  await scheduler.agent({ queues: ['q'] }, async (task) => {
    if (task.node === 'bad') throw new Error('no')
    if (task.node === 'good') return { n: 7 }
    const error = await task.input('bad').catch((reason: TaskError) => reason)
    return [task.inputs, await task.input('good'), (error as TaskError).code]
  })
  const flow = await scheduler.flow({
    tasks: {
      bad: { queue: 'q' },
      good: { queue: 'q' },
      sum: { queue: 'q', after: ['bad', 'good'], onFailure: 'continue' },
    },
  })
  const view = await flow.done()
  expect(view.state).toBe('completed')
  const { result } = await scheduler.getTask(byName(view).sum.id!)
  expect(JSON.parse(result!)).toEqual([
    [
      { name: 'bad', state: 'failed', bytes: null },
      { name: 'good', state: 'completed', bytes: 7 },
    ],
    { n: 7 },
    'input_unknown',
  ])
})

test('flows: one is cancelled as a whole, or from one of its tasks on', async () => {
  const { release, waiting } = await started()
  const whole = await scheduler.flow({ id: 'whole', tasks: diamond({ a: 'wait' }) })
  const part = await scheduler.flow({ id: 'part', tasks: diamond({ c: 'wait' }) })
  await until(() => waiting.length === 2, { what: 'both to run' })
  expect(states(await scheduler.cancelFlow('whole'))).toEqual({
    a: 'cancelled',
    b: 'cancelled',
    c: 'cancelled',
    d: 'cancelled',
  })
  expect((await whole.done()).state).toBe('cancelled')
  expect(states(await scheduler.cancelFlow('part', 'd'))).toMatchObject({ d: 'cancelled' })
  release()
  expect(await part.done()).toMatchObject({ state: 'cancelled', progress: { done: 4 } })
  await expect(scheduler.cancelFlow('whole')).rejects.toMatchObject({
    code: 'finished',
    message: 'Flow "whole" is cancelled already.',
  })
  await expect(scheduler.cancelFlow('part', 'a')).rejects.toMatchObject({ code: 'finished' })
  await expect(scheduler.cancelFlow('part', 'x')).rejects.toMatchObject({ code: 'task_unknown' })
  await expect(scheduler.cancelFlow('none')).rejects.toMatchObject({ code: 'flow_unknown' })
})

test('flows: a list has running ones first, goes on by its cursor, and leaves none out', async () => {
  const { waiting } = await started()
  const payloads = (i: number): Record<string, string> => (i % 2 === 0 ? {} : { a: 'wait' })
  const flows = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      scheduler.flow({ id: `f${i}`, tasks: diamond(payloads(i)) }),
    ),
  )
  await Promise.all([flows[0], flows[2], flows[4]].map((flow) => flow.done()))
  await until(() => waiting.length === 3, { what: 'the others to wait' })
  const seen: string[] = []
  let cursor: string | undefined
  for (let i = 0; i < 4; i++) {
    const page = await scheduler.listFlows({ limit: 2, cursor })
    seen.push(...page.flows.map(({ id }) => id))
    if (page.cursor === null) break
    cursor = page.cursor
  }
  expect(seen).toEqual(['f1', 'f3', 'f5', 'f4', 'f2', 'f0'])
  const running = await scheduler.listFlows({ state: 'running' })
  expect(running.flows.map(({ id }) => id)).toEqual(['f1', 'f3', 'f5'])
  expect(running.cursor).toBeNull()
  await expect(scheduler.listFlows({ cursor: 'x' })).rejects.toMatchObject({ code: 'bad_option' })
  const other = { cursor: 'other.1.o.f1' }
  await expect(scheduler.listFlows(other)).rejects.toMatchObject({ code: 'bad_option' })
  const state = { state: 'odd' as never }
  await expect(scheduler.listFlows(state)).rejects.toMatchObject({ code: 'bad_option' })
})

test('flows: an ended one is forgotten with the last of its tasks, which are pinned until then', async () => {
  const { release, waiting } = await started({ keep: { count: 1 } })
  const flow = await scheduler.flow({ id: 'old', tasks: diamond({ d: 'wait' }) })
  await until(() => waiting.length === 1, { what: 'd to begin' })
  for (let i = 0; i < 5; i++) await scheduler.run('other')
  expect((await scheduler.getFlow('old')).progress.states).toEqual({ completed: 3, processing: 1 })
  release()
  expect((await flow.done()).progress.states).toEqual({ completed: 4 })
  const { progress } = await scheduler.getFlow('old')
  expect(progress).toMatchObject({ done: 4, states: { completed: 1, forgotten: 3 } })
  await scheduler.run('other')
  await expect(scheduler.getFlow('old')).rejects.toMatchObject({ code: 'flow_unknown' })
})

test('flows: who waits for an end is told when the scheduler stops before it', async () => {
  await started()
  const flow = await scheduler.flow({ tasks: diamond({ a: 'wait' }) })
  await scheduler.stop()
  await expect(flow.done()).rejects.toMatchObject({ code: 'stopping' })
  await expect(scheduler.flow({ tasks: diamond() })).rejects.toMatchObject({ code: 'stopping' })
})

test('flows: a scheduler that drains lets a flow end, blocked tasks and all', async () => {
  const { order } = await started()
  const flow = await scheduler.flow({ tasks: diamond() })
  await scheduler.close()
  expect((await flow.done()).state).toBe('completed')
  expect(order).toHaveLength(4)
})
