import { expect, test } from 'vitest'
import { Inbox } from '../../src/front-end/inbox.ts'
import type { Arrival } from '../../src/front-end/transport.ts'
import { LIMITS } from '../../src/options.ts'
import { Policy } from '../policy/support.ts'

const task = (bytes = 0) => Policy.record('q', { bytes })

function make(): { inbox: Inbox; asked: () => number } {
  let count = 0
  const inbox = new Inbox(() => {
    count++
  })
  return { inbox, asked: () => count }
}

test('inbox: arrivals are taken in the order in which they came, whatever they are', () => {
  const { inbox } = make()
  const taken: string[] = []
  const results: Arrival<number> = { take: (n) => taken.push(`result ${n}`) }
  const beats: Arrival<string> = { take: (text) => taken.push(`beat ${text}`) }
  inbox.arrive(results, 1)
  inbox.arrive(beats, 'a')
  inbox.arrive(results, 2)
  inbox.takeArrivals()
  expect(taken).toEqual(['result 1', 'beat a', 'result 2'])
  inbox.takeArrivals()
  expect(taken.length).toBe(3)
})

test('inbox: what arrives while arrivals are taken waits for the next turn', () => {
  const { inbox } = make()
  const taken: number[] = []
  const again: Arrival<number> = {
    take: (n) => {
      taken.push(n)
      if (n < 3) inbox.arrive(again, n + 1)
    },
  }
  inbox.arrive(again, 1)
  inbox.takeArrivals()
  expect(taken).toEqual([1])
  expect(inbox.isEmpty).toBe(false)
  inbox.takeArrivals()
  inbox.takeArrivals()
  expect(taken).toEqual([1, 2, 3])
  expect(inbox.isEmpty).toBe(true)
})

test('inbox: everything that comes asks for a turn', () => {
  const { inbox, asked } = make()
  inbox.arrive({ take: () => {} }, null)
  inbox.submit(task())
  inbox.wake()
  expect(asked()).toBe(3)
})

test('inbox: submits come out as they went in, through many fillings and emptyings', () => {
  const { inbox } = make()
  const expected: unknown[] = []
  let left = 30_000
  for (let round = 0; left > 0 || expected.length > 0; round++) {
    for (let i = (round * 7_919) % 9_000; i > 0 && left > 0; i--, left--) {
      const record = task()
      expected.push(record)
      expect(inbox.submit(record)).toBe(true)
    }
    for (let i = (round * 104_729) % 6_000; i > 0; i--) {
      expect(inbox.nextSubmit()).toBe(expected.shift())
    }
    expect(inbox.submitsWaiting).toBe(expected.length)
    expect(inbox.isEmpty).toBe(expected.length === 0)
  }
})

test('inbox: a submit more than may wait is refused until one is taken', () => {
  const { inbox, asked } = make()
  const record = task()
  for (let i = 0; i < LIMITS.submitsWaitingMax; i++) inbox.submit(record)
  const before = asked()
  expect(inbox.submit(record)).toBe(false)
  expect(asked()).toBe(before)
  inbox.nextSubmit()
  expect(inbox.submit(record)).toBe(true)
  expect(inbox.submit(record)).toBe(false)
})

test('inbox: bytes of waiting submits are bounded, and are free again once taken', () => {
  const { inbox } = make()
  const half = task(LIMITS.submitsWaitingBytesMax / 2)
  expect(inbox.submit(half)).toBe(true)
  expect(inbox.submit(half)).toBe(true)
  expect(inbox.submit(task(1))).toBe(false)
  expect(inbox.submit(task(0))).toBe(true)
  expect(inbox.nextSubmit()).toBe(half)
  expect(inbox.submit(half)).toBe(true)
  expect(inbox.submit(task(1))).toBe(false)
})

test('inbox: submits that come while others are taken keep their order, over any number', () => {
  const { inbox } = make()
  const expected: unknown[] = []
  let waiting = 0
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < 50 + (round % 90); i++) {
      const record = task()
      expected.push(record)
      expect(inbox.submit(record)).toBe(true)
      waiting++
    }
    const taken = round % 7 === 6 ? waiting : Math.min(waiting, 60)
    for (let i = 0; i < taken; i++) expect(inbox.nextSubmit()).toBe(expected.shift())
    waiting -= taken
    expect(inbox.submitsWaiting).toBe(waiting)
  }
  while (expected.length > 0) expect(inbox.nextSubmit()).toBe(expected.shift())
  expect(inbox.nextSubmit()).toBe(undefined)
})

test('inbox: a burst is taken whole and in order', () => {
  const { inbox } = make()
  const burst = Array.from({ length: 20_000 }, () => task())
  for (const record of burst) expect(inbox.submit(record)).toBe(true)
  for (const record of burst) if (inbox.nextSubmit() !== record) throw new Error('out of order')
  expect(inbox.isEmpty).toBe(true)
})
