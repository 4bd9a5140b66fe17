import { createInbox, type NatsConnection } from 'nats'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { LIMITS } from '../../src/options.ts'
import { Scheduler, type SchedulerOptions } from '../../src/scheduler.ts'
import { frameReplyTo } from '../../src/wire/subjects.ts'
import { type FrameItem, FrameSubmitter, submitFrame } from '../support/frame-submitter.ts'
import { withNats } from '../support/nats.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const nats = withNats()
let nc: NatsConnection
beforeAll(async () => {
  nc = await nats.connect()
})

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function startScheduler(options: SchedulerOptions = {}): Promise<Scheduler> {
  const scheduler = new Scheduler({
    name: 'framed',
    routers: 0,
    nats: { servers: nats.url, wildcard: true },
    ...options,
  })
  await scheduler.start()
  closing.push(() => scheduler.stop())
  return scheduler
}

/** An agent of the scheduler's own process that gives back what it gets. */
function startEcho(scheduler: Scheduler, concurrency = 100) {
  return scheduler.agent({ id: 'echo', queues: ['*'], concurrency }, (task) => task.payload)
}

const numbered = (count: number, more: Partial<FrameItem> = {}): FrameItem[] =>
  Array.from({ length: count }, (_, number) => ({ number, payload: `p${number}`, ...more }))

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test('frames: 64 tasks of one frame are accepted in one frame and end with their own results', async () => {
  const scheduler = await startScheduler()
  await startEcho(scheduler)
  const submitter = new FrameSubmitter(nc)
  submitter.submit('work', numbered(64))
  await submitter.answered('outcome', 64)
  expect(submitter.answers.length).toBe(128)
  expect(submitter.frames.length).toBeLessThan(64)
  const accepted = submitter.answers.filter(({ what }) => what === 'accepted')
  expect(submitter.answers.slice(0, 64)).toEqual(accepted)
  expect(new Set(accepted.map(({ id }) => id)).size).toBe(64)
  for (let number = 0; number < 64; number++) {
    const [first, outcome] = submitter.of(number)
    expect(first).toMatchObject({ what: 'accepted', state: 'pending', status: 0, code: '' })
    expect(outcome).toMatchObject({ what: 'outcome', state: 'completed', id: '' })
    expect([text(outcome.payload), outcome.attempts]).toEqual([`p${number}`, 1])
  }
  const { accepted: admitted, completed, lost } = scheduler.statusNow().tasks
  expect([admitted, completed, lost]).toEqual([64, 64, 0])
})

test('frames: an item gets only the answers that it wants, and its id with the first', async () => {
  const scheduler = await startScheduler()
  await startEcho(scheduler)
  const submitter = new FrameSubmitter(nc)
  submitter.submit('work', [
    { number: 1, wants: 'nothing' },
    { number: 2, wants: 'accepted' },
    { number: 3, wants: 'outcome' },
    { number: 4, wants: 'both' },
  ])
  await submitter.answered('outcome', 2)
  await until(() => scheduler.statusNow().tasks.completed === 4, { what: 'all to complete' })
  await nc.flush()
  const kinds = (number: number) => submitter.of(number).map(({ what }) => what)
  expect([1, 2, 3, 4].map(kinds)).toEqual([[], ['accepted'], ['outcome'], ['accepted', 'outcome']])
  expect(submitter.answers.map(({ what, id }) => [what, id !== ''])).toEqual([
    ['accepted', true],
    ['accepted', true],
    ['outcome', false],
    ['outcome', false],
  ])
})

