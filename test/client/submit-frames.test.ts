/** How tasks leave: together in frames, and in the plain form where frames are not taken. */
import { describe, expect, test } from 'vitest'
import { type Client, type ConnectOptions, connect } from '../../src/index.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { expectEnded, expectRefused } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { FakeFrameScheduler } from './fake-frame-scheduler.ts'

const nats = withNats()

interface Stage {
  client: Client
  scheduler: FakeFrameScheduler
  prefix: string
}

/** Nothing is listened to until the test says so. */
async function stage(
  check: (stage: Stage) => Promise<void>,
  options: ConnectOptions = {},
): Promise<void> {
  const prefix = randomToken()
  const scheduler = new FakeFrameScheduler(await nats.connect(), prefix)
  const client = await connect({ servers: nats.url, prefix, timeoutMs: 1_000, ...options })
  try {
    await check({ client, scheduler, prefix })
  } finally {
    await client.close()
  }
}

/** Ends each task with what it was given. */
function echo(scheduler: FakeFrameScheduler): void {
  scheduler.onTask = (task) => {
    if (task.wantsAccepted) scheduler.accept(task)
    if (task.wantsOutcome) scheduler.end(task, JSON.parse(task.payload))
  }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

test('frames: what is submitted in one turn leaves together, 64 in a frame', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('work')
    echo(scheduler)
    const results = await Promise.all(numbers(150).map((i) => client.run('work', i)))
    expect(results).toEqual(numbers(150))
    expect(scheduler.frames.map(({ tasks }) => tasks.length)).toEqual([64, 64, 22])
  }))

test('frames: a task alone leaves in its own turn, in a frame of one', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await scheduler.takeFrames('work')
    echo(scheduler)
    await expect(client.run('work', 'first')).resolves.toBe('first')
    await expect(client.run('work', 'second')).resolves.toBe('second')
    expect(scheduler.frames.map(({ tasks }) => tasks.length)).toEqual([1, 1])
    expect(scheduler.frames[0].subject).toBe(`${prefix}.frame.work.0`)
  }))

test('frames: continuations of one chunk of answers share a frame', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('work')
    echo(scheduler)
    const twice = async (i: number) => client.run('work', await client.run<number>('work', i))
    expect(await Promise.all(numbers(60).map(twice))).toEqual(numbers(60))
    const first = scheduler.frames[0].tasks.length
    expect(first).toBe(60)
    expect(scheduler.frames.length).toBeLessThan(60)
  }))

test('frames: a queue and a priority have frames of their own, options stand with each task', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await scheduler.takeFrames('one')
    await scheduler.takeFrames('two')
    echo(scheduler)
    await Promise.all([
      client.run('one', 1, { id: 'a', requires: ['ocr', 'gpu'], timeoutMs: 500, retryCount: 0 }),
      client.run('one', 2),
      client.run('one', 3, { priority: 'critical' }),
      client.submit('two', 4),
    ])
    const subjects = scheduler.frames.map(({ subject }) => subject).sort()
    expect(subjects).toEqual([
      `${prefix}.frame.one.0`,
      `${prefix}.frame.one.5`,
      `${prefix}.frame.two.0`,
    ])
    expect(scheduler.tasks.find(({ id }) => id === 'a')).toMatchObject({
      requires: 'gpu,ocr',
      timeoutMs: 500,
      retryCount: 0,
      wantsAccepted: false,
      wantsOutcome: true,
    })
    expect(scheduler.tasks.find(({ payload }) => payload === '2')).toMatchObject({
      id: '',
      requires: '',
      timeoutMs: 0,
      retryCount: 255,
    })
    expect(scheduler.tasks.find(({ payload }) => payload === '4')).toMatchObject({
      wantsAccepted: true,
      wantsOutcome: true,
    })
  }))

test('frames: submit is accepted by one item and ends by another', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('work')
    scheduler.onTask = (task) => scheduler.accept(task, { id: 'order-17', message: 'all 3 full' })
    const task = await client.submit('work', 1)
    expect(task).toMatchObject({ id: 'order-17', queue: 'work', waitingFor: 'all 3 full' })
    scheduler.end(scheduler.tasks[0], { done: true })
    await expect(task.result()).resolves.toEqual({ done: true })
  }))

test('frames: a failed outcome and a refusal are told as in the plain form', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('work')
    scheduler.onTask = (task) => {
      if (task.payload === '1') scheduler.refuse(task, 'queue_full')
      else {
        const ended = { state: 'failed', code: 'paper_jam', message: 'tray 2' } as const
        scheduler.end(task, undefined, { ...ended, attempts: 3, retryable: false })
      }
    }
    const failed = expectEnded(client.run('work', 0), 'paper_jam')
    const refused = expectRefused(client.run('work', 1), 'queue_full')
    expect(await failed).toMatchObject({ attempts: 3, retryable: false, message: 'tray 2' })
    expect(await refused).toMatchObject({ retryable: true })
  }))

