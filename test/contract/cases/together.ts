/** Several agents on one task: those that decide it together, and a second one where the first is slow. */
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, holdingAgent } from '../ground.ts'

/** Agents that answer at once, each what it is told. */
async function sayers(
  fleet: Signalbox,
  said: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const begun: string[] = []
  for (const [id, value] of Object.entries(said)) {
    await fleet.agent({ id, queues: ['work'], concurrency: 2 }, (task) => {
      begun.push(`${id} ${task.json<number>()}`)
      return value
    })
  }
  return begun
}

export const togetherCases: Case[] = [
  {
    title: 'several agents decide a task: what most say is its result',
    async check({ box, fleet }) {
      const begun = await sayers(fleet, { a: { ok: true }, b: { ok: false }, c: { ok: true } })
      const task = await box.submit('work', 7, { id: 't', voters: 3 })
      expect(await task.result()).toEqual({ ok: true })
      const view = await box.getTask('t')
      expect(view).toMatchObject({ state: 'completed', dependsOn: [], attempts: 0 })
      expect(view.votes).toHaveLength(3)
      const votes = await Promise.all(view.votes.map((id) => box.getTask(id)))
      expect(new Set(votes.map(({ queue }) => queue))).toEqual(new Set(['work']))
      // Who had not begun when it was decided never does.
      expect(new Set(begun).size).toBe(begun.length)
      expect(begun.length).toBeGreaterThanOrEqual(2)
    },
  },
  {
    title: 'while it is not decided a question is blocked, and its votes are with different agents',
    async check({ box, fleet }) {
      const held = await Promise.all(
        ['a', 'b'].map((id) => holdingAgent(fleet, { id, queues: ['work'], concurrency: 4 })),
      )
      const task = await box.submit('work', 1, { voters: 2, decide: 'all', decideBy: 'verdict' })
      await until(() => held.every(({ given }) => given.length === 1), { what: 'both votes' })
      const { state, votes } = await box.getTask(task.id)
      expect(state).toBe('blocked')
      const views = await Promise.all(votes.map((id) => box.getTask(id)))
      expect(views.map(({ agent }) => agent).sort()).toEqual(['a', 'b'])
      held[0].release({ verdict: 'ok', by: 'a' })
      held[1].release({ verdict: 'ok', by: 'b' })
      expect(await task.result()).toMatchObject({ verdict: 'ok' })
    },
  },
  {
    title: 'agents that cannot agree fail the task as consensus_required',
    async check({ box, fleet }) {
      await sayers(fleet, { a: 1, b: 2 })
      const task = await box.submit('work', 1, { voters: 2, decide: 'all' })
      const { message } = await expectEnded(task.result(), 'consensus_required')
      expect(message).toMatch(/2 voters/)
    },
  },
  {
    title: 'a queue says how many decide its tasks, and who is escalated to reads their votes',
    options: { queues: { work: { voters: 2, decide: 'all', escalateTo: 'experts' }, experts: {} } },
    async check({ box, fleet }) {
      await sayers(fleet, { a: 'yes', b: 'no' })
      await fleet.agent({ id: 'expert', queues: ['experts'] }, async (task) => [
        await task.input('a'),
        await task.input('b'),
      ])
      expect(await box.run('work', 1)).toEqual(['yes', 'no'])
    },
  },
  {
    title: 'votes that are none are refused before anything is admitted',
    async check({ box }) {
      const wrong = [
        { voters: 0 },
        { voters: 17 },
        { voters: 2, decide: 'most' },
        { voters: 2, decideBy: 'a..b' },
      ]
      for (const options of wrong) {
        await expectRefused(box.submit('work', 1, options as never), 'bad_option')
      }
      expect((await box.status()).tasks.accepted).toBe(0)
    },
  },
  {
    title:
      'a run that takes too long is begun elsewhere besides, as the next attempt at the same task',
    options: { queues: { work: { hedgePercentile: 0.9, hedgeBudget: 1 } } },
    async check({ box, fleet }) {
      const seen: { agent: string; id: string; attempt: number; bytes: string }[] = []
      let cut = 0
      for (const agent of ['a', 'b']) {
        await fleet.agent({ id: agent, queues: ['work'] }, (task) => {
          if (task.json() !== 'slow') return 'fast'
          seen.push({ agent, id: task.id, attempt: task.attempt, bytes: task.text() })
          if (seen.length > 1) return agent
          return new Promise((_, reject) => {
            task.signal.addEventListener('abort', () => {
              cut++
              reject(task.signal.reason)
            })
          })
        })
      }
      for (let n = 0; n < 40; n++) await box.run('work', n)
      // One of the fast ones may have been late already, on a machine that was busy with something else.
      const { hedges: before } = await box.status()
      const result = await box.run('work', 'slow', { id: 'x' })
      expect(seen).toMatchObject([
        { id: 'x', attempt: 1, bytes: '"slow"' },
        { id: 'x', attempt: 2, bytes: '"slow"' },
      ])
      expect(seen[1].agent).not.toBe(seen[0].agent)
      expect(result).toBe(seen[1].agent)
      const { hedges } = await box.status()
      expect(hedges.started - before.started).toBe(1)
      expect(hedges.won - before.won).toBe(1)
      await until(() => cut === 1, { what: 'the first attempt to be cut' })
    },
  },
]