test('frames: numbers up to the largest come back as they were', async () => {
  await startEcho(await startScheduler())
  const submitter = new FrameSubmitter(nc)
  const numbers = [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
  submitter.submit(
    'work',
    numbers.map((number) => ({ number, wants: 'outcome' as const })),
  )
  await submitter.answered('outcome', 4)
  expect(submitter.answers.map(({ number }) => number).sort((a, b) => a - b)).toEqual(numbers)
})

test('frames: one id twice in a frame is one task, and both hear of it', async () => {
  const scheduler = await startScheduler()
  let runs = 0
  await scheduler.agent({ queues: ['*'], concurrency: 10 }, () => ++runs)
  const submitter = new FrameSubmitter(nc)
  submitter.submit('work', [
    { number: 1, id: 'order-17', payload: 'first' },
    { number: 2, id: 'order-17', payload: 'second' },
    { number: 3, id: 'order-17', wants: 'outcome' },
  ])
  await submitter.answered('outcome', 3)
  const again = new FrameSubmitter(nc)
  again.submit('work', [{ number: 9, id: 'order-17' }])
  await again.answered('outcome', 1)
  const flagged = (number: number) => submitter.of(number).map(({ isDuplicate }) => isDuplicate)
  expect([1, 2, 3].map(flagged)).toEqual([[false, false], [true, false], [false]])
  const outcomes = [...submitter.answers, ...again.answers].filter(({ what }) => what === 'outcome')
  expect(outcomes.map(({ payload }) => text(payload))).toEqual(['1', '1', '1', '1'])
  expect(again.of(9)[0]).toMatchObject({ state: 'completed', id: 'order-17', isDuplicate: true })
  const { accepted, duplicates } = scheduler.statusNow().tasks
  expect([accepted, duplicates, runs]).toEqual([1, 3, 1])
})

test('frames: plain submits and frames are tasks alike, and ids are shared between them', async () => {
  const scheduler = await startScheduler()
  const agent = await scheduler.agent({ queues: ['*'] }, (task) => `${task.id}`)
  await agent.stop()
  const submitter = new FrameSubmitter(nc)
  const headers = { encode: () => Buffer.from('NATS/1.0\r\nNats-Msg-Id: both\r\n\r\n') }
  submitter.submit('work', [{ number: 1, id: 'both' }, { number: 2 }])
  await submitter.answered('accepted', 2)
  const plain = nc.request('sb.call.work', '', { timeout: 10_000, headers: headers as never })
  const other = nc.request('sb.call.work', '', { timeout: 10_000 })
  await until(() => scheduler.statusNow().tasks.duplicates === 1, { what: 'the plain one' })
  await scheduler.agent({ queues: ['*'], concurrency: 8 }, (task) => ({ id: task.id }))
  expect((await plain).json()).toEqual({ id: 'both' })
  expect(JSON.parse(text((await submitter.answer(1, 'outcome')).payload))).toEqual({ id: 'both' })
  await submitter.answered('outcome', 2)
  await other
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 3, completed: 3 })
})

test('frames: payloads of no byte and of 256 KiB pass, in one frame and alone', async () => {
  const scheduler = await startScheduler()
  await startEcho(scheduler)
  const submitter = new FrameSubmitter(nc)
  const large = (fill: number) => new Uint8Array(256 * 1024).fill(fill)
  submitter.submit('work', [
    { number: 1, payload: '' },
    { number: 2, payload: large(2) },
    { number: 3, payload: '' },
    { number: 4, payload: large(4) },
    { number: 5, payload: 'x'.repeat(300) },
  ])
  submitter.submit('work', [{ number: 6, payload: large(6), wants: 'outcome' }])
  await submitter.answered('outcome', 6)
  const outcome = async (number: number) => (await submitter.answer(number, 'outcome')).payload
  expect([(await outcome(1)).length, (await outcome(3)).length]).toEqual([0, 0])
  for (const number of [2, 4, 6]) {
    expect(Buffer.compare(await outcome(number), large(number))).toBe(0)
  }
  expect(text(await outcome(5))).toBe('x'.repeat(300))
})

test('frames: what is wrong with one item is its own answer, the others are done', async () => {
  const scheduler = await startScheduler()
  await startEcho(scheduler)
  const submitter = new FrameSubmitter(nc)
  const tooLarge = new Uint8Array(LIMITS.payloadBytesDefault + 1)
  const bad: [Partial<FrameItem>, string, number][] = [
    [{ id: 'a.b' }, 'bad_token', 400],
    [{ id: 'x'.repeat(65) }, 'bad_token', 400],
    [{ id: '*' }, 'bad_token', 400],
    [{ requires: 'a b' }, 'bad_token', 400],
    [{ requires: 'gpu>=' }, 'bad_option', 400],
    [{ requires: Array(33).fill('c').join() }, 'bad_option', 400],
    [{ retryCount: 101 }, 'bad_option', 400],
    [{ timeoutMs: 2 ** 32 - 1 }, 'bad_option', 400],
    [{ payload: tooLarge }, 'payload_too_large', 413],
  ]
  const items = bad.map(([item], n): FrameItem => ({ number: n, wants: 'nothing', ...item }))
  submitter.submit('work', [{ number: 98 }, ...items, { number: 99 }])
  await submitter.answered('outcome', 2)
  for (const [number, [, code, status]] of bad.entries()) {
    const [answer, ...more] = submitter.of(number)
    expect(answer).toMatchObject({ what: 'refused', code, status, id: '', isRetryable: false })
    expect([answer.message.length > 10, more]).toEqual([true, []])
  }
  const { tasks, refused } = scheduler.statusNow()
  expect(tasks.accepted).toBe(2)
  expect(refused).toEqual({ bad_token: 4, bad_option: 4, payload_too_large: 1 })
})

