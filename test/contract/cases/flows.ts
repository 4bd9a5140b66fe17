/** Graphs of tasks: in order, whole or not at all, what failures do downstream, how they are looked at. */
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import { TaskError } from '../../../src/errors.ts'
import type { FlowOptions, FlowView } from '../../../src/flow-views.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, gate, holdingAgent } from '../ground.ts'

const DIAMOND: FlowOptions = {
  id: 'diamond',
  tasks: {
    fetch: { queue: 'work', payload: 'page' },
    left: { queue: 'work', payload: 'left', after: ['fetch'] },
    right: { queue: 'work', payload: 'right', after: ['fetch'] },
    join: { queue: 'work', payload: 'join', after: ['left', 'right'] },
  },
}

const statesOf = async (box: Signalbox, id: string) =>
  Object.fromEntries((await box.getFlow(id)).tasks.map(({ name, state }) => [name, state]))

/** Without times: two looks at a clock differ by a millisecond. */
const timeless = (view: FlowView): object => ({
  ...view,
  acceptedAt: 0,
  finishedAt: 0,
  tasks: view.tasks.map((task) => ({ ...task, startedAt: 0, finishedAt: 0 })),
})

/** An agent of `work` that fails tasks whose payload says so, for good. */
async function failingAgent(fleet: Signalbox): Promise<string[]> {
  const begun: string[] = []
  await fleet.agent({ queues: ['work'], concurrency: 4 }, (task) => {
    begun.push(task.node ?? task.id)
    if (task.json() === 'fail') throw TaskError.permanent('as it was told', 'told_so')
    return task.node
  })
  return begun
}

