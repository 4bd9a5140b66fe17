/** Tasks that not everybody may have, in a scheduler of this process: declined, decided together. */
import { afterEach, describe, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

const started: Scheduler[] = []

function make(options: SchedulerOptions = {}): Scheduler {
  const scheduler = new Scheduler({ slots: 1_024, agentsMax: 64, ...options })
  started.push(scheduler)
  return scheduler
}

afterEach(async () => {
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

function decline(): never {
  throw new TaskError('declined', 'Not for me.')
}

describe.each(['inline', 'routers'] as const)('apart, placed %s', (placement) => {
  test('a declined task goes to each other agent, and to nobody twice', async () => {
    const scheduler = make({ placement, routers: placement === 'routers' ? 2 : 0 })
    const asked: string[] = []
    for (const id of ['a', 'b', 'c']) {
      await scheduler.agent({ id, queues: ['q'], declines: true }, () => {
        asked.push(id)
        return asked.length < 3 ? decline() : id
      })
    }
    const result = await scheduler.run<string>('q')
    expect(asked.toSorted()).toEqual(['a', 'b', 'c'])
    expect(result).toBe(asked[2])
    expect(scheduler.statusNow().attempts.retried).toBe(0)
  })

  test('with everybody’s refusal it fails, as declined', async () => {
    const scheduler = make({ placement, routers: placement === 'routers' ? 2 : 0 })
    let asked = 0
    for (const id of ['a', 'b']) {
      await scheduler.agent({ id, queues: ['q'], declines: true }, () => {
        asked++
        return decline()
      })
    }
    await expect(scheduler.run('q')).rejects.toMatchObject({ code: 'declined' })
    expect(asked).toBe(2)
  })

  test('of an agent that did not say it may, it is a failure as any', async () => {
    const scheduler = make({ placement, routers: placement === 'routers' ? 2 : 0 })
    let asked = 0
    await scheduler.agent({ id: 'a', queues: ['q'] }, () => (asked++ < 2 ? decline() : 'done'))
    expect(await scheduler.run<string>('q', 0, { retryCount: 5 })).toBe('done')
    expect(scheduler.statusNow().attempts.retried).toBe(2)
  })

  test('one that waits for a busy agent holds nobody up, and says whom it waits for', async () => {
    const scheduler = make({ placement, routers: placement === 'routers' ? 2 : 0 })
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    await scheduler.agent({ id: 'busy', queues: ['q', 'long'] }, (task) => {
      return task.queue === 'long' ? opened : 'by busy'
    })
    const long = scheduler.run('long')
    await until(() => scheduler.statusNow().tasks.running === 1, { what: 'the long task' })
    await scheduler.agent({ id: 'picky', queues: ['q'], declines: true }, (task) => {
      return task.json<number>() === 1 ? decline() : 'by picky'
    })
    const declined = await scheduler.submit('q', 1)
    expect(await scheduler.run('q', 2)).toBe('by picky')
    const { waitingFor } = await scheduler.getTask(declined.id)
    expect(scheduler.statusNow().tasks).toMatchObject({ waiting: 1, lost: 0 })
    expect(waitingFor).toBe('another agent than "picky"')
    const { waiting } = await scheduler.explainTask(declined.id)
    expect(waiting).toMatchObject({ where: 'parked', position: 0 })
    open()
    await long
    expect(await declined.result()).toBe('by busy')
  })
})

describe('list', () => {
  test('shows blocked tasks among the open ones, and finished ones that are needed still', async () => {
    const scheduler = make({ routers: 0, keep: { count: 1, ageSeconds: 60 } })
    await scheduler.agent({ queues: ['q'] }, () => 'done')
    await scheduler.run('q', 0, { id: 'parent' })
    const child = await scheduler.submit('late', 0, { id: 'child', dependsOn: ['q/parent'] })
    await scheduler.submit('late', 0, { id: 'grandchild', dependsOn: ['child'] })
    for (let i = 0; i < 3; i++) await scheduler.run('q', i, { id: `other-${i}` })
    const ids = async (options = {}) => {
      return (await scheduler.listTasks(options)).tasks.map(({ id }) => id)
    }
    expect(await ids()).toEqual(['parent', 'child', 'grandchild', 'other-2'])
    expect(await ids({ state: 'completed' })).toEqual(['parent', 'other-2'])
    expect(await ids({ state: 'blocked' })).toEqual(['grandchild'])
    const page = await scheduler.listTasks({ limit: 1 })
    expect(page.tasks.map(({ id }) => id)).toEqual(['parent'])
    const rest = await scheduler.listTasks({ limit: 9, cursor: page.cursor! })
    expect(rest.tasks.map(({ id }) => id)).toEqual(['child', 'grandchild', 'other-2'])
    const grandchild = await scheduler.getTask('grandchild')
    expect(grandchild.waitingFor).toBe('what it depends on: "child" (pending)')
    await scheduler.agent({ queues: ['late'] }, () => 'done')
    await child.result()
  })
})
