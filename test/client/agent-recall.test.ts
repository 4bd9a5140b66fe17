/** An agent that is called back for what it has not begun; its scheduler is by hand. */
import { expect, test } from 'vitest'
import type { AgentTask } from '../../src/agent-task.ts'
import { connect } from '../../src/index.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { gate, holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { FakeScheduler } from './fake-scheduler.ts'
import type { FramedScheduler } from './framed-scheduler.ts'
import { numbers, onStage, type Stage } from './framed-stage.ts'

const nats = withNats()
const stage = (check: (stage: Stage) => Promise<void>) => onStage(nats, check)

const token = (counter: number) => `1000-${counter}-${counter}`

function recall(scheduler: FakeScheduler, tokens: unknown, name = 'one', agent = 'a'): void {
  scheduler.control(agent, { type: 'recall', scheduler: name, tokens: tokens as string[] })
}

/** Behind all that was said to the agent before. */
async function heardAll(scheduler: FramedScheduler, inHand: readonly number[]): Promise<void> {
  await scheduler.framedBeatWith(inHand)
  await scheduler.framedBeatWith(inHand)
}

test('agent recall: hello says that it can be called back, unless it is told not to', () =>
  stage(async ({ client, scheduler }) => {
    await client.agent({ queues: ['work'] }, () => 0)
    await client.agent({ queues: ['work'], recall: false }, () => 0)
    expect(scheduler.hellos).toMatchObject([{ recalls: true }, { recalls: false }])
  }))

test('agent recall: what waits is handed back at once and never runs, what runs goes on', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [running, second, third, last] = scheduler.send('a', ['running', 'b', 'c', 'last'])
    await scheduler.framedBeatWith([running, second, third, last])
    recall(scheduler, [running, second, third].map(token))
    await scheduler.resultsTo(2)
    const back = { code: '', yields: true, text: '', workUs: 0 }
    expect(scheduler.framed).toMatchObject([
      { ...back, counter: second },
      { ...back, counter: third },
    ])
    await heardAll(scheduler, [running, last])
    expect(given[0].preempted.aborted || given[0].signal.aborted).toBe(false)
    release('one')
    await until(() => given.length === 2, { what: 'the last' })
    release('two')
    await scheduler.resultsTo(4)
    expect(given.map((task) => task.json())).toEqual(['running', 'last'])
    expect(scheduler.framed.slice(2)).toMatchObject([
      { counter: running, yields: false, text: '"one"' },
      { counter: last, yields: false, text: '"two"' },
    ])
  }))

test('agent recall: its work that comes again is handed back again, before and after it was heard', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [running, waiting] = scheduler.send('a', ['running', 'waiting'])
    recall(scheduler, [token(waiting)])
    await scheduler.resultsTo(1)
    scheduler.repeat('a', [waiting], 'waiting')
    await scheduler.resultsTo(2)
    scheduler.acknowledge('a', [waiting])
    scheduler.repeat('a', [waiting], 'waiting')
    await scheduler.resultsTo(3)
    expect(scheduler.resultsOf(waiting).map(({ yields, text }) => [yields, text])).toEqual(
      Array.from({ length: 3 }, () => [true, '']),
    )
    await heardAll(scheduler, [running])
    release()
    await scheduler.resultsTo(4)
    await heardAll(scheduler, [])
    expect(given.length).toBe(1)
  }))

test('agent recall: running, unknown, finished and of another scheduler or epoch is ignored', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [finished, running, waiting] = scheduler.send('a', ['x', 'y', 'z'])
    await until(() => given.length === 1, { what: 'the first' })
    release('done')
    await until(() => given.length === 2, { what: 'the second' })
    await scheduler.resultsTo(1)
    recall(scheduler, [token(running), token(finished), token(99)])
    recall(scheduler, [`999-${waiting}-${waiting}`, `1000-${waiting}-77`])
    recall(scheduler, [token(waiting)], 'two')
    await heardAll(scheduler, [running, waiting])
    release()
    await until(() => given.length === 3, { what: 'the third' })
    release()
    await scheduler.resultsTo(3)
    expect(scheduler.framed.map(({ counter, yields }) => [counter, yields])).toEqual([
      [finished, false],
      [running, false],
      [waiting, false],
    ])
  }))

