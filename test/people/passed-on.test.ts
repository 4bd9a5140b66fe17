/** What people do with a task that they will not decide, what they say, and how well they were told. */
import { describe, expect, test } from 'vitest'
import { NamedQueues } from '../../src/observe/figures.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { expectRefused } from '../contract/ground.ts'
import { until } from '../support/until.ts'
import { holderOf, other, submitted, waysIn } from './support.ts'

const ways = waysIn()

describe.each(ways)('people over %s', (_, open) => {
  test('people: what is escalated goes to whom the queue names, with all that was said of it', async () => {
    const { box } = await open()
    const [task] = await submitted(box, 'review', ['a'])
    const by = await holderOf(box, 'a')
    await box.claimTask('a', { by })
    await box.commentTask('a', { by, text: 'page 3 is missing' })
    const view = await box.decideTask('a', { by, decision: 'escalate', comment: 'too hard for me' })
    expect(view).toMatchObject({ decision: 'escalate', queue: 'review', servedBy: 'senior' })
    await until(async () => (await box.getTask('a')).agent === 'carol', {
      what: 'it to reach carol',
    })
    const seen = await box.inboxTask('a')
    expect(seen).toMatchObject({
      queue: 'senior',
      sourceQueue: 'review',
      state: 'assigned',
      failedDestinations: ['review'],
      comments: 2,
      voteOn: null,
    })
    expect(seen.notes).toEqual([
      { by, at: expect.any(Number), text: 'page 3 is missing' },
      { by, at: expect.any(Number), text: 'too hard for me' },
    ])
    await box.claimTask('a', { by: 'carol' })
    const nobody = await expectRefused(
      box.decideTask('a', { by: 'carol', decision: 'escalate' }),
      'not_supported',
    )
    expect(nobody.message).toBe(
      'Task "a" cannot be escalated: queue "senior" escalates to nobody, give it escalate_to.',
    )
    await box.decideTask('a', { by: 'carol', decision: 'accept' })
    expect(await task.result()).toMatchObject({ decision: 'accept', by: 'carol' })
  })

  test('people: what is handed back is another’s, and never theirs again', async () => {
    const { box } = await open({
      queues: { review: {} },
      people: { alice: { queues: ['review'] }, bob: { queues: ['review'] } },
    })
    await submitted(box, 'review', ['a'])
    const by = await holderOf(box, 'a')
    await box.claimTask('a', { by })
    await box.decideTask('a', { by, decision: 'hand_back', comment: 'I know who wrote it' })
    const isOthers = async () => (await box.getTask('a')).agent === other(by)
    await until(isOthers, { what: 'it to be with the other' })
    expect((await box.inboxTask('a')).notes).toMatchObject([{ by, text: 'I know who wrote it' }])
    await box.claimTask('a', { by: other(by) })
    const last = await expectRefused(
      box.decideTask('a', { by: other(by), decision: 'hand_back' }),
      'not_claimable',
    )
    expect(last.message).toBe(
      `Nobody but "${other(by)}" could have task "a", and queue "review" escalates to nobody: ` +
        'decide it, or let somebody else serve the queue first.',
    )
    expect(await box.getTask('a')).toMatchObject({ state: 'processing', claimed: true })
  })

  test('people: options that are none are refused before anything is done', async () => {
    const { box } = await open({ payloadBytesMax: 1_000 })
    await submitted(box, 'review', ['a'])
    const by = await holderOf(box, 'a')
    await box.claimTask('a', { by })
    const bad = (options: object) =>
      expectRefused(
        box.decideTask('a', { by, decision: 'accept', ...options } as never),
        'bad_option',
      )
    expect((await bad({ decision: 'yes' })).message).toBe(
      'Option "decision" is "yes": give one of accept, reject, escalate, hand_back.',
    )
    await bad({ decision: 'constructor' })
    await bad({ comment: ' ' })
    await bad({ comment: 'ä'.repeat(2_049) })
    await bad({ confidence: 3 })
    await expectRefused(
      box.decideTask('a', { by, decision: 'accept', data: 'x'.repeat(2_000) }),
      'payload_too_large',
    )
    await expectRefused(box.commentTask('a', { by, text: '' }), 'bad_option')
    await expectRefused(box.commentTask('a', { by: 'no name', text: 'x' }), 'bad_token')
    await expectRefused(box.listInbox({ limit: 0 }), 'bad_option')
    await expectRefused(box.listInbox({ state: 'claimed' } as never), 'bad_option')
    await expectRefused(box.listInbox({ queue: 'nowhere' }), 'queue_unknown')
    await expectRefused(box.queueCalibration('nowhere'), 'queue_unknown')
    expect(await box.getTask('a')).toMatchObject({ state: 'processing' })
  })

  test('people: anybody may comment, at any time, and a comment stays as long as the task', async () => {
    const { box } = await open()
    await submitted(box, 'review', ['a'])
    const by = await holderOf(box, 'a')
    expect(await box.commentTask('a', { by: 'the-submitter', text: 'please hurry' })).toEqual({
      by: 'the-submitter',
      at: expect.any(Number),
      text: 'please hurry',
    })
    await box.claimTask('a', { by })
    await box.decideTask('a', { by, decision: 'accept' })
    await box.commentTask('a', { by, text: 'and thank you' })
    const history = await box.taskHistory('a')
    expect(
      history
        .filter(({ what }) => what === 'commented')
        .map(({ agent, detail }) => [agent, detail]),
    ).toEqual([
      ['the-submitter', 'please hurry'],
      [by, 'and thank you'],
    ])
  })

  test('people: agents take no person’s name, and people are agents to look at', async () => {
    const { box } = await open()
    await expectRefused(
      (async () => {
        const agent = await box.agent({ id: 'alice', queues: ['review'] }, () => 'mine')
        await agent.closed
      })(),
      'fenced',
    )
    const alice = (await box.listAgents()).find(({ id }) => id === 'alice')
    expect(alice).toMatchObject({
      status: 'available',
      condition: 'fit',
      concurrency: 2,
      hours: 'always',
      claimed: 0,
    })
    const undrained = await expectRefused(box.drainAgent('alice'), 'not_supported')
    expect(undrained.message).toBe(
      '"alice" is a person, and people are not drained: use `signalbox agent maintain alice` for a ' +
        'while, or take them from `people` in the configuration for good.',
    )
    expect((await box.status()).agents.draining).toBe(0)
  })

  test('people: how often they accept is told by how sure the result before had said it was', async () => {
    const rule = { queue: 'review' }
    const { box, scheduler } = await open({
      queues: { analysis: { rules: [rule] }, review: {} },
      people: { alice: { queues: ['review'] } },
    } as SchedulerOptions)
    await box.agent({ id: 'analyst', queues: ['analysis'] }, (task) => task.json())
    const decide = async (id: string, confidence: number, decision: 'accept' | 'reject') => {
      await box.submit('analysis', { confidence }, { id })
      await until(async () => (await box.getTask(id)).agent === 'alice', { what: 'the review' })
      const view = await box.claimTask(id, { by: 'alice' })
      expect(view).toMatchObject({ confidence, sourceQueue: 'analysis' })
      expect(view.inputs).toEqual([
        expect.objectContaining({ name: 'analysis', text: JSON.stringify({ confidence }) }),
      ])
      await box.decideTask(id, { by: 'alice', decision })
    }
    await decide('a', 95, 'accept')
    await decide('b', 91, 'accept')
    await decide('c', 92, 'reject')
    await decide('d', 40, 'reject')
    const { bands, without, brier } = await box.queueCalibration('review')
    expect(
      bands.map(({ from, accepted, rejected, acceptance }) => [
        from,
        accepted,
        rejected,
        acceptance,
      ]),
    ).toEqual([
      [90, 2, 1, 0.6667],
      [70, 0, 0, null],
      [50, 0, 0, null],
      [0, 0, 1, 0],
    ])
    expect(without).toBe(0)
    // (0.05² + 0.09² + 0.92² + 0.4²) / 4
    expect(brier).toBeCloseTo(0.25425, 3)
    const { decisions } = scheduler.figures(new NamedQueues())
    expect(decisions).toEqual([
      { queue: 'review', band: '90-100', decision: 'accept', count: 2 },
      { queue: 'review', band: '90-100', decision: 'reject', count: 1 },
      { queue: 'review', band: '0-50', decision: 'reject', count: 1 },
    ])
    expect(scheduler.figures(new NamedQueues(0)).decisions[0].queue).toBe('(other)')
  })
})
