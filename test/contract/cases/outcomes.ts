/** What becomes of a task: its value, its error, its attempts. */
import { expect } from 'vitest'
import { TaskError } from '../../../src/errors.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, gate, holdingAgent } from '../ground.ts'

export const outcomeCases: Case[] = [
  {
    title: 'run gives what the handler returned',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['add'] }, (task) => {
        const { a, b } = task.json<{ a: number; b: number }>()
        return { sum: a + b }
      })
      await expect(box.run('add', { a: 1, b: 2 })).resolves.toEqual({ sum: 3 })
    },
  },
  {
    title: 'a handler may be asynchronous',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['slow'] }, async (task) => {
        await new Promise((resolve) => setImmediate(resolve))
        return task.text()
      })
      await expect(box.run<string>('slow', 'grüße 💡')).resolves.toBe('"grüße 💡"')
    },
  },
  {
    title: 'a hundred tasks at once each get their own result',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['double'], concurrency: 8 }, (task) => task.json<number>() * 2)
      const numbers = Array.from({ length: 100 }, (_, i) => i)
      const doubled = await Promise.all(numbers.map((i) => box.run('double', i)))
      expect(doubled).toEqual(numbers.map((i) => i * 2))
    },
  },
  {
    title: 'no payload arrives as undefined, and no result too',
    async check({ box, fleet }) {
      const payloads: unknown[] = []
      await fleet.agent({ queues: ['void'] }, (task) => {
        payloads.push(task.json(), task.payload.length)
      })
      await expect(box.run('void')).resolves.toBeUndefined()
      expect(payloads).toEqual([undefined, 0])
    },
  },
  {
    title: 'bytes pass unchanged in both directions',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['reverse'] }, (task) => Uint8Array.from(task.payload).reverse())
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      const task = await box.submit('reverse', bytes)
      const result = await task.bytes()
      expect([...result]).toEqual([...bytes].reverse())
    },
  },
  {
    title: 'a result that is no JSON can be had as bytes, not as a value',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['raw'] }, () => new TextEncoder().encode('{'))
      const task = await box.submit('raw')
      await expect(task.result()).rejects.toBeInstanceOf(SyntaxError)
      expect(new TextDecoder().decode(await task.bytes())).toBe('{')
      await expect(box.run('raw')).rejects.toBeInstanceOf(SyntaxError)
    },
  },
  {
    title: 'submit gives the id at once and the result later',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'] })
      const task = await box.submit('work', 'payload', { id: 'order-17' })
      expect({ id: task.id, queue: task.queue }).toEqual({ id: 'order-17', queue: 'work' })
      await until(() => given.length === 1, { what: 'the task to arrive' })
      expect(given[0]).toMatchObject({ id: 'order-17', queue: 'work', attempt: 1 })
      release({ done: true })
      await expect(task.result()).resolves.toEqual({ done: true })
      await expect(task.result()).resolves.toEqual({ done: true })
    },
  },
  {
    title: 'a task without an id gets one that can be looked up',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, () => 1)
      const task = await box.submit('work')
      await task.result()
      expect(task.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      await expect(box.getTask(task.id)).resolves.toMatchObject({ id: task.id, queue: 'work' })
    },
  },
  {
    title: 'a plain throw is code error and is repeated as the queue says',
    options: { queues: { work: { retryCount: 2 } } },
    async check({ box, fleet }) {
      const attempts: number[] = []
      await fleet.agent({ queues: ['work'] }, (task) => {
        attempts.push(task.attempt)
        throw new Error('out of paper')
      })
      const error = await expectEnded(box.run('work'), 'error')
      expect(error).toMatchObject({ message: 'out of paper', attempts: 3, retryable: true })
      expect(attempts).toEqual([1, 2, 3])
    },
  },
  {
    title: 'an attempt that succeeds after failures completes the task',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, async (task) => {
        if (task.attempt < 3) throw new Error('not yet')
        return task.attempt
      })
      await expect(box.run('work')).resolves.toBe(3)
      const { attempts, tasks } = await box.status()
      expect({ ...attempts, completed: tasks.completed }).toMatchObject({ started: 3, retried: 2 })
    },
  },
  {
    title: 'a permanent failure is not repeated',
    async check({ box, fleet }) {
      let runs = 0
      await fleet.agent({ queues: ['work'] }, () => {
        runs++
        throw TaskError.permanent('no such page')
      })
      const error = await expectEnded(box.run('work'), 'permanent')
      expect(error).toMatchObject({ message: 'no such page', attempts: 1, retryable: false })
      expect(runs).toBe(1)
    },
  },
  {
    title: 'a handler gives its failure a code of its own',
    options: { queueDefaults: { retryCount: 0 } },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, (task) => {
        throw new TaskError(task.json<string>(), 'line one\r\nline two')
      })
      const error = await expectEnded(box.run('work', 'api_error'), 'api_error')
      expect(error.message).toMatch(/^line one\s+line two$/)
      await expectEnded(box.run('work', 'not a token'), 'error')
    },
  },
  {
    title: 'the retryCount of a task goes before that of its queue',
    options: { queues: { work: { retryCount: 5 } } },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, () => {
        throw new Error('again')
      })
      const none = await expectEnded(box.run('work', 0, { retryCount: 0 }), 'error')
      const one = await expectEnded(box.run('work', 0, { retryCount: 1 }), 'error')
      expect([none.attempts, one.attempts]).toEqual([1, 2])
    },
  },
  {
    title: 'an attempt over its timeoutMs is aborted and ends the task with timeout',
    async check({ box, fleet }) {
      const aborted = gate<unknown>()
      await fleet.agent({ queues: ['work'] }, (task) => {
        task.signal.addEventListener('abort', () => aborted.open(task.signal.reason))
        return aborted.passed
      })
      const run = box.run('work', 0, { timeoutMs: 50, retryCount: 0 })
      const error = await expectEnded(run, 'timeout')
      expect(error).toMatchObject({ attempts: 1, retryable: true })
      expect(await aborted.passed).toMatchObject({ code: 'timeout' })
    },
  },
  {
    title: 'the result of an attempt that timed out is refused, the next attempt decides',
    async check({ box, fleet }) {
      const first = gate()
      await fleet.agent({ queues: ['work'], concurrency: 2 }, async (task) => {
        if (task.attempt === 1) await first.passed
        return `attempt ${task.attempt}`
      })
      const task = await box.submit('work', 0, { timeoutMs: 100 })
      await expect(task.result()).resolves.toBe('attempt 2')
      first.open()
      const late = async () => (await box.status()).attempts.lateResults === 1
      await until(late, { what: 'the late result to be refused' })
      await expect(box.getTask(task.id)).resolves.toMatchObject({ result: '"attempt 2"' })
    },
  },
]
