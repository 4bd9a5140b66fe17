import { setMaxListeners } from 'node:events'
import { expect, test } from 'vitest'
import { WAITS_MAX, Waits } from '../../../src/service/http/api/waits.ts'
import { until } from '../../support/until.ts'
import { serve } from './support.ts'

const never = () => false
const { signal: stays } = new AbortController()

test('rest: who waits hears of the end, of a task of anybody', async () => {
  const { scheduler, ask } = await serve()
  await scheduler.submit('q', 1, { id: 't' })
  const waits = [ask('/tasks/t?wait=30'), ask('/tasks/t?wait=30&queue=q')]
  await scheduler.agent({ queues: ['q'] }, (task) => task.json())
  for (const answer of await Promise.all(waits)) {
    expect(answer).toMatchObject({ status: 200, json: { state: 'completed', result: '1' } })
  }
})

test('rest: who waits too long hears how it is', async () => {
  const { post, ask } = await serve()
  const made = post('/tasks?wait=1', { queue: 'q', id: 't' })
  await until(async () => (await ask('/tasks/t')).status === 200, { what: 'the task' })
  expect((await ask('/tasks/t?wait=1')).json.state).toBe('pending')
  expect((await made).json.state).toBe('pending')
  expect((await ask('/tasks/t?wait=0')).json.state).toBe('pending')
})

test('rest: who waits is answered when the scheduler drains, and new tasks are refused', async () => {
  const { scheduler, post, ask } = await serve()
  let finish: (() => void) | undefined
  await scheduler.agent({ queues: ['q'] }, () => new Promise<void>((end) => (finish = end)))
  const submitted = post('/tasks?wait=60', { queue: 'q', id: 't' })
  await until(() => finish, { what: 'the task to run' })
  const asked = ask('/tasks/t?wait=60')
  const stopped = scheduler.stop({ drain: true })
  expect((await submitted).json.state).toBe('processing')
  expect((await asked).json.state).toBe('processing')
  expect((await ask('/tasks/t?wait=60')).json.state).toBe('processing')
  const refused = await post('/tasks', { queue: 'q' })
  expect(refused).toMatchObject({ status: 503, json: { code: 'stopping', retryable: true } })
  expect(refused.headers['retry-after']).toBe('1')
  finish!()
  await stopped
})

test('rest: whoever leaves waits no longer, and what they submitted goes on', async () => {
  const { scheduler, post, ask } = await serve()
  await post('/tasks', { queue: 'q', id: 't' })
  for (let round = 0; round < 2; round++) {
    const leaving = new AbortController()
    const { signal } = leaving
    setMaxListeners(0, signal)
    // As many as may wait: in the second round there is room only if the first have left.
    const waits = Array.from({ length: WAITS_MAX }, () => ask('/tasks/t?wait=60', { signal }))
    const ends = Promise.allSettled(waits)
    const full = await until(
      async () => {
        const answer = await ask('/tasks/t?wait=1')
        return answer.status === 429 && answer
      },
      { what: 'as many as may wait' },
    )
    expect(full.json).toMatchObject({ code: 'too_many_in_flight', retryable: true })
    // Refused before it is accepted, so that trying again makes no second task.
    const { accepted } = scheduler.statusNow().tasks
    expect((await post('/tasks?wait=1', { queue: 'q' })).status).toBe(429)
    expect(scheduler.statusNow().tasks.accepted).toBe(accepted)
    expect((await ask('/tasks/t')).status).toBe(200)
    leaving.abort()
    await ends
    await until(async () => (await ask('/tasks/t?wait=0')).status === 200, { what: 'room' })
  }
  await scheduler.agent({ queues: ['q'] }, () => 1)
  const over = await until(
    async () => {
      const answer = await ask('/tasks/t?wait=10')
      return answer.status === 200 && answer
    },
    { what: 'room again' },
  )
  expect(over.json.state).toBe('completed')
})

test('rest: a task that is not kept is said to be accepted, and then unknown', async () => {
  const { scheduler, post, ask } = await serve({ keep: { count: 0 } })
  await scheduler.agent({ queues: ['q'] }, () => 1)
  const made = await post('/tasks?wait=10', { queue: 'q', id: 't' })
  expect(made.status).toBe(201)
  expect(Object.keys(made.json).sort()).toEqual(['id', 'queue', 'state', 'waitingFor'])
  expect((await ask('/tasks/t?wait=10')).json.code).toBe('task_unknown')
})

test('waits: each ends by the first of its reasons, and the timer with the last', async () => {
  let isDraining = false
  const waits = new Waits(() => isDraining)
  let isOver = false
  const over = waits.until(() => isOver, 60, stays)
  const leaving = new AbortController()
  const left = waits.until(never, 60, leaving.signal)
  expect(waits.size).toBe(2)
  leaving.abort()
  await left
  expect(waits.size).toBe(1)
  isOver = true
  await over
  expect(waits.size).toBe(0)
  await waits.until(never, 0, stays)
  await waits.until(() => true, 60, stays)
  await waits.until(never, 60, leaving.signal)
  const drained = waits.until(never, 60, stays)
  isDraining = true
  await drained
  await waits.until(never, 60, stays)
  isDraining = false
  const stopped = waits.until(never, 60, stays)
  waits.stop()
  await stopped
  await waits.until(never, 60, stays)
  expect(waits.size).toBe(0)
})

test('waits: there are never more than may be', async () => {
  const waits = new Waits(never)
  const all = Array.from({ length: WAITS_MAX }, () => waits.until(never, 60, stays))
  expect(() => waits.requireRoom(60)).toThrow(/no more may/)
  expect(() => waits.requireRoom(0)).not.toThrow()
  await waits.until(never, 60, stays)
  expect(waits.size).toBe(WAITS_MAX)
  waits.stop()
  await Promise.all(all)
})
