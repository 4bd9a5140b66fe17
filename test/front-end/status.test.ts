import { expect, test } from 'vitest'
import type { SchedulerStatus } from '../../src/api.ts'
import { schedulerStatus } from '../../src/front-end/calls/status.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { LIMITS } from '../../src/options.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { Policy } from '../policy/support.ts'
import { contextOf, join, leave, longName, NOW_MS } from './large-fleet.ts'

const statusOf = (context: FrontEndContext) => schedulerStatus(context, 0)

function submit({ core }: FrontEndContext, queue: string, requires: string[] = []): void {
  expect(core.submit(Policy.record(queue, { requires }), NOW_MS)).toBe(null)
}

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0)

/** What is named and what is left out are together what there is. */
function expectWhole({ core }: FrontEndContext, status: SchedulerStatus, agents: number): void {
  const { queues, tasksPerAgent, unlisted, tasks } = status
  expect(queues.length + unlisted.queues).toBe(core.queues.size)
  expect(sum(queues.map(({ waiting }) => waiting)) + unlisted.waiting).toBe(tasks.waiting)
  expect(Object.keys(tasksPerAgent).length + unlisted.agents).toBe(agents)
}

test('status: of a small fleet it names every queue and agent, in their order', () => {
  const context = contextOf()
  for (const queue of ['b', 'c', 'a']) submit(context, queue)
  submit(context, 'a')
  for (const id of ['y', 'z', 'x'])
    join(context, id, { queues: ['a'] }).completed = id === 'z' ? 5 : 0
  leave(context, 'z')
  join(context, 'z').completed = 2
  const { queues, tasksPerAgent, unlisted } = statusOf(context)
  expect(queues.map(({ queue, waiting }) => [queue, waiting])).toEqual([
    ['b', 1],
    ['c', 1],
    ['a', 2],
  ])
  expect(tasksPerAgent).toEqual({ x: 0, y: 0, z: 7 })
  expect(unlisted).toEqual({ queues: 0, waiting: 0, running: 0, agents: 0, completed: 0 })
})

test('status: of 10,000 queues and 16,384 agents it names the busiest and adds up the others', () => {
  const names = Array.from({ length: LIMITS.queuesMax }, (_, n) => longName(n))
  const context = contextOf({ queues: Object.fromEntries(names.map((name) => [name, {}])) })
  for (let n = 0; n < 16_384; n++) {
    join(context, longName(n), { queues: ['nowhere'] }).completed = n
  }
  for (let n = 0; n < LIMITS.queuesMax; n++) submit(context, names[n % 1_000])
  expect(context.core.queues.size).toBe(LIMITS.queuesMax)
  const status = statusOf(context)
  expectWhole(context, status, 16_384)
  const { queues, tasksPerAgent, unlisted } = status
  expect(queues.length).toBe(LIMITS.statusQueuesMax)
  expect(Object.keys(tasksPerAgent).length).toBe(LIMITS.statusAgentsMax)
  expect(Math.min(...Object.values(tasksPerAgent))).toBe(16_384 - LIMITS.statusAgentsMax)
  expect(sum(Object.values(tasksPerAgent)) + unlisted.completed).toBe((16_384 * 16_383) / 2)
  expect(encodeJson(status).length).toBeLessThanOrEqual(LIMITS.controlBytesMax)
})

test('status: the busiest queues are named, with what they wait for', () => {
  const context = contextOf()
  for (let n = 0; n < 1_000; n++) submit(context, `q${n}`)
  for (const queue of ['q900', 'q900', 'q901']) submit(context, queue)
  const { queues } = statusOf(context)
  expect(queues.slice(0, 2)).toMatchObject([
    { queue: 'q900', waiting: 3, waitingFor: 'no agent serves q900' },
    { queue: 'q901', waiting: 2, waitingFor: 'no agent serves q901' },
  ])
})

test.each([16 * 1024, 64 * 1024, 1024 * 1024])(
  'status: it has room in what a server of %i bytes lets through, whatever tasks wait for',
  (maxPayload) => {
    const context = contextOf()
    context.limitPayload(maxPayload)
    const requires = Array.from({ length: 32 }, (_, n) => longName(n))
    for (let n = 0; n < 300; n++) submit(context, longName(n), requires)
    for (let n = 0; n < 2_000; n++) join(context, longName(n), { queues: ['*'] })
    const status = statusOf(context)
    expectWhole(context, status, 2_000)
    expect(status.queues[0].waitingFor?.length).toBeGreaterThan(500)
    expect(Object.keys(status.tasksPerAgent).length).toBeGreaterThan(0)
    expect(encodeJson(status).length).toBeLessThanOrEqual(maxPayload)
  },
)

test('status: the oldest of a queue is told by its age, whatever its lane', () => {
  const context = contextOf()
  join(context, 'able', { queues: ['q'], capabilities: ['ocr'] })
  submit(context, 'q', ['ocr', 'german'])
  submit(context, 'q', ['ocr'])
  const { core } = context
  expect(core.submit(Policy.record('q', { level: 5, requires: ['french'] }), NOW_MS)).toBe(null)
  expect(statusOf(context).queues[0].waitingFor).toMatch(/^no agent offers german;/)
})
