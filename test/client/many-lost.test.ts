/** Many tasks when the connection is lost, the client closed, or the user not allowed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/api.ts'
import { type Client, connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { expectRefused, gate, holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const nats = withNats()
let scheduler: Scheduler
let steady: Client
let proxy: TcpProxy

beforeAll(async () => {
  scheduler = await new Scheduler({ nats: nats.url, routers: 0 }).start()
  steady = await connect({ servers: nats.url })
  proxy = await startTcpProxy(nats.server.port)
})

afterAll(async () => {
  await steady.close()
  await scheduler.stop()
  await proxy.close()
})

/** Cuts the proxy and waits until the client has noticed. */
async function cut(client: Client): Promise<void> {
  proxy.cut()
  const noticed = () =>
    client.status().then(
      () => false,
      (error) => error.code === 'disconnected',
    )
  await until(noticed, { what: 'the client to notice' })
}

test('many: with idOf, outcomes that passed by are asked for again', async () => {
  const client = await connect({ servers: proxy.url })
  const agent = await holdingAgent(steady, { queues: ['missed'], concurrency: 300 })
  const payloads = Array.from({ length: 200 }, (_, i) => i)
  const outcomes: Outcome[] = []
  const idOf = (payload: unknown) => `missed-${payload}`
  const onOutcome = (outcome: Outcome) => outcomes.push(outcome)
  const many = client.submitMany('missed', payloads, { idOf, onOutcome })
  await until(() => agent.given.length === 200, { what: 'all tasks to run' })
  await cut(client)
  for (const task of agent.given.slice(0, 150)) agent.release(task.json())
  const ended = async () => (await steady.status()).tasks.running === 50
  await until(ended, { what: 'outcomes to pass by' })
  proxy.heal()
  await until(() => outcomes.length === 150, { what: 'what passed by' })
  for (const task of agent.given.slice(150)) agent.release(task.json())
  expect(await many).toMatchObject({ submitted: 200, completed: 200, codes: {} })
  for (const outcome of outcomes) expect(outcome.json()).toBe(outcome.index)
  expect(agent.given.length).toBe(200)
  await agent.agent.stop()
  await client.close()
})

