/** What agents say of themselves and tasks ask of them: labels, preferences, match, type, key. */
import { expect } from 'vitest'
import type { AgentOptions } from '../../../src/agent-task.ts'
import type { SubmitOptions } from '../../../src/task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, holdingAgent } from '../ground.ts'

export const capabilityCases: Case[] = [
  {
    title: 'a task that compares a label goes only to an agent whose label does',
    async check({ box, fleet }) {
      const serve = (id: string, gpu: number) =>
        fleet.agent({ id, queues: ['train'], labels: { gpu }, concurrency: 10 }, () => id)
      await serve('small', 16)
      await serve('large', 80)
      const run = (requires: string[]) => box.run('train', 0, { requires })
      const large = Array.from({ length: 5 }, () => run(['gpu >= 24']))
      expect(await Promise.all(large)).toEqual(Array(5).fill('large'))
      expect(await run(['gpu<24', 'gpu!=8'])).toBe('small')
      expect(await run(['gpu==80'])).toBe('large')
    },
  },
  {
    title: 'a task that no label meets says who comes nearest, and is placed when one does',
    async check({ box, fleet }) {
      await fleet.agent({ id: 'gpu-1', queues: ['train'], labels: { gpu: 8 } }, () => 'small')
      await fleet.agent({ id: 'gpu-2', queues: ['train'], labels: { gpu: 16 } }, () => 'middle')
      const task = await box.submit('train', 0, { requires: ['gpu>=24'] })
      const words = 'no agent offers gpu>=24; the nearest is "gpu-2" with gpu 16'
      expect(task.waitingFor).toBe(words)
      await expect(box.getTask(task.id)).resolves.toMatchObject({
        requires: ['gpu>=24'],
        waitingFor: words,
      })
      await fleet.agent({ id: 'gpu-3', queues: ['train'], labels: { gpu: 24 } }, () => 'large')
      await expect(task.result()).resolves.toBe('large')
    },
  },
  {
    title: 'agents that have what a task prefers are taken first, others when these are full',
    async check({ box, fleet }) {
      await fleet.agent({ id: 'far', queues: ['work'], concurrency: 50 }, () => 'far')
      const near = await holdingAgent(fleet, {
        id: 'near',
        queues: ['work'],
        capabilities: ['near'],
        concurrency: 2,
      })
      const options = { prefers: ['near'] }
      const held = [box.run('work', 0, options), box.run('work', 0, options)]
      await until(() => near.given.length === 2, { what: 'both at the preferred agent' })
      await expect(box.run('work', 0, options)).resolves.toBe('far')
      for (const _ of held) near.release('near')
      expect(await Promise.all(held)).toEqual(['near', 'near'])
    },
  },
  {
    title:
      'with fallback an agent without what is required gets a task only when the others are full',
    async check({ box, fleet }) {
      await fleet.agent({ id: 'any', queues: ['read'], concurrency: 50 }, () => 'any')
      const able = await holdingAgent(fleet, {
        id: 'able',
        queues: ['read'],
        capabilities: ['ocr'],
      })
      const options: SubmitOptions = { requires: ['ocr'], match: 'fallback' }
      const held = box.run('read', 0, options)
      await until(() => able.given.length === 1, { what: 'the first at the able agent' })
      await expect(box.run('read', 0, options)).resolves.toBe('any')
      const exact = await box.submit('read', 0, { ...options, priority: 'high' })
      expect(exact.waitingFor).toBe('the only agent is full')
      await expect(box.getTask(exact.id)).resolves.toMatchObject({ match: 'exact' })
      able.release('able')
      await expect(held).resolves.toBe('able')
      await until(() => able.given.length === 2, { what: 'the urgent one at the able agent' })
      able.release('able')
      await expect(exact.result()).resolves.toBe('able')
    },
  },
  {
    title: 'with best fit any agent of the queue may have a task, the one that meets more first',
    async check({ box, fleet }) {
      const serve = (id: string, capabilities: string[]) =>
        fleet.agent({ id, queues: ['read'], capabilities, concurrency: 10 }, () => id)
      await serve('none', [])
      const options: SubmitOptions = {
        requires: ['ocr', 'german', 'gpu>=24'],
        match: 'best_fit',
        strategy: 'best_fit',
      }
      await expect(box.run('read', 0, options)).resolves.toBe('none')
      await serve('half', ['ocr', 'german'])
      await expect(box.run('read', 0, options)).resolves.toBe('half')
    },
  },
  {
    title: 'a handler is told the type of its task, which is the queue’s name unless it is said',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['*'], concurrency: 10 }, ({ type, queue }) => `${queue} ${type}`)
      const runs = [
        box.run('scan'),
        box.run('scan', 0, { type: 'invoice' }),
        box.run('scan', 0, { type: 'scan' }),
        box.run('scan', 0, { type: 'x'.repeat(64) }),
        box.run('scan'),
      ]
      expect(await Promise.all(runs)).toEqual([
        'scan scan',
        'scan invoice',
        'scan scan',
        `scan ${'x'.repeat(64)}`,
        'scan scan',
      ])
      const task = await box.submit('scan', 0, { type: 'invoice', id: 'shown' })
      await task.result()
      await expect(box.getTask('shown')).resolves.toMatchObject({ type: 'invoice', queue: 'scan' })
    },
  },
  {
    title: 'a task may name its strategy, and tasks of a key go to one agent with affinity',
    async check({ box, fleet }) {
      for (const id of ['one', 'two', 'three', 'four']) {
        await fleet.agent({ id, queues: ['chat'], concurrency: 8 }, () => id)
      }
      const placed = new Set<string>()
      for (const key of ['ann', 'ben', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal']) {
        const options = { strategy: 'affinity', key }
        const first = await box.run<string>('chat', 0, options)
        placed.add(first)
        for (let i = 0; i < 3; i++) await expect(box.run('chat', 0, options)).resolves.toBe(first)
      }
      expect(placed.size).toBeGreaterThan(1)
      const task = await box.submit('chat', 0, { strategy: 'random', id: 'shown' })
      await task.result()
      await expect(box.getTask('shown')).resolves.toMatchObject({ strategy: 'random' })
    },
  },
  {
    title: 'options of many tasks hold for each of them',
    async check({ box, fleet }) {
      const able = { id: 'able', queues: ['read'], labels: { gpu: 24 }, concurrency: 10 }
      await fleet.agent({ id: 'any', queues: ['read'], concurrency: 10 }, () => 'any')
      await fleet.agent(able, ({ type }) => type)
      const options = { requires: ['gpu>=24'], type: 'page', key: 'book' }
      const payloads = Array.from({ length: 200 }, (_, page) => page)
      const results: unknown[] = []
      for await (const outcome of box.runMany('read', payloads, options)) {
        results.push(outcome.json())
      }
      expect(results).toEqual(payloads.map(() => 'page'))
    },
  },
  {
    title: 'an option of placing that is none is refused before anything is sent',
    async check({ box }) {
      const wrong: [object, string][] = [
        [{ requires: ['gpu>='] }, 'bad_option'],
        [{ requires: ['gpu=>24'] }, 'bad_option'],
        [{ requires: ['gpu>=1234567890123456'] }, 'bad_option'],
        [{ prefers: ['a.b'] }, 'bad_token'],
        [{ match: 'some' }, 'bad_option'],
        [{ type: 'a b' }, 'bad_token'],
        [{ key: '' }, 'bad_token'],
        [{ strategy: 'a.b' }, 'bad_token'],
        [{ strategy: 'no_such_strategy' }, 'bad_option'],
      ]
      for (const [options, code] of wrong) {
        const error = await expectRefused(box.run('work', 0, options), code as 'bad_option')
        expect(error.message).toContain(String(Object.values(options)[0]))
      }
      expect((await box.status()).tasks.accepted).toBe(0)
    },
  },
  {
    title: 'an agent shows its labels and specializations',
    async check({ box, fleet }) {
      const said = { labels: { gpu: 24, cpu: 8 }, specializations: { invoice: 0.95 } }
      await fleet.agent({ id: 'reader', queues: ['read'], ...said }, () => 0)
      await fleet.agent({ id: 'plain', queues: ['read'] }, () => 0)
      const agents = await box.listAgents()
      expect(agents.find(({ id }) => id === 'reader')).toMatchObject(said)
      expect(agents.find(({ id }) => id === 'plain')).toMatchObject({
        labels: {},
        specializations: {},
      })
    },
  },
  {
    title: 'a label or specialization that is none is refused with what to say instead',
    async check({ fleet }) {
      const wrong: [object, string, string][] = [
        [{ labels: { gpu: '24' } }, 'bad_option', '"gpu"'],
        [{ labels: { gpu: Number.NaN } }, 'bad_option', '"gpu"'],
        [{ labels: { 'a b': 1 } }, 'bad_token', '"a b"'],
        [{ labels: ['gpu'] }, 'bad_option', '"labels"'],
        [{ specializations: { scan: 1.5 } }, 'bad_option', '"scan"'],
        [{ specializations: { scan: -1 } }, 'bad_option', '"scan"'],
        [{ specializations: 7 }, 'bad_option', '"specializations"'],
      ]
      for (const [options, code, word] of wrong) {
        const agent = { queues: ['work'], ...options } as AgentOptions
        const error = await expectRefused(
          fleet.agent(agent, () => 0),
          code as 'bad_option',
        )
        expect(error.message).toContain(word)
      }
    },
  },
]
