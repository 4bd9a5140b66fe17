/** What looks like a broken promise and is none: in each of these journals there is nothing to find. */
import { expect, test } from 'vitest'
import { LEASE_MS, Story } from './story.ts'

/** @param write a sound stretch, which also a journal that begins in the middle may have. */
function expectNothing(write: (story: Story) => void, agent = { concurrency: 5 }): void {
  for (const isWhole of [true, false]) {
    const story = new Story()
    story.hello(0, agent)
    write(story)
    story.end()
    expect(story.report(isWhole)).toMatchObject({ findings: [], total: 0, ended: true, cut: false })
  }
}

test('checker: a retry may be overtaken while it runs and goes before what waits after it', () => {
  expectNothing(
    (story) => {
      const [one, two, three] = [story.submit(), story.submit(), story.submit()]
      story.run(one, 0)
      story.run(two, 0)
      story.fail(one, false)
      story.run(one, 0)
      story.succeed(two)
      story.run(three, 0)
      story.succeed(one)
      story.succeed(three)
    },
    { concurrency: 2 },
  )
})

test('checker: a bounced task goes before what waits, whichever bounced first', () => {
  expectNothing((story) => {
    const tasks = [story.submit(), story.submit(), story.submit(), story.submit()]
    for (const task of tasks.slice(0, 3)) story.offer(task)
    for (const task of [1, 0, 2]) story.bounce(task)
    story.offer(0, true)
    for (const task of [1, 2, 3]) story.run(task, 0)
    story.commit(0, 0)
  })
})

test('checker: what was offered when a retry came back stands behind it when it bounces', () => {
  expectNothing((story) => {
    for (let i = 0; i < 4; i++) story.submit()
    story.run(0, 0)
    story.offer(1)
    story.offer(2)
    story.fail(0, false)
    story.bounce(2)
    story.bounce(1)
    for (const task of [0, 1, 2, 3]) story.run(task, 0)
  })
})

test('checker: of two that came back the older goes first', () => {
  expectNothing((story) => {
    for (let i = 0; i < 3; i++) story.submit()
    story.run(0, 0)
    story.run(1, 0)
    story.fail(1, false)
    story.fail(0, false)
    for (const task of [0, 1, 2]) story.run(task, 0)
  })
})

test('checker: cancelled tasks hold up nobody, whether they wait, are offered or run', () => {
  expectNothing((story) => {
    for (let i = 0; i < 4; i++) story.submit({ level: 5 - i })
    story.cancel(0, false)
    story.offer(1)
    story.cancel(1, false)
    story.run(2, 0)
    story.cancel(2, true)
    story.late(2)
    story.creditBack(2)
    story.run(3, 0)
    story.succeed(3)
    story.add('CANCEL', { task: 3, answer: 1, queue: 'q', id: 't3' })
  })
})

test('checker: cancelled tasks do not count as sent past an offered one', () => {
  expectNothing(
    (story) => {
      for (let i = 0; i < 400; i++) story.submit()
      story.offer(0)
      for (let i = 1; i < 200; i++) story.cancel(i, false)
      for (let i = 200; i < 400; i++) story.run(i, 0)
      story.commit(0, 0)
    },
    { concurrency: 1_000 },
  )
})

test('checker: retries may be sent past an offered one as often as the window allows', () => {
  expectNothing(
    (story) => {
      story.submit()
      story.submit({ retryCount: 100 })
      story.submit({ retryCount: 100 })
      story.submit({ retryCount: 100 })
      story.offer(0)
      for (let i = 1; i < 4; i++) story.run(i, 0)
      for (let n = 0; n < 80; n++) {
        for (const task of [1, 2, 3]) {
          story.fail(task, false)
          story.run(task, 0)
        }
      }
      story.commit(0, 0)
    },
    { concurrency: 4 },
  )
})

