import { expect, test } from 'vitest'
import { expectRefused, holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { onStage, type Stage } from './framed-stage.ts'

const nats = withNats()
const stage = (check: (stage: Stage) => Promise<void>) => onStage(nats, check)

test('agent pull: who pulls asks for it, once more where a scheduler begins anew', () =>
  stage(async ({ client, scheduler }) => {
    const ran: unknown[] = []
    const agent = await client.agent({ id: 'a', queues: ['work'], pull: true }, (task) => {
      ran.push(task.json())
    })
    const { instance } = scheduler.hellos[0]
    await agent.pull(3)
    expect(scheduler.pulls).toEqual([{ instance, n: 3 }])
    scheduler.send('a', [1])
    await scheduler.resultsTo(1)
    scheduler.epoch = 1001
    scheduler.beatError = 'agent_unknown'
    await until(() => scheduler.pulls.length === 2, { what: 'it to ask again' })
    scheduler.beatError = null
    expect(scheduler.pulls[1]).toEqual({ instance, n: 2, scheduler: 'one' })
    for (const n of [0, 1.5, 65_536, '1' as never]) await expectRefused(agent.pull(n), 'bad_option')
    scheduler.pullError = 'agent_unknown'
    await expectRefused(agent.pull(1), 'agent_unknown')
    await agent.stop()
    await expectRefused(agent.pull(1), 'disconnected')
    const pushed = await client.agent({ id: 'b', queues: ['work'] }, () => 0)
    await expectRefused(pushed.pull(1), 'bad_option')
  }))

test('agent pull: all that is pulled runs, whatever the concurrency', () =>
  stage(async ({ client, scheduler }) => {
    const options = { id: 'a', queues: ['work'], pull: true }
    const { agent, given, release } = await holdingAgent(client, options)
    await agent.pull(3)
    scheduler.send('a', [1, 2, 3])
    await until(() => given.length === 3, { what: 'all three' })
    for (const _ of given) release()
    await scheduler.resultsTo(3)
  }))
