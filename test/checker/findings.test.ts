/** One journal by hand for each thing that the checker must find. */
import { expect, test } from 'vitest'
import { Story } from './story.ts'

/** @param write what goes wrong. @returns what is found, as `kind: message`. */
function found(write: (story: Story) => void, agent = { concurrency: 5 }): string[] {
  const story = new Story()
  story.hello(0, agent)
  write(story)
  story.end()
  return story.findings()
}

test('checker: an attempt that succeeded must end, and its task have its outcome', () => {
  const write = (effects: (story: Story, task: number) => void) => (story: Story) => {
    const task = story.submit()
    story.run(task, 0)
    story.add('SUCCEEDED', { task, slot: 0 })
    effects(story, task)
  }
  expect(found(write(() => {}))).toEqual(['lost: Task 0 goes on after its end.'])
  expect(found(write((story, task) => story.ended(task, 'succeeded')))).toEqual([
    'lost: Task 0 is completed without an outcome.',
  ])
})

test('checker: a task that is cancelled must have its outcome, wherever it was', () => {
  const cancel = (story: Story) => story.add('CANCEL', { task: 0, answer: 0, queue: 'q', id: 't0' })
  const lost = ['lost: Task 0 is cancelled without an outcome.']
  expect(found((story) => [story.submit(), cancel(story)])).toEqual(lost)
  expect(found((story) => [story.offer(story.submit()), cancel(story)])).toEqual(lost)
  const running = found((story) => [story.run(story.submit(), 0), cancel(story)])
  expect(running).toEqual(['lost: Task 0 goes on after its end.'])
})

test('checker: what waits at its head while an agent is free for it is lost when all is quiet', () => {
  const left = found((story) => {
    story.submit({ queue: 'q', requires: '' })
    story.time(9_000)
    story.tick()
  })
  expect(left).toEqual(['lost: Task 0 could go and goes nowhere.'])
  const offered = found((story) => {
    story.offer(story.submit())
    story.time(9_000)
    story.tick()
  })
  expect(offered).toEqual(['lost: Task 0 could go and goes nowhere.'])
})

test('checker: an agent may not go while an attempt of it goes on', () => {
  const write = (story: Story) => [story.run(story.submit(), 0), story.bye(0, false)]
  expect(found(write)).toEqual(['lost: Task 0 was left behind.'])
})

test('checker: an open task may not be forgotten', () => {
  const write = (story: Story) => story.add('FORGOTTEN', { task: story.submit() })
  expect(found(write)).toEqual(['lost: Task 0 is forgotten.'])
})

test('checker: no task has two attempts that live', () => {
  const write = (story: Story) => {
    const task = story.submit()
    story.run(task, 0)
    story.run(task, 0)
    story.succeed(task)
  }
  expect(found(write)).toContain('doubled: Task 0 is running, not waiting.')
})

test('checker: no task has two outcomes', () => {
  const write = (story: Story) => {
    const task = story.submit()
    story.run(task, 0)
    story.succeed(task)
    story.outcome(task, 3)
  }
  expect(found(write)).toContain('doubled: Task 0 is not open.')
})

test('checker: tokens rise', () => {
  const write = (story: Story) => {
    const [one, two] = [story.submit(), story.submit()]
    story.run(one, 0)
    story.offer(two)
    story.commit(two, 0)
    story.rows.at(-1)!.counter = 1
    story.attempts.get(two)!.counter = 1
  }
  expect(found(write)).toEqual(['doubled: Task 1 has a token again.'])
})

test('checker: an offer that was withdrawn is not committed', () => {
  const write = (story: Story) => {
    const task = story.submit()
    story.offer(task)
    const { generation } = story.attempts.get(task)!
    story.withdraw(task)
    story.attempts.get(task)!.generation = generation
    story.commit(task, 0)
  }
  expect(found(write)).toEqual(['doubled: Task 0 is committed by an old offer.'])
})

test('checker: two tasks are never in one slot', () => {
  const slots = found((story) => {
    story.offer(story.submit())
    story.offer(story.submit())
    story.rows.at(-1)!.slot = 0
  })
  expect(slots).toEqual(['doubled: Task 1 is in a slot that is taken.'])
})

test('checker: a lane is first in, first out', () => {
  const write = (story: Story) => {
    story.submit()
    story.run(story.submit(), 0)
  }
  expect(found(write)).toEqual(['overtaken: Task 1 goes before task 0.'])
})

test('checker: within a class the highest level goes first', () => {
  const write = (story: Story) => {
    story.submit({ level: 4 })
    story.run(story.submit({ level: 3 }), 0)
  }
  expect(found(write)).toEqual(['overtaken: Task 1 goes before task 0.'])
})

