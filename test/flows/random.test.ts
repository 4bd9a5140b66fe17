/** Random flows with failures, run by a scheduler, against what a model of a few lines says of them. */
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import type { FlowOptions, FlowTaskOptions, FlowView } from '../../src/flow-views.ts'
import { Scheduler, TaskError } from '../../src/scheduler.ts'
import { PARENT_FAILURES, type ParentFailure, type TaskState } from '../../src/task.ts'
import { QUICKLY } from '../support/shrinking.ts'

const RUNS = process.env.SOAK ? 100_000 : 100

let scheduler: Scheduler

afterEach(() => scheduler.stop())

interface Node {
  readonly after: readonly number[]
  readonly onFailure: ParentFailure
  readonly fails: boolean
}

const anyNodes = fc
  .array(
    fc.record({
      parents: fc.array(fc.nat(40), { maxLength: 3 }),
      onFailure: fc.constantFrom(...PARENT_FAILURES),
      fails: fc.integer({ min: 0, max: 9 }).map((n) => n < 2),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((nodes) =>
    nodes.map(({ parents, onFailure, fails }, i): Node => {
      const after = i === 0 ? [] : [...new Set(parents.map((parent) => parent % i))]
      return { after, onFailure, fails }
    }),
  )

/** What becomes of each. */
function endsOf(nodes: readonly Node[]): TaskState[] {
  const ends: TaskState[] = []
  for (const { after, onFailure, fails } of nodes) {
    const isStopped = onFailure !== 'continue' && after.some((i) => ends[i] !== 'completed')
    const ran = fails ? 'failed' : 'completed'
    ends.push(isStopped ? (onFailure === 'fail' ? 'failed' : 'cancelled') : ran)
  }
  return ends
}

function flowState(nodes: readonly Node[], ends: readonly TaskState[]): string {
  const leaves = nodes.map((_, i) => i).filter((i) => !nodes.some(({ after }) => after.includes(i)))
  return leaves.some((i) => ends[i] === 'failed') ? 'failed' : 'completed'
}

/** The other way round, so that the order of names says nothing. */
function flowOf(nodes: readonly Node[]): FlowOptions {
  const tasks = nodes.map(({ after, onFailure, fails }, i): [string, FlowTaskOptions] => [
    `n${i}`,
    { queue: `q${i % 3}`, after: after.map((parent) => `n${parent}`), onFailure, payload: fails },
  ])
  return { tasks: Object.fromEntries(tasks.reverse()) }
}

function expectOrder({ tasks }: FlowView): void {
  const byName = new Map(tasks.map((task) => [task.name, task]))
  for (const { startedAt, after } of tasks) {
    if (startedAt === null) continue
    for (const name of after) {
      expect(byName.get(name)!.finishedAt).toBeLessThanOrEqual(startedAt)
    }
  }
}

test(
  `flows: ${RUNS} random ones end as a model says, each task once, none before its parents`,
  async () => {
    scheduler = await new Scheduler({ queueDefaults: { retryCount: 0 } }).start()
    const begun: string[] = []
    await scheduler.agent({ queues: ['*'], concurrency: 5 }, async (task) => {
      begun.push(`${task.flow}/${task.node}`)
      for (const { name, state, bytes } of task.inputs) {
        expect(bytes === null).toBe(state !== 'completed')
        if (bytes !== null) expect(await task.input(name)).toBe(name)
      }
      if (task.json<boolean>()) throw new TaskError('broken', 'It broke.', { retryable: false })
      return task.node
    })
    await fc.assert(
      fc.asyncProperty(anyNodes, async (nodes) => {
        begun.length = 0
        const ends = endsOf(nodes)
        const view = await (await scheduler.flow(flowOf(nodes))).done()
        const found = Object.fromEntries(view.tasks.map(({ name, state }) => [name, state]))
        expect(found).toEqual(Object.fromEntries(ends.map((state, i) => [`n${i}`, state])))
        expect(view.state).toBe(flowState(nodes, ends))
        expect(new Set(begun).size).toBe(begun.length)
        expect(begun).toHaveLength(view.tasks.filter(({ attempts }) => attempts > 0).length)
        expectOrder(view)
      }),
      { ...QUICKLY, numRuns: RUNS },
    )
  },
  6 * 3_600_000,
)
