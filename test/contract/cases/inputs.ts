/** Results that a task may read: by their names, while it runs, wherever it runs. */
import { expect } from 'vitest'
import type { AgentTask } from '../../../src/agent-task.ts'
import { TaskError } from '../../../src/errors.ts'
import { type Case, expectEnded, expectRefused, gate, holdingAgent } from '../ground.ts'

const LARGE = 'x'.repeat(100_000)

export const inputCases: Case[] = [
  {
    title: 'a task reads what it depends on, by the names of its flow',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['parts'], concurrency: 4 }, (task) => {
        if (task.node === 'bytes') return Uint8Array.from([0, 1, 255])
        if (task.node === 'nothing') return undefined
        return task.node === 'large' ? LARGE : { from: task.node }
      })
      let seen: AgentTask | null = null
      await fleet.agent({ queues: ['join'] }, async (task) => {
        seen = task
        const bytes = await task.inputBytes('bytes')
        bytes[0] = 7
        return {
          value: await task.input('value'),
          bytes: [...bytes],
          again: [...(await task.inputBytes('bytes'))],
          nothing: (await task.input('nothing')) === undefined,
          large: (await task.input<string>('large')).length,
        }
      })
      const part = { queue: 'parts' }
      const flow = await box.flow({
        tasks: {
          value: part,
          bytes: part,
          nothing: part,
          large: part,
          join: { queue: 'join', after: ['value', 'bytes', 'nothing', 'large'] },
        },
      })
      const { tasks } = await flow.done()
      const { id } = tasks[4]
      expect(JSON.parse((await box.getTask(id!)).result!)).toEqual({
        value: { from: 'value' },
        bytes: [7, 1, 255],
        again: [0, 1, 255],
        nothing: true,
        large: LARGE.length,
      })
      expect(seen!.flow).toBe(flow.id)
      expect(seen!.node).toBe('join')
      expect(seen!.inputs).toEqual([
        { name: 'value', state: 'completed', bytes: 16 },
        { name: 'bytes', state: 'completed', bytes: 3 },
        { name: 'nothing', state: 'completed', bytes: 0 },
        { name: 'large', state: 'completed', bytes: LARGE.length + 2 },
      ])
    },
  },
  {
    title: 'a task that depends on others by their ids reads them by these; any other reads none',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work', 'other'], concurrency: 2 }, async (task) => {
        if (task.id === 'first') return 'the first'
        const { flow, node, inputs } = task
        return { flow, node, inputs, text: inputs.length > 0 ? await task.input('first') : null }
      })
      await box.run('other', 0, { id: 'first' })
      const bytes = JSON.stringify('the first').length
      expect(await box.run('work', 0, { dependsOn: ['other/first'] })).toEqual({
        flow: null,
        node: null,
        inputs: [{ name: 'first', state: 'completed', bytes }],
        text: 'the first',
      })
      const none = { flow: null, node: null, inputs: [], text: null }
      expect(await box.run('work')).toEqual(none)
    },
  },
  {
    title: 'an input that is none fails the attempt that asks for it, and is never there later',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'], concurrency: 2 }, async (task) => {
        if (task.node === 'bad') throw TaskError.permanent('gone')
        return await task.input(task.json())
      })
      const flow = await box.flow({
        onFailure: 'continue',
        tasks: {
          bad: { queue: 'work', payload: 0 },
          unknown: { queue: 'work', payload: 'nobody', after: ['bad'] },
          failed: { queue: 'work', payload: 'bad', after: ['bad'] },
        },
      })
      const { tasks } = await flow.done()
      for (const { code, message, attempts } of tasks.slice(1)) {
        expect([code, attempts]).toEqual(['input_unknown', 1])
        expect(message).toMatch(/"(nobody|bad)"/)
      }
    },
  },
  {
    title: 'tasks of a batch read their inputs one by one',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['parts'], concurrency: 4 }, (task) => task.node)
      await fleet.agent({ queues: ['work'], concurrency: 4, batch: 4 }, (tasks) =>
        Promise.all(tasks.map((task) => task.input(task.inputs[0].name))),
      )
      const flow = await box.flow({
        tasks: Object.fromEntries(
          [1, 2, 3, 4].flatMap((n) => [
            [`part-${n}`, { queue: 'parts' }],
            [`use-${n}`, { queue: 'work', after: [`part-${n}`] }],
          ]),
        ),
      })
      const { tasks } = await flow.done()
      const used = tasks.filter(({ name }) => name.startsWith('use'))
      for (const { id, name } of used) {
        expect((await box.getTask(id!)).result).toBe(JSON.stringify(name.replace('use', 'part')))
      }
      expect(used).toHaveLength(4)
    },
  },
  {
    title: 'anybody may read an open task’s inputs by its id',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['parts'] }, () => ({ page: 7 }))
      const { given, release } = await holdingAgent(fleet, { queues: ['work'] })
      await box.run('parts', 0, { id: 'part' })
      const task = await box.submit('work', 0, { id: 'whole', dependsOn: ['parts/part'] })
      const text = Buffer.from(await box.taskInput('whole', 'part')).toString()
      expect(text).toBe('{"page":7}')
      expect(await box.taskInput('whole', 'part', 'work')).toEqual(
        Uint8Array.from(Buffer.from(text)),
      )
      await expectRefused(box.taskInput('whole', 'nobody'), 'input_unknown')
      await expectRefused(box.taskInput('nobody', 'part'), 'task_unknown')
      await expectRefused(box.taskInput('whole', 'a.b'), 'bad_token')
      await expectRefused(box.taskInput('a b', 'part'), 'bad_token')
      await expectRefused(box.taskInput('part', 'whole'), 'input_unknown')
      expect(given.length).toBeLessThanOrEqual(1)
      release()
      await task.result()
      await expectRefused(box.taskInput('whole', 'part'), 'input_unknown')
    },
  },
  {
    title: 'an input that is asked for after the handler has returned is refused',
    async check({ box, fleet }) {
      const returned = gate()
      const late = gate<unknown>()
      await fleet.agent({ queues: ['work'] }, (task) => {
        if (task.inputs.length === 0) return 0
        returned.passed.then(() => task.input('first')).then(late.open, late.open)
        return 'at once'
      })
      await box.run('work', 0, { id: 'first' })
      expect(await box.run('work', 0, { dependsOn: ['first'] })).toBe('at once')
      returned.open()
      await expectEnded(Promise.reject(await late.passed), 'late_result')
    },
  },
]
