/** One journal by hand for each thing that may be wrong with work that hangs together. */
import { expect, test } from 'vitest'
import { GraphStory } from './graph-story.ts'
import { POLICY } from './story-policy.ts'

function begun(agents = 2, of = {}): GraphStory {
  const story = new GraphStory()
  for (let i = 0; i < agents; i++) story.hello(i, { concurrency: 2, ...of })
  return story
}

/** A question with two votes, which run. */
function asked(): [GraphStory, number, number, number] {
  const story = begun()
  const held = { parents: [0, 1], held: true, onFailure: 'continue' }
  const [one, two, question] = story.graph([{ apart: 0 }, { apart: 0 }, held])
  story.run(one, 0)
  story.run(two, 1)
  return [story, one, two, question]
}

test('checker: a task that depends on others goes when they have completed, and is failed with them', () => {
  const story = begun()
  const [good, bad] = [story.submit(), story.submit()]
  const after = story.submit({ parents: [good] })
  const stopped = story.submit({ parents: [bad] })
  const skipped = story.submit({ parents: [bad, good], onFailure: 'skip' })
  const goes = story.submit({ parents: [bad], onFailure: 'continue' })
  story.run(good, 0)
  story.run(bad, 0)
  story.succeed(good)
  story.released(after)
  story.fail(bad, true, false)
  story.stopped(stopped)
  story.stopped(skipped, true)
  story.released(goes)
  story.submit({ parents: [bad, after] })
  story.stopped(6)
  story.run(after, 0)
  story.succeed(after)
  expect(story.findings()).toEqual([])
})

test('checker: no attempt begins before all parents are final', () => {
  const story = begun()
  const [first] = [story.submit(), story.submit()]
  const task = story.submit({ parents: [0, 1] })
  story.run(first, 0)
  story.succeed(first)
  story.run(task, 0)
  expect(story.findings()[0]).toBe('doubled: Task 2 is blocked, not waiting.')
  const early = begun()
  early.submit()
  early.released(early.submit({ parents: [0] }))
  expect(early.findings()).toContain('untimely: Task 1 is ready before its time.')
})

test('checker: who depends on what failed is not released, and ends', () => {
  const story = begun()
  const parent = story.submit()
  const task = story.submit({ parents: [parent] })
  story.run(parent, 0)
  story.fail(parent, true, false)
  story.end()
  expect(story.findings()).toEqual(['lost: Task 1 is failed without an outcome.'])
  const other = begun()
  const [failed, child] = [other.submit(), other.submit({ parents: [0] })]
  other.run(failed, 0)
  other.fail(failed, true, false)
  other.released(child)
  expect(other.findings()).not.toEqual([])
  expect(task).toBe(child)
})

test('checker: whose parents are over does not wait on, and nobody fails with who completed', () => {
  const story = begun()
  const [parent] = [story.submit(), story.submit({ parents: [0] })]
  story.run(parent, 0)
  story.succeed(parent)
  story.end()
  expect(story.findings()).toEqual(['lost: Task 1 waits for nobody.'])
  const other = begun()
  const [well, child] = [other.submit(), other.submit({ parents: [0] })]
  other.run(well, 0)
  other.succeed(well)
  other.stopped(child)
  expect(other.findings()).toContain('uncaused: Task 1 is failed without cause.')
})

test('checker: a graph is there as a whole, and its flow ends when all of it has', () => {
  const story = begun()
  const [first, second] = story.graph([{}, { parents: [0] }], 'f')
  story.run(first, 0)
  story.succeed(first)
  story.released(second)
  story.run(second, 0)
  story.succeed(second)
  story.flowEnded('f', 'completed')
  expect(story.findings()).toEqual([])
  const parts = begun()
  parts.graph([{}, {}], 'f')
  parts.rows.splice(
    parts.rows.findIndex(({ kind }) => kind === 'NODE'),
    1,
  )
  expect(parts.findings()).toEqual(['lost: Task 1 comes with 1 of 2.'])
})

test('checker: a flow does not end before its tasks, nor quietly, nor as anything else', () => {
  const early = begun()
  early.graph([{}, {}], 'f')
  early.tick()
  early.flowEnded('f', 'completed')
  expect(early.findings()[0]).toBe('uncaused: Task 0 is of a flow that ended with 2 open.')
  for (const [state, found] of [
    ['', 'lost: Task 0 is of a flow whose end nobody told.'],
    ['failed', 'miscounted: Task 0 is of a flow that is failed, not completed.'],
  ]) {
    const story = begun()
    const [only] = story.graph([{}], 'f')
    story.run(only, 0)
    story.succeed(only)
    if (state !== '') story.flowEnded('f', state)
    story.end()
    expect(story.findings()).toEqual([found])
  }
})

