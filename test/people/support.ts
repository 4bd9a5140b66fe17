/** Where people's calls are tried: embedded, and over NATS; each test has a scheduler of its own. */
import { afterEach } from 'vitest'
import type { Signalbox } from '../../src/api.ts'
import { connect } from '../../src/client/connect.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

export const OPTIONS: SchedulerOptions = {
  queues: { review: { escalateTo: 'senior' }, senior: {}, alone: {} },
  people: {
    alice: { queues: ['review'], capacity: 2 },
    bob: { queues: ['review'], capacity: 2, capabilities: ['labels'] },
    carol: { queues: ['senior', 'alone'] },
  },
}

export type Open = (options?: SchedulerOptions) => Promise<{ box: Signalbox; scheduler: Scheduler }>

/** Call it once in a test file. @returns the ways in, by name. */
export function waysIn(): [name: string, open: Open][] {
  const nats = withNats()
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })
  const embedded: Open = async (options = {}) => {
    const scheduler = await new Scheduler({ ...OPTIONS, ...options }).start()
    closing.push(() => scheduler.stop())
    return { box: scheduler, scheduler }
  }
  const overNats: Open = async (options = {}) => {
    const prefix = randomToken()
    const servers = nats.url
    const own = { routers: 1, ...OPTIONS, ...options, nats: { servers, prefix } }
    const scheduler = await new Scheduler(own).start()
    const box = await connect({ servers, prefix })
    closing.push(async () => {
      await box.close()
      await scheduler.stop()
    })
    return { box, scheduler }
  }
  return [
    ['embedded', embedded],
    ['nats', overNats],
  ]
}

/** @returns once so many are assigned. */
export async function submitted(
  box: Signalbox,
  queue: string,
  ids: string[],
  assigned = ids.length,
) {
  const handles = await Promise.all(
    ids.map((id, n) => box.submit(queue, { device: n }, { id, priority: 'normal' })),
  )
  const areAssigned = async () =>
    (await box.listInbox({ queue })).filter(({ state }) => state === 'assigned').length === assigned
  await until(areAssigned, { what: `${assigned} tasks to lie in inboxes` })
  return handles
}

/** @returns who has the task. */
export async function holderOf(box: Signalbox, id: string): Promise<string> {
  const { agent } = await box.getTask(id)
  return agent!
}

export const other = (name: string) => (name === 'alice' ? 'bob' : 'alice')