test('frames: options of an item count for its task', async () => {
  const scheduler = await startScheduler({ queues: { work: { retryCount: 5, timeoutMs: 60_000 } } })
  const submitter = new FrameSubmitter(nc)
  submitter.submit('work', [
    { number: 1, id: 'needs', requires: 'ocr,gpu,ocr' },
    { number: 2, id: 'once', retryCount: 0 },
    { number: 3, id: 'short', timeoutMs: 50, retryCount: 0 },
    { number: 4, id: 'last', payload: 'fine' },
  ])
  submitter.publish('sb.frame.work.5', submitFrame([{ number: 5, id: 'urgent' }]))
  await submitter.answered('accepted', 5)
  expect((await scheduler.getTask('needs')).requires).toEqual(['gpu', 'ocr'])
  expect((await scheduler.getTask('urgent')).priority).toBe(5)
  expect((await scheduler.getTask('once')).priority).toBe(3)
  await scheduler.agent({ queues: ['*'], capabilities: ['ocr', 'gpu'] }, async (task) => {
    if (task.id === 'once') throw new TaskError('api_error', 'The ä\r\npi is down.')
    if (task.id === 'short')
      await new Promise((resolve) => task.signal.addEventListener('abort', resolve))
    return task.payload
  })
  await submitter.answered('outcome', 5)
  expect(await submitter.answer(2, 'outcome')).toMatchObject({
    state: 'failed',
    code: 'api_error',
    message: 'The ä pi is down.',
    status: 500,
    id: 'once',
    attempts: 1,
    isRetryable: true,
  })
  expect(await submitter.answer(3, 'outcome')).toMatchObject({ code: 'timeout', id: 'short' })
  expect(await submitter.answer(1, 'outcome')).toMatchObject({ state: 'completed' })
})

test('frames: who waits for an agent is told so, once for each', async () => {
  await startScheduler()
  const submitter = new FrameSubmitter(nc)
  submitter.submit('lonely', numbered(3, { wants: 'accepted' }))
  await submitter.answered('accepted', 3)
  for (const answer of submitter.answers) expect(answer.message).toBe('no agent serves lonely')
  submitter.submit('lonely', [{ number: 9, wants: 'accepted', requires: 'ocr' }])
  expect((await submitter.answer(9, 'accepted')).message).toBe('no agent serves lonely')
})

test('frames: a full queue and an unknown one refuse each task for itself', async () => {
  const scheduler = await startScheduler({ strictQueues: true, queues: { small: { tasksMax: 2 } } })
  const submitter = new FrameSubmitter(nc)
  submitter.submit('small', numbered(5))
  await submitter.answered('refused', 3)
  submitter.submit('smal', numbered(2))
  await submitter.answered('refused', 5)
  const codes = submitter.answers.map(({ what, code, isRetryable }) => [what, code, isRetryable])
  expect(codes).toEqual([
    ['accepted', '', false],
    ['accepted', '', false],
    ['refused', 'queue_full', true],
    ['refused', 'queue_full', true],
    ['refused', 'queue_full', true],
    ['refused', 'queue_unknown', false],
    ['refused', 'queue_unknown', false],
  ])
  expect(scheduler.statusNow().refused).toEqual({ queue_full: 3, queue_unknown: 2 })
})

test('frames: owners listen for their own queues only', async () => {
  await startScheduler({ nats: { servers: nats.url, wildcard: false }, queues: { mine: {} } })
  const submitter = new FrameSubmitter(nc)
  submitter.submit('mine', [{ number: 1, wants: 'accepted' }])
  await submitter.answered('accepted', 1)
  const answer = await submitter.refused('sb.frame.other.3', submitFrame([{ number: 2 }]))
  expect(answer).toMatchObject({ status: 503, code: '' })
})

test('frames: a scheduler that stops hears no more frames, and answers for those it has', async () => {
  const scheduler = await startScheduler()
  let finish = () => {}
  await scheduler.agent(
    { queues: ['*'] },
    () =>
      new Promise<void>((resolve) => {
        finish = resolve
      }),
  )
  const submitter = new FrameSubmitter(nc)
  submitter.submit('work', [{ number: 1, wants: 'outcome' }])
  await until(() => scheduler.statusNow().tasks.running === 1, { what: 'the task to run' })
  const stopped = scheduler.stop({ drain: true })
  await until(
    async () => {
      submitter.submit('work', [{ number: 2 }])
      await nc.flush()
      return submitter.plain.some(({ status }) => status === 503)
    },
    { what: 'nobody to listen' },
  )
  finish()
  await stopped
  expect((await submitter.answer(1, 'outcome')).state).toBe('completed')
  for (const { number, code } of submitter.answers) {
    expect([number, code]).toEqual(number === 1 ? [1, ''] : [2, 'stopping'])
  }
})

