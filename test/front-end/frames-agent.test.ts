/** Frames between a scheduler and its agents, the agents being codec and plain client. */
import { headers } from 'nats'
import { expect, test } from 'vitest'
import { FRAME_KIND } from '../../src/wire/frames.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { until } from '../support/until.ts'
import { beatUntil, counters, received, results, withFrameGround } from './frame-ground.ts'

const LEASE_MS = 600
/** What the server says where nobody listens. */
const nobody = headers(503, 'No Responders')

const ground = withFrameGround(LEASE_MS)

test('frames: 64 tasks that wait go to an agent in one message, and their results come in one', async () => {
  const tasks = await ground.submit(64)
  const agent = await ground.joined()
  await received(agent, 64)
  expect(agent.works.every(({ together }) => together === 64)).toBe(true)
  expect(agent.works.map(({ payload }) => payload)).toEqual(tasks.map((_, n) => `"p${n}"`))
  expect(agent.works.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id))
  const [first] = agent.works
  expect(first).toMatchObject({ epoch: agent.epoch, seq: 1, attempt: 1, queue: 'work' })
  agent.works.forEach((work, n) => {
    expect(work.seq).toBe(first.seq + n)
    expect(work.counter).toBe(first.counter + n)
  })
  const answers = await agent.answersTo(agent.resultFrame(agent.works, { payload: '"done"' }))
  expect(answers.map(({ data }) => data.length)).toEqual([0])
  expect(await results(tasks)).toEqual(tasks.map(() => 'done'))
  // It did not say that it keeps its results.
  expect(agent.acknowledged).toEqual([])
  expect(ground.attempts()).toMatchObject({ started: 64, lost: 0, lateResults: 0, repeated: 0 })
})

test('frames: what does not fit into one goes in several, in order, a large payload included', async () => {
  const payloads = [1_000, 100_000, 0, 40_000, 40_000, 7].map((bytes) => 'x'.repeat(bytes))
  const tasks = await Promise.all(
    payloads.map((payload) => ground.scheduler.submit('work', payload)),
  )
  const agent = await ground.joined()
  await received(agent, 6)
  expect(agent.works.map(({ payload }) => payload)).toEqual(payloads.map((p) => `"${p}"`))
  expect(agent.works.map(({ together }) => together)).toEqual([1, 1, 2, 2, 2, 2])
  agent.finish(agent.works.slice(0, 3), { payload: '1' })
  agent.finish(agent.works.slice(3), { payload: '2' })
  expect(await results(tasks)).toEqual([1, 1, 1, 2, 2, 2])
})

test('frames: a failure in one says its code, and whether it may be tried again', async () => {
  const agent = await ground.joined({ concurrency: 1 })
  const [task] = await ground.submit(1)
  await received(agent, 1)
  agent.finish(agent.works, { code: 'api_error', message: 'not now' })
  await received(agent, 2)
  expect(agent.works[1]).toMatchObject({ id: task.id, attempt: 2 })
  agent.finish([agent.works[1]], { code: 'too bad', message: 'never', retryable: false })
  await expect(task.result()).rejects.toMatchObject({ code: 'error', message: 'never' })
})

test('frames: agents in plain form and in frames serve one queue side by side', async () => {
  const inFrames = await ground.joined({ concurrency: 8 })
  const plain = { id: 'plain', instance: 'one' }
  const taken: string[] = []
  ground.nc.subscribe('sb.agent.plain.one.work', {
    callback: (_, msg) => {
      taken.push(msg.headers!.get('Sb-Id'))
      msg.respond(encodeJson('plainly'))
    },
  })
  const hello = encodeJson({ ...plain, queues: ['*'], concurrency: 8, beats: true })
  const answer = (await ground.nc.request('sb.from.plain.hello', hello)).json<object>()
  expect(answer).not.toHaveProperty('frames')
  expect(await inFrames.sayHello()).toMatchObject({ frames: 1 })
  inFrames.onWork = (work) => inFrames.finish([work], { payload: '"in frames"' })
  const done = await results(await ground.submit(200))
  expect(done.filter((how) => how === 'plainly').length).toBe(taken.length)
  expect(taken.length).toBeGreaterThan(0)
  expect(inFrames.works.length).toBe(200 - taken.length)
  expect(inFrames.works.length).toBeGreaterThan(0)
})

test('frames: the type of a task is told to agents that speak version 2, in the frames of others nothing', async () => {
  const older = await ground.joined({ queues: ['old'], frames: 1 })
  const newer = await ground.joined({ queues: ['new'], frames: 7 })
  expect(await older.sayHello()).toMatchObject({ frames: 1 })
  expect(await newer.sayHello()).toMatchObject({ frames: 4 })
  for (const agent of [older, newer]) agent.onWork = (work) => agent.finish([work])
  const { scheduler } = ground
  for (const queue of ['old', 'new']) {
    await scheduler.run(queue, 'a', { type: 'scan' }).catch(() => {})
    await scheduler.run(queue, 'b').catch(() => {})
    await scheduler.run(queue, 'c', { type: queue }).catch(() => {})
  }
  expect(older.works.map(({ type }) => type)).toEqual(['', '', ''])
  expect(newer.works.map(({ type }) => type)).toEqual(['scan', '', ''])
})

