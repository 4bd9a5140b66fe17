/** Options of a submit: what each does, and what a wrong one is answered. */
import { expect } from 'vitest'
import type { SubmitOptions } from '../../../src/task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, holdingAgent } from '../ground.ts'

const BAD_NAMES = ['', 'a.b', 'a b', '*', '>', 'ü', 'x'.repeat(65), 'a\r\nPUB b 0\r\n\r\n']

export const optionCases: Case[] = [
  {
    title: 'an option that is not known is not_supported',
    async check({ box }) {
      for (const option of ['deadline', 'after', 'keys', 'Priority']) {
        const options = { [option]: 1 } as SubmitOptions
        const error = await expectRefused(box.run('work', 0, options), 'not_supported')
        expect(error.message).toContain(option)
        await expectRefused(box.submit('work', 0, options), 'not_supported')
      }
    },
  },
  {
    title: 'a queue, id or capability that is no name is a bad_token',
    async check({ box }) {
      for (const name of BAD_NAMES) {
        await expectRefused(box.run(name), 'bad_token')
        await expectRefused(box.submit(name), 'bad_token')
        await expectRefused(box.run('work', 0, { id: name }), 'bad_token')
        await expectRefused(
          box.run('work', 0, { requires: ['ocr', name] }),
          /[<>=]/.test(name) ? 'bad_option' : 'bad_token',
        )
      }
      expect((await box.status()).tasks.accepted).toBe(0)
    },
  },
  {
    title: 'a look-up by what is no name is a bad_token',
    async check({ box }) {
      for (const name of BAD_NAMES) {
        await expectRefused(box.getTask(name), 'bad_token')
        await expectRefused(box.getTask('id', name), 'bad_token')
        await expectRefused(box.cancelTask(name), 'bad_token')
        await expectRefused(box.drainAgent(name), 'bad_token')
      }
    },
  },
  {
    title: 'a value out of range is a bad_option or a bad_priority',
    async check({ box }) {
      for (const value of [0, -1, 1.5, Number.NaN, 1e18, '5']) {
        const timeoutMs = value as number
        await expectRefused(box.run('work', 0, { timeoutMs }), 'bad_option')
      }
      await expectRefused(box.run('work', 0, { retryCount: 101 }), 'bad_option')
      await expectRefused(box.run('work', 0, { retryCount: -1 }), 'bad_option')
      for (const value of [0, 6, 2.5, 'high ', 'urgent']) {
        const priority = value as 1
        await expectRefused(box.run('work', 0, { priority }), 'bad_priority')
      }
    },
  },
  {
    title: 'a payload over the limit is payload_too_large, one at the limit is not',
    options: { payloadBytesMax: 1000 },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['size'] }, (task) => task.payload.length)
      await expect(box.run('size', new Uint8Array(1000))).resolves.toBe(1000)
      await expectRefused(box.run('size', new Uint8Array(1001)), 'payload_too_large')
      await expectRefused(box.submit('size', new Uint8Array(1001)), 'payload_too_large')
      await expectRefused(box.run('size', new Uint8Array(4 * 1024 * 1024)), 'payload_too_large')
    },
  },
  {
    title: 'a result over the limit fails the task with payload_too_large, at the first attempt',
    options: { payloadBytesMax: 1000 },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, (task) => new Uint8Array(task.json<number>()))
      for (const size of [1001, 4 * 1024 * 1024]) {
        const error = await expectEnded(box.run('work', size), 'payload_too_large')
        expect(error).toMatchObject({ attempts: 1, retryable: false })
      }
    },
  },
  {
    title: 'higher priorities are served first, equal ones in order of arrival',
    options: { placement: 'inline' },
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'] })
      const names = ['normal', 'background', 'critical', 'low', 'high', 'normal'] as const
      const first = await box.submit('work', 'first')
      const tasks = [first]
      for (const [i, priority] of names.entries()) {
        tasks.push(await box.submit('work', `${priority} ${i}`, { priority }))
      }
      tasks.push(await box.submit('work', 'five', { priority: 5 }))
      for (let i = 1; i <= tasks.length; i++) {
        await until(() => given.length === i, { what: `task ${i} of ${tasks.length}` })
        release()
      }
      await Promise.all(tasks.map((task) => task.result()))
      expect(given.map((task) => task.json())).toEqual([
        'first',
        'critical 2',
        'five',
        'high 4',
        'normal 0',
        'normal 5',
        'low 3',
        'background 1',
      ])
      await expect(box.getTask(tasks[3].id)).resolves.toMatchObject({ priority: 5 })
    },
  },
  {
    title: 'only an agent that has all required capabilities gets the task',
    async check({ box, fleet }) {
      const serve = (id: string, capabilities: string[]) =>
        fleet.agent({ id, queues: ['read'], capabilities, concurrency: 10 }, () => id)
      await serve('plain', [])
      await serve('half', ['ocr'])
      await serve('full', ['ocr', 'german', 'fast'])
      const options = { requires: ['german', 'ocr', 'german'] }
      const runs = Array.from({ length: 5 }, () => box.run('read', 0, options))
      expect(await Promise.all(runs)).toEqual(Array(5).fill('full'))
    },
  },
  {
    title: 'a second submit of an id is not run, and gets the outcome of the first',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'], concurrency: 5 })
      const first = await box.submit('work', 'one', { id: 'same' })
      const second = await box.submit('work', 'two', { id: 'same' })
      const third = box.run('work', 'three', { id: 'same' })
      expect(second.id).toBe('same')
      await until(() => given.length === 1, { what: 'the first to run' })
      await until(async () => (await box.status()).tasks.duplicates === 2, { what: 'duplicates' })
      release('once')
      const outcomes = await Promise.all([first.result(), second.result(), third])
      expect(outcomes).toEqual(['once', 'once', 'once'])
      expect(given.map((task) => task.json())).toEqual(['one'])
    },
  },
  {
    title: 'an id that has finished gives its outcome again while it is kept',
    options: { queueDefaults: { retryCount: 0 } },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, (task) => {
        if (task.id === 'bad') throw new TypeError('broken')
        return task.json()
      })
      await expect(box.run('work', 'one', { id: 'good' })).resolves.toBe('one')
      await expect(box.run('work', 'two', { id: 'good' })).resolves.toBe('one')
      await expectEnded(box.run('work', 'one', { id: 'bad' }), 'error')
      const again = await box.submit('work', 'two', { id: 'bad' })
      expect(again.state).toBe('failed')
      await expectEnded(again.result(), 'error')
      expect((await box.status()).tasks).toMatchObject({ accepted: 2, duplicates: 2 })
    },
  },
  {
    title: 'ids are unique per queue only',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['*'] }, (task) => task.queue)
      const both = [box.run('a', 0, { id: 'same' }), box.run('b', 0, { id: 'same' })]
      expect(await Promise.all(both)).toEqual(['a', 'b'])
      await expect(box.getTask('same', 'b')).resolves.toMatchObject({ queue: 'b' })
    },
  },
  {
    title: 'a queue that is full refuses, and takes again when there is room',
    options: { queues: { work: { tasksMax: 2 } } },
    async check({ box, fleet }) {
      const first = await box.submit('work')
      const second = await box.submit('work')
      const error = await expectRefused(box.submit('work'), 'queue_full')
      expect(error).toMatchObject({ retryable: true, status: 429 })
      await expectRefused(box.run('work'), 'queue_full')
      await fleet.agent({ queues: ['work'] }, () => 'done')
      await Promise.all([first.result(), second.result()])
      await expect(box.run('work')).resolves.toBe('done')
      expect((await box.status()).refused).toMatchObject({ queue_full: 2 })
    },
  },
  {
    title: 'a queue that nobody configured is queue_unknown where queues are strict',
    options: { strictQueues: true, queues: { known: {} } },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['*'] }, (task) => task.queue)
      await expect(box.run('known')).resolves.toBe('known')
      await expectRefused(box.run('unknown'), 'queue_unknown')
      await expectRefused(box.submit('unknown'), 'queue_unknown')
    },
  },
]