test('checker: a retried task goes before all that wait', () => {
  const write = (story: Story) => {
    const tasks = [story.submit(), story.submit()]
    story.run(tasks[0], 0)
    story.fail(tasks[0], false)
    story.run(tasks[1], 0)
  }
  expect(found(write)).toEqual(['overtaken: Task 1 goes before task 0.'])
})

test('checker: fewer than 256 are sent past one that is offered', () => {
  const write = (count: number) => (story: Story) => {
    const tasks = Array.from({ length: count + 1 }, () => story.submit())
    story.offer(tasks[0])
    for (const task of tasks.slice(1)) story.run(task, 0)
    story.commit(tasks[0], 0)
  }
  expect(found(write(255), { concurrency: 1_000 })).toEqual([])
  expect(found(write(256), { concurrency: 1_000 })).toEqual([
    'overtaken: Task 256 is sent 256 past an offered one.',
  ])
})

test('checker: a task goes to an agent that serves its queue and has what it requires', () => {
  const story = new Story()
  story.hello(0, { queues: 'a,q', capabilities: 'gpu', concurrency: 9 })
  story.run(story.submit({ queue: 'q', requires: 'gpu' }), 0)
  story.run(story.submit({ queue: 'r' }), 0)
  story.run(story.submit({ queue: 'q', requires: 'gpu,ocr' }), 0)
  expect(story.findings()).toEqual([
    'mis-assigned: Task 1 goes to an agent that does not serve r.',
    'mis-assigned: Task 2 goes to an agent that lacks ocr.',
  ])
})

test('checker: an agent has no more in hand than its concurrency, ended attempts included', () => {
  const story = new Story()
  story.hello(0, { concurrency: 2 })
  const [one] = [story.submit(), story.submit(), story.submit()]
  story.run(0, 0)
  story.run(1, 0)
  story.cancel(one, true)
  story.run(2, 0)
  expect(story.findings()).toEqual(['mis-assigned: Task 2 goes to an agent that has 2 in hand.'])
})

test('checker: a prefetch is so much more than its concurrency, and no more than may be', () => {
  const write = (prefetch: number, tasks: number) => (story: Story) => {
    story.prefetch(0, prefetch)
    for (let i = 0; i < tasks; i++) story.run(story.submit(), 0)
  }
  expect(found(write(2, 3), { concurrency: 1 })).toEqual([])
  expect(found(write(2, 4), { concurrency: 1 })).toEqual([
    'mis-assigned: Task 3 goes to an agent that has 3 in hand.',
  ])
  const tooMany = found(write(1_100, 1_026), { concurrency: 1 })
  expect(tooMany).toContain('mis-assigned: Task 1025 goes to an agent that has 1025 in hand.')
})

test('checker: an agent that pulls is given what it asked for and nothing comes back', () => {
  const story = new Story()
  story.hello(0, { concurrency: 9, pull: true })
  story.pull(0, 2)
  for (let i = 0; i < 3; i++) story.submit()
  story.run(0, 0)
  story.succeed(0)
  story.helloAgain(0, { concurrency: 9, pull: true })
  story.run(1, 0)
  story.run(2, 0)
  expect(story.findings()).toEqual([
    'mis-assigned: Task 2 goes to an agent that has asked for no more.',
  ])
})

test('checker: only a running attempt is repeated, as itself, by a beat of one that keeps', () => {
  const repeat = (keeps: boolean, write: (story: Story) => void) => {
    const story = new Story()
    story.hello(0, { keeps, concurrency: 2 })
    story.run(story.submit(), 0)
    write(story)
    return story.findings()
  }
  const beaten = (story: Story) => [story.beat(0), story.repeat(0)]
  expect(repeat(true, beaten)).toEqual([])
  expect(repeat(false, beaten)).toEqual(['uncaused: Task 0 goes again.'])
  const untold = repeat(true, (story) => [story.tick(), story.repeat(0)])
  expect(untold).toEqual(['uncaused: Task 0 goes again.'])
  const other = repeat(true, (story) => {
    beaten(story)
    story.rows.at(-1)!.counter = 7
  })
  expect(other).toEqual(['doubled: Task 0 repeats another attempt.'])
  const failed = repeat(true, (story) => [story.fail(0, false), ...beaten(story)])
  expect(failed).toEqual(['uncaused: Task 0 is waiting, not running.'])
  const counted = repeat(true, (story) => {
    beaten(story)
    story.succeed(0)
    story.rows.at(-1)!.attempts = 2
  })
  expect(counted).toEqual(['miscounted: Task 0 had 1 attempts, not 2.'])
})

test('checker: beats do not lose an attempt of an agent that keeps', () => {
  const lost = (keeps: boolean) => {
    const story = new Story()
    story.hello(0, { keeps })
    story.run(story.submit(), 0)
    story.beat(0)
    story.ended(0, 'agent_lost')
    return story.findings()
  }
  expect(lost(false)).toEqual([])
  expect(lost(true)).toEqual(['uncaused: Task 0 ends as agent_lost.'])
})

