/** One journal by hand for each thing that may be wrong with what is bound early, or matched. */
import { expect, test } from 'vitest'
import { Story } from './story.ts'

/** An agent that runs one task, and one that is bound to it, of a queue that binds early. */
function busyAgent(): { story: Story; ran: number; waits: number } {
  const story = new Story()
  story.hello(0)
  const [ran, waits] = [story.submit({ queue: 'early' }), story.submit({ queue: 'early' })]
  story.run(ran, 0)
  story.offer(waits)
  story.bind(waits, 0)
  return { story, ran, waits }
}

test('checker: a task is bound by a queue that binds early, to an agent with room in its queue', () => {
  const late = new Story()
  late.hello(0)
  const task = late.submit()
  late.offer(task)
  late.bind(task, 0)
  expect(late.findings()).toEqual(['mis-assigned: Task 0 goes to an agent that is busy.'])
  const { story } = busyAgent()
  for (let i = 0; i < 2; i++) {
    const next = story.submit({ queue: 'early' })
    story.offer(next)
    story.bind(next, 0)
  }
  expect(story.findings()).toEqual(['mis-assigned: Task 3 goes to an agent that has 2 bound.'])
})

test('checker: a bound task begins where it is bound, with credit, and in its turn', () => {
  const early = busyAgent()
  early.story.start(early.waits, 0)
  expect(early.story.findings()).toEqual([
    'mis-assigned: Task 1 goes to an agent that has 1 in hand.',
  ])
  const elsewhere = busyAgent()
  elsewhere.story.hello(1)
  elsewhere.story.start(elsewhere.waits, 1)
  expect(elsewhere.story.findings()).toEqual([
    'mis-assigned: Task 1 goes to an agent that is gone.',
  ])
  const { story, ran } = busyAgent()
  const urgent = story.submit({ queue: 'early', level: 5 })
  story.offer(urgent)
  story.bind(urgent, 0)
  story.succeed(ran)
  story.start(1, 0)
  expect(story.findings()).toEqual(['overtaken: Task 1 starts before task 2.'])
})

test('checker: what is bound to an agent does not go with it, and does not stand still', () => {
  const gone = busyAgent()
  gone.story.bye(0, false, [gone.ran])
  expect(gone.story.findings()).toContain('lost: Task 1 was left behind.')
  const { story, ran } = busyAgent()
  story.succeed(ran)
  story.time(story.nowMs + 5_000)
  story.tick()
  story.end()
  expect(story.findings()).toContain('lost: Task 1 could go and goes nowhere.')
})

test('checker: a term with a comparison is met by a label, and a best fit may lack it', () => {
  const story = new Story()
  story.hello(0, { labels: 'gpu=24,memory=8', concurrency: 9 })
  for (const requires of ['gpu>=24', 'gpu<25', 'memory!=16', 'gpu=24,memory<=8']) {
    story.run(story.submit({ requires }), 0)
  }
  story.run(story.submit({ queue: 'fit', requires: 'gpu>=48' }), 0)
  expect(story.findings()).toEqual([])
  story.run(story.submit({ requires: 'gpu>24' }), 0)
  story.run(story.submit({ requires: 'zone!=3' }), 0)
  story.run(story.submit({ queue: 'fit', requires: 'gpu>=48', level: 4 }), 0)
  expect(story.findings()).toEqual([
    'mis-assigned: Task 5 goes to an agent that lacks gpu>24.',
    'mis-assigned: Task 6 goes to an agent that lacks zone!=3.',
    'mis-assigned: Task 7 goes to an agent that lacks gpu>=48.',
  ])
})
