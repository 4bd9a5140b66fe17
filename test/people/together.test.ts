/** People who decide a task together, and people beside agents. */
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { expectRefused } from '../contract/ground.ts'
import { until } from '../support/until.ts'

const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

async function started(options: SchedulerOptions): Promise<Scheduler> {
  const scheduler = await new Scheduler({ slots: 256, agentsMax: 32, ...options }).start()
  schedulers.push(scheduler)
  return scheduler
}

const review = { queues: ['review'] }

test('people: two of three who decide alike are enough, and the third is not bothered any more', async () => {
  const box = await started({
    queues: { review: { voters: 3, decide: 'majority', decideBy: 'decision' } },
    people: { alice: review, bob: review, carol: review },
  })
  const task = await box.submit('review', { device: 1 })
  const assigned = async () => (await box.listInbox()).filter(({ person }) => person !== null)
  await until(async () => (await assigned()).length === 3, { what: 'each to have a vote' })
  const votes = await assigned()
  expect(votes.map(({ person }) => person).sort()).toEqual(['alice', 'bob', 'carol'])
  expect(new Set(votes.map(({ voteOn }) => voteOn))).toEqual(new Set([task.id]))
  for (const { task: vote, person } of votes.slice(0, 2)) {
    await box.claimTask(vote, { by: person! })
    await box.decideTask(vote, { by: person!, decision: 'accept' })
  }
  expect(await task.result()).toMatchObject({ decision: 'accept' })
  await until(async () => (await box.listInbox()).length === 0, { what: 'the third to be free' })
  const last = votes[2]
  await expectRefused(box.claimTask(last.task, { by: last.person! }), 'finished')
})

test('people: what waits for an agent beside them is not theirs to decide', async () => {
  const box = await started({ people: { alice: { ...review, capacity: 1 } } })
  let finish = (_: string) => {}
  const finished = new Promise<string>((resolve) => {
    finish = resolve
  })
  await box.maintainAgent('alice')
  await box.agent({ id: 'a1', queues: ['review'] }, () => finished)
  const task = await box.submit('review', 1, { id: 'x' })
  await until(async () => (await box.getTask('x')).agent === 'a1', { what: 'the agent to have it' })
  await box.maintainAgent('alice', false)
  const theirs = await expectRefused(box.claimTask('x', { by: 'alice' }), 'claimed')
  expect(theirs.message).toBe(
    'Task "x" is with "a1", not "alice": `signalbox inbox list --as alice` shows what could be yours.',
  )
  const refusal = await expectRefused(
    box.decideTask('x', { by: 'alice', decision: 'accept' }),
    'not_claimed',
  )
  expect(refusal.message).toBe('Task "x" is not claimed by "alice"; "a1" has it.')
  expect(await box.getTask('x')).toMatchObject({ state: 'processing', claimed: null })
  finish('done')
  expect(await task.result()).toBe('done')
})

test('people: cancelling takes a task out of an inbox, and its room is free at once', async () => {
  const box = await started({ people: { alice: { ...review, capacity: 1 } } })
  for (const id of ['a', 'b']) await box.submit('review', 1, { id })
  const has = (id: string) => async () => (await box.getTask(id)).agent === 'alice'
  await until(has('a'), { what: 'a to be hers' })
  await box.claimTask('a', { by: 'alice' })
  await box.cancelTask('a')
  await until(has('b'), { what: 'b to be hers' })
  await expectRefused(box.decideTask('a', { by: 'alice', decision: 'accept' }), 'finished')
})

test('people: one may be whom a queue escalates to, by word and after a time-out', async () => {
  const escalateTo = { escalateToAgent: 'carol', escalateOn: ['timeout'] }
  const box = await started({
    queues: { review: { ...escalateTo, timeoutMs: 100, retryCount: 0 } },
    people: { alice: review, carol: { queues: ['senior'] } },
  })
  for (const id of ['said', 'late']) await box.submit('review', 1, { id })
  const isWith = (id: string, person: string) =>
    until(async () => (await box.getTask(id)).agent === person, { what: `${person} to have ${id}` })
  for (const id of ['said', 'late']) await isWith(id, 'alice')
  await box.claimTask('said', { by: 'alice' })
  await box.decideTask('said', { by: 'alice', decision: 'escalate' })
  await box.claimTask('late', { by: 'alice' })
  for (const id of ['said', 'late']) await isWith(id, 'carol')
  expect(
    (await box.listInbox({ person: 'carol' })).map(({ task, queue }) => [task, queue]),
  ).toEqual([
    ['said', 'carol'],
    ['late', 'carol'],
  ])
  await box.claimTask('late', { by: 'carol' })
  await box.decideTask('late', { by: 'carol', decision: 'accept' })
  expect(await box.getTask('late')).toMatchObject({ state: 'completed', agent: 'carol' })
})

test('people: whatever the calls are given, they do it or refuse it with a code and a sentence', async () => {
  const box = await started({ people: { alice: { ...review, capacity: 100 } } })
  const word = fc.constantFrom(
    'alice',
    'review',
    'a',
    'accept',
    'hand_back',
    'escalate',
    '__proto__',
  )
  const value = fc.oneof(word, fc.string(), fc.integer(), fc.constant(null), fc.anything())
  const key = fc.constantFrom(
    'by',
    'queue',
    'decision',
    'comment',
    'data',
    'text',
    'person',
    'limit',
    'x',
  )
  const options = fc.oneof(fc.dictionary(key, value), fc.anything())
  const call = fc.constantFrom(
    'listInbox',
    'inboxTask',
    'claimTask',
    'decideTask',
    'commentTask',
    'queueCalibration',
  )
  await fc.assert(
    fc.asyncProperty(call, value, options, async (name, first, second) => {
      if (
        (await box.listTasks({ queue: 'review', limit: 1 }).catch(() => null))?.tasks[0]?.id !== 'a'
      ) {
        await box.submit('review', 1, { id: 'a' }).catch(() => {})
      }
      const given = name === 'listInbox' ? [second] : [first, second]
      try {
        await (box[name] as (...all: unknown[]) => Promise<unknown>)(...given)
      } catch (error) {
        expect(error).toBeInstanceOf(SignalboxError)
        expect((error as Error).message).toMatch(/^\S.*\.$/s)
      }
    }),
    { numRuns: 2_000 },
  )
})
