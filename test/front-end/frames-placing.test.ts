import type { NatsConnection } from 'nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { FrameSubmitter } from '../support/frame-submitter.ts'
import { withNats } from '../support/nats.ts'

const nats = withNats()
let nc: NatsConnection
let scheduler: Scheduler

beforeAll(async () => {
  nc = await nats.connect()
  scheduler = await new Scheduler({ routers: 0, nats: nats.url }).start()
})
afterAll(() => scheduler.stop())

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test('frames: what items say of placing holds for each of them, beside items that say nothing', async () => {
  const offers = { near: ['near'], able: ['ocr'], none: [] as string[] }
  for (const [id, capabilities] of Object.entries(offers)) {
    const labels: Record<string, number> = id === 'able' ? { gpu: 24 } : {}
    const options = { id, queues: ['*'], capabilities, labels, concurrency: 64 }
    await scheduler.agent(options, ({ type }) => `${id} ${type}`)
  }
  const submitter = new FrameSubmitter(nc)
  const scan = { type: 'scan', key: 'book' }
  submitter.submit('work', [
    { number: 1, requires: 'gpu>=24' },
    { number: 2, extension: { ...scan, prefers: 'near' } },
    { number: 3, requires: 'ocr,gpu >= 8', extension: scan },
    { number: 4, requires: 'gpu>=80', extension: { match: 3 } },
    { number: 5, requires: 'gpu>=80', extension: { match: 1, type: 'scan' } },
    { number: 6, requires: 'ocr', extension: { match: 2, strategy: 'best_fit' } },
    { number: 7, extension: {} },
  ])
  await submitter.answered('outcome', 6)
  const result = (number: number) => {
    const outcome = submitter.of(number).find(({ what }) => what === 'outcome')
    return outcome === undefined ? 'waits' : text(outcome.payload)
  }
  expect([1, 2, 3, 5, 6].map(result)).toEqual([
    '"able work"',
    '"near scan"',
    '"able scan"',
    'waits',
    '"able work"',
  ])
  expect(result(4)).toMatch(/ work"$/)
  expect(result(7)).toMatch(/ work"$/)
  expect((await submitter.answer(5, 'accepted')).message).toBe(
    'no agent offers gpu>=80; the nearest is "able" with gpu 24',
  )
})
