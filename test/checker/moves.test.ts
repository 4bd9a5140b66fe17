/** One journal by hand for each thing that may be wrong with tasks that change hands, and with limits. */
import { expect, test } from 'vitest'
import { Story } from './story.ts'

/** Agent 0 runs one task and another waits for it alone; agent 1 has come since. */
function bound(given: { level?: number; requires?: string } = {}, of = {}): [Story, number] {
  const story = new Story()
  story.hello(0, { capabilities: 'gpu' })
  const ran = story.submit({ queue: 'early' })
  story.run(ran, 0)
  const task = story.submit({ queue: 'early', ...given })
  story.offer(task)
  story.bind(task, 0)
  story.hello(1, of)
  return [story, task]
}

/** Agent 0 does one task at a time and has two; agent 1 has none. */
function sent(given: { level?: number } = {}, of = { recalls: true }): [Story, number] {
  const story = new Story()
  story.hello(0, of)
  story.prefetch(0, 1)
  story.run(story.submit(), 0)
  const task = story.submit(given)
  story.run(task, 0)
  story.hello(1)
  return [story, task]
}

test('checker: what is bound may be another’s, and begins there or waits there', () => {
  const [story, task] = bound()
  story.steal(task, 0, 1, true)
  story.succeed(task)
  expect(story.findings()).toEqual([])
  const [other, waits] = bound()
  other.run(other.submit(), 1)
  other.steal(waits, 0, 1, false)
  expect(other.findings()).toEqual([])
})

test('checker: a task that is protected is not stolen, nor called back', () => {
  const [story, task] = bound({ level: 4 })
  story.steal(task, 0, 1, true)
  expect(story.findings()).toEqual(['mis-assigned: Task 1 may not change hands.'])
  const [other, high] = sent({ level: 5 })
  other.recall(high, 1)
  expect(other.findings()).toEqual(['mis-assigned: Task 1 may not change hands.'])
})

test('checker: only what is bound is stolen', () => {
  const [story] = bound()
  story.steal(0, 0, 1, true)
  expect(story.findings()).toContain('doubled: Task 0 is running, not bound.')
  const [twice, task] = bound()
  twice.steal(task, 0, 1, true)
  twice.steal(task, 0, 1, true)
  expect(twice.findings()).toContain('doubled: Task 1 is running, not bound.')
})

test('checker: a thief is another, has all that is required, and has room', () => {
  const [story, task] = bound({ requires: 'gpu' })
  story.steal(task, 0, 1, true)
  expect(story.findings()[0]).toBe('mis-assigned: Task 1 goes to an agent that lacks gpu.')
  const [own, its] = bound()
  own.steal(its, 0, 0, false)
  expect(own.findings()).toEqual(['mis-assigned: Task 1 may not change hands.'])
  const [full, one] = bound()
  full.run(full.submit(), 1)
  full.steal(one, 0, 1, true)
  expect(full.findings()).toEqual(['mis-assigned: Task 1 goes to an agent that has 1 in hand.'])
  const [puller, waits] = bound({}, { pull: true })
  puller.steal(waits, 0, 1, false)
  expect(puller.findings()).toEqual(['mis-assigned: Task 1 goes to an agent that has no queue.'])
})

test('checker: best fit or not, a task is stolen only by who has all of it', () => {
  const story = new Story()
  story.hello(0, { capabilities: 'gpu' })
  story.prefetch(0, 1)
  story.run(story.submit(), 0)
  const task = story.submit({ queue: 'fit', requires: 'gpu' })
  story.add('BINDING', { answer: '', queue: 'fit', isEarly: true })
  story.offer(task)
  story.bind(task, 0)
  story.hello(1)
  story.steal(task, 0, 1, true)
  expect(story.findings()).toEqual(['mis-assigned: Task 1 goes to an agent that lacks gpu.'])
})

test('checker: what is called back and handed back begins elsewhere, or waits, and has not failed', () => {
  const [story, task] = sent()
  story.recall(task, 1)
  story.back(task, 1)
  story.succeed(task)
  expect(story.findings()).toEqual([])
  const [often, again] = sent()
  for (let round = 0; round < 5; round++) {
    often.recall(again, 1)
    often.back(again, -1)
    often.run(again, 0)
  }
  often.fail(again, false)
  often.run(again, 1)
  often.succeed(again)
  expect(often.findings()).toEqual([])
})

test('checker: nothing is handed back that was not called back, by its agent’s word', () => {
  const [story, task] = sent()
  story.back(task, -1)
  expect(story.findings()).toEqual(['uncaused: Task 1 stops and was not asked to.'])
  const [other, late] = sent()
  other.recall(late, 1)
  other.tick()
  other.ended(late, 'recalled')
  expect(other.findings()).toContain('uncaused: Task 1 ends as recalled.')
})

test('checker: nothing is called back from who does not allow it, or has surely begun it', () => {
  const [story, task] = sent({}, { recalls: false })
  story.recall(task, 1)
  expect(story.findings()).toEqual(['uncaused: Task 1 is called back in its work.'])
  const begun = new Story()
  begun.hello(0, { recalls: true })
  begun.hello(1)
  const ran = begun.submit()
  begun.run(ran, 0)
  begun.recall(ran, 1)
  expect(begun.findings()).toEqual(['uncaused: Task 0 is called back in its work.'])
})

test('checker: what was handed back goes only to the one that it was called back for', () => {
  const [story, task] = sent()
  story.hello(2)
  story.recall(task, 1)
  story.back(task, 2)
  expect(story.findings()).toEqual(['mis-assigned: Task 1 goes to an agent that is gone.'])
})

test('checker: an agent with a limit has no more than that, and nothing waits for it', () => {
  const story = new Story()
  story.hello(0, { concurrency: 4 })
  story.limit(0, 0)
  const [none, one, two, three] = [0, 1, 2, 3].map(() => story.submit({ queue: 'early' }))
  story.run(none, 0)
  story.succeed(none)
  story.limit(0, 1)
  story.run(one, 0)
  story.offer(two)
  story.bind(two, 0)
  story.cancel(two, false)
  story.run(three, 0)
  story.limit(0, -1)
  story.run(story.submit(), 0)
  expect(story.findings()).toEqual([
    'mis-assigned: Task 0 goes to an agent that has 0 in hand.',
    'mis-assigned: Task 2 goes to an agent that has no queue.',
    'mis-assigned: Task 3 goes to an agent that has 1 in hand.',
  ])
})

test('checker: work that is not ours takes room, and another instance begins without a limit', () => {
  const story = new Story()
  story.hello(0, { concurrency: 3 })
  story.beat(0, [], 2)
  story.run(story.submit(), 0)
  story.run(story.submit(), 0)
  story.beat(0, [0, 1], 0)
  story.run(story.submit(), 0)
  expect(story.findings()).toEqual(['mis-assigned: Task 1 goes to an agent that has 1 in hand.'])
  const again = new Story()
  again.hello(0)
  again.limit(0, 0)
  again.bye(0, false)
  again.hello(0)
  again.run(again.submit(), 0)
  expect(again.findings()).toEqual([])
})