test('frames: what is submitted in the turn in which the client closes still leaves', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('work')
    const run = expectRefused(client.run('work', 'last words'), 'disconnected')
    await client.close()
    await run
    await until(() => scheduler.tasks.length === 1, { what: 'the task' })
  }))

test('frames: an answer for a task that is not there changes nothing', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('work')
    scheduler.onTask = (task) => {
      scheduler.end({ ...task, number: task.number + 1 }, 'another')
      scheduler.end(task, 'mine')
      scheduler.end(task, 'again')
    }
    await expect(client.run('work', 0)).resolves.toBe('mine')
    await expect(client.run('work', 1)).resolves.toBe('mine')
  }))

test('frames: an answer frame that is cut is dropped, and the next is read', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await scheduler.takeFrames('work')
    const nc = await nats.connect()
    scheduler.onTask = (task) => {
      nc.publish(task.replyTo, Uint8Array.of(0x53, 0x42, 1, 2))
      nc.flush().then(() => scheduler.end(task, prefix))
    }
    await expect(client.run('work', 0)).resolves.toBe(prefix)
  }))

describe('frames: where nobody takes them', () => {
  test('frames: the same tasks go out in the plain form, none lost and none twice', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takePlain('old')
      echo(scheduler)
      const results = await Promise.all(numbers(100).map((i) => client.run('old', i)))
      expect(results).toEqual(numbers(100))
      const payloads = scheduler.tasks.map(({ payload }) => Number(payload))
      expect(payloads.sort((a, b) => a - b)).toEqual(numbers(100))
      expect(scheduler.frames).toEqual([])
    }))

  test('frames: options and id go along, and submit is accepted', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takePlain('old')
      scheduler.onTask = (task) => {
        scheduler.accept(task, { id: task.id })
        scheduler.end(task, 'done')
      }
      const options = { id: 'a', requires: ['ocr'], timeoutMs: 70, retryCount: 4 }
      const task = await client.submit('old', 1, { ...options, priority: 5 })
      expect(task.id).toBe('a')
      expect(scheduler.tasks[0]).toMatchObject({
        form: 'plain',
        id: 'a',
        requires: 'ocr',
        timeoutMs: 70,
        retryCount: 4,
        wantsOutcome: true,
      })
      expect(scheduler.tasks[0].subject).toMatch(/\.task\.old\.5$/)
    }))

  test('frames: it is remembered for the queue until a scheduler says that it is up', () =>
    stage(async ({ client, scheduler, prefix }) => {
      await scheduler.takePlain('old')
      echo(scheduler)
      await client.run('old', 0)
      await scheduler.takeFrames('old')
      await client.run('old', 1)
      expect(scheduler.tasks.map(({ form }) => form)).toEqual(['plain', 'plain'])
      const nc = await nats.connect()
      const up = { scheduler: 's', epoch: 1, queues: ['old'], frames: 1 }
      nc.publish(`${prefix}.event.scheduler_up`, JSON.stringify(up))
      const framed = async () => {
        await client.run('old', 2)
        return scheduler.tasks.at(-1)!.form === 'frame'
      }
      await until(framed, { what: 'frames to be used again' })
    }))

  test('frames: a scheduler of another version gets the plain form', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('new')
      await scheduler.takePlain('new')
      scheduler.refusal = 'frame_version'
      echo(scheduler)
      expect(await Promise.all([client.run('new', 1), client.run('new', 2)])).toEqual([1, 2])
      await client.run('new', 3)
      expect(scheduler.frames.length).toBe(1)
      expect(scheduler.tasks.map(({ form }) => form)).toEqual(['plain', 'plain', 'plain'])
    }))

  const SAID = { type: 'scan', strategy: 'affinity', match: 'fallback', key: 'book-7' } as const
  const ROUTING = { ...SAID, prefers: 'german,near>=2' }

  test('frames: what a task says of placing goes out in a frame of version 2, other tasks in 1', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('new')
      echo(scheduler)
      await client.run('new', 1)
      await client.run('new', 2, { ...SAID, prefers: ['near >= 2', 'german'] })
      await client.run('new', 3, { requires: ['gpu>=24.0', 'ocr'] })
      const alone = scheduler.frames.map(({ bytes }) => bytes)
      await Promise.all([client.run('new', 4), client.run('new', 5, { key: 'k' })])
      expect(scheduler.versions).toEqual([1, 2, 1, 2])
      expect(scheduler.tasks.map(({ routing }) => routing)).toEqual([
        {},
        ROUTING,
        {},
        {},
        { key: 'k' },
      ])
      expect(scheduler.tasks[2].requires).toBe('gpu>=24,ocr')
      expect(alone[0]).toBe(16 + 20 + 1)
    }))

  test('frames: a scheduler that speaks only version 1 gets what needs 2 in the plain form', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('old')
      await scheduler.takePlain('old')
      scheduler.versionMax = 1
      echo(scheduler)
      await client.run('old', 1)
      const options = { ...SAID, prefers: ['german', 'near>=2'], requires: ['gpu>=24'] }
      await expect(client.run('old', 2, options)).resolves.toBe(2)
      expect(scheduler.versions).toEqual([1, 2])
      expect(scheduler.tasks).toMatchObject([
        { form: 'frame' },
        { form: 'plain', requires: 'gpu>=24', routing: ROUTING, wantsOutcome: true },
      ])
    }))

  test('frames: a task that is larger than a frame says the same of placing in the plain form', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('large')
      await scheduler.takePlain('large')
      scheduler.onTask = (task) => scheduler.end(task, task.payloadBytes)
      const options = { ...SAID, prefers: ['german', 'near>=2'] }
      await expect(client.run('large', new Uint8Array(100_000), options)).resolves.toBe(100_000)
      expect(scheduler.tasks).toMatchObject([{ form: 'plain', routing: ROUTING }])
    }))

  test('frames: 1,000 tasks with a key fill frames and none is missing', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('many')
      echo(scheduler)
      const payloads = Array.from({ length: 1_000 }, (_, n) => 'x'.repeat(n % 300))
      const options = { key: 'book', type: 'page', requires: ['ocr'] }
      let completed = 0
      for await (const outcome of client.runMany('many', payloads, options)) {
        expect(outcome.json()).toBe(payloads[outcome.index])
        completed++
      }
      expect(completed).toBe(1_000)
      expect(scheduler.frames.length).toBeLessThan(100)
      for (const { routing } of scheduler.tasks) {
        expect(routing).toEqual({ type: 'page', key: 'book' })
      }
    }))

  test('frames: a frame that is refused as a whole fails each of its tasks', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('work')
      scheduler.refusal = 'bad_frame'
      const runs = [client.run('work', 1), client.run('work', 2)]
      await Promise.all(runs.map((run) => expectRefused(run, 'bad_frame')))
      scheduler.refusal = null
      echo(scheduler)
      await expect(client.run('work', 3)).resolves.toBe(3)
    }))

  test('frames: when those who took them leave, only what nobody had is sent again', () =>
    stage(async ({ client, scheduler }) => {
      const subscription = await scheduler.takeFrames('work')
      await scheduler.takePlain('work')
      const held = client.run('work', 'held')
      await until(() => scheduler.tasks.length === 1, { what: 'the first task' })
      subscription.unsubscribe()
      await client.status().catch(() => {})
      const sent = client.run('work', 'sent again')
      await until(() => scheduler.tasks.length === 2, { what: 'the second task' })
      expect(scheduler.tasks.map(({ form, payload }) => [form, payload])).toEqual([
        ['frame', '"held"'],
        ['plain', '"sent again"'],
      ])
      scheduler.end(scheduler.tasks[0], 1)
      scheduler.end(scheduler.tasks[1], 2)
      expect(await Promise.all([held, sent])).toEqual([1, 2])
    }))
})