test('plain form: the type of a task is a header where it is another than the queue', async () => {
  const types: (string | null)[] = []
  ground.nc.subscribe('sb.agent.plain.one.work', {
    callback: (_, msg) => {
      types.push(msg.headers!.has('Sb-Type') ? msg.headers!.get('Sb-Type') : null)
      msg.respond(encodeJson(0))
    },
  })
  await ground.nc.request('sb.from.plain.hello', encodeJson({ instance: 'one', queues: ['q'] }))
  await ground.scheduler.run('q', 0, { type: 'scan' })
  await ground.scheduler.run('q', 0)
  await ground.scheduler.run('q', 0, { type: 'q' })
  expect(types).toEqual(['scan', null, null])
})

test('frames: one of results that is cut at any byte is refused as a whole, with one answer', async () => {
  const tasks = await ground.submit(3)
  const agent = await ground.joined()
  await received(agent, 3)
  const frame = agent.resultFrame(agent.works, { payload: '"done"' })
  for (let length = 0; length < frame.length; length++) {
    // All of them may take longer than a lease.
    if (length % 16 === 0) expect((await agent.beat(counters(agent))).code).toBe(null)
    const { code, message, frame: named } = await agent.askFrames(frame.subarray(0, length))
    expect([length, code]).toEqual([length, 'bad_frame'])
    expect(message).toContain('nothing of it was taken')
    expect(named).toBe(length < 16 ? '' : String(agent.epoch))
  }
  expect(ground.scheduler.statusNow().refused.bad_frame).toBe(frame.length)
  expect(ground.tasks()).toMatchObject({ running: 3, completed: 0 })
  expect((await agent.answersTo(frame.subarray(0, 40))).length).toBe(1)
  expect((await agent.askFrames(frame)).code).toBe(null)
  expect(await results(tasks)).toEqual(['done', 'done', 'done'])
})

test('frames: a beat that is cut at any byte is refused, and says nothing of attempts', async () => {
  const [task] = await ground.submit(1)
  const agent = await ground.joined()
  await received(agent, 1)
  const frame = agent.beatFrame(counters(agent))
  for (let length = 0; length < frame.length; length++) {
    expect((await agent.askFrames(frame.subarray(0, length))).code).toBe('bad_frame')
  }
  expect((await agent.askFrames(frame)).body).toEqual({ scheduler: agent.scheduler })
  agent.finish(agent.works, { payload: '1' })
  expect(await task.result()).toBe(1)
})

test('frames: a newer version, another kind and lies about counts are refused by name', async () => {
  await ground.submit(2)
  const agent = await ground.joined()
  await received(agent, 2)
  const whole = agent.resultFrame(agent.works)
  const changed = (at: number, value: number) => {
    const bytes = Uint8Array.from(whole)
    bytes[at] = value
    return agent.askFrames(bytes)
  }
  expect((await changed(2, 4)).code).toBe('frame_version')
  expect((await changed(3, FRAME_KIND.submit)).code).toBe('bad_frame')
  expect((await changed(3, FRAME_KIND.acknowledge)).code).toBe('bad_frame')
  expect((await changed(3, FRAME_KIND.beat)).code).toBe('bad_frame')
  expect((await changed(4, 1)).code).toBe('bad_frame')
  expect((await changed(4, 3)).code).toBe('bad_frame')
  expect((await changed(6, 1)).code).toBe('bad_frame')
  expect((await agent.askFrames(Uint8Array.from([...whole, 0]))).code).toBe('bad_frame')
  expect(ground.tasks().running).toBe(2)
})

test('frames: results of attempts that are over take nothing from the others of their frame', async () => {
  const tasks = await ground.submit(3)
  const agent = await ground.joined({ keeps: true })
  await received(agent, 3)
  await ground.scheduler.cancelTask(tasks[1].id)
  const unknown = { ...agent.works[0], counter: 1_000_000, slot: 99_999 }
  agent.finish([...agent.works, unknown], { payload: '1' })
  expect(await results([tasks[0], tasks[2]])).toEqual([1, 1])
  expect(ground.attempts().lateResults).toBe(1)
  expect(ground.scheduler.statusNow().refused).toMatchObject({ late_result: 1, result_unknown: 1 })
  // Taken, late or unknown: each was heard, and need not be kept.
  await until(() => agent.acknowledged.length >= 4, { what: 'four acknowledgements' })
  expect(agent.acknowledged).toEqual([...counters(agent), 1_000_000])
})