test('checker: what is needed is not forgotten', () => {
  const story = begun()
  const [first, second] = story.graph([{}, { parents: [0] }], 'f')
  story.run(first, 0)
  story.succeed(first)
  story.released(second)
  story.tick()
  story.add('FORGOTTEN', { task: first })
  expect(story.findings()).toEqual(['lost: Task 0 is forgotten while others need it.'])
})

test('checker: a rule sends a task where it was told to, with its level, as one that succeeded', () => {
  const story = begun(2, { queues: 'q,boss' })
  const task = story.submit()
  story.run(task, 0)
  story.advance(task, 'boss', 2)
  story.run(task, 1)
  story.succeed(task)
  expect(story.findings()).toEqual([])
  const wrong = begun()
  wrong.run(wrong.submit(), 0)
  wrong.advance(0, 'boss')
  wrong.rows.at(-1)!.detail = 'rule: elsewhere'
  wrong.end()
  expect(wrong.findings()).toContain('uncaused: Task 0 goes on in elsewhere.')
  const lost = begun()
  lost.run(lost.submit(), 0)
  lost.advance(0, 'boss')
  lost.rows.pop()
  lost.end()
  expect(lost.findings()).toContain('lost: Task 0 is not in boss.')
  const many = begun()
  many.run(many.submit(), 0)
  many.advance(0, 'boss', 3, 2)
  expect(many.findings()).toContain('miscounted: Task 0 had 1 attempts, not 2.')
})

test('checker: a second attempt is elsewhere, and one of the two gives the outcome', () => {
  const story = begun()
  const task = story.submit()
  story.run(task, 0)
  const twin = story.hedge(task)
  story.run(twin, 1)
  story.add('SUCCEEDED', { task: twin, slot: story.attempts.get(twin)!.slot })
  story.ended(twin, 'succeeded')
  story.ended(task, 'cancelled')
  story.outcome(task, 3)
  story.outcome(twin, 3)
  story.end()
  expect(story.findings()).toEqual([])
  const same = begun()
  same.run(same.submit(), 0)
  same.run(same.hedge(0), 0)
  expect(same.findings()).toEqual(['mis-assigned: Task 1 goes to a0, whom it is kept from.'])
  const both = begun()
  both.run(both.submit(), 0)
  both.run(both.hedge(0), 1)
  both.succeed(0)
  both.succeed(1)
  expect(both.findings()[0]).toBe('lost: Task 1 is cancelled without an outcome.')
  const third = begun()
  third.run(third.submit(), 0)
  third.hedge(0)
  third.hedge(0)
  expect(third.findings()).toEqual(['doubled: Task 0 has a second twin.'])
})

test('checker: votes go to different agents, and end with their question', () => {
  const [story, one, two, question] = asked()
  story.succeed(one)
  story.resolve(question, true)
  story.dropped(two, true)
  story.outcome(question, 3)
  story.end()
  expect(story.findings()).toEqual([])
  const [open, , , asks] = asked()
  open.resolve(asks, true)
  open.outcome(asks, 3)
  open.end()
  expect(open.findings()).toContain('lost: Task 0 is cancelled without an outcome.')
  const same = begun()
  const [first, second] = same.graph([{ apart: 0 }, { apart: 0 }])
  same.run(first, 0)
  same.succeed(first)
  same.run(second, 0)
  expect(same.findings()).toEqual(['mis-assigned: Task 1 goes to a0, whom it is kept from.'])
})

test('checker: who was lost may have a like task again; a question is tried by nobody', () => {
  const story = begun()
  const [first, second] = story.graph([{ apart: 0 }, { apart: 0 }])
  story.run(first, 0)
  story.fail(first, false)
  story.run(first, 1)
  story.run(second, 0)
  expect(story.findings()).toEqual([])
  const held = begun()
  held.run(held.graph([{ held: true }])[0], 0)
  expect(held.findings()[0]).toBe('doubled: Task 0 is blocked, not waiting.')
})

test('checker: what is parked holds nobody up and goes on where it stood', () => {
  const story = begun()
  const [first] = story.graph([{ apart: 0 }])
  story.offer(first)
  story.park(first)
  story.run(story.submit(), 0)
  story.unpark(1)
  story.run(first, 1)
  story.succeed(first)
  expect(story.findings()).toEqual([])
  const none = begun()
  none.unpark(1)
  expect(none.findings()).toHaveLength(1)
  const twice = begun()
  twice.offer(twice.submit())
  twice.park(0)
  twice.run(0, 0)
  expect(twice.findings()[0]).toBe('doubled: Task 0 is parked, not waiting.')
})

