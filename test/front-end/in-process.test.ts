/** Agents and submitters of this very process, where NATS would hide what happens. */
import { afterEach, expect, test } from 'vitest'
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { until } from '../support/until.ts'

const started: Scheduler[] = []

function make(options: SchedulerOptions = {}): Scheduler {
  const scheduler = new Scheduler({ slots: 1_024, agentsMax: 64, ...options })
  started.push(scheduler)
  return scheduler
}

afterEach(async () => {
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

/** A promise, and what settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

test('close: tasks that were not even admitted yet are finished first', async () => {
  const scheduler = make()
  await scheduler.agent({ queues: ['q'] }, (task) => task.json<number>() + 1)
  await scheduler.start()
  const outcomes = Array.from({ length: 600 }, (_, i) => scheduler.run<number>('q', i))
  // The calls are in the inbox one turn of promises later, and no task is open yet.
  await Promise.resolve()
  await Promise.resolve()
  await scheduler.close()
  const results = await Promise.allSettled(outcomes)
  expect(results.map((result) => result.status)).toEqual(new Array(600).fill('fulfilled'))
})

test('close: what comes after it is refused as stopping', async () => {
  const scheduler = make()
  await scheduler.agent({ queues: ['q'] }, () => undefined)
  const closing = scheduler.close()
  await expect(scheduler.run('q')).rejects.toMatchObject({ code: 'stopping' })
  await closing
  expect(scheduler.statusNow().refused).toEqual({ stopping: 1 })
})

test('stop: agents that were left take no more work when what they run comes back', async () => {
  const frontEnd = new FrontEnd(frontEndOptions({ slots: 1_024, agentsMax: 64 }), () => {})
  const local = new InProcessTransport(frontEnd.context)
  frontEnd.context.transports.push(local)
  const { opened, open } = gate()
  let runs = 0
  local.agents.join({ queues: ['q'] }, async () => {
    runs++
    await opened
  })
  const { core } = frontEnd.context
  const outcomes = [local.submissions.run('q', 1), local.submissions.run('q', 2)]
  await until(() => core.counters.started === 1, { what: 'the first task to run' })
  await local.stop()
  open()
  for (const outcome of outcomes) {
    await expect(outcome).rejects.toMatchObject({ code: 'stopping' })
  }
  await until(() => core.counters.completed === 1, { what: 'its result' })
  expect([runs, core.counters.started]).toEqual([1, 1])
  frontEnd.stop()
})

test('submit: an id that is known adds nothing and gets the first one’s outcome', async () => {
  const scheduler = make()
  const { opened, open } = gate()
  let runs = 0
  await scheduler.agent({ queues: ['q'] }, async () => {
    runs++
    await opened
    return 'done'
  })
  const first = await scheduler.submit('q', 1, { id: 'x' })
  const second = await scheduler.submit('q', 2, { id: 'x' })
  const running = scheduler.run('q', 3, { id: 'x' })
  open()
  expect(await Promise.all([first.result(), second.result(), running])).toEqual([
    'done',
    'done',
    'done',
  ])
  expect(await scheduler.run('q', 4, { id: 'x' })).toBe('done')
  expect(runs).toBe(1)
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 1, duplicates: 3, lost: 0 })
})

test('submit: an id whose result could not be kept is not answered with an empty one', async () => {
  const scheduler = make({ arenaBytesMax: 1024 * 1024 })
  await scheduler.agent({ queues: ['q'] }, () => 'the result')
  // Payloads of waiting tasks leave no room for a slab.
  const waiting = Array.from({ length: 10 }, () =>
    scheduler.submit('nobody', new Uint8Array(100_000)),
  )
  await Promise.all(waiting)
  expect(await scheduler.run('q', undefined, { id: 'x' })).toBe('the result')
  await expect(scheduler.run('q', undefined, { id: 'x' })).rejects.toMatchObject({
    code: 'task_unknown',
  })
  expect(await scheduler.getTask('x')).toMatchObject({ state: 'completed', resultBytes: null })
})

test('submit: more payload than fits into memory is refused and disturbs nothing', async () => {
  const scheduler = make({ arenaBytesMax: 1024 * 1024 })
  const bytes = new Uint8Array(200_000)
  const given = await Promise.allSettled(
    Array.from({ length: 8 }, () => scheduler.submit('q', bytes)),
  )
  expect(given.filter(({ status }) => status === 'fulfilled').length).toBe(5)
  expect(scheduler.statusNow().refused).toEqual({ out_of_memory: 3 })
  const sizes: number[] = []
  await scheduler.agent({ queues: ['q'] }, (task) => {
    sizes.push(task.payload.length)
  })
  await until(() => scheduler.statusNow().tasks.completed === 5, { what: 'those that were taken' })
  await scheduler.run('q', bytes)
  expect(sizes).toEqual(new Array(6).fill(200_000))
})

test('submit: a known id is answered though there is no memory for its payload again', async () => {
  const scheduler = make({ arenaBytesMax: 1024 * 1024 })
  const bytes = new Uint8Array(200_000)
  const known = await scheduler.submit('q', bytes, { id: 'x' })
  await Promise.all(Array.from({ length: 4 }, () => scheduler.submit('nobody', bytes)))
  await expect(scheduler.submit('q', bytes)).rejects.toMatchObject({ code: 'out_of_memory' })
  const again = await scheduler.submit('q', bytes, { id: 'x' })
  await scheduler.agent({ queues: ['q'] }, () => 'done')
  expect([await known.result(), await again.result()]).toEqual(['done', 'done'])
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 5, duplicates: 1, lost: 0 })
})

test('submit: too large a payload and too large a result are told apart from success', async () => {
  const scheduler = make({ payloadBytesMax: 1_000 })
  await scheduler.agent({ queues: ['q'] }, (task) => new Uint8Array(task.json<number>()))
  await expect(scheduler.run('q', new Uint8Array(1_001))).rejects.toMatchObject({
    code: 'payload_too_large',
  })
  await scheduler.submit('q', 1_000).then((task) => task.bytes())
  const large = await scheduler.submit('q', 1_001)
  await expect(large.bytes()).rejects.toMatchObject({ code: 'payload_too_large', attempts: 1 })
})

test('handlers: a thenable is waited for as a promise is', async () => {
  const scheduler = make()
  await scheduler.agent({ queues: ['q'] }, () => ({
    then: (resolve: (value: string) => void) => setImmediate(resolve, 'later'),
  }))
  expect(await scheduler.run('q')).toBe('later')
})

test('handlers: what cannot be sent fails the task, not the scheduler', async () => {
  const scheduler = make({ queueDefaults: { retryCount: 0 } })
  const circular: { self?: unknown } = {}
  circular.self = circular
  await scheduler.agent({ queues: ['q'] }, (task) => (task.json() === 1 ? 1n : circular))
  for (const payload of [1, 2]) {
    await expect(scheduler.run('q', payload)).rejects.toMatchObject({ code: 'error', attempts: 1 })
  }
})

test('cancel: while it waits, runs, and after it is finished', async () => {
  const scheduler = make()
  const aborted: string[] = []
  const { opened, open } = gate()
  await scheduler.agent({ queues: ['q'] }, async (task) => {
    task.signal.addEventListener('abort', () =>
      aborted.push(`${task.id}: ${task.signal.reason.code}`),
    )
    await opened
  })
  const running = await scheduler.submit('q', null, { id: 'running' })
  const waiting = await scheduler.submit('q', null, { id: 'waiting' })
  await until(() => scheduler.statusNow().tasks.running === 1, { what: 'a task to run' })
  for (const task of [waiting, running]) {
    const view = await scheduler.cancelTask(task.id)
    expect([view.state, view.code]).toEqual(['cancelled', 'cancelled'])
    await expect(task.result()).rejects.toMatchObject({ code: 'cancelled' })
    await expect(scheduler.cancelTask(task.id)).rejects.toMatchObject({ code: 'finished' })
  }
  expect(aborted).toEqual(['running: cancelled'])
  open()
  await until(() => scheduler.statusNow().attempts.lateResults === 1, { what: 'the late result' })
  expect(scheduler.statusNow().tasks).toMatchObject({ cancelled: 2, completed: 0, lost: 0 })
})

test('agents: a second with the same id takes over, the first is fenced and its work redone', async () => {
  const scheduler = make()
  const { opened, open } = gate()
  const first = await scheduler.agent({ id: 'a', queues: ['q'] }, () => opened.then(() => 'first'))
  const outcome = scheduler.run('q')
  await until(() => scheduler.statusNow().tasks.running === 1, { what: 'the first to work' })
  await scheduler.agent({ id: 'a', queues: ['q'] }, () => 'second')
  await expect(first.closed).rejects.toMatchObject({ code: 'fenced' })
  expect(await outcome).toBe('second')
  open()
  await until(() => scheduler.statusNow().attempts.lateResults === 1, { what: 'the late result' })
  expect(scheduler.statusNow().tasks).toMatchObject({ completed: 1, lost: 0 })
})

test('agents: one that is drained finishes what it runs, takes no more, and is gone', async () => {
  const scheduler = make()
  const { opened, open } = gate()
  const agent = await scheduler.agent({ id: 'a', queues: ['q'] }, () => opened.then(() => 'done'))
  const [first, second] = [scheduler.run('q'), scheduler.submit('q')]
  await until(() => scheduler.statusNow().tasks.running === 1, { what: 'a task to run' })
  await scheduler.drainAgent('a')
  await expect(scheduler.drainAgent('b')).rejects.toMatchObject({ code: 'agent_unknown' })
  open()
  expect(await first).toBe('done')
  await agent.closed
  expect(await scheduler.listAgents()).toEqual([])
  expect((await scheduler.getTask((await second).id)).waitingFor).toBe('no agent serves q')
})
