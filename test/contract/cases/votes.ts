/** Several agents decide a task together; a straggler's second attempt elsewhere. */
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import { TaskError } from '../../../src/errors.ts'
import type { SubmitOptions } from '../../../src/task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, gate } from '../ground.ts'

/** Agents of `judge` that each answer with their own verdict, and tell whom they heard of. */
async function jury(fleet: Signalbox, verdicts: readonly unknown[]): Promise<string[]> {
  const asked: string[] = []
  for (const [n, verdict] of verdicts.entries()) {
    const id = `judge-${n + 1}`
    await fleet.agent({ id, queues: ['judge'], concurrency: 4 }, (task) => {
      asked.push(id)
      expect(task.json()).toBe('a stone')
      if (verdict instanceof Error) throw verdict
      return verdict
    })
  }
  return asked
}

const ask = (box: Signalbox, options: SubmitOptions) => box.run('judge', 'a stone', options)
const isOver = (box: Signalbox) => async () => {
  const { blocked, waiting, running } = (await box.status()).tasks
  return blocked + waiting + running === 0
}

export const voteCases: Case[] = [
  {
    title: 'a majority decides, each voter another agent',
    async check({ box, fleet }) {
      const asked = await jury(fleet, [{ fit: true }, { fit: false }, { fit: true }])
      expect(await ask(box, { id: 'stone', voters: 3, decide: 'majority' })).toEqual({ fit: true })
      expect(new Set(asked).size).toBe(asked.length)
      const { state, votes } = await box.getTask('stone')
      expect([state, votes.length]).toEqual(['completed', 3])
      await until(isOver(box), { what: 'votes that are not needed to end' })
      for (const id of votes) {
        const vote = await box.getTask(id)
        expect(vote.queue).toBe('judge')
        expect(['completed', 'cancelled']).toContain(vote.state)
      }
    },
  },
  {
    title: 'while it is voted on a task is blocked, and cancelling it cancels its votes',
    async check({ box }) {
      const task = await box.submit('judge', 'a stone', { id: 'stone', voters: 2 })
      expect(task.state).toBe('blocked')
      expect((await box.getTask('stone')).votes).toHaveLength(2)
      await box.cancelTask('stone')
      await expectEnded(task.result(), 'cancelled')
      await until(isOver(box), { what: 'its votes to be cancelled' })
      expect((await box.status()).tasks).toMatchObject({ accepted: 3, cancelled: 3 })
    },
  },
  {
    title: 'the first success decides, and who has not answered is told to stop',
    async check({ box, fleet }) {
      const stopped = gate()
      await fleet.agent({ id: 'slow', queues: ['judge'] }, (task) => {
        task.signal.addEventListener('abort', () => stopped.open())
        return stopped.passed
      })
      await fleet.agent({ id: 'quick', queues: ['judge'] }, () => 'at once')
      expect(await ask(box, { voters: 2, decide: 'first' })).toBe('at once')
      await stopped.passed
    },
  },
  {
    title: 'all must say the same, in the field that counts',
    async check({ box, fleet }) {
      await jury(fleet, [
        { verdict: { fit: true, why: ['a', 1] }, by: 1 },
        { by: 2, verdict: { why: ['a', 1], fit: true } },
      ])
      const agreed = await ask(box, { voters: 2, decide: 'all', decideBy: 'verdict' })
      expect(agreed).toMatchObject({ verdict: { fit: true } })
      await expectEnded(ask(box, { voters: 2, decide: 'all' }), 'consensus_required')
      await expectEnded(
        ask(box, { voters: 2, decide: 'all', decideBy: 'verdict.by' }),
        'consensus_required',
      )
    },
  },
  {
    title: 'who cannot agree leaves it to whom the queue escalates to, who reads the votes',
    options: { queues: { judge: { voters: 2, decide: 'all', escalateTo: 'court' }, court: {} } },
    async check({ box, fleet }) {
      await jury(fleet, ['fit', 'unfit'])
      await fleet.agent({ id: 'court', queues: ['court'] }, async (task) => ({
        heard: Object.fromEntries(
          await Promise.all(task.inputs.map(async ({ name }) => [name, await task.input(name)])),
        ),
      }))
      expect(await ask(box, { id: 'stone' })).toEqual({
        heard: { 'judge-1': 'fit', 'judge-2': 'unfit' },
      })
      expect(await box.getTask('stone')).toMatchObject({ servedBy: 'court', state: 'completed' })
    },
  },
  {
    title: 'a vote that fails is one vote less',
    async check({ box, fleet }) {
      await jury(fleet, [TaskError.permanent('blind', 'blind'), 'fit', 'fit'])
      expect(await ask(box, { voters: 3, decide: 'majority' })).toBe('fit')
      await expectEnded(ask(box, { voters: 3, decide: 'all' }), 'consensus_required')
    },
  },
  {
    title: 'a vote waits for another agent rather than go to the same twice',
    async check({ box, fleet }) {
      const asked = await jury(fleet, ['fit'])
      const task = await box.submit('judge', 'a stone', { voters: 2, decide: 'all' })
      await until(async () => asked.length === 1 && (await box.status()).tasks.running === 0, {
        what: 'the first vote',
      })
      expect((await box.status()).tasks).toMatchObject({ waiting: 1, blocked: 1 })
      await fleet.agent({ id: 'second', queues: ['judge'] }, () => 'fit')
      expect(await task.result()).toBe('fit')
      expect(asked).toEqual(['judge-1'])
    },
  },
  {
    title: 'a queue’s tasks may all be voted on, but for one that says otherwise',
    options: { queues: { judge: { voters: 2 } } },
    async check({ box, fleet }) {
      const asked = await jury(fleet, ['fit', 'fit'])
      expect(await ask(box, {})).toBe('fit')
      expect(asked.sort()).toEqual(['judge-1', 'judge-2'])
      expect(await ask(box, { voters: 1 })).toBe('fit')
      expect(asked).toHaveLength(3)
    },
  },
  {
    title: 'what cannot be voted on is refused',
    async check({ box }) {
      for (const voters of [0, 17, 1.5, '2', Number.NaN]) {
        await expectRefused(ask(box, { voters: voters as never }), 'bad_option')
      }
      await expectRefused(ask(box, { voters: 2, decide: 'by lot' as never }), 'bad_option')
      await expectRefused(ask(box, { voters: 2, decideBy: 'a..b' }), 'bad_option')
      await box.submit('judge', 0, { id: 'there' })
      await expectRefused(ask(box, { voters: 2, dependsOn: ['there'] }), 'bad_option')
      expect((await box.status()).tasks.accepted).toBe(1)
    },
  },
]
