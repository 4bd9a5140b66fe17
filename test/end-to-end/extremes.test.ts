import type { Msg, NatsConnection } from 'nats'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import { NatsAgentLink } from '../../src/front-end/nats/agent-link.ts'
import { LIMITS, type SchedulerOptions } from '../../src/options.ts'
import { AgentState } from '../../src/policy/agents.ts'
import { Profile } from '../../src/policy/profiles.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { FRAME_KIND, frameKind } from '../../src/wire/frames.ts'
import { census, countOf, grownSince } from '../support/collections.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

/** A process that stands still for seconds is no reason to call agents lost. */
const LONG_MS = 30 * 60_000
/** Beats come three times in it. */
const LEASE_MS = 6_000
const BEATS_PER_LEASE = 3
const PATIENCE = { timeoutMs: 120_000 }
const CROWD = 10_000

const nats = withNats()
let scheduler: Scheduler
let client: Client
let nc: NatsConnection

async function start(options: SchedulerOptions = { leaseMs: LONG_MS }): Promise<void> {
  scheduler = await new Scheduler({ nats: nats.url, ...options }).start()
}
beforeEach(async () => {
  client = await connect({ servers: nats.url })
  nc = await nats.connect()
})
afterEach(async () => {
  await nc.close()
  await client.close()
  await scheduler.stop()
})

/** @returns a function that says something for each of these agents, and waits for all answers. */
function crowd(): (verb: 'hello' | 'bye', who: number[], body: object) => Promise<void> {
  let answers = 0
  const refusals: (string | undefined)[] = []
  nc.subscribe('_INBOX.crowd', {
    callback: (_, { headers }) => {
      answers++
      if (headers !== undefined) refusals.push(headers.get('Nats-Service-Error'))
    },
  })
  return async (verb, who, body) => {
    answers = 0
    const bytes = JSON.stringify(body)
    for (const n of who) nc.publish(`sb.from.a${n}.${verb}`, bytes, { reply: '_INBOX.crowd' })
    await until(() => answers === who.length, { what: `every ${verb} to be answered`, ...PATIENCE })
    expect(refusals).toEqual([])
  }
}

const everybody = Array.from({ length: CROWD }, (_, n) => n)

test('extremes: payloads and results of 0 bytes and of 256 KiB come whole', async () => {
  await start()
  await client.agent({ queues: ['echo'], concurrency: 8 }, (task) => task.payload)
  const big = new Uint8Array(256 * 1024).map((_, i) => (i * 31) & 255)
  const payloads = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? new Uint8Array(0) : big))
  const seen: number[] = []
  const totals = await client.submitMany('echo', payloads, {
    timeoutMs: LONG_MS,
    onOutcome: ({ index, bytes, state }) => {
      expect(state).toBe('completed')
      expect(Buffer.compare(bytes, payloads[index])).toBe(0)
      seen.push(index)
    },
  })
  expect(totals).toMatchObject({ accepted: 40, completed: 40 })
  expect(seen.sort((a, b) => a - b)).toEqual(payloads.map((_, n) => n))
  await expect(client.run('echo', new Uint8Array(256 * 1024 + 1))).rejects.toMatchObject({
    code: 'payload_too_large',
  })
}, 60_000)

test('extremes: 10,000 agents are known, share the work, and are all listed', async () => {
  await start()
  const workers = new Set<string>()
  const held: Msg[] = []
  nc.subscribe('sb.agent.*.*.work', {
    callback: (_, msg) => {
      workers.add(msg.subject)
      held.push(msg)
      // Nobody answers before everybody has one.
      if (workers.size === CROWD) for (const each of held.splice(0)) each.respond()
    },
  })
  const say = crowd()
  await say('hello', everybody, { instance: 'only', queues: ['crowd'], concurrency: 1 })
  const tasks = 2 * CROWD
  const payloads = Array.from({ length: tasks }, (_, n) => n)
  const options = { window: CROWD, timeoutMs: LONG_MS, onOutcome: () => {} }
  const totals = await client.submitMany('crowd', payloads, options)
  expect(totals).toMatchObject({ accepted: tasks, completed: tasks })
  const { agents, tasks: counts, attempts } = scheduler.statusNow()
  expect(agents.online).toBe(CROWD)
  expect(counts).toMatchObject({ completed: tasks, lost: 0, running: 0 })
  expect(attempts).toMatchObject({ started: tasks, lost: 0 })
  const listed = (await client.listAgents()).map(({ id }) => id)
  expect(listed.length).toBe(CROWD)
  expect(new Set(listed)).toEqual(new Set(everybody.map((n) => `a${n}`)))
  const { tasksPerAgent, unlisted } = await client.status()
  expect(unlisted.agents).toBe(CROWD - LIMITS.statusAgentsMax)
  const named = Object.values(tasksPerAgent).reduce((sum, completed) => sum + completed, 0)
  expect(named + unlisted.completed).toBe(tasks)
}, 180_000)

