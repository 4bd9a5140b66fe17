/** What the checker finds of promises of queues, and what looks like a broken one and is none. */
import { expect, test } from 'vitest'
import { Story } from './story.ts'

const AGENT = { concurrency: 9, preemptible: true }

function found(write: (story: Story) => void): string[] {
  const story = new Story()
  story.hello(0, AGENT)
  write(story)
  story.end()
  return story.findings()
}

const queue = 'promised'

test('checker: a delay is kept, by the queue’s and by the task’s own', () => {
  const write = (at: number, own = '') =>
    found((story) => {
      const task = story.submit({ queue, own })
      story.run(task, 0)
      story.fail(task, false)
      story.putOff(task, 'retry', at)
      story.time(at)
      story.ready(task)
      story.run(task, 0)
      story.succeed(task)
    })
  expect(write(1_100)).toEqual([])
  expect(write(1_099)).toEqual(['untimely: Task 0 is put off until 1099 ms.'])
  expect(write(1_007, '|||7|0')).toEqual([])
  expect(write(1_100, '|||7|0')).toEqual(['untimely: Task 0 is put off until 1100 ms.'])
})

test('checker: delays grow twofold, to their bound', () => {
  const delays = [100, 200, 250]
  const story = new Story()
  story.hello(0, AGENT)
  const task = story.submit({ queue })
  for (const delay of delays) {
    story.run(task, 0)
    story.fail(task, false)
    story.putOff(task, 'retry', story.nowMs + delay)
    story.time(story.nowMs + delay)
    story.ready(task)
  }
  story.run(task, 0)
  story.succeed(task)
  story.end()
  expect(story.findings()).toEqual([])
})

test('checker: what is put off is not tried before, and what is to be put off is', () => {
  const early = found((story) => {
    story.submit({ queue, own: '||||50' })
    story.putOff(0, 'delay', 1_050)
    story.time(1_049)
    story.ready(0)
  })
  expect(early).toEqual(['untimely: Task 0 is ready before its time.'])
  const never = found((story) => {
    story.submit({ queue, own: '||||50' })
    story.run(0, 0)
  })
  expect(never).toEqual(['untimely: Task 0 is not put off.'])
  const meanwhile = found((story) => {
    story.submit({ queue, own: '||||50' })
    story.putOff(0, 'delay', 1_050)
    story.run(0, 0)
  })
  expect(meanwhile).toContain('doubled: Task 0 is scheduled, not waiting.')
})

test('checker: what is due earlier goes first, what was raised before what is not', () => {
  const order = (tasks: readonly string[], first: number) =>
    found((story) => {
      for (const own of tasks) story.submit({ queue: 'q', own })
      story.run(first, 0)
    })
  expect(order(['|500|||0', '|400|||0', ''], 1)).toEqual([])
  expect(order(['|500|||0', '|400|||0', ''], 0)).toEqual(['overtaken: Task 0 goes before task 1.'])
  expect(order(['', '||900||0'], 0)).toEqual(['overtaken: Task 0 goes before task 1.'])
  const raised = found((story) => {
    story.submit({ queue, level: 2 })
    story.time(1_050)
    story.tick()
    story.note(0, 'boosted', { detail: 'age', level: 3, dueMs: 1_050 })
    story.submit({ queue, level: 3 })
    story.run(1, 0)
  })
  expect(raised).toEqual(['overtaken: Task 1 goes before task 0.'])
})

test('checker: a task rises one level at an age, and never to critical', () => {
  const rise = (atMs: number, from: number, to: number) =>
    found((story) => {
      story.submit({ queue, level: from })
      story.time(atMs)
      story.tick()
      story.note(0, 'boosted', { detail: 'age', level: to, dueMs: Math.min(atMs, 1_200) })
    })
  expect(rise(1_050, 1, 2)).toEqual([])
  expect(rise(1_049, 1, 2)).toEqual(['untimely: Task 0 is raised to level 2.'])
  expect(rise(1_050, 1, 3)).toEqual(['untimely: Task 0 is raised to level 3.'])
  expect(rise(1_170, 4, 5)).toEqual(['untimely: Task 0 is raised to level 5.'])
})

test('checker: an SLA is warned of and overdue in time, before the task expires', () => {
  const story = (warnAt: number, breachAt: number, endAt: number, isTold = true) =>
    found((told) => {
      told.submit({ queue, own: '300||||0' })
      told.time(warnAt)
      told.tick()
      told.note(0, 'warned')
      told.time(breachAt)
      told.tick()
      if (isTold) told.note(0, 'breached')
      told.time(endAt)
      told.tick()
      told.letter(0, 'ttl_expired', 'lost')
      told.move(0, 'dead_letter', 'boss')
    })
  expect(story(1_160, 1_200, 1_300)).toEqual([])
  expect(story(1_159, 1_200, 1_300)).toEqual(['untimely: Task 0 is warned of after 159 ms.'])
  expect(story(1_160, 1_199, 1_300)).toEqual(['untimely: Task 0 is overdue after 199 ms.'])
  expect(story(1_160, 1_200, 1_299)).toEqual(['untimely: Task 0 expires after 299 ms.'])
  const untold = story(1_160, 1_200, 1_300, false)
  expect(untold).toEqual(['uncaused: Task 0 expires before it is overdue.'])
})

