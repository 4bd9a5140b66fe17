import { expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import {
  type AgentProcess,
  expectBooksClosed,
  LEASE_MS,
  withAgentProcesses,
} from './support/fleet.ts'
import type { AgentReport } from './support/plain-agent.mjs'
import { Load, PlainSubmitter } from './support/plain-submitter.ts'

const KILLS = process.env.SOAK === '1' ? 50 : 10
const AGENTS = 8

const nats = withNats()
const startAgent = withAgentProcesses()

test('faults: an agent that is killed mid-run loses its tasks to others within lease + 1 s', {
  timeout: 30_000 + KILLS * 5_000,
}, async () => {
  const scheduler = await new Scheduler({ nats: nats.url, leaseMs: LEASE_MS, routers: 1 }).start()
  const all: AgentProcess[] = []
  const start = (id: string) => {
    const agent = startAgent({ servers: nats.url, id, concurrency: 4, workMs: 100 })
    all.push(agent)
    return agent
  }
  const agents = Array.from({ length: AGENTS }, (_, n) => start(`agent-${n}`))
  await Promise.all(agents.map((agent) => agent.joined()))
  const submitter = new PlainSubmitter(await nats.connect())
  const load = new Load(submitter, { window: 16 })
  for (let kill = 0; kill < KILLS; kill++) {
    const place = kill % AGENTS
    const victim = agents[place]
    await until(() => victim.unanswered().length > 0, { what: 'the agent to be at work' })
    const killedAtMs = Date.now()
    await victim.kill()
    const successor = start(`agent-${AGENTS + kill}`)
    await elsewhere(victim.unanswered(), () => all, submitter, killedAtMs)
    agents[place] = await successor.joined()
  }
  load.stop()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  await allAnswered(agents)
  const reports = all.flatMap((agent) => agent.reports)
  expectBooksClosed(scheduler, reports)
  await expectAttemptsRight(scheduler, submitter, reports)
  expect(scheduler.statusNow().attempts.lost).toBeGreaterThanOrEqual(KILLS / 2)
  await scheduler.stop()
})

/** Each task that the victim held is in another agent's hands, or done, in time. */
async function elsewhere(
  held: AgentReport[],
  all: () => AgentProcess[],
  submitter: PlainSubmitter,
  killedAtMs: number,
): Promise<void> {
  for (const { id, attempt } of held) {
    const isElsewhere = () =>
      submitter.finished.has(id) ||
      all().some((other) => other.got().some((got) => got.id === id && got.attempt! > attempt!))
    await until(isElsewhere, { what: `task ${id} to be elsewhere`, timeoutMs: 5 * LEASE_MS })
    expect(Date.now() - killedAtMs).toBeLessThanOrEqual(LEASE_MS + 1_000)
  }
}

async function allAnswered(agents: AgentProcess[]): Promise<void> {
  await until(() => agents.every((agent) => agent.unanswered().length === 0), {
    what: 'every result to be answered',
  })
}

/** Attempts of each task are 1, 2, 3, …; their sum is what was started: one done, the rest lost. */
async function expectAttemptsRight(
  scheduler: Scheduler,
  submitter: PlainSubmitter,
  reports: AgentReport[],
): Promise<void> {
  const { attempts, tasks } = scheduler.statusNow()
  expect(attempts.started).toBe(tasks.completed + attempts.lost)
  let sum = 0
  const seen = new Map<string, number[]>()
  for (const { kind, id, attempt } of reports) {
    if (kind === 'got') seen.set(id, [...(seen.get(id) ?? []), attempt!])
  }
  for (const id of submitter.books.keys()) {
    const view = await scheduler.getTask(id)
    sum += view.attempts
    const numbers = seen.get(id)!
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(Math.max(...numbers)).toBe(view.attempts)
  }
  expect(sum).toBe(attempts.started)
}