test('checker: a withdrawn offer is placed by its new generation', () => {
  expectNothing((story) => {
    story.offer(story.submit())
    story.withdraw(0)
    story.add('PROPOSE', {
      answer: 1,
      slot: 0,
      generation: 2,
      agent: 0,
      agentGeneration: 1,
      byRouter: 1,
    })
    story.commit(0, 0)
    story.succeed(0)
  })
})

test('checker: conflicts and stale proposals change nothing', () => {
  expectNothing((story) => {
    story.offer(story.submit())
    const offer = { slot: 0, generation: 2, byRouter: true }
    story.add('PROPOSE', { ...offer, answer: 2, agent: -1, agentGeneration: 0 })
    story.add('PROPOSE', { ...offer, answer: 2, agent: 9, agentGeneration: 3 })
    story.add('PROPOSE', { ...offer, answer: 1, slot: 7, agent: 0, agentGeneration: 1 })
    story.commit(0, 0)
  })
})

test('checker: a higher level waits for agents of its own while others are served', () => {
  expectNothing((story) => {
    story.submit({ level: 5, requires: 'gpu' })
    story.run(story.submit({ level: 1 }), 0)
    story.succeed(1)
    story.time(20_000)
    story.beat(0)
  })
})

test('checker: an older task of another class may wait while offers count on its credit', () => {
  expectNothing(
    (story) => {
      story.hello(1, { queues: 'r' })
      story.offer(story.submit())
      story.submit({ queue: 'q', requires: 'x' })
      story.offer(story.submit({ queue: 'r' }))
      story.commit(0, 0)
      story.commit(2, 1)
    },
    { concurrency: 1 },
  )
})

test('checker: a bounced task may go before better ones of other classes', () => {
  expectNothing((story) => {
    story.offer(story.submit())
    story.bounce(0)
    story.submit({ queue: 'r', level: 5 })
    story.offer(0, true)
    story.commit(0, 0)
  })
})

test('checker: a lane that is closed by its window holds up the lower ones of its class', () => {
  expectNothing(
    (story) => {
      for (let i = 0; i < 300; i++) story.submit({ level: 4 })
      story.submit({ level: 1 })
      story.submit({ queue: 'r', level: 1 })
      story.offer(0)
      for (let i = 1; i < 256; i++) story.run(i, 0)
      story.run(301, 0)
      story.commit(0, 0)
      for (let i = 256; i <= 300; i++) story.run(i, 0)
    },
    { concurrency: 1_000 },
  )
})

test('checker: an agent whose size was lowered may have more in hand than that, and gets no more', () => {
  expectNothing((story) => {
    for (let i = 0; i < 3; i++) story.run(story.submit(), 0)
    story.helloAgain(0, { concurrency: 1, queues: 'r' })
    story.hello(1, { concurrency: 1 })
    for (let i = 0; i < 3; i++) story.succeed(i)
    story.run(story.submit({ queue: 'r' }), 0)
    story.run(story.submit({ queue: 'q' }), 1)
  })
})

test('checker: a hello or a beat ends a pause, a hello ends a drain', () => {
  expectNothing((story) => {
    story.run(story.submit(), 0)
    story.dispatchFailed(0, false)
    story.beat(0)
    story.run(0, 0)
    story.bye(0, true)
    story.helloAgain(0, { concurrency: 3 })
    story.run(story.submit(), 0)
  })
})

test('checker: an agent that is silent for a lease leaves, and its tasks go back', () => {
  expectNothing((story) => {
    story.hello(1)
    story.run(story.submit({ timeoutMs: 60_000 }), 0)
    story.run(story.submit({ timeoutMs: 60_000 }), 1)
    story.time(story.nowMs + LEASE_MS / 2)
    story.add('HEARD', { task: 1, slot: 1 })
    story.time(story.nowMs + LEASE_MS / 2)
    story.tick()
    story.down(0, [0])
    story.succeed(1)
    story.run(0, 1)
    story.succeed(0)
  })
})

