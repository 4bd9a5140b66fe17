/** A scheduler's start and stop, also at the same time. */
import { expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const nats = withNats()

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
}

test('stop: a connection that was still being made when it was called is closed too', async () => {
  const before = openSockets()
  for (let i = 0; i < 5; i++) {
    const scheduler = new Scheduler({ nats: nats.url, routers: 0, slots: 1_024, agentsMax: 64 })
    const starting = scheduler.start()
    await scheduler.stop()
    await expect(starting).rejects.toMatchObject({ code: 'stopping' })
  }
  await until(() => openSockets() === before, { what: 'the connections to be closed' })
})

test('stop: routers that were still being started are gone, and it never starts again', async () => {
  const scheduler = new Scheduler({ routers: 2, slots: 1_024, agentsMax: 64 })
  const starting = scheduler.start()
  await scheduler.stop()
  await expect(starting).rejects.toMatchObject({ code: 'stopping' })
  await expect(scheduler.run('q')).rejects.toMatchObject({ code: 'stopping' })
})

test('start: where no server answers it says so, and leaves nothing open', async () => {
  const before = openSockets()
  const scheduler = new Scheduler({
    nats: { servers: '127.0.0.1:1', connectTimeoutMs: 500 },
    routers: 1,
    slots: 1_024,
    agentsMax: 64,
  })
  await expect(scheduler.start()).rejects.toMatchObject({ code: 'nats_unreachable' })
  expect(scheduler.statusNow().routers.every(({ alive }) => !alive)).toBe(true)
  expect(openSockets()).toBe(before)
})
