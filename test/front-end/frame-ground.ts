/** A scheduler on a NATS server of the test file's own, and agents made of codec and plain client. */
import type { NatsConnection } from 'nats'
import { afterEach, beforeEach, expect } from 'vitest'
import type { SchedulerStatus, TaskHandle } from '../../src/api.ts'
import { Scheduler } from '../../src/scheduler.ts'
import type { NatsServerOptions } from '../../src/service/nats-server/run.ts'
import type { AgentView } from '../../src/task.ts'
import type { Hello } from '../../src/wire/messages.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { FrameAgent } from './frame-agent.ts'

export interface FrameGround {
  readonly scheduler: Scheduler
  readonly nc: NatsConnection
  /** An agent that has said nothing yet. */
  agent(more?: Partial<Hello>): FrameAgent
  /** An agent that listens and was taken in. */
  joined(more?: Partial<Hello>): Promise<FrameAgent>
  /** Submits so many tasks, `p0` and so on. */
  submit(count: number): Promise<TaskHandle[]>
  attempts(): SchedulerStatus['attempts']
  tasks(): SchedulerStatus['tasks']
  viewOf(agent: FrameAgent): Promise<AgentView>
}

/** Gives each test of the file a scheduler of its own. */
export function withFrameGround(leaseMs = 10_000, server: NatsServerOptions = {}): FrameGround {
  const nats = withNats(server)
  let scheduler: Scheduler
  let nc: NatsConnection
  let names = 0
  beforeEach(async () => {
    const small = { routers: 0, slots: 1_024, agentsMax: 64 }
    scheduler = await new Scheduler({ nats: nats.url, leaseMs, ...small }).start()
    nc = await nats.connect()
  })
  afterEach(async () => {
    await scheduler.stop()
    await nc.close()
  })
  const agent = (more: Partial<Hello> = {}) => new FrameAgent(nc, `agent-${++names}`, more)
  return {
    get scheduler() {
      return scheduler
    },
    get nc() {
      return nc
    },
    agent,
    async joined(more) {
      const made = agent(more)
      await made.join()
      return made
    },
    submit: (count) =>
      Promise.all(Array.from({ length: count }, (_, n) => scheduler.submit('work', `p${n}`))),
    attempts: () => scheduler.statusNow().attempts,
    tasks: () => scheduler.statusNow().tasks,
    viewOf: async ({ id }) => (await scheduler.listAgents()).find((view) => view.id === id)!,
  }
}

export const results = (tasks: TaskHandle[]) =>
  Promise.all(tasks.map((task) => task.result<string>()))

export const counters = (agent: FrameAgent) => agent.works.map(({ counter }) => counter)

export function received(agent: FrameAgent, count: number): Promise<unknown> {
  return until(() => agent.works.length >= count, { what: `${count} works at ${agent.id}` })
}

/** Beats, as often as it takes. */
export function beatUntil(
  agent: FrameAgent,
  running: () => number[],
  isSo: () => boolean,
  what: string,
): Promise<unknown> {
  return until(
    async () => {
      expect((await agent.beat(running())).code).toBe(null)
      return isSo()
    },
    { what },
  )
}