test('checker: two beats that lack an attempt end it, and bring charged credit back', () => {
  expectNothing((story) => {
    story.run(story.submit(), 0)
    story.run(story.submit(), 0)
    story.cancel(1, true)
    story.beat(0)
    story.beat(0)
    story.ended(0, 'agent_lost')
    story.creditBack(1)
    story.run(0, 0)
  })
})

test('checker: a time-out counts as a failure and leaves the credit charged until it comes back', () => {
  expectNothing(
    (story) => {
      story.run(story.submit({ retryCount: 1 }), 0)
      story.time(story.nowMs + 500)
      story.tick([0])
      story.late(0)
      story.creditBack(0)
      story.run(0, 0)
      story.time(story.nowMs + 500)
      story.tick([0], [0])
    },
    { concurrency: 1 },
  )
})

test('checker: losses and failures are counted apart', () => {
  expectNothing((story) => {
    story.run(story.submit(), 0)
    story.fail(0, false)
    story.run(0, 0)
    story.dispatchFailed(0, false)
    story.beat(0)
    story.run(0, 0)
    story.fail(0, false)
    story.run(0, 0)
    story.fail(0, true)
    story.run(story.submit(), 0)
    story.dispatchFailed(1, false)
    story.beat(0)
    story.run(1, 0)
    story.dispatchFailed(1, true)
  })
})

test('checker: what was never delivered counts as neither loss nor failure', () => {
  const adopted = { concurrency: 1, beats: false, leased: false }
  expectNothing((story) => {
    story.run(story.submit({ queue: 'once' }), 0)
    for (let pause = 0; pause < 5; pause++) {
      story.undelivered(0)
      story.helloAgain(0, adopted)
      story.run(0, 0)
    }
    story.succeed(0)
  }, adopted)
})

test('checker: an instance that is replaced leaves its row to the new one', () => {
  expectNothing((story) => {
    story.run(story.submit(), 0)
    story.helloAgain(0, { instance: 'j' })
    const hello = story.rows.at(-1)!
    story.down(0, [0])
    hello.generation = 3
    story.add('FENCED', { agent: 0 })
    story.add('AGENT_UP', { agent: 0, generation: 3, id: 'a0' })
    story.run(0, 0)
    story.succeed(0)
  })
})

test('checker: an id is free again when its task is forgotten', () => {
  expectNothing((story) => {
    story.run(story.submit({ id: 'x' }), 0)
    story.succeed(0)
    story.submit({ id: 'x', queue: 'r' })
    story.cancel(1, false)
    story.tick()
    story.add('FORGOTTEN', { task: 0 })
    story.submit({ id: 'x' })
    story.cancel(2, false)
  })
})

test('checker: refused hellos, submits and beats change nothing', () => {
  expectNothing((story) => {
    story.helloAgain(0, { instance: 'old' })
    story.rows.at(-1)!.answer = 'fenced'
    story.rows.at(-1)!.agent = -1
    story.run(story.submit({ id: 'x' }), 0)
    story.add('SUBMIT', {
      ...story.rows.find(({ kind }) => kind === 'SUBMIT')!,
      answer: 'duplicate',
      task: 0,
    })
    story.beat(0)
    story.rows.at(-1)!.answer = 'agent_unknown'
    story.succeed(0)
  })
})

test('checker: a quiet end with open tasks is sound when nobody can take them', () => {
  expectNothing(
    (story) => {
      story.run(story.submit({ timeoutMs: 100_000 }), 0)
      story.submit()
      story.submit({ requires: 'gpu' })
      story.time(9_000)
      story.beat(0, [0])
    },
    { concurrency: 1 },
  )
})

test('checker: without END nobody knows what the last event would have had', () => {
  const story = new Story()
  story.hello(0)
  story.run(story.submit(), 0)
  story.add('SUCCEEDED', { task: 0, slot: 0 })
  expect(story.report()).toMatchObject({ findings: [], ended: false, cut: false })
})
