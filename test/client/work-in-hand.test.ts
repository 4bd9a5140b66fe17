import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ATTEMPT, Attempt } from '../../src/client/agent/attempt.ts'
import type { SchedulerWork } from '../../src/client/agent/scheduler-work.ts'
import { WorkInHand } from '../../src/client/agent/work-in-hand.ts'
import { LIMITS } from '../../src/options.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { readBeat } from '../../src/wire/messages.ts'
import { Subjects } from '../../src/wire/subjects.ts'

interface Ground {
  work: WorkInHand
  gone: SchedulerWork[]
}

function ground(): Ground {
  const gone: SchedulerWork[] = []
  const work = new WorkInHand(new Subjects('sb'), 'a', (scheduler) => gone.push(scheduler))
  return { work, gone }
}

/** Work of this scheduler arrives. */
function arrive(work: WorkInHand, scheduler: SchedulerWork, counter: number): Attempt {
  const attempt = new Attempt(scheduler, 0, counter, counter, '', 0)
  work.begin(attempt)
  scheduler.seenCounter = counter
  scheduler.seenSeq = counter
  return attempt
}

const answer = (scheduler: string, epoch: number) => ({ scheduler, epoch, leaseMs: 1, beatMs: 1 })

test('work in hand: a report holds every scheduler with what is in work for it', () => {
  const { work } = ground()
  const one = work.meet('one', 100)!
  work.meet('two', 200)
  const first = arrive(work, one, 1)
  arrive(work, one, 2)
  work.move(first, ATTEMPT.running)
  expect(work.report()!.one.running.sort()).toEqual(['100-1-1', '100-2-2'])
  work.move(first, ATTEMPT.over)
  expect(work.report()).toEqual({
    one: { seen: '100-2-2', running: ['100-2-2'] },
    two: { seen: null, running: [] },
  })
  expect(work.count).toBe(1)
})

test('work in hand: what has left is known and not in hand, what has not left is both', () => {
  const { work } = ground()
  const attempt = arrive(work, work.meet('one', 100)!, 1)
  work.move(attempt, ATTEMPT.unsent)
  expect(work.count).toBe(1)
  work.move(attempt, ATTEMPT.kept)
  expect(work.count).toBe(0)
  expect(work.report()!.one.running).toEqual([])
  expect(work.find('one', '100-1-1')).toBe(attempt)
  expect(work.inState(ATTEMPT.kept)).toEqual([attempt])
  expect(work.inState(ATTEMPT.kept, 'two')).toEqual([])
  work.move(attempt, ATTEMPT.over)
  work.move(attempt, ATTEMPT.over)
  expect(work.count).toBe(0)
  expect(work.find('one', '100-1-1')).toBeNull()
})

test('work in hand: a scheduler of a lower epoch is refused, of a higher one met anew', () => {
  const { work, gone } = ground()
  const older = work.meet('one', 100)!
  expect(work.meet('one', 99)).toBeNull()
  expect(work.met(answer('one', 99))).toBe(false)
  expect(work.met(answer('one', 100))).toBe(false)
  expect(work.meet('one', 100)).toBe(older)
  expect(work.met(answer('one', 101))).toBe(true)
  expect(gone).toEqual([older])
  expect(older.isReplaced).toBe(true)
  expect(work.knows('one', 101)).toBe(true)
  expect(work.knows('one', 100)).toBe(false)
  expect(work.meet('one', 101)).toMatchObject({ epoch: 101, seenCounter: 0, leaseMs: 1 })
  expect(work.schedulers).toBe(1)
})

test('work in hand: only a token that is one finds its attempt', () => {
  const { work } = ground()
  const attempt = arrive(work, work.meet('one', 100)!, 7)
  expect(work.find('one', '100-7-7')).toBe(attempt)
  for (const token of ['', '-', '1-2', '100-7-', '100-7-8', '99-7-7', '100-8-7', 'a-b-c']) {
    expect(work.find('one', token), token).toBeNull()
  }
  expect(work.find('two', '100-7-7')).toBeNull()
})

describe('work in hand: time', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  /** @returns who was forgotten after so many beats, of which three are a lease. */
  function goneAfter(beats: number, beatMs: number): string[] {
    const { work, gone } = ground()
    for (const name of ['silent', 'heard']) {
      work.met({ scheduler: name, epoch: 1, leaseMs: 9_000, beatMs: 3_000 })
    }
    for (let beat = 0; beat < beats; beat++) {
      vi.advanceTimersByTime(beatMs)
      work.heard('heard')
      work.forgetSilent()
    }
    expect(work.schedulers).toBe(2 - gone.length)
    return gone.map(({ name }) => name)
  }

  test('work in hand: a scheduler that is silent for three leases is gone', () => {
    expect(goneAfter(8, 3_000)).toEqual([])
    expect(goneAfter(9, 3_000)).toEqual(['silent'])
  })

  test('work in hand: an agent that stood still itself forgets nobody for that', () => {
    expect(goneAfter(1, 60_000)).toEqual([])
    expect(goneAfter(9, 9_001)).toEqual([])
  })
})

test('work in hand: the longest report is one that a scheduler takes, a longer one is none', () => {
  const { work } = ground()
  const scheduler = work.meet('s'.repeat(LIMITS.tokenLengthMax), 999_999_999_999_999)!
  let longest = work.report()
  for (let n = 0; n < LIMITS.concurrencyMax; n++) {
    work.begin(new Attempt(scheduler, 0, 1_000_000_000 + n, 100_000_000 + n, '', 0))
    if (n < 6_000) continue
    const report = work.report()
    if (report === null) break
    longest = report
  }
  expect(work.report()).toBeNull()
  const beat = readBeat(encodeJson({ instance: 'i'.repeat(64), schedulers: longest }), 'a')
  expect(Object.values(beat.schedulers)[0].running.length).toBeGreaterThan(5_000)
})