test('checker: what has escalated does not expire by waiting', () => {
  const write = (isEscalated: boolean) =>
    found((story) => {
      story.submit({ queue })
      if (isEscalated) {
        story.time(1_200)
        story.tick()
        story.note(0, 'breached')
        story.move(0, 'escalation', 'boss')
        story.time(1_300)
      } else {
        story.run(0, 0)
        story.fail(0, false, false)
        story.letter(0, 'oops', 'lost')
        story.move(0, 'dead_letter', 'boss')
        story.time(1_100)
      }
      story.tick()
      story.outcome(0, 9, 'ttl_expired')
    })
  expect(write(false)).toEqual([])
  expect(write(true)).toEqual(['uncaused: Task 0 expires and has escalated.'])
})

test('checker: a task moves where its queue says, for a reason, and to no queue twice', () => {
  const failing = (code: string, act: (story: Story) => void) =>
    found((story) => {
      story.submit({ queue })
      story.run(0, 0)
      story.fail(0, false)
      story.rows.at(-2)!.code = code
      act(story)
    })
  expect(failing('human_timeout', (story) => story.move(0, 'escalation', 'boss'))).toEqual([])
  const other = failing('human_timeout', (story) => story.move(0, 'escalation', 'desk'))
  expect(other).toEqual(['uncaused: Task 0 moves to desk.'])
  const without = failing('oops', (story) => story.move(0, 'escalation', 'boss'))
  expect(without).toEqual(['uncaused: Task 0 moves to boss.'])
  const letterless = failing('odd', (story) => story.move(0, 'dead_letter', 'boss'))
  expect(letterless).toEqual(['miscounted: Task 0 moves with 0 dead letters.'])
})

test('checker: what dies leaves one letter under its name, what does not leaves none', () => {
  const write = (names: readonly string[], state = 4) =>
    found((story) => {
      story.submit({ queue: 'once' })
      story.run(0, 0)
      if (state === 4)
        story.add('FAILED', { task: 0, slot: 0, code: 'oops', retryable: true, message: '' })
      else story.add('SUCCEEDED', { task: 0, slot: 0 })
      story.ended(0, state === 4 ? 'failed' : 'succeeded')
      for (const name of names) story.letter(0, 'oops', name)
      const code = state === 4 ? 'oops' : ''
      story.add('OUTCOME', { task: 0, state, code, attempts: 1, resultBytes: -1 })
    })
  expect(write(['once'])).toEqual([])
  expect(write([])).toEqual(['miscounted: Task 0 has 0 dead letters at its end.'])
  expect(write(['once', 'once'])).toEqual(['miscounted: Task 0 has 2 dead letters at its end.'])
  expect(write(['lost'])).toEqual(['miscounted: Task 0 has a dead letter under lost.'])
  expect(write([], 3)).toEqual([])
  expect(write(['once'], 3)).toEqual(['miscounted: Task 0 has 1 dead letters at its end.'])
})

test('checker: a paused queue gives nothing out, and what is out goes on', () => {
  const write = (isResumed: boolean) =>
    found((story) => {
      story.submit({ queue })
      story.submit({ queue })
      story.offer(0)
      story.pause(queue)
      story.commit(0, 0)
      if (isResumed) story.pause(queue, false)
      story.run(1, 0)
      story.succeed(0)
      story.succeed(1)
    })
  expect(write(true)).toEqual([])
  expect(write(false)).toEqual(['untimely: Task 1 goes out of a paused queue.'])
})

test('checker: a queue has no more in hand than it may', () => {
  const write = (count: number) =>
    found((story) => {
      for (let i = 0; i < count; i++) story.submit({ queue })
      for (let i = 0; i < count; i++) story.run(i, 0)
    })
  expect(write(2)).toEqual([])
  expect(write(3)).toEqual(['miscounted: Task 2 goes out beside 2 others.'])
})

test('checker: who is asked may stop, as often as the queue allows', () => {
  const again = (times: number) =>
    found((story) => {
      story.submit({ queue, level: 1 })
      for (let i = 0; i < times; i++) {
        story.run(0, 0)
        story.preempt(0)
        story.yield(0)
      }
      story.run(0, 0)
      story.succeed(0)
    })
  expect(again(1)).toEqual([])
  expect(again(2)).toEqual(['miscounted: Task 0 stops more than 1 times.'])
  const unasked = found((story) => {
    story.submit({ queue })
    story.run(0, 0)
    story.yield(0)
  })
  expect(unasked).toEqual(['uncaused: Task 0 stops and was not asked to.'])
  const critical = found((story) => {
    story.submit({ queue, level: 5 })
    story.run(0, 0)
    story.preempt(0)
  })
  expect(critical).toEqual(['uncaused: Task 0 is asked to stop.'])
})

test('checker: an attempt is given up when it was silent for so long, and is heard by its beats', () => {
  const write = (isHeard: boolean) =>
    found((story) => {
      story.submit({ queue })
      story.run(0, 0)
      story.time(1_200)
      if (isHeard) story.beat(0, [0])
      story.time(1_300)
      story.tick()
      story.ended(0, 'heartbeat_timeout')
      story.letter(0, 'heartbeat_timeout', 'lost')
      story.move(0, 'dead_letter', 'boss')
    })
  expect(write(false)).toEqual([])
  expect(write(true)).toEqual(['untimely: Task 0 ends after 100 ms of silence.'])
})