test('frames: the answers of many clients in one turn go to each what is its own', async () => {
  const scheduler = await startScheduler()
  await startEcho(scheduler, 1_000)
  const submitters = Array.from({ length: 300 }, () => new FrameSubmitter(nc))
  for (const submitter of submitters)
    submitter.submit('work', [{ number: 1, payload: submitter.inbox }])
  for (const submitter of submitters) {
    const { payload } = await submitter.answer(1, 'outcome')
    expect(text(payload)).toBe(submitter.inbox)
  }
})

test('frames: frames that name themselves in their reply subject are answered on one', async () => {
  await startEcho(await startScheduler())
  const heard: string[] = []
  const inbox = `${createInbox()}.`
  nc.subscribe(`${inbox}*`, { callback: (_, { subject }) => heard.push(subject) })
  for (const number of [8, 9]) {
    const frame = submitFrame([{ number, wants: 'outcome' }], number)
    nc.publish('sb.frame.work.3', frame, { reply: frameReplyTo(inbox, number) })
  }
  nc.publish('sb.frame.work.3', Buffer.from('SB'), { reply: frameReplyTo(inbox, 10) })
  await until(() => heard.length >= 2, { what: 'outcomes' })
  await until(() => heard.includes(frameReplyTo(inbox, 10)), { what: 'the refusal' })
  expect(new Set(heard)).toEqual(new Set([frameReplyTo(inbox, 0), frameReplyTo(inbox, 10)]))
})

test('frames: a scheduler says that it takes them, when it comes up and when it is asked', async () => {
  const events: unknown[] = []
  nc.subscribe('sb.event.scheduler_up', { callback: (_, msg) => events.push(msg.json()) })
  await nc.flush()
  await startScheduler()
  await until(() => events.length === 1, { what: 'the event' })
  expect(events[0]).toMatchObject({ scheduler: 'framed', queues: ['*'], frames: 4 })
  const info = (await nc.request('$SRV.INFO.signalbox')).json<{ metadata: unknown }>()
  expect(info.metadata).toEqual({ scheduler: 'framed', frames: '4' })
})

test('frames: nobody is answered outside of the inboxes', async () => {
  const scheduler = await startScheduler()
  const heard: string[] = []
  nc.subscribe('other.place', { callback: (_, msg) => heard.push(msg.subject) })
  nc.publish('sb.frame.work.3', submitFrame(numbered(2)), { reply: 'other.place' })
  nc.publish('sb.frame.work.3', Buffer.from('SB'), { reply: 'other.place' })
  nc.publish('sb.frame.work.3', submitFrame(numbered(2)))
  await until(() => scheduler.statusNow().tasks.accepted === 2, { what: 'the silent ones' })
  await nc.flush()
  expect([heard, scheduler.statusNow().refused]).toEqual([[], { bad_subject: 2 }])
})

test('frames: what ends while the connection is away is told when it is back', async () => {
  const proxy = await startTcpProxy(nats.server.port)
  closing.push(() => proxy.close())
  const scheduler = await startScheduler({ nats: { servers: proxy.url, wildcard: true } })
  const submitter = new FrameSubmitter(nc)
  submitter.submit('work', numbered(100 - 36, { payload: 'y'.repeat(2_000) }))
  await submitter.answered('accepted', 64)
  const events: string[] = []
  scheduler.onEvent(({ kind }) => events.push(kind))
  proxy.cut()
  await until(() => events.includes('nats_disconnected'), { what: 'the loss to be seen' })
  await startEcho(scheduler, 5)
  await until(() => scheduler.statusNow().tasks.completed === 64, { what: 'all to complete' })
  expect(submitter.answers.filter(({ what }) => what === 'outcome')).toEqual([])
  proxy.heal()
  await submitter.answered('outcome', 64)
  const outcomes = submitter.answers.filter(({ what }) => what === 'outcome')
  expect(outcomes.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
    numbered(64).map(({ number }) => number),
  )
  for (const { payload } of outcomes) expect(text(payload)).toBe('y'.repeat(2_000))
})