test('extremes: 10,000 agents come and go, and no more of them stays than is documented', async () => {
  // Who is replaced again and again is flapping, and would be spared.
  await start({ leaseMs: LONG_MS, keep: { count: 100 }, agentHealth: false })
  nc.subscribe('sb.agent.*.*.work', { callback: (_, msg) => void msg.respond() })
  const say = crowd()
  const before = census()
  const rounds = 5
  for (let round = 0; round < rounds; round++) {
    // Whoever did not say bye in the round before is replaced, and fenced for ever.
    const instance = `round-${round}`
    const queues = ['crowd', `only-in-${instance}`]
    await say('hello', everybody, { instance, queues, concurrency: 1 })
    const payloads = Array.from({ length: 1_000 }, (_, n) => n)
    const options = { timeoutMs: LONG_MS, onOutcome: () => {} }
    expect(await client.submitMany('crowd', payloads, options)).toMatchObject({ completed: 1_000 })
    expect(scheduler.statusNow().agents).toMatchObject({ online: CROWD, offline: 0, draining: 0 })
    const leaving = everybody.filter((n) => round === rounds - 1 || n % 2 === 0)
    await say('bye', leaving, { instance })
  }
  expect(scheduler.statusNow().agents).toEqual({ online: 0, offline: 0, draining: 0 })
  expect(scheduler.statusNow().tasks).toMatchObject({ completed: rounds * 1_000, lost: 0 })
  expect(await client.listAgents()).toEqual([])
  // What they did in all, what they did in the last hour, and who never comes back.
  const { offlineAgentsKept: kept, fencedInstancesMax: fenced } = LIMITS
  expect(grownSince(before, 500)).toEqual([kept, kept, fenced])
  for (const kind of [AgentState, NatsAgentLink, Profile]) {
    expect(countOf(kind), kind.name).toBeLessThan(10)
  }
}, 180_000)

test('extremes: one agent holds 65,535 tasks, keeps its lease by beats, and loses none', async () => {
  await start({ leaseMs: LEASE_MS })
  const count = 65_535
  let release!: () => void
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let held = 0
  await client.agent({ id: 'giant', queues: ['hold'], concurrency: count }, async (task) => {
    held++
    await released
    return task.payload
  })
  const totals = client.submitMany(
    'hold',
    Array.from({ length: count }, (_, n) => n),
    { window: count, timeoutMs: LONG_MS, onOutcome: () => {} },
  )
  await until(() => held === count, { what: 'all to be in its hands', ...PATIENCE })
  let beats = 0
  nc.subscribe('sb.from.giant.*.frames', {
    callback: (_, { data }) => {
      if (frameKind(data) === FRAME_KIND.beat) beats++
    },
  })
  const twoLeases = 2 * BEATS_PER_LEASE + 1
  await until(() => beats >= twoLeases, { what: 'the beats of two leases', ...PATIENCE })
  const { tasks, attempts, agents } = scheduler.statusNow()
  expect(tasks.running).toBe(count)
  expect(attempts).toMatchObject({ started: count, lost: 0, repeated: 0 })
  expect(agents.online).toBe(1)
  release()
  expect(await totals).toMatchObject({ accepted: count, completed: count })
  expect(scheduler.statusNow().tasks).toMatchObject({ completed: count, lost: 0, running: 0 })
}, 180_000)
