/** Outcomes that are awaited when a scheduler comes back, or comes anew. */
import { expect, test } from 'vitest'
import { connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const nats = withNats()

test('scheduler up: what its predecessor had accepted fails instead of waiting for ever', async () => {
  const before = await new Scheduler({ nats: nats.url, routers: 0 }).start()
  const sb = await connect({ servers: nats.url, timeoutMs: 500 })
  const task = await sb.submit('q', 1)
  const run = sb.run('q', 2)
  await until(() => before.statusNow().tasks.accepted === 2, { what: 'both tasks' })
  await before.stop()
  const after = await new Scheduler({ nats: nats.url, routers: 0 }).start()
  await expect(task.result()).rejects.toMatchObject({ code: 'task_unknown' })
  await expect(run).rejects.toMatchObject({ code: 'disconnected' })
  await sb.close()
  await after.stop()
})

test('scheduler up: one that serves other queues changes nothing', async () => {
  const queues = { q: {} }
  const owner = await new Scheduler({
    nats: nats.url,
    routers: 0,
    queues,
    strictQueues: true,
  }).start()
  const sb = await connect({ servers: nats.url, timeoutMs: 200 })
  const run = sb.run('q', 2)
  await until(() => owner.statusNow().tasks.accepted === 1, { what: 'the task' })
  const others = { nats: nats.url, routers: 0, queues: { other: {} }, strictQueues: true }
  const other = await new Scheduler(others).start()
  await other.status()
  await sb.agent({ queues: ['q'] }, (each) => each.json<number>() + 1)
  await expect(run).resolves.toBe(3)
  await sb.close()
  await owner.stop()
  await other.stop()
})

test('scheduler up: is said again when the scheduler’s connection is back', async () => {
  const proxy = await startTcpProxy(nats.server.port)
  const scheduler = await new Scheduler({ nats: proxy.url, routers: 0, name: 'away' }).start()
  const nc = await nats.connect()
  const heard: string[] = []
  nc.subscribe('sb.event.scheduler_up', { callback: (_, msg) => heard.push(msg.string()) })
  await nc.flush()
  proxy.cut()
  await until(() => !scheduler.statusNow().connected, { what: 'the cut' })
  proxy.heal()
  await until(() => heard.length === 1, { what: 'the event' })
  expect(JSON.parse(heard[0])).toMatchObject({ scheduler: 'away', queues: ['*'] })
  await scheduler.stop()
  await proxy.close()
})
