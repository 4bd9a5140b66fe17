import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import type { ToldEvent } from '../../src/client/events.ts'
import { publishEvents, TOLD_KINDS } from '../../src/front-end/nats/events.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { SecondBudget } from '../../src/second-budget.ts'
import { text } from '../support/files.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

test('events: a budget gives so many a second and counts the others', () => {
  const budget = new SecondBudget(3)
  const taken = (atMs: number) => Array.from({ length: 5 }, () => budget.take(atMs))
  expect(taken(10_999)).toEqual([true, true, true, false, false])
  expect(taken(11_000)).toEqual([true, true, true, false, false])
  budget.suppress()
  expect([budget.takeSuppressed(), budget.takeSuppressed()]).toEqual([5, 0])
})

/** What is published, of an outlet that only writes down. */
function publishing() {
  const sent: { subject: string; body: Record<string, unknown> }[] = []
  const state = { isConnected: true }
  let listener: (event: { kind: string; detail: Record<string, unknown> }) => void = () => {}
  const outlet = {
    send: (subject: string, bytes: Uint8Array) =>
      sent.push({ subject, body: JSON.parse(new TextDecoder().decode(bytes)) }),
  }
  publishEvents(
    { options: { name: 'box' } } as never,
    outlet as never,
    'sb',
    {
      onEvent: (given) => {
        listener = given
        return () => {}
      },
    },
    () => state.isConnected,
  )
  return { sent, state, tell: (kind: string, detail = {}) => listener({ kind, detail }) }
}

test('events: one is its kind’s subject, scheduler, wall clock and detail', () => {
  const { sent, tell } = publishing()
  const before = Date.now()
  tell('sla_breach', { queue: 'q', task: 't' })
  expect(sent).toEqual([
    {
      subject: 'sb.event.sla_breach',
      body: {
        kind: 'sla_breach',
        scheduler: 'box',
        at: expect.any(Number),
        detail: { queue: 'q', task: 't' },
      },
    },
  ])
  expect(sent[0].body.at).toBeGreaterThanOrEqual(before)
})

test('events: what is only of this process is not published', () => {
  const { sent, tell } = publishing()
  for (const kind of ['nats_disconnected', 'router_failed', 'journal_stopped', 'anything'])
    tell(kind)
  expect(sent).toEqual([])
})

test('events: what happens while the connection is away is counted, and the count told', () => {
  const { sent, tell, state } = publishing()
  state.isConnected = false
  tell('agent_up')
  tell('agent_down')
  state.isConnected = true
  tell('queue_paused', { queue: 'q' })
  expect(sent.map(({ subject }) => subject)).toEqual([
    'sb.event.events_suppressed',
    'sb.event.queue_paused',
  ])
  expect(sent[0].body.detail).toEqual({ count: 2 })
})

test('docs/operating.md: it has every kind that is published', () => {
  const page = text('docs/operating.md')
  for (const kind of [...TOLD_KINDS, 'events_suppressed']) expect(page).toContain(`\`${kind}\``)
})

test('docs/PROTOCOL.md: the kinds that it says are told are those that are published', () => {
  const [, said] = /kind’s own words:\n([^.]+)\. Nobody/.exec(text('docs/PROTOCOL.md'))!
  const kinds = [...said.matchAll(/`([a-z_]+)`/g)].map(([, kind]) => kind)
  expect(kinds.sort()).toEqual([...TOLD_KINDS].sort())
})

describe('events', () => {
  const nats = withNats()
  const closing: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const each of closing.splice(0).reverse()) await each.close()
  })

  test('events: a client hears what schedulers tell, until it does not want to', async () => {
    const scheduler = new Scheduler({ name: 'box', nats: { servers: nats.url, wildcard: true } })
    closing.push(scheduler)
    await scheduler.start()
    const client: Client = await connect({ servers: nats.url })
    closing.push(client)
    const told: ToldEvent[] = []
    const stop = client.onEvent((event) => told.push(event))
    await client.status()
    const agent = await client.agent({ id: 'a-1', queues: ['q'] }, () => {})
    await until(() => told.length > 0, { what: 'the event' })
    expect(told[0]).toMatchObject({ kind: 'agent_up', scheduler: 'box', detail: { agent: 'a-1' } })
    expect(Math.abs(Date.now() - told[0].at)).toBeLessThan(60_000)
    stop()
    await client.status()
    const before = told.length
    await agent.stop()
    await client.status()
    expect(told).toHaveLength(before)
  })
})