test('frames: a 503 for one ends every attempt in it, once; they run when the agent listens', async () => {
  const tasks = await ground.submit(5)
  const agent = ground.agent()
  await agent.sayHello()
  await until(() => ground.attempts().dispatchFailed === 5, {
    what: 'five dispatches to have failed',
  })
  expect(ground.tasks()).toMatchObject({ waiting: 5, running: 0 })
  expect((await ground.scheduler.listAgents())[0].status).toBe('offline')
  agent.onWork = (work) => agent.finish([work], { payload: '1' })
  agent.listen()
  await agent.beat()
  expect(await results(tasks)).toEqual([1, 1, 1, 1, 1])
  expect(agent.works.map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2, 2])
  expect(ground.attempts()).toMatchObject({ started: 10, dispatchFailed: 5 })
})

test('frames: a 503 for one ends only what was in it and still runs', async () => {
  const agent = await ground.joined({ concurrency: 5 })
  await ground.submit(3)
  await received(agent, 3)
  await ground.submit(2)
  await received(agent, 5)
  agent.finish([agent.works[1]])
  await until(() => ground.tasks().completed === 1, { what: 'one to be done' })
  ground.nc.publish(agent.works[0].reply, undefined, { headers: nobody })
  await until(() => ground.attempts().dispatchFailed === 2, { what: 'two to have failed' })
  expect(ground.tasks()).toMatchObject({ waiting: 2, running: 2 })
  // It was not there, so it gets nothing until it is heard of again.
  const before = agent.works.length
  await agent.beat(counters(agent).slice(3))
  await received(agent, before + 2)
  expect(agent.works.slice(before).map(({ attempt }) => attempt)).toEqual([2, 2])
  // Whoever says anything else there is told where results go.
  const answer = await ground.nc.request(agent.works[0].reply, 'done')
  expect(answer.headers?.get('Sb-Code')).toBe('bad_subject')
})

test('frames: beats in them keep the lease, and tell which attempts are lost', async () => {
  const agent = await ground.joined({ concurrency: 3 })
  const tasks = await ground.submit(3)
  await received(agent, 3)
  const [kept, missing, done] = counters(agent)
  const startedAtMs = Date.now()
  await beatUntil(
    agent,
    () => [kept, done, ...counters(agent).slice(3)],
    () => ground.attempts().lost === 1 && Date.now() - startedAtMs > 2 * LEASE_MS,
    'one attempt to be lost, and two leases to pass',
  )
  expect((await ground.scheduler.listAgents()).length).toBe(1)
  await received(agent, 4)
  expect(agent.works[3]).toMatchObject({ id: agent.works[1].id, attempt: 2 })
  expect(counters(agent)[3]).not.toBe(missing)
  agent.finish([agent.works[0], agent.works[2], agent.works[3]], { payload: '1' })
  expect(await results(tasks)).toEqual([1, 1, 1])
  expect(ground.attempts()).toMatchObject({ started: 4, lost: 1, repeated: 0 })
  await until(async () => (await ground.scheduler.listAgents()).length === 0, {
    what: 'its lease to end without beats',
  })
  expect((await agent.beat()).code).toBe('agent_unknown')
})

test('frames: a beat has room for 65,535 attempts; one of another epoch names none of ours', async () => {
  const agent = await ground.joined({ concurrency: 65_535 })
  await ground.submit(1)
  await received(agent, 1)
  const all = Array.from({ length: 65_535 }, (_, n) => n + 1)
  expect((await agent.beat(all)).body).toEqual({ scheduler: agent.scheduler })
  await until(
    async () => {
      await agent.askFrames(agent.beatFrame(all, agent.epoch - 1))
      return ground.attempts().lost === 1
    },
    { what: 'the attempt that no beat of this epoch names to be lost' },
  )
})

test('frames: what an agent says again at hello holds from then on', async () => {
  const agent = await ground.joined({ keeps: true, concurrency: 1 })
  await ground.submit(2)
  await received(agent, 1)
  agent.hello.frames = 0
  const plainly: string[] = []
  ground.nc.subscribe(`sb.agent.${agent.id}.${agent.hello.instance}.work`, {
    callback: (_, msg) => {
      plainly.push(msg.reply!.split('.').at(-1)!)
      msg.respond(encodeJson(2))
    },
  })
  expect(await agent.sayHello()).not.toHaveProperty('frames')
  agent.finish(agent.works, { payload: '1' })
  await until(() => ground.tasks().completed === 2, { what: 'both to be done' })
  // A result in plain form is acknowledged in plain form.
  const acknowledge = { type: 'acknowledge', scheduler: agent.scheduler, tokens: plainly }
  await until(() => agent.controls.length > 0, { what: 'the acknowledgement' })
  expect(agent.controls).toEqual([acknowledge])
  expect(agent.acknowledged).toEqual(counters(agent))
})