test('agent recall: nonsense does no harm', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [running, waiting] = scheduler.send('a', ['x', 'y'])
    const many = numbers(10_000).map(String)
    const wrong = [undefined, null, 7, 'all', {}, { length: 3 }, [], [null, 7, {}, [], ''], many]
    for (const tokens of [...wrong, [['1000-2-2']], [{ length: 8, indexOf: 1 }], ['-', '--']]) {
      recall(scheduler, tokens)
    }
    for (const name of [null, 7, {}, [], '__proto__']) {
      recall(scheduler, [token(waiting)], name as string)
    }
    for (const type of ['cancel', 'preempt']) {
      for (const said of [null, 7, {}, ['1000-2-2']]) {
        scheduler.control('a', { type, scheduler: 'one', token: said } as never)
      }
    }
    await heardAll(scheduler, [running, waiting])
    recall(scheduler, [null, token(waiting), token(waiting), token(running)])
    await scheduler.resultsTo(1)
    release()
    await scheduler.resultsTo(2)
    expect(given.length).toBe(1)
    expect(scheduler.framed.map(({ counter, yields }) => [counter, yields])).toEqual([
      [waiting, true],
      [running, false],
    ])
  }))

test('agent recall: one that is not to be called back keeps what it has', () =>
  stage(async ({ client, scheduler }) => {
    const options = { id: 'a', queues: ['work'], recall: false }
    const { given, release } = await holdingAgent(client, options)
    const [running, waiting] = scheduler.send('a', ['x', 'y'])
    recall(scheduler, [token(waiting)])
    await heardAll(scheduler, [running, waiting])
    release()
    await until(() => given.length === 2, { what: 'the second' })
    release()
    await scheduler.resultsTo(2)
    expect(scheduler.framed.some(({ yields }) => yields)).toBe(false)
  }))

test('agent recall: of tasks that wait to be taken together the others are', () =>
  stage(async ({ client, scheduler }) => {
    const batches: AgentTask[][] = []
    const first = gate()
    const options = { id: 'a', queues: ['work'], concurrency: 4, batch: 4 }
    await client.agent(options, async (tasks) => {
      batches.push(tasks)
      if (batches.length === 1) await first.passed
      return tasks.map((task) => task.json())
    })
    const counters = scheduler.send('a', numbers(9))
    await until(() => batches.length === 1, { what: 'the first four to run' })
    recall(scheduler, [counters[0], counters[4], counters[6]].map(token))
    await scheduler.resultsTo(2)
    first.open()
    await scheduler.resultsTo(9)
    expect(batches.map((tasks) => tasks.map((task) => task.json()))).toEqual([
      [0, 1, 2, 3],
      [5, 7, 8],
    ])
    expect(scheduler.framed.slice(0, 2).map(({ counter }) => counter)).toEqual([
      counters[4],
      counters[6],
    ])
  }))

test('agent recall: thousands called back leave the rest in order', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    scheduler.send('a', [-1])
    const counters: number[] = []
    for (let n = 0; n < 2_000; n += 50) {
      const sent = scheduler.send(
        'a',
        numbers(50).map((i) => n + i),
      )
      recall(scheduler, sent.filter((_, i) => i !== 7).map(token))
      counters.push(sent[7])
    }
    await scheduler.resultsTo(40 * 49)
    release()
    for (let n = 0; n < 40; n++) {
      await until(() => given.length === n + 2, { what: `task ${n} of those that were left` })
      release()
    }
    await scheduler.resultsTo(2_001)
    expect(given.map((task) => task.json())).toEqual([-1, ...numbers(40).map((n) => n * 50 + 7)])
    const ran = scheduler.framed.filter(({ yields }) => !yields).map(({ counter }) => counter)
    expect(ran).toEqual([1, ...counters])
  }))

test('agent recall: in plain form it is a yield without a body, and the work is known again', async () => {
  const prefix = randomToken()
  const scheduler = await new FakeScheduler(await nats.connect(), prefix, { name: 'one' }).start()
  const client = await connect({ servers: nats.url, prefix })
  const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
  const running = scheduler.dispatch('a', 'running')
  const waiting = scheduler.dispatch('a', 'waiting')
  recall(scheduler, [running, waiting])
  await until(() => scheduler.results.length === 1, { what: 'the hand-back' })
  const [back] = scheduler.results
  expect([back.subject.endsWith(waiting), back.data.length]).toEqual([true, 0])
  expect(back.headers!.get('Sb-Yield')).toBe('1')
  // The same message once more.
  const { instance } = scheduler.hellos[0]
  const nc = await nats.connect()
  nc.publish(`${prefix}.agent.a.${instance}.work`, '"waiting"', { reply: back.subject })
  await until(() => scheduler.results.length === 2, { what: 'the hand-back again' })
  expect(scheduler.results[1].headers!.get('Sb-Yield')).toBe('1')
  await scheduler.beatWith([running])
  release('done')
  await until(() => scheduler.results.length === 3, { what: 'the result' })
  expect(given.map((task) => task.json())).toEqual(['running'])
  await client.close()
})
