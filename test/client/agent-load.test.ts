/** What an agent tells of work that no scheduler gave it; its scheduler is by hand. */
import { expect, test } from 'vitest'
import { connect } from '../../src/index.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { FramedScheduler } from './framed-scheduler.ts'
import { onStage } from './framed-stage.ts'

const nats = withNats()

test('agent load: beats tell it with all that is in hand, in plain form while there is any', () =>
  onStage(nats, async ({ client, scheduler }) => {
    const { agent, given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [running, waiting] = scheduler.send('a', ['x', 'y'])
    await scheduler.framedBeatWith([running, waiting])
    expect(scheduler.beats).toEqual([])
    agent.load(3)
    const beat = await until(() => scheduler.beats[0], { what: 'a plain beat' })
    const { instance } = scheduler.hellos[0]
    const { running: tokens, seen } = beat.schedulers.one
    expect([beat.instance, beat.load, seen]).toEqual([instance, 5, '1000-2-2'])
    expect([...tokens].sort()).toEqual(['1000-1-1', '1000-2-2'])
    expect(given.length).toBe(1)
    agent.load(65_535)
    await until(() => scheduler.beats.at(-1)!.load === 65_535, { what: 'as much as there is' })
    agent.load(0)
    await scheduler.framedBeatWith([running, waiting])
    release()
    await until(() => given.length === 2, { what: 'the second' })
    release()
    await scheduler.resultsTo(2)
  }))

test('agent load: it is told before the next beat is due, what changes meanwhile once', async () => {
  const prefix = randomToken()
  const options = { name: 'one', beatMs: 600_000, leaseMs: 1_800_000 }
  const scheduler = new FramedScheduler(await nats.connect(), prefix, options)
  await scheduler.start()
  const client = await connect({ servers: nats.url, prefix })
  const agent = await client.agent({ id: 'a', queues: ['work'] }, () => 0)
  for (let n = 1; n <= 100; n++) agent.load(n)
  await until(() => scheduler.beats.length > 0, { what: 'the beat' })
  agent.load(100)
  agent.load(7)
  await until(() => scheduler.beats.length > 1, { what: 'another' })
  expect(scheduler.beats.map(({ load }) => load)).toEqual([100, 7])
  expect(scheduler.framedBeats).toEqual([])
  await client.close()
})
