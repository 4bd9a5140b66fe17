/** Journals that begin in the middle: what was before is taken as it comes, what is seen is judged. */
import { expect, test } from 'vitest'
import { GraphStory } from './graph-story.ts'
import type { Row } from './rows.ts'
import { reportOf, type Story } from './story.ts'

/** @returns a sound journal of which the events up to `mark` are missing, as in a later half. */
function middle(before: (story: Story) => void, after: (story: GraphStory) => void): Row[] {
  const story = new GraphStory()
  before(story)
  const mark = story.rows.length
  after(story)
  story.end()
  return [...story.rows.slice(0, 3), ...story.rows.slice(mark)]
}

const before = (story: Story) => {
  story.hello(0, { concurrency: 9 })
  for (let i = 0; i < 6; i++) story.submit()
  for (let i = 0; i < 4; i++) story.run(i, 0)
  story.cancel(3, true)
  story.offer(4)
}

test('checker: tasks, agents, offers and credit from before are known', () => {
  const rows = middle(before, (story) => {
    story.succeed(0)
    story.fail(1, false)
    story.commit(4, 0)
    story.run(1, 0)
    story.fail(1, true)
    story.late(3)
    story.creditBack(3)
    story.cancel(5, false)
    story.beat(0)
    story.submit()
    story.run(6, 0)
    story.bye(0, false, [6, 4, 2])
    story.tick()
    story.add('FORGOTTEN', { task: 0 })
  })
  expect(reportOf(rows, false)).toMatchObject({
    findings: [],
    isWhole: false,
    tasks: 1,
    outcomes: 3,
  })
})

test('checker: the same is impossible where the journal has everything from the start', () => {
  const rows = middle(before, (story) => story.succeed(0))
  expect(reportOf(rows, true).findings.map(({ kind }) => kind)).toContain('uncaused')
})

test('checker: what comes after the beginning is judged as ever', () => {
  const rows = middle(before, (story) => {
    story.succeed(0)
    story.outcome(0, 3)
    story.submit()
    story.submit()
    story.run(7, 0)
    story.outcome(99, 3)
  })
  const report = reportOf(rows, false)
  const messages = report.findings.map(({ message }) => message)
  expect(messages).toContain('Task 0 is completed without cause.')
  expect(messages).toContain('Task 7 goes before task 6.')
  expect(messages).toContain('Task 99 is not open.')
})

test('checker: an agent from before is judged by what its next hello says', () => {
  const rows = middle(before, (story) => {
    story.helloAgain(0, { queues: 'r', concurrency: 2 })
    story.prefetch(0, 0)
    story.commit(4, 0)
    story.run(story.submit({ queue: 'r' }), 0)
    story.run(story.submit({ queue: 'q' }), 0)
  })
  const messages = reportOf(rows, false).findings.map(({ message }) => message)
  expect(messages).toEqual(['Task 7 goes to an agent that has 2 in hand.'])
})

test('checker: what an agent from before had pulled, or may be prefetched, is not known', () => {
  const rows = middle(before, (story) => {
    story.helloAgain(0, { concurrency: 2 })
    story.commit(4, 0)
    for (let i = 0; i < 3; i++) story.run(story.submit(), 0)
    story.helloAgain(0, { pull: true })
    story.pull(0, 1)
    story.run(story.submit(), 0)
    story.run(story.submit(), 0)
    story.repeat(2)
  })
  expect(reportOf(rows, false).findings.map(({ message }) => message)).toEqual([
    'Task 10 goes to an agent that has asked for no more.',
    'Task 2 goes again.',
  ])
})

/** Three tasks are aside behind one from before, and `out` came out. @returns what is found. */
function aside(out: number, after: (story: GraphStory) => void): string[] {
  const set = (story: GraphStory) => {
    const task = story.submit()
    story.offer(task)
    story.park(task)
  }
  const rows = middle(
    (story) => {
      story.hello(0, { concurrency: 9 })
      set(story as GraphStory)
    },
    (story) => {
      for (let i = 1; i <= 3; i++) set(story)
      story.unpark(out)
      after(story)
    },
  )
  return reportOf(rows, false).findings.map(({ message }) => message)
}

test('checker: what is aside may come out behind others from before, or not', () => {
  const goes = (story: GraphStory) => story.run(story.submit(), 0)
  expect(aside(1, goes)).toEqual([])
  expect(aside(3, goes)).toEqual([])
  expect(aside(1, (story) => story.run(1, 0))).toEqual([])
  expect(aside(1, (story) => story.run(2, 0))).toEqual(['Task 2 is parked, not waiting.'])
})

test('checker: who is offered has come out, and so has who was aside before it', () => {
  const again = (story: GraphStory) => {
    story.run(1, 0)
    story.unpark(1)
  }
  expect(aside(2, (story) => story.run(2, 0))).toEqual(['Task 2 goes before task 1.'])
  expect(
    aside(2, (story) => {
      again(story)
      story.run(3, 0)
    }),
  ).toEqual(['Task 3 goes before task 2.'])
  expect(
    aside(1, (story) => {
      again(story)
      story.run(3, 0)
    }),
  ).toEqual(['Task 3 is parked, not waiting.', 'Task 3 goes before task 2.'])
  const all = aside(1, (story) => {
    again(story)
    story.unpark(2)
  })
  expect(all).toHaveLength(1)
  expect(all[0]).toContain('was not aside')
})

test('checker: who had a vote may have another once the first went to an agent from before', () => {
  const rows = middle(
    (story) => story.hello(1, { concurrency: 9 }),
    (story) => {
      story.add('BINDING', { answer: '', queue: 'q', isEarly: true })
      story.hello(0, { concurrency: 9 })
      const [one, two, three] = story.graph([{ apart: 0 }, { apart: 0 }, { apart: 0 }])
      story.offer(one)
      story.bind(one, 0)
      story.steal(one, 0, 1, false)
      story.run(two, 0)
      story.run(three, 0)
    },
  )
  const messages = reportOf(rows, false).findings.map(({ message }) => message)
  expect(messages).toEqual(['Task 2 goes to a0, whom it is kept from.'])
})

test('checker: who depends on one from before may be of that one’s tree, and nobody else', () => {
  const rows = (root: number) =>
    middle(
      (story) => {
        story.hello(0)
        for (let i = 0; i < 3; i++) story.submit({ parents: i === 1 ? [0] : [] })
      },
      (story) => {
        const child = story.submit({ parents: [1] })
        story.note(1, 'warned')
        const last = story.submit({ parents: [1] })
        const other = story.submit()
        story.submit({ parents: [other] })
        story.add('CANCEL_TREE', { task: root, cancelled: 5 })
        for (const task of [6, last, child, 1]) story.dropped(task, false)
      },
    )
  const found = (root: number) => reportOf(rows(root), false).findings.map(({ message }) => message)
  expect(found(0)).toEqual(['Task 6 is cancelled without cause.'])
  expect(found(2)).toEqual([
    'Task 6 is cancelled without cause.',
    'Task 4 is cancelled without cause.',
  ])
})