test('checker: nothing goes to an agent that drains, is gone, or did not answer', () => {
  const draining = found((story) => {
    story.bye(0, true)
    story.run(story.submit(), 0)
  })
  expect(draining).toEqual(['mis-assigned: Task 0 goes to an agent that is draining.'])
  const drained = found((story) => {
    story.add('DRAIN', { answer: '', id: 'a0' })
    story.run(story.submit(), 0)
  })
  expect(drained).toEqual(draining)
  const paused = found((story) => {
    story.run(story.submit(), 0)
    story.dispatchFailed(0, false)
    story.run(0, 0)
  })
  expect(paused).toEqual(['mis-assigned: Task 0 goes to an agent that did not answer.'])
  const gone = found((story) => {
    story.bye(0, false)
    story.run(story.submit(), 0)
  })
  expect(gone).toEqual(['mis-assigned: Agent 0 is not there.'])
})

test('checker: a proposal for an instance that was replaced is not committed', () => {
  const write = (story: Story) => {
    story.helloAgain(0, { instance: 'j' })
    story.rows.at(-1)!.generation = 3
    story.down(0, [])
    story.add('FENCED', { agent: 0 })
    story.add('AGENT_UP', { agent: 0, generation: 3, id: 'a0' })
    story.run(story.submit(), 0)
    story.rows.at(-1)!.agentGeneration = 1
  }
  expect(found(write)).toEqual(['mis-assigned: Task 0 goes to an agent that is gone.'])
})

test('checker: an outcome has a cause', () => {
  const waiting = found((story) => story.outcome(story.submit(), 3))
  expect(waiting).toEqual(['uncaused: Task 0 is completed without cause.'])
  const running = found((story) => [story.run(story.submit(), 0), story.outcome(0, 3)])
  expect(running).toEqual(['uncaused: Task 0 is completed without cause.'])
  const unknown = found((story) => story.outcome(17, 3))
  expect(unknown).toContain('uncaused: Task 17 is not open.')
})

test('checker: an outcome is the one that the attempt came to, with its code', () => {
  const write = (state: number, code: string) => (story: Story) => {
    story.run(story.submit(), 0)
    story.add('SUCCEEDED', { task: 0, slot: 0 })
    story.ended(0, 'succeeded')
    story.outcome(0, state, code)
  }
  expect(found(write(3, ''))).toEqual([])
  expect(found(write(4, ''))).toEqual(['miscounted: Task 0 is failed without cause.'])
  expect(found(write(3, 'oops'))).toEqual(['miscounted: Task 0 is completed without cause.'])
})

test('checker: an attempt ends by the event that says so', () => {
  const timeout = found((story) => [story.run(story.submit(), 0), story.tick([0])])
  expect(timeout).toEqual(['uncaused: Task 0 ends as timeout.'])
  const other = found((story) => {
    story.run(story.submit(), 0)
    story.run(story.submit(), 0)
    story.add('SUCCEEDED', { task: 0, slot: 0 })
    story.ended(1, 'succeeded')
    story.outcome(1, 3)
  })
  expect(other).toContain('uncaused: Task 1 ends as succeeded.')
  const idle = found((story) => [
    story.run(story.submit(), 0),
    story.bye(0, true),
    story.ended(0, 'failed'),
  ])
  expect(idle).toEqual(['uncaused: Task 0 ends as failed.'])
})

test('checker: a task is given up after exactly its retries, or its losses', () => {
  const early = found((story) => [story.run(story.submit(), 0), story.fail(0, true)])
  expect(early).toEqual(['miscounted: Task 0 is failed without cause.'])
  const late = found((story) => [
    story.run(story.submit({ queue: 'once' }), 0),
    story.fail(0, false),
  ])
  expect(late).toEqual(['lost: Task 0 is failed without an outcome.'])
  const dead = found((story) => [story.run(story.submit(), 0), story.dispatchFailed(0, true)])
  expect(dead).toEqual(['miscounted: Task 0 is dead without cause.'])
  const alive = found((story) => [
    story.run(story.submit({ queue: 'once' }), 0),
    story.dispatchFailed(0, false),
  ])
  expect(alive).toEqual(['lost: Task 0 is dead without an outcome.'])
  const final = found((story) => [story.run(story.submit(), 0), story.fail(0, false, false)])
  expect(final).toEqual(['lost: Task 0 is failed without an outcome.'])
})

test('checker: an outcome tells how many attempts there were', () => {
  const write = (story: Story) => {
    story.run(story.submit(), 0)
    story.succeed(0)
    story.rows.at(-1)!.attempts = 2
  }
  expect(found(write)).toEqual(['miscounted: Task 0 had 1 attempts, not 2.'])
})
