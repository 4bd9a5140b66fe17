/** How what a task promises of itself leaves: in frames of version 3, or in headers. */
import { expect, test } from 'vitest'
import { type Client, connect } from '../../src/index.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { withNats } from '../support/nats.ts'
import { FakeFrameScheduler } from './fake-frame-scheduler.ts'

const nats = withNats()

interface Stage {
  client: Client
  scheduler: FakeFrameScheduler
  prefix: string
}

async function stage(check: (stage: Stage) => Promise<void>): Promise<void> {
  const prefix = randomToken()
  const scheduler = new FakeFrameScheduler(await nats.connect(), prefix)
  const client = await connect({ servers: nats.url, prefix, timeoutMs: 1_000 })
  try {
    await check({ client, scheduler, prefix })
  } finally {
    await client.close()
  }
}

/** Ends each task with what it was given. */
function echo(scheduler: FakeFrameScheduler): void {
  scheduler.onTask = (task) => scheduler.end(task, JSON.parse(task.payload))
}

const TIMES = { ttlMs: 90_000, deadlineMs: 600_000, slaTargetMs: 60_000, retryDelayMs: 0 }
const PROMISES = {
  'Sb-Ttl-Ms': 90_000,
  'Sb-Deadline-Ms': 600_000,
  'Sb-Sla-Target-Ms': 60_000,
  'Sb-Retry-Delay-Ms': 0,
}

test('frames: what a task promises goes out in a frame of version 3, in full', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('new')
    echo(scheduler)
    const at = Date.now() + 60_000
    await client.run('new', 1, { ...TIMES, delayMs: 5 })
    await client.run('new', 2, { at: new Date(at), key: 'k' })
    await client.run('new', 3, { priority: 'high' })
    await client.run('new', 4)
    expect(scheduler.versions).toEqual([3, 3, 1, 1])
    expect(scheduler.tasks.map(({ promises }) => promises)).toEqual([
      { ...PROMISES, 'Sb-Delay-Ms': 5 },
      { 'Sb-At': at },
      {},
      {},
    ])
    expect(scheduler.frames.map(({ subject }) => subject.at(-1))).toEqual(['0', '0', '4', '0'])
  }))

test('frames: a scheduler that speaks only version 2 gets what needs 3 in the plain form', () =>
  stage(async ({ client, scheduler }) => {
    await scheduler.takeFrames('old')
    await scheduler.takePlain('old')
    scheduler.versionMax = 2
    echo(scheduler)
    const at = Date.now() + 60_000
    await expect(client.run('old', 1, { ...TIMES, at })).resolves.toBe(1)
    expect(scheduler.tasks).toMatchObject([
      { form: 'plain', promises: { ...PROMISES, 'Sb-At': at } },
    ])
    await expect(client.run('old', 2, { ...TIMES, delayMs: 7 })).resolves.toBe(2)
    expect(scheduler.tasks[1].promises).toEqual({ ...PROMISES, 'Sb-Delay-Ms': 7 })
  }))

test('frames: a scheduler that knows no level 0 gets tasks without a priority in the plain form', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await scheduler.takeFrames('old')
    await scheduler.takePlain('old')
    scheduler.refusal = 'bad_priority'
    echo(scheduler)
    await expect(client.run('old', 1)).resolves.toBe(1)
    expect(scheduler.tasks.map(({ subject }) => subject)).toEqual([`${prefix}.call.old`])
  }))
