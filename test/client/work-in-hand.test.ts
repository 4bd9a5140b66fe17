import { expect, test } from 'vitest'
import { AgentTask } from '../../src/agent-task.ts'
import { WorkInHand } from '../../src/client/work-in-hand.ts'
import { TaskError } from '../../src/errors.ts'
import { LIMITS } from '../../src/options.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { readBeat } from '../../src/wire/messages.ts'

const newTask = () => new AgentTask('id', 'queue', 1, new Uint8Array(0), () => {})

test('work in hand: a report holds every scheduler with what is in work for it', () => {
  const work = new WorkInHand()
  const one = work.meet('one', 100)!
  work.meet('two', 200)
  work.begin(one, '100-1-1', newTask())
  work.begin(one, '100-2-2', newTask())
  one.seen = '100-2-2'
  work.end(one, '100-1-1')
  expect(work.report()).toEqual({
    one: { seen: '100-2-2', running: ['100-2-2'] },
    two: { seen: null, running: [] },
  })
  expect(work.count).toBe(1)
})

test('work in hand: what ends twice is counted once', () => {
  const work = new WorkInHand()
  const one = work.meet('one', 100)!
  work.begin(one, '100-1-1', newTask())
  work.end(one, '100-1-1')
  work.end(one, '100-1-1')
  expect(work.count).toBe(0)
})

test('work in hand: a scheduler of a lower epoch is refused, of a higher one met anew', () => {
  const work = new WorkInHand()
  work.meet('one', 100)!.seen = '100-9-9'
  expect(work.meet('one', 99)).toBeNull()
  expect(work.senderOf('one', '99-1-1')).toBeNull()
  expect(work.senderOf('one', '100-10-1')?.epoch).toBe(100)
  expect(work.meet('one', 101)).toMatchObject({ epoch: 101, seen: null })
  expect(work.senderOf('one', '100-11-2')).toBeNull()
  expect(work.senderOf('one', '1010-1-1')?.epoch).toBe(1010)
})

test('work in hand: a token that is none comes from nobody', () => {
  const work = new WorkInHand()
  for (const token of ['', '-', '1-2', 'a-b-c', '1-2-', '1--2', `1-2-${'9'.repeat(16)}`]) {
    expect(work.senderOf('one', token), token).toBeNull()
  }
})

test('work in hand: every task is told when all are aborted', () => {
  const work = new WorkInHand()
  const tasks = ['one', 'two'].map((name) => {
    const task = newTask()
    work.begin(work.meet(name, 1)!, '1-1-1', task)
    return task
  })
  const reason = new TaskError('fenced', 'a newer one')
  work.abortAll(reason)
  expect(tasks.map(({ signal }) => signal.reason)).toEqual([reason, reason])
})

test('work in hand: the longest report is one that a scheduler takes, a longer one is none', () => {
  const work = new WorkInHand()
  const scheduler = work.meet('s'.repeat(LIMITS.tokenLengthMax), 999_999_999_999_999)!
  let longest = work.report()
  for (let n = 0; longest !== null && n < LIMITS.concurrencyMax; n++) {
    work.begin(scheduler, `999999999999999-${1_000_000_000 + n}-${100_000_000 + n}`, newTask())
    const report = work.report()
    if (report === null) break
    longest = report
  }
  expect(work.report()).toBeNull()
  const beat = readBeat(encodeJson({ instance: 'i'.repeat(64), schedulers: longest }), 'a')
  expect(Object.values(beat.schedulers)[0].running.length).toBeGreaterThan(5_000)
})
