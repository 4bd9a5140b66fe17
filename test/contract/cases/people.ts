/** People: what lies in their inbox, what they decide, and how often they agree. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import type { SchedulerOptions } from '../../../src/options.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused } from '../ground.ts'

const OFFICE: SchedulerOptions = {
  queues: {
    check: { escalateTo: 'appeal' },
    appeal: {},
    draft: { rules: [{ field: 'confidence', is: '>=', value: 50, queue: 'check' }] },
  },
  people: {
    anna: { queues: ['check'], capacity: 2 },
    otto: { queues: ['appeal'] },
  },
}

const assignedTo = (box: Signalbox, person: string, count: number) => () =>
  until(
    async () => {
      const rows = await box.listInbox({ person })
      return rows.filter(({ state }) => state === 'assigned').length === count && rows
    },
    { what: `${count} tasks in the inbox of ${person}` },
  )

export const peopleCases: Case[] = [
  {
    title: 'a task of people lies in an inbox until it is claimed and decided',
    options: OFFICE,
    async check({ box }) {
      const task = await box.submit('check', { page: 7 }, { id: 'page-7' })
      const [row] = await assignedTo(box, 'anna', 1)()
      expect(row).toMatchObject({
        task: 'page-7',
        queue: 'check',
        sourceQueue: 'check',
        state: 'assigned',
        person: 'anna',
        priority: 3,
        confidence: null,
        comments: 0,
        claimedAt: null,
      })
      expect(await box.getTask('page-7')).toMatchObject({ state: 'assigned', claimed: false })
      const seen = await box.inboxTask('page-7')
      expect(seen).toMatchObject({ payload: '{"page":7}', inputs: [], notes: [] })
      expect(seen.seen).toMatch(/^[0-9a-f]{64}$/)
      const claimed = await box.claimTask('page-7', { by: 'anna' })
      expect(claimed).toMatchObject({ state: 'claimed', person: 'anna', seen: seen.seen })
      expect(await box.getTask('page-7')).toMatchObject({ state: 'processing', claimed: true })
      const decided = await box.decideTask('page-7', {
        by: 'anna',
        decision: 'accept',
        comment: 'fine',
        data: { rows: [1, 2] },
      })
      expect(decided).toEqual({
        task: 'page-7',
        queue: 'check',
        by: 'anna',
        decision: 'accept',
        state: 'completed',
        servedBy: 'check',
      })
      expect(await task.result()).toEqual({
        decision: 'accept',
        by: 'anna',
        comment: 'fine',
        data: { rows: [1, 2] },
        confidence: null,
        at: expect.any(Number),
      })
      expect(await box.listInbox({ person: 'anna' })).toEqual([])
    },
  },
  {
    title: 'what waits may be taken before its turn, and somebody else’s may not',
    options: OFFICE,
    async check({ box }) {
      for (const id of ['a', 'b', 'c']) await box.submit('check', id, { id })
      await assignedTo(box, 'anna', 2)()
      const rows = await box.listInbox()
      expect(rows.map(({ task, state }) => [task, state])).toEqual([
        ['a', 'assigned'],
        ['b', 'assigned'],
        ['c', 'waiting'],
      ])
      await expectRefused(box.claimTask('c', { by: 'anna' }), 'not_claimable')
      await expectRefused(box.claimTask('a', { by: 'otto' }), 'claimed')
      await box.claimTask('a', { by: 'anna' })
      await expectRefused(box.claimTask('a', { by: 'anna' }), 'claimed')
      await expectRefused(box.decideTask('b', { by: 'anna', decision: 'accept' }), 'not_claimed')
      await expectRefused(box.decideTask('a', { by: 'otto', decision: 'accept' }), 'not_claimed')
      await box.decideTask('a', { by: 'anna', decision: 'reject' })
      await until(async () => (await box.getTask('c')).state === 'assigned', {
        what: 'the third to follow',
      })
    },
  },
  {
    title: 'what a person escalates is decided by whom the queue escalates to',
    options: OFFICE,
    async check({ box }) {
      const task = await box.submit('check', 'a case', { id: 'case' })
      await assignedTo(box, 'anna', 1)()
      await box.claimTask('case', { by: 'anna' })
      const comment = await box.commentTask('case', { by: 'anna', text: 'beyond me' })
      expect(comment).toEqual({ by: 'anna', at: expect.any(Number), text: 'beyond me' })
      expect(await box.decideTask('case', { by: 'anna', decision: 'escalate' })).toMatchObject({
        servedBy: 'appeal',
      })
      await assignedTo(box, 'otto', 1)()
      const shown = await box.claimTask('case', { by: 'otto' })
      expect(shown).toMatchObject({
        queue: 'appeal',
        sourceQueue: 'check',
        comments: 1,
        notes: [{ by: 'anna', text: 'beyond me' }],
        failedDestinations: ['check'],
      })
      await expectRefused(
        box.decideTask('case', { by: 'otto', decision: 'escalate' }),
        'not_supported',
      )
      await box.decideTask('case', { by: 'otto', decision: 'accept' })
      expect(await task.result()).toMatchObject({ decision: 'accept', by: 'otto' })
    },
  },
  {
    title: 'a person sees the results behind a task, and rules may follow what they decide',
    options: {
      queues: {
        ...OFFICE.queues,
        check: { rules: [{ field: 'decision', value: 'reject', deadLetter: 'rejected' }] },
      },
      people: OFFICE.people,
    },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['draft'] }, () => ({ confidence: 95, text: 'a draft' }))
      const task = await box.submit('draft', 'about trains', { id: 'paper' })
      await assignedTo(box, 'anna', 1)()
      const view = await box.inboxTask('paper', 'draft')
      const draft = '{"confidence":95,"text":"a draft"}'
      expect(view).toMatchObject({
        queue: 'check',
        sourceQueue: 'draft',
        confidence: 95,
        payload: '"about trains"',
        inputs: [{ name: 'draft', state: 'completed', bytes: draft.length, text: draft }],
      })
      expect(Buffer.from(await box.taskInput('paper', 'draft')).toString()).toBe(draft)
      expect(view.seen).not.toBe(createHash('sha256').update('"about trains"').digest('hex'))
      await box.claimTask('paper', { by: 'anna' })
      await box.decideTask('paper', { by: 'anna', decision: 'reject' })
      await expectEnded(task.result(), 'rejected')
      const { bands, without } = await box.queueCalibration('check')
      expect(without).toBe(0)
      expect(bands.map(({ from, decisions }) => [from, decisions])).toContainEqual([90, 1])
      expect(bands.find(({ from }) => from === 90)).toMatchObject({ rejected: 1, acceptance: 0 })
    },
  },
  {
    title: 'calls that make no sense are refused',
    options: OFFICE,
    async check({ box }) {
      await box.submit('check', 0, { id: 'a' })
      await expectRefused(box.listInbox({ person: 'nobody' }), 'person_unknown')
      await expectRefused(box.listInbox({ person: 'a b' }), 'bad_token')
      await expectRefused(box.listInbox({ limit: 0 }), 'bad_option')
      await expectRefused(box.inboxTask('nothing'), 'task_unknown')
      await expectRefused(box.claimTask('a', { by: 'nobody' }), 'person_unknown')
      await expectRefused(box.claimTask('nothing', { by: 'anna' }), 'task_unknown')
      await expectRefused(box.claimTask('a', {} as never), 'bad_token')
      const decision = 'perhaps' as never
      await expectRefused(box.decideTask('a', { by: 'anna', decision }), 'bad_option')
      await expectRefused(box.commentTask('a', { by: 'anna', text: '' }), 'bad_option')
      await expectRefused(
        box.commentTask('a', { by: 'anna', text: 'x'.repeat(4_097) }),
        'bad_option',
      )
      await expectRefused(box.queueCalibration('nowhere'), 'queue_unknown')
    },
  },
]
