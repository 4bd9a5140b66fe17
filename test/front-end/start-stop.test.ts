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

test('stop: who waits for an outcome in this process is told that none will come', async () => {
  const scheduler = new Scheduler()
  await scheduler.agent({ queues: ['held'] }, () => new Promise(() => {}))
  const running = scheduler.run('held')
  const waiting = scheduler.run('nobody')
  const task = await scheduler.submit('held', 1, { id: 'twice' })
  const again = await scheduler.submit('held', 1, { id: 'twice' })
  const outcomes = [running, waiting, task.result(), again.result()].map((promise) =>
    promise.catch((error) => error.code),
  )
  await scheduler.stop()
  expect(await Promise.all(outcomes)).toEqual(['stopping', 'stopping', 'stopping', 'stopping'])
})

test('payloads: a buffer that is used again after the call changes nothing', async () => {
  const scheduler = new Scheduler()
  const answer = new Uint8Array(1)
  await scheduler.agent({ queues: ['bytes'] }, ({ payload }) => {
    answer[0] = payload[0] + 100
    queueMicrotask(() => answer.fill(0))
    return answer
  })
  const question = new Uint8Array([7])
  const task = scheduler.submit('bytes', question)
  question[0] = 0
  expect([...(await (await task).bytes())]).toEqual([107])
  await scheduler.close()
})