test('checker: who was taken from aside and comes back there is the last', () => {
  const story = begun()
  for (const task of [story.submit(), story.submit()]) {
    story.offer(task)
    story.park(task)
  }
  story.assign(0, 0)
  story.fail(0, false)
  story.offer(0)
  story.park(0)
  story.unpark(1)
  story.run(1, 0)
  story.run(0, 1)
  expect(story.findings()).toEqual(['doubled: Task 0 is parked, not waiting.'])
})

test('checker: what is aside is due by what its queue promises since', () => {
  const story = begun()
  const [first, second] = [
    story.submit({ queue: 'promised' }),
    story.submit({ queue: 'promised', own: '||90||' }),
  ]
  story.offer(second)
  story.offer(first)
  story.park(first)
  story.bounce(second)
  const options = JSON.stringify({ ...POLICY.queues.promised, slaTargetMs: 50 })
  story.add('CONFIGURE', { answer: '', queue: 'promised', options })
  story.unpark(1)
  story.run(second, 0)
  expect(story.findings()).toEqual(['overtaken: Task 1 goes before task 0.'])
})

test('checker: work of people begins when it is claimed, once, and by who claims', () => {
  const story = begun(1, { claims: true, declines: true })
  story.run(story.submit(), 0)
  story.time(story.nowMs + 600)
  story.claim(0)
  story.time(story.nowMs + 600)
  story.tick([0])
  story.assign(story.submit(), 0)
  expect(story.findings()).toEqual([])
  const early = begun(1, { claims: true })
  early.run(early.submit(), 0)
  early.time(early.nowMs + 600)
  early.tick([0])
  expect(early.findings()).toEqual(['uncaused: Task 0 ends as timeout.'])
  const machine = begun()
  machine.run(machine.submit(), 0)
  machine.claim(0)
  machine.claim(0)
  expect(machine.findings()).toEqual([
    'uncaused: Task 0 is claimed where it had begun.',
    'uncaused: Task 0 is claimed where it had begun.',
    'doubled: Task 0 is claimed again.',
  ])
})

test('checker: to decline is no failure, and each is asked once while there are others', () => {
  const story = begun(3, { declines: true })
  const task = story.submit({ retryCount: 0 })
  for (const agent of [0, 1]) {
    story.run(task, agent)
    story.leave(task, 'DECLINE')
  }
  story.run(task, 2)
  story.succeed(task)
  expect(story.findings()).toEqual([])
  const again = begun(2, { declines: true })
  again.run(again.submit(), 0)
  again.leave(0, 'DECLINE')
  again.run(0, 0)
  expect(again.findings()).toEqual(['mis-assigned: Task 0 goes to a0, whom it is kept from.'])
  const ends = begun(2, { declines: true })
  ends.run(ends.submit(), 0)
  ends.leave(0, 'DECLINE')
  ends.outcome(0, 4, 'declined')
  expect(ends.findings()).toEqual(['miscounted: Task 0 is failed without cause.'])
})

test('checker: a declined task waits for its second attempt while somebody has that, and goes with it', () => {
  const both = (agents: number) => {
    const story = begun(agents, { declines: true })
    const task = story.submit({ retryCount: 0 })
    story.run(task, 0)
    const twin = story.hedge(task)
    story.run(twin, 1)
    story.leave(task, 'DECLINE')
    story.leave(twin, 'DECLINE')
    story.add('OUTCOME', { task: twin, state: 4, code: 'declined', attempts: 1, resultBytes: -1 })
    story.outcome(task, 4, 'declined')
    return story.findings()
  }
  expect(both(2)).toEqual([])
  // There is a third one to ask.
  expect(both(3)).toEqual([
    'miscounted: Task 1 is failed without cause.',
    'uncaused: Task 0 is failed without cause.',
  ])
})

test('checker: with a task goes all that depends on it', () => {
  const story = begun()
  const [first, second, third] = story.graph([{}, { parents: [0] }, { parents: [1] }])
  story.add('CANCEL_TREE', { task: first, cancelled: 3 })
  for (const task of [third, second, first]) story.dropped(task, false)
  story.end()
  expect(story.findings()).toEqual([])
  const left = begun()
  left.graph([{}, { parents: [0] }])
  left.add('CANCEL_TREE', { task: 0, cancelled: 2 })
  left.dropped(0, false)
  left.end()
  expect(left.findings()).toContain('lost: Task 1 is cancelled without an outcome.')
})
