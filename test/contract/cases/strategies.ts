/** Who chooses: strategies are listed, switched while tasks run, and shadowed; a choice is explained. */
import { expect } from 'vitest'
import { type Case, expectRefused, holdingAgent } from '../ground.ts'

const TASKS = 600

export const strategyCases: Case[] = [
  {
    title: 'strategies are listed with the queues that have them',
    options: { queues: { ocr: { strategy: 'latency' }, mail: {} }, strategy: 'random' },
    async check({ box }) {
      const strategies = await box.listStrategies()
      const of = (name: string) => strategies.find((each) => each.name === name)
      expect(of('latency')).toMatchObject({ origin: 'built_in', queues: ['ocr'], off: null })
      expect(of('random')).toMatchObject({ isDefault: true, queues: ['mail'] })
      expect(strategies.filter(({ isDefault }) => isDefault)).toHaveLength(1)
    },
  },
  {
    title: 'a switch of the default moves the queues that have none of their own',
    options: { queues: { ocr: { strategy: 'latency' }, mail: {} } },
    async check({ box }) {
      await box.setStrategy('hybrid')
      const strategies = await box.listStrategies()
      const of = (name: string) => strategies.find((each) => each.name === name)
      expect(of('hybrid')).toMatchObject({ isDefault: true, queues: ['mail'] })
      expect(of('latency')).toMatchObject({ isDefault: false, queues: ['ocr'] })
    },
  },
  {
    title: 'a switch takes the names that the source documents use',
    options: { queues: { ocr: {} } },
    async check({ box }) {
      await box.setStrategy('StrategyCapabilityBest', 'ocr')
      const strategies = await box.listStrategies()
      expect(strategies.find(({ queues }) => queues.includes('ocr'))?.name).toBe('capability_best')
    },
  },
  {
    title:
      'a queue’s options say who chooses now, and by the name that was configured while it does',
    options: {
      queues: { ocr: { strategy: 'StrategyCapabilityBest' }, mail: {} },
      strategy: 'random',
    },
    async check({ box }) {
      const strategyOf = async (queue: string) => (await box.getQueue(queue)).options.strategy
      const configured = await strategyOf('ocr')
      expect(await strategyOf('mail')).toBe('random')
      await box.setStrategy('hybrid')
      expect([await strategyOf('ocr'), await strategyOf('mail')]).toEqual([configured, 'hybrid'])
      await box.setStrategy('latency', 'ocr')
      expect([await strategyOf('ocr'), await strategyOf('mail')]).toEqual(['latency', 'hybrid'])
    },
  },
  {
    title: 'an unknown strategy or queue is refused with a sentence',
    options: { queues: { ocr: {} }, strictQueues: true },
    async check({ box }) {
      const error = await expectRefused(box.setStrategy('fastest', 'ocr'), 'bad_option')
      expect(error.message).toMatch(/"fastest" is unknown: known are .*least_loaded/)
      await expectRefused(box.setStrategy('latency', 'mail'), 'queue_unknown')
      await expectRefused(box.shadowReport('mail'), 'queue_unknown')
      await expectRefused(box.shadowReport('ocr'), 'bad_option')
      await expectRefused(box.submit('ocr', '', { strategy: 'fastest' }), 'bad_option')
    },
  },
  {
    title: 'switching through every strategy under load loses and repeats nothing',
    options: { queues: { work: {} }, routers: 2, placement: 'routers' },
    async check({ box, fleet }) {
      const seen = new Map<string, number>()
      for (const id of ['a', 'b', 'c']) {
        await fleet.agent({ id, queues: ['work'], concurrency: 8 }, (task) => {
          seen.set(task.id, (seen.get(task.id) ?? 0) + 1)
          return id
        })
      }
      const names = (await box.listStrategies()).map(({ name }) => name)
      const payloads = Array.from({ length: TASKS }, (_, i) => i)
      let completed = 0
      for await (const { state, index } of box.runMany('work', payloads, { window: 64 })) {
        expect(state).toBe('completed')
        completed++
        if (index % 10 === 0) await box.setStrategy(names[(index / 10) % names.length], 'work')
      }
      expect(completed).toBe(TASKS)
      expect([...seen.values()].filter((times) => times !== 1)).toEqual([])
      expect(seen.size).toBe(TASKS)
    },
  },
  {
    title: 'a task says which strategy places it',
    options: { queues: { work: { strategy: 'least_loaded' } } },
    async check({ box, fleet }) {
      for (const id of ['a', 'b']) {
        await fleet.agent({ id, queues: ['work'], concurrency: 10 }, () => id)
      }
      const owners = new Set<string>()
      for (let i = 0; i < 12; i++) {
        owners.add(await box.run<string>('work', '', { strategy: 'affinity', key: 'customer-7' }))
      }
      expect(owners.size).toBe(1)
    },
  },
  {
    title: 'a placed task and a waiting one are explained',
    options: { queues: { work: {} } },
    async check({ box, fleet }) {
      const { release } = await holdingAgent(fleet, { id: 'a', queues: ['work'] })
      const placed = await box.submit('work', '1')
      const waiting = await box.submit('work', '2', { requires: ['gpu>=24'] })
      expect(await box.explainTask(placed.id)).toMatchObject({ id: placed.id, queue: 'work' })
      const why = await box.explainTask(waiting.id)
      expect(JSON.stringify(why)).toContain('gpu>=24')
      await expectRefused(box.explainTask('nobody-knows'), 'task_unknown')
      await box.cancelTask(waiting.id)
      release()
      await placed.result()
    },
  },
]