describe('frames: sizes', () => {
  test('frames: a frame is never larger than the server takes', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('work')
      scheduler.onTask = (task) => scheduler.end(task, task.payloadBytes)
      const size = 3_000
      const payload = new Uint8Array(size)
      const results = await Promise.all(numbers(60).map(() => client.run('work', payload)))
      expect(results).toEqual(numbers(60).map(() => size))
      expect(Math.max(...scheduler.frames.map(({ bytes }) => bytes))).toBeLessThanOrEqual(65_536)
      expect(scheduler.frames.map(({ tasks }) => tasks.length)).toEqual([21, 21, 18])
    }))

  test('frames: a payload that would fill a frame alone goes by itself', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('work')
      await scheduler.takePlain('work')
      scheduler.onTask = (task) => scheduler.end(task, task.payloadBytes)
      const fits = 65_536 - 16 - 20
      const sizes = [fits, fits + 1, 1_048_576, 0]
      const runs = sizes.map((size) => client.run('work', new Uint8Array(size)))
      expect(await Promise.all(runs)).toEqual(sizes)
      const forms = new Map(scheduler.tasks.map(({ payloadBytes, form }) => [payloadBytes, form]))
      expect(sizes.map((size) => forms.get(size))).toEqual(['frame', 'plain', 'plain', 'frame'])
    }))

  test('frames: what the server does not take at all is refused, the rest goes', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('work')
      await scheduler.takePlain('work')
      scheduler.onTask = (task) => scheduler.end(task, task.payloadBytes)
      const tooLarge = client.run('work', new Uint8Array(1_048_577))
      const small = client.run('work', new Uint8Array(5))
      const error = await expectRefused(tooLarge, 'payload_too_large')
      expect(error.message).toContain('1048577')
      await expect(small).resolves.toBe(5)
    }))

  test('frames: bytes may be written to again when the call has returned', () =>
    stage(async ({ client, scheduler }) => {
      await scheduler.takeFrames('work')
      await scheduler.takePlain('work')
      scheduler.onTask = (task) => scheduler.end(task, task.payload.charCodeAt(0))
      const small = new Uint8Array(10).fill(65)
      const large = new Uint8Array(100_000).fill(65)
      const runs = [client.run('work', small), client.run('work', large)]
      small.fill(66)
      large.fill(66)
      expect(await Promise.all(runs)).toEqual([65, 65])
    }))
})