export const flowCases: Case[] = [
  {
    title: 'a flow runs in the order of its dependencies and tells its end',
    async check({ box, fleet }) {
      const begun = await failingAgent(fleet)
      const flow = await box.flow(DIAMOND)
      expect(flow).toMatchObject({ id: 'diamond', queue: 'work', isDuplicate: false })
      const view = await flow.done()
      expect(view).toMatchObject({
        id: 'diamond',
        queue: 'work',
        state: 'completed',
        progress: { total: 4, done: 4, share: 1, states: { completed: 4 } },
        layers: [['fetch'], ['left', 'right'], ['join']],
      })
      expect(view.finishedAt).toBeGreaterThanOrEqual(view.acceptedAt)
      expect(view.tasks[3]).toMatchObject({
        name: 'join',
        queue: 'work',
        state: 'completed',
        after: ['left', 'right'],
        layer: 2,
        attempts: 1,
        code: null,
      })
      expect(begun[0]).toBe('fetch')
      expect([...begun.slice(1, 3)].sort()).toEqual(['left', 'right'])
      expect(begun[3]).toBe('join')
      expect(timeless(await box.getFlow('diamond'))).toEqual(timeless(view))
      expect(await box.getTask(view.tasks[3].id!)).toMatchObject({ flow: 'diamond', node: 'join' })
    },
  },
  {
    title: 'a flow without an id gets one, and payloads arrive as they were given',
    async check({ box, fleet }) {
      const seen = new Map<string, Uint8Array>()
      await fleet.agent({ queues: ['work'], concurrency: 8 }, (task) => {
        seen.set(task.node!, Uint8Array.from(task.payload))
      })
      const long = 'é'.repeat(70_000)
      const bytes = Uint8Array.from([0, 255, 10, 13])
      const flow = await box.flow({
        tasks: {
          nothing: { queue: 'work' },
          none: { queue: 'work', payload: null },
          value: { queue: 'work', payload: { deep: [1, { two: '2' }] } },
          long: { queue: 'work', payload: long },
          bytes: { queue: 'work', payload: bytes },
        },
      })
      expect(flow.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      expect((await flow.done()).state).toBe('completed')
      expect(seen.get('nothing')!.length).toBe(0)
      expect(Buffer.from(seen.get('none')!).toString()).toBe('null')
      expect(Buffer.from(seen.get('value')!).toString()).toBe('{"deep":[1,{"two":"2"}]}')
      expect(JSON.parse(Buffer.from(seen.get('long')!).toString())).toBe(long)
      expect([...seen.get('bytes')!]).toEqual([...bytes])
    },
  },
  {
    title: 'options of a flow’s tasks are those of any task',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work', 'other'], capabilities: ['ocr'] }, (task) => task.type)
      const at = new Date(Date.now() + 30)
      const flow = await box.flow({
        tasks: {
          a: { queue: 'work', id: 'mine', type: 'scan', priority: 'high', requires: ['ocr'] },
          b: { queue: 'other', at, retryCount: 0 },
          c: { queue: 'other', after: ['a', 'b'], delayMs: 10 },
        },
      })
      expect(await flow.done()).toMatchObject({ state: 'completed' })
      const first = await box.getTask('mine', 'work')
      expect(first).toMatchObject({ type: 'scan', priority: 4, requires: ['ocr'], flow: flow.id })
      const { tasks } = await box.getFlow(flow.id)
      expect(tasks.map(({ queue }) => queue)).toEqual(['work', 'other', 'other'])
      expect(tasks[1].startedAt).toBeGreaterThanOrEqual(at.getTime() - 1)
    },
  },
  {
    title: 'what cannot be a flow is refused as a whole, a cycle by its names',
    async check({ box, fleet }) {
      const begun = await failingAgent(fleet)
      const work = { queue: 'work' }
      const cyclic = {
        a: { ...work, after: ['c'] },
        b: { ...work, after: ['a'] },
        c: { ...work, after: ['b'] },
        d: work,
      }
      const error = await expectRefused(box.flow({ tasks: cyclic }), 'bad_flow')
      expect(error.message).toContain('a → b → c → a')
      const refused: [Record<string, unknown>, 'bad_flow' | 'bad_token' | 'bad_option'][] = [
        [{}, 'bad_flow'],
        [{ a: { ...work, after: ['b'] } }, 'bad_flow'],
        [{ a: { ...work, after: ['a'] } }, 'bad_flow'],
        [{ 'a.b': work }, 'bad_flow'],
        [{ a: work, b: { ...work, after: 'a' } }, 'bad_flow'],
        [{ a: work, b: { queue: 'no way', after: ['a'] } }, 'bad_token'],
        [{ a: work, b: { ...work, retryCount: -1 } }, 'bad_option'],
        [{ a: work, b: { ...work, onFailure: 'retry' } }, 'bad_option'],
      ]
      for (const [tasks, code] of refused) {
        await expectRefused(box.flow({ tasks } as never), code)
      }
      await expectRefused(box.flow({ id: 'a b', tasks: { a: work } }), 'bad_token')
      await expectRefused(box.flow({ tasks: { a: work }, retries: 3 } as never), 'not_supported')
      await expectRefused(
        box.flow({ tasks: { a: { ...work, dependsOn: ['x'] } } } as never),
        'not_supported',
      )
      const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`t${n}`, work]))
      await expectRefused(box.flow({ tasks: many }), 'bad_flow')
      expect(begun).toEqual([])
      expect((await box.status()).tasks.accepted).toBe(0)
    },
  },
  {
    title: 'a flow of which one task cannot be admitted adds nothing',
    options: { queues: { work: { tasksMax: 3 }, other: {} }, strictQueues: true },
    async check({ box }) {
      await expectRefused(box.flow(DIAMOND), 'queue_full')
      const unknown = {
        a: { queue: 'work' },
        b: { queue: 'other', after: ['a'] },
        c: { queue: 'nowhere', after: ['b'] },
      }
      const error = await expectRefused(box.flow({ tasks: unknown }), 'queue_unknown')
      expect(error.message).toContain('"c"')
      await expectRefused(box.getFlow('diamond'), 'flow_unknown')
      expect((await box.listTasks()).tasks).toEqual([])
      expect((await box.status()).tasks).toMatchObject({ accepted: 0, blocked: 0, waiting: 0 })
    },
  },
  {
    title: 'a flow that is submitted twice is one flow, and both are told of its end',
    async check({ box, fleet }) {
      const first = await box.flow(DIAMOND)
      const second = await box.flow(DIAMOND)
      expect([first.isDuplicate, second.isDuplicate]).toEqual([false, true])
      expect((await box.status()).tasks.accepted).toBe(4)
      const begun = await failingAgent(fleet)
      const [one, two] = await Promise.all([first.done(), second.done()])
      expect(timeless(one)).toEqual(timeless(two))
      expect(begun).toHaveLength(4)
      const third = await box.flow(DIAMOND)
      expect(third.isDuplicate).toBe(true)
      expect(timeless(await third.done())).toEqual(timeless(one))
    },
  },
  {
    title: 'a failure fails, skips or spares what comes after it, as each task says',
    async check({ box, fleet }) {
      const begun = await failingAgent(fleet)
      const after = ['bad']
      const flow = await box.flow({
        tasks: {
          bad: { queue: 'work', payload: 'fail' },
          fails: { queue: 'work', payload: 0, after },
          below: { queue: 'work', payload: 0, after: ['fails'] },
          skipped: { queue: 'work', payload: 0, after, onFailure: 'skip' },
          goes: { queue: 'work', payload: 0, after, onFailure: 'continue' },
        },
      })
      const view = await flow.done()
      expect(view.state).toBe('failed')
      expect(view.tasks.map(({ name, state, code }) => [name, state, code])).toEqual([
        ['bad', 'failed', 'told_so'],
        ['fails', 'failed', 'parent_failed'],
        ['skipped', 'cancelled', 'skipped'],
        ['goes', 'completed', null],
        ['below', 'failed', 'parent_failed'],
      ])
      expect(begun).toEqual(['bad', 'goes'])
    },
  },
  {
    title: 'a cancelled task takes with it what depends on it; a cancelled flow all that is open',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'], concurrency: 4 })
      const flow = await box.flow(DIAMOND)
      await until(() => given.length === 1, { what: 'the first to begin' })
      expect(await statesOf(box, 'diamond')).toMatchObject({ left: 'blocked', join: 'blocked' })
      await box.cancelFlow('diamond', 'left')
      expect(await statesOf(box, 'diamond')).toMatchObject({
        fetch: 'processing',
        left: 'cancelled',
        right: 'blocked',
        join: 'cancelled',
      })
      await expectRefused(box.cancelFlow('diamond', 'left'), 'finished')
      await expectRefused(box.cancelFlow('diamond', 'nobody'), 'task_unknown')
      const view = await box.cancelFlow('diamond')
      expect(view).toMatchObject({ state: 'cancelled', progress: { done: 4 } })
      expect(await flow.done()).toMatchObject({ state: 'cancelled' })
      await expectRefused(box.cancelFlow('diamond'), 'finished')
      await expectRefused(box.cancelFlow('unheard-of'), 'flow_unknown')
      await expectRefused(box.getFlow('un heard'), 'bad_token')
      release()
    },
  },
  {
    title: 'flows are listed a page at a time, the open ones first',
    async check({ box, fleet }) {
      const one = (id: string, queue: string) => box.flow({ id, tasks: { a: { queue } } })
      await one('open-1', 'idle')
      await one('open-2', 'idle')
      await fleet.agent({ queues: ['work'] }, () => 0)
      for (const id of ['done-1', 'done-2']) await (await one(id, 'work')).done()
      const { flows, cursor } = await box.listFlows()
      expect(flows.map(({ id }) => id)).toEqual(['open-1', 'open-2', 'done-2', 'done-1'])
      expect(cursor).toBe(null)
      expect(flows[2]).toEqual({
        id: 'done-2',
        queue: 'work',
        state: 'completed',
        progress: { total: 1, done: 1, share: 1, states: { completed: 1 } },
        acceptedAt: expect.any(Number),
        finishedAt: expect.any(Number),
      })
      const running = await box.listFlows({ state: 'running', limit: 1 })
      expect(running.flows.map(({ id }) => id)).toEqual(['open-1'])
      const next = await box.listFlows({ state: 'running', cursor: running.cursor! })
      expect(next.flows.map(({ id }) => id)).toEqual(['open-2'])
      expect(next.cursor).toBe(null)
      await expectRefused(box.listFlows({ limit: 0 }), 'bad_option')
      await expectRefused(box.listFlows({ cursor: 'next' }), 'bad_option')
      await expectRefused(box.listFlows({ state: 'asleep' as never }), 'bad_option')
      await expectRefused(box.listFlows({ queue: 'work' } as never), 'not_supported')
    },
  },
  {
    title: 'a task waits for those that it names, wherever they are',
    async check({ box, fleet }) {
      const ended = gate<string>()
      await fleet.agent({ queues: ['work', 'other'], concurrency: 4 }, (task) =>
        task.id === 'first' ? ended.passed : task.id,
      )
      // Not awaited in between: what is said first is there first.
      const first = box.run('other', 0, { id: 'first' })
      const second = await box.submit('work', 0, {
        id: 'second',
        dependsOn: ['other/first'],
      })
      expect(second).toMatchObject({ state: 'blocked' })
      expect(second.waitingFor).toContain('first')
      const third = await box.submit('work', 0, { dependsOn: ['second', 'other/first'] })
      expect(await box.getTask('second')).toMatchObject({
        state: 'blocked',
        dependsOn: ['other/first'],
        flow: null,
        node: null,
      })
      expect((await box.status()).tasks).toMatchObject({ blocked: 2 })
      ended.open('over')
      expect(await first).toBe('over')
      expect(await second.result()).toBe('second')
      await third.result()
      expect(await box.run('work', 0, { dependsOn: ['second'] })).toMatch(/./)
    },
  },
  {
    title: 'a thousand parents are waited for, whatever their ids',
    async check({ box, fleet }) {
      const ids = Array.from({ length: 1_000 }, (_, n) => `${'p'.repeat(60)}${n}`)
      await box.submitMany('idle', ids, { idOf: (id) => String(id) })
      const child = await box.submit('work', 0, { dependsOn: ids.map((id) => `idle/${id}`) })
      expect(child.state).toBe('blocked')
      await fleet.agent({ queues: ['idle', 'work'], concurrency: 100 }, (task) =>
        task.queue === 'work' ? task.inputs.length : 0,
      )
      expect(await child.result()).toBe(1_000)
    },
  },
  {
    title: 'parents that cannot be are refused',
    async check({ box }) {
      await box.submit('idle', 0, { id: 'there' })
      const submit = (options: object) => box.submit('work', 0, options)
      await expectRefused(submit({ dependsOn: ['nobody'] }), 'parent_unknown')
      await expectRefused(submit({ dependsOn: ['there', 'idle/nobody'] }), 'parent_unknown')
      for (const dependsOn of ['there', ['a b'], ['a/b/c'], [''], [1], Array(1_001).fill('x')]) {
        await expectRefused(submit({ dependsOn }), 'bad_option')
      }
      await expectRefused(
        submit({ dependsOn: ['idle/there'], onParentFailure: 'wait' }),
        'bad_option',
      )
      expect((await box.status()).tasks.accepted).toBe(1)
    },
  },
  {
    title: 'what a parent’s end does to a task that names it is the task’s to say',
    async check({ box, fleet }) {
      const ways = ['fail', 'skip', 'continue'] as const
      await box.submit('work', 'fail', { id: 'bad' })
      const tasks = await Promise.all(
        ways.map((onParentFailure) =>
          box.submit('work', 0, { dependsOn: ['bad'], onParentFailure }),
        ),
      )
      await failingAgent(fleet)
      await expectEnded(tasks[0].result(), 'parent_failed')
      await expectEnded(tasks[1].result(), 'skipped')
      await tasks[2].result()
      await expectEnded(box.run('work', 0, { dependsOn: ['bad'] }), 'parent_failed')
      expect(await box.getTask(tasks[0].id)).toMatchObject({ state: 'failed', deadLetter: null })
      expect(await box.getTask(tasks[1].id)).toMatchObject({ state: 'cancelled' })
    },
  },
]
