/** What people do: an inbox, claims and decisions, over each way in. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { expectEnded, expectRefused } from '../contract/ground.ts'
import { until } from '../support/until.ts'
import { holderOf, OPTIONS, other, submitted, waysIn } from './support.ts'

const ways = waysIn()

describe.each(ways)('people over %s', (_, open) => {
  test('people: work comes to them up to their capacity, and the rest waits to be taken', async () => {
    const { box } = await open()
    await submitted(box, 'review', ['a', 'b', 'c', 'd', 'e'], 4)
    const rows = await box.listInbox()
    expect(rows.map(({ task, state }) => [task, state])).toEqual([
      ['a', 'assigned'],
      ['b', 'assigned'],
      ['c', 'assigned'],
      ['d', 'assigned'],
      ['e', 'waiting'],
    ])
    expect(new Set(rows.map(({ person }) => person))).toEqual(new Set(['alice', 'bob', null]))
    const own = await box.listInbox({ person: 'alice' })
    expect(own.map(({ person }) => person)).toEqual(['alice', 'alice', null])
    expect(await box.listInbox({ person: 'carol' })).toEqual([])
    expect(await box.listInbox({ queue: 'senior' })).toEqual([])
    expect(await box.listInbox({ limit: 2 })).toHaveLength(2)
    expect(await box.getTask('a')).toMatchObject({ state: 'assigned', claimed: false })
    expect((await box.listTasks({ state: 'assigned' })).tasks).toHaveLength(4)
    expect((await box.listTasks({ state: 'processing' })).tasks).toEqual([])
  })

  test('people: what is claimed is being worked on, and decided it is a result', async () => {
    const { box } = await open()
    const [task] = await submitted(box, 'review', ['a'])
    const by = await holderOf(box, 'a')
    const view = await box.claimTask('a', { by })
    const digest = createHash('sha256').update(Buffer.from('0c00000000000000', 'hex'))
    expect(view).toMatchObject({
      state: 'claimed',
      person: by,
      payload: '{"device":0}',
      inputs: [],
      notes: [],
      seen: digest.update('{"device":0}').digest('hex'),
    })
    expect(view.dueAt).toBe(view.claimedAt! + 30_000)
    expect(await box.getTask('a')).toMatchObject({ state: 'processing', claimed: true })
    expect((await box.listTasks({ state: 'processing' })).tasks).toHaveLength(1)
    const decided = await box.decideTask('a', {
      by,
      decision: 'accept',
      comment: 'as it should be',
      data: { gaps: [] },
    })
    expect(decided).toEqual({
      task: 'a',
      queue: 'review',
      by,
      decision: 'accept',
      state: 'completed',
      servedBy: 'review',
    })
    expect(await task.result()).toEqual({
      decision: 'accept',
      by,
      comment: 'as it should be',
      data: { gaps: [] },
      confidence: null,
      at: expect.any(Number),
    })
    const words = 'Task "a" is completed already: `signalbox task get a` shows what came of it.'
    const late = await expectRefused(box.decideTask('a', { by, decision: 'accept' }), 'finished')
    expect(late.message).toBe(words)
    expect((await expectRefused(box.claimTask('a', { by }), 'finished')).message).toBe(words)
    await expectRefused(box.inboxTask('a'), 'finished')
  })

  test('people: the time-out counts from the claim, and what times out is out of the inbox', async () => {
    const { box } = await open({
      queues: { review: { timeoutMs: 250, retryCount: 0 } },
      people: OPTIONS.people,
    })
    const [task, second] = await submitted(box, 'review', ['a', 'b'])
    const by = await holderOf(box, 'a')
    await box.claimTask('a', { by })
    await expectEnded(task.result(), 'timeout')
    // It was not begun, so nothing of its time is gone.
    expect(await box.getTask('b')).toMatchObject({ state: 'assigned', claimed: false, attempts: 1 })
    expect((await box.listInbox()).map(({ task }) => task)).toEqual(['b'])
    const holder = await holderOf(box, 'b')
    await box.claimTask('b', { by: holder })
    await box.decideTask('b', { by: holder, decision: 'reject' })
    expect(await second.result()).toMatchObject({ decision: 'reject' })
  })

  test('people: a task that waits may be taken before its turn, where there is room', async () => {
    const { box } = await open()
    await submitted(box, 'review', ['a', 'b', 'c', 'd', 'e', 'f'], 4)
    const full = await expectRefused(box.claimTask('f', { by: 'alice' }), 'not_claimable')
    expect(full.message).toBe(
      '"alice" cannot claim task "f": their inbox holds 2 of 2, decide one first.',
    )
    await box.pauseQueue('review')
    const mine = (await box.listInbox({ person: 'alice' }))[0].task
    await box.claimTask(mine, { by: 'alice' })
    await box.decideTask(mine, { by: 'alice', decision: 'accept' })
    const held = await expectRefused(box.claimTask('f', { by: 'alice' }), 'not_claimable')
    expect(held.message).toContain('queue "review" gives nothing out at the moment')
    await box.resumeQueue('review')
    await until(async () => (await box.getTask('e')).agent === 'alice', {
      what: 'e to be assigned',
    })
    await box.claimTask('e', { by: 'alice' })
    await box.decideTask('e', { by: 'alice', decision: 'accept' })
    await until(async () => (await box.getTask('f')).agent === 'alice', {
      what: 'f to be assigned',
    })
    expect(await box.claimTask('f', { by: 'alice' })).toMatchObject({ state: 'claimed' })
  })

  test('people: nobody claims or decides what is another’s, and each refusal says whose', async () => {
    const { box } = await open()
    await submitted(box, 'review', ['a'])
    const by = await holderOf(box, 'a')
    const theirs = await expectRefused(box.claimTask('a', { by: other(by) }), 'claimed')
    expect(theirs.message).toBe(
      `Task "a" is with "${by}", not "${other(by)}": they may hand it back, and ` +
        `\`signalbox inbox list --as ${other(by)}\` shows what could be yours.`,
    )
    const early = await expectRefused(
      box.decideTask('a', { by, decision: 'accept' }),
      'not_claimed',
    )
    expect(early.message).toBe(
      `Task "a" is not claimed by "${by}"; nobody has claimed it: signalbox inbox claim a --as ${by}.`,
    )
    await box.claimTask('a', { by })
    const again = await expectRefused(box.claimTask('a', { by }), 'claimed')
    expect(again.message).toBe(`"${by}" has claimed task "a" already: decide it, or hand it back.`)
    const decision = { by: other(by), decision: 'accept' } as const
    const foreign = await expectRefused(box.decideTask('a', decision), 'not_claimed')
    expect(foreign.message).toBe(`Task "a" is not claimed by "${other(by)}"; "${by}" has it.`)
    await expectRefused(box.claimTask('a', { by: 'carol' }), 'claimed')
    const nobody = await expectRefused(box.claimTask('a', { by: 'zed' }), 'person_unknown')
    expect(nobody.message).toBe('No "zed" takes tasks here: known are alice, bob, carol.')
    await expectRefused(box.listInbox({ person: 'zed' }), 'person_unknown')
    await expectRefused(box.claimTask('nothing', { by }), 'task_unknown')
  })

  test('people: what somebody does not serve, or cannot do, they cannot take', async () => {
    const { box } = await open({ people: { ...OPTIONS.people, dave: { queues: ['review'] } } })
    await box.submit('review', {}, { id: 'x', requires: ['nobody-has-this'] })
    const wrong = await expectRefused(box.claimTask('x', { by: 'carol' }), 'not_claimable')
    expect(wrong.message).toContain('they do not serve queue "review"')
    const unable = await expectRefused(box.claimTask('x', { by: 'dave' }), 'not_claimable')
    expect(unable.message).toContain('it requires what they do not have')
    await box.submit('review', {}, { id: 'later', delayMs: 60_000 })
    const later = await expectRefused(box.claimTask('later', { by: 'dave' }), 'not_claimable')
    expect(later.message).toContain('its time has not come yet')
  })
})

test('people: one with room may take the last in the row, before their turn has come', async () => {
  const { box } = await ways[0][1]({ people: { alice: { queues: ['review'], capacity: 1 } } })
  await submitted(box, 'review', ['a', 'b', 'c'], 1)
  await box.claimTask('a', { by: 'alice' })
  // Both before the next turn, in which b would be hers.
  await box.decideTask('a', { by: 'alice', decision: 'accept' })
  expect(await box.claimTask('c', { by: 'alice' })).toMatchObject({ state: 'claimed' })
  const history = await box.taskHistory('c')
  expect(
    history.slice(1).map(({ what, agent, detail }) => [what, agent, detail.slice(0, 20)]),
  ).toEqual([
    ['assigned', 'alice', 'taken by themselves'],
    ['claimed', 'alice', expect.stringMatching(/^saw [0-9a-f]{16}$/)],
  ])
  expect((await box.listInbox()).map(({ task, state }) => [task, state])).toEqual([
    ['c', 'claimed'],
    ['b', 'waiting'],
  ])
  await box.decideTask('c', { by: 'alice', decision: 'reject' })
})
