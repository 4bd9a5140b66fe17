import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Link } from '../../src/client/link.ts'
import { Lane } from '../../src/client/submitter/lane.ts'
import { SentFrames } from '../../src/client/submitter/sent-frames.ts'
import { Subjects } from '../../src/wire/subjects.ts'
import { until } from '../support/until.ts'

/** Frames 1 to `count` of one task each, on two lanes in turn. */
function sent(count: number) {
  const pings: (() => void)[] = []
  const nc = { flush: () => new Promise<void>((resolve) => pings.push(resolve)) }
  const frames = new SentFrames({ nc, connected: true } as unknown as Link)
  const subjects = new Subjects('sb')
  const lanes = ['a', 'b'].map((queue) => new Lane(subjects, frames.pool, queue, 3))
  const send = (number: number): Uint8Array => {
    const lane = lanes[number % 2]
    lane.writer.begin(number)
    lane.writer.add(number, 0, 255, 2, '', '', Uint8Array.of(number), 0, 1)
    const bytes = lane.writer.finish()
    frames.add(number, lane, bytes)
    return bytes
  }
  const buffers = Array.from({ length: count }, (_, i) => send(i + 1))
  return { frames, lanes, pings, send, buffers }
}

test('sent frames: an answer vouches for its frame and those before it, and for no other', () => {
  const { frames } = sent(5)
  frames.confirm(3)
  frames.sweep()
  expect([1, 2, 3].map((number) => frames.take(number))).toEqual([undefined, undefined, undefined])
  expect([4, 5].map((number) => frames.take(number)?.number)).toEqual([4, 5])
  frames.clear()
})

test('sent frames: a buffer is written again only when its frame is confirmed', () => {
  const { frames, send, buffers } = sent(2)
  const third = send(3)
  expect(buffers.map(({ buffer }) => buffer)).not.toContain(third.buffer)
  frames.confirm(2)
  frames.sweep()
  expect(buffers.map(({ buffer }) => buffer)).toContain(send(4).buffer)
  frames.clear()
})

test('sent frames: one that came back is taken once', () => {
  const { frames } = sent(3)
  expect(frames.take(2)?.bytes.at(-1)).toBe(2)
  expect([frames.take(2), frames.take(0), frames.take(4)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  frames.clear()
})

test('sent frames: without any answer a ping vouches for what was sent before it', async () => {
  const { frames, pings, send } = sent(2)
  await until(() => pings.length === 1, { what: 'a ping' })
  send(3)
  pings[0]()
  await turn()
  await turn()
  expect([1, 2, 3].map((number) => frames.take(number)?.number)).toEqual([undefined, undefined, 3])
  frames.clear()
})

test('sent frames: of a lane that is not let pass the last are taken, and none is freed before', () => {
  const { frames, lanes } = sent(7)
  lanes[1].denials = 2
  frames.confirm(7)
  frames.sweep()
  const again = frames.takeLast(lanes[1], lanes[1].denials)
  expect(again.map(({ number }) => number)).toEqual([5, 7])
  lanes[1].denials = 0
  frames.sweep()
  expect([1, 3, 5, 7].map((number) => frames.take(number))).toEqual(Array(4).fill(undefined))
  frames.clear()
})

test('sent frames: when the connection is lost nothing is known of any', () => {
  const { frames, send } = sent(3)
  frames.clear()
  expect([1, 2, 3].map((number) => frames.take(number))).toEqual(Array(3).fill(undefined))
  send(4)
  expect(frames.take(4)?.number).toBe(4)
  frames.clear()
})
