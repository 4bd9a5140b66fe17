import { expect, test } from 'vitest'
import { ATTEMPT, Attempt } from '../../src/client/agent/attempt.ts'
import { HandedBack } from '../../src/client/agent/handed-back.ts'
import { SchedulerWork } from '../../src/client/agent/scheduler-work.ts'
import { WorkQueue } from '../../src/client/agent/work-queue.ts'
import { Fifo } from '../../src/submit/fifo.ts'

test('work queue: what is queued no more is not kept, though nothing may run', () => {
  const runs = { concurrency: 1, batch: 0, handler: () => undefined }
  const events = { started() {}, mayRun: () => false, finished() {}, moreWaits() {} }
  const queue = new WorkQueue(runs, events)
  const scheduler = new SchedulerWork('one', 1, 'subject', 0)
  for (let round = 1; round <= 3; round++) {
    const attempts = Array.from({ length: 100 }, (_, n) => {
      const attempt = new Attempt(scheduler, 0, round * 1_000 + n, n, '', 0)
      queue.push(attempt)
      return attempt
    })
    queue.run()
    for (const attempt of attempts) {
      expect(queue.isEmpty).toBe(false)
      attempt.state = ATTEMPT.over
      queue.drop()
    }
    expect(queue.isEmpty).toBe(true)
  }
})

test('fifo: what is to stay stays in order, wherever the head is', () => {
  const fifo = new Fifo<number>()
  for (let n = 0; n < 10; n++) fifo.push(n)
  for (let n = 0; n < 3; n++) fifo.shift()
  fifo.filter((n) => n % 2 === 0)
  fifo.push(11)
  expect([fifo.length, fifo.first(), fifo.at(1)]).toEqual([4, 4, 6])
  expect([fifo.shift(), fifo.shift(), fifo.shift(), fifo.shift(), fifo.shift()]).toEqual([
    4,
    6,
    8,
    11,
    undefined,
  ])
})

test('handed back: the newest 1,024 are known, and nothing else', () => {
  const handedBack = new HandedBack()
  for (let counter = 1; counter <= 1_025; counter++) handedBack.add(counter)
  expect([1, 2, 1_025, 1_026].map((counter) => handedBack.has(counter))).toEqual([
    false,
    true,
    true,
    false,
  ])
})