test('many: without ids they end as unknown, and the source goes on when the connection is back', async () => {
  const client = await connect({ servers: proxy.url, timeoutMs: 200 })
  const agent = await holdingAgent(steady, { queues: ['anonymous'], concurrency: 10 })
  let taken = 0
  function* source() {
    while (taken < 8) yield taken++
  }
  const outcomes: Outcome[] = []
  const reading = (async () => {
    for await (const outcome of client.runMany('anonymous', source(), { window: 4 })) {
      outcomes.push(outcome)
    }
  })()
  await until(() => agent.given.length === 4, { what: 'a window of tasks' })
  await cut(client)
  await until(() => outcomes.length === 4, { what: 'them to be given up' })
  expect(outcomes.map(({ state, code }) => [state, code])).toEqual(
    Array(4).fill(['unknown', 'disconnected']),
  )
  expect(taken).toBeLessThanOrEqual(5)
  proxy.heal()
  await until(() => agent.given.length === 8, { what: 'the rest' })
  for (let i = 0; i < 8; i++) agent.release(i)
  await reading
  expect(outcomes.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(outcomes.slice(4).map(({ state }) => state)).toEqual(Array(4).fill('completed'))
  await agent.agent.stop()
  await client.close()
})

test('many: a client that closes with tasks in flight tells each that nothing will follow', async () => {
  const client = await connect({ servers: nats.url, window: 5 })
  const held = gate()
  await steady.agent({ queues: ['closing'], concurrency: 3 }, () => held.passed)
  const states: string[] = []
  const many = client.submitMany('closing', Array(3).fill(0), {
    onOutcome: ({ state, code }) => states.push(`${state} ${code}`),
  })
  const run = expectRefused(client.run('closing', 1), 'disconnected')
  const handle = await client.submit('closing', 2)
  const result = expectRefused(handle.result(), 'disconnected')
  const inLine = [client.run('closing', 3), client.submit('closing', 4)]
  const refused = Promise.all(inLine.map((call) => expectRefused(call, 'disconnected')))
  const before = async () => (await steady.status()).tasks.running === 3
  await until(before, { what: 'three to run' })
  await client.close()
  expect(await many).toMatchObject({ submitted: 3, unknown: 3, codes: { disconnected: 3 } })
  expect(states).toEqual(Array(3).fill('unknown disconnected'))
  await Promise.all([run, result, refused])
  await expectRefused(client.run('closing', 5), 'disconnected')
  held.open()
})

test('many: a task that was not accepted in time is given up, by a scheduler that is silent', async () => {
  const client = await connect({ servers: nats.url, prefix: 'silent', timeoutMs: 60 })
  const nc = await nats.connect()
  nc.subscribe('silent.frame.*.*', { callback: () => {} })
  await nc.flush()
  const error = await expectRefused(client.submit('work', 1), 'no_scheduler')
  expect(error.message).toContain('60 ms')
  const totals = await client.submitMany('work', [1, 2, 3])
  expect(totals).toMatchObject({ submitted: 3, unknown: 3, codes: { no_scheduler: 3 } })
  await client.close()
})

describe('many: permissions', () => {
  const guarded = withNats({
    configuration: `
      max_payload: 32768
      authorization { users = [
        { user: scheduler, password: secret }
        { user: plain, password: secret, permissions: {
          publish: [ "sb.call.>", "sb.task.>", "sb.api.>" ], subscribe: [ "_INBOX.plain.>" ] } }
        { user: none, password: secret, permissions: {
          publish: [ "sb.api.>", "sb.task.>" ], subscribe: [ "_INBOX.none.>" ] } }
      ] }
    `,
  })
  let owner: Scheduler

  beforeAll(async () => {
    const login = { user: 'scheduler', password: 'secret' }
    owner = await new Scheduler({
      nats: { servers: guarded.url, wildcard: true, ...login },
      routers: 0,
    }).start()
    await owner.agent({ queues: ['work'], concurrency: 100 }, (task) => task.json())
  })

  afterAll(() => owner.stop())

  const as = (user: string) =>
    connect({ servers: guarded.url, user, password: 'secret', inboxPrefix: `_INBOX.${user}` })

  test('many: who may not send frames is served in the plain form, each task once', async () => {
    const client = await as('plain')
    const payloads = Array.from({ length: 300 }, (_, i) => i)
    const seen: unknown[] = []
    const totals = await client.submitMany('work', payloads, {
      onOutcome: (outcome) => seen.push(outcome.json()),
    })
    expect(totals).toMatchObject({ submitted: 300, completed: 300, codes: {} })
    expect(seen.sort((a, b) => (a as number) - (b as number))).toEqual(payloads)
    const accepted = owner.statusNow().tasks.accepted
    expect(accepted).toBe(300)
    await expect(client.run('work', 'one')).resolves.toBe('one')
    await client.close()
  })

  test('many: who may send neither is told for each task', async () => {
    const client = await as('none')
    const totals = await client.submitMany('work', [1, 2, 3], { onOutcome: () => {} })
    expect(totals).toMatchObject({ refused: 3, codes: { permission_denied: 3 } })
    await expectRefused(client.run('work', 1), 'permission_denied')
    await expect((await client.submit('work', 2)).result()).resolves.toBe(2)
    await client.close()
  })

  test('many: on a server that takes little, frames are as small', async () => {
    const login = { user: 'scheduler', pass: 'secret' }
    const nc = await guarded.connect(login)
    const sizes: number[] = []
    nc.subscribe('sb.frame.work.0', { callback: (_, msg) => sizes.push(msg.data.length) })
    await nc.flush()
    const client = await connect({ servers: guarded.url, user: 'scheduler', password: 'secret' })
    const payloads = Array.from({ length: 50 }, (_, i) => `${i}:${'x'.repeat(1_000)}`)
    const seen: unknown[] = []
    const totals = await client.submitMany('work', payloads, {
      onOutcome: (outcome) => seen.push(outcome.json()),
    })
    expect(totals).toMatchObject({ submitted: 50, completed: 50, codes: {} })
    expect(seen.sort()).toEqual([...payloads].sort())
    await nc.flush()
    expect(sizes.length).toBe(2)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32_768)
    const payload = new Uint8Array(32_769)
    await expectRefused(client.run('work', payload), 'payload_too_large')
    await client.close()
  })
})
