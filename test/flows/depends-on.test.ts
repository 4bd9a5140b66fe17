/** Tasks that name others as their parents, and what a running task may read. */
import { afterEach, expect, test } from 'vitest'
import { type AgentTask, Scheduler, type TaskError } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

let scheduler: Scheduler

afterEach(() => scheduler.stop())

async function started(handler: (task: AgentTask) => unknown) {
  scheduler = await new Scheduler({ queueDefaults: { retryCount: 0 } }).start()
  await scheduler.agent({ queues: ['*'], concurrency: 10 }, handler)
}

test('dependsOn: a task is blocked until its parents are done, and reads their results', async () => {
  let release = () => {}
  await started(async (task) => {
    if (task.id === 'slow') await new Promise<void>((resolve) => (release = resolve))
    if (task.id !== 'child') return `of ${task.id}`
    expect(task.flow).toBeNull()
    expect(task.node).toBeNull()
    return Promise.all(
      task.inputs.map(async ({ name, bytes }) => [name, bytes, await task.input(name)]),
    )
  })
  await scheduler.run('p', undefined, { id: 'done' })
  await scheduler.submit('q', undefined, { id: 'slow' })
  const child = await scheduler.submit('q', undefined, {
    id: 'child',
    dependsOn: ['p/done', 'slow'],
  })
  expect(child.state).toBe('blocked')
  expect(await scheduler.getTask('child')).toMatchObject({
    state: 'blocked',
    dependsOn: ['p/done', 'slow'],
    flow: null,
  })
  await until(async () => (await scheduler.getTask('slow')).state === 'processing', {
    what: 'slow',
  })
  release()
  expect(await child.result()).toEqual([
    ['done', 9, 'of done'],
    ['slow', 9, 'of slow'],
  ])
})

test('dependsOn: a parent that nobody knows refuses the task, and says which', async () => {
  await started(() => 1)
  await expect(scheduler.submit('q', 1, { dependsOn: ['none'] })).rejects.toMatchObject({
    code: 'parent_unknown',
    message: expect.stringContaining('Task "none"'),
  })
  expect((await scheduler.listTasks()).tasks).toEqual([])
})

test.each([
  ['fail', 'failed', 'parent_failed'],
  ['skip', 'cancelled', 'skipped'],
  ['continue', 'completed', null],
] as const)('dependsOn: with %s a task behind a failure is %s', async (how, state, code) => {
  await started((task) => {
    if (task.id === 'bad') throw new Error('no')
  })
  const bad = await scheduler.submit('q', 1, { id: 'bad' })
  await bad.result().catch(() => {})
  // One that is final already, and one that is to be: both ways.
  const after = { dependsOn: ['bad'], onParentFailure: how }
  const task = await scheduler.submit('q', 1, { ...after, id: 'late' })
  await task.result().catch(() => {})
  expect(await scheduler.getTask('late')).toMatchObject({ state, code })
})

test('inputs: bytes are the handler’s own, and a name that there is not is told of', async () => {
  await started(async (task) => {
    if (task.id === 'a') return new Uint8Array([49, 50, 51])
    const bytes = await task.inputBytes('a')
    bytes[0] = 9
    const again = await task.inputBytes('a')
    const error = await task.inputBytes('b').catch((reason: TaskError) => reason)
    return [[...bytes], [...again], (error as TaskError).message]
  })
  await scheduler.run('q', undefined, { id: 'a' })
  expect(await scheduler.run('q', undefined, { dependsOn: ['q/a'] })).toEqual([
    [9, 50, 51],
    [49, 50, 51],
    'The task has no input "b": it has a.',
  ])
})

test('inputs: a task without any has an empty list, and says so', async () => {
  await started(async (task) => {
    const error = await task.input('x').catch((reason: TaskError) => reason)
    return [task.inputs, (error as TaskError).code, (error as TaskError).message]
  })
  expect(await scheduler.run('q')).toEqual([
    [],
    'input_unknown',
    'The task has no input "x": it has none.',
  ])
})

test('inputs: once the attempt has ended there is nothing to be read', async () => {
  let late: AgentTask | undefined
  await started((task) => {
    late = task
  })
  await scheduler.run('q', undefined, { id: 'a' })
  await scheduler.run('q', undefined, { dependsOn: ['a'] })
  await expect(late!.inputBytes('a')).rejects.toMatchObject({ code: 'late_result' })
})

test('inputs: anybody may look at those of an open task', async () => {
  let release = () => {}
  await started(async (task) => {
    if (task.id === 'a') return { n: 1 }
    await new Promise<void>((resolve) => (release = resolve))
  })
  await scheduler.run('q', undefined, { id: 'a' })
  const task = await scheduler.submit('q', undefined, { id: 'b', dependsOn: ['a'] })
  await until(async () => (await scheduler.getTask('b')).state === 'processing', { what: 'b' })
  expect(new TextDecoder().decode(await scheduler.taskInput('b', 'a'))).toBe('{"n":1}')
  await expect(scheduler.taskInput('b', 'x', 'q')).rejects.toMatchObject({
    code: 'input_unknown',
    message: 'Task "b" has no input "x": it has a.',
  })
  await expect(scheduler.taskInput('c', 'a')).rejects.toMatchObject({ code: 'task_unknown' })
  release()
  await task.result()
  await expect(scheduler.taskInput('b', 'a')).rejects.toMatchObject({
    message: 'Task "b" has no input "a": it has ended, and reads none any more.',
  })
})
