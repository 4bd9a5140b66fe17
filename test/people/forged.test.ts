/** Messages in a person's name: what lies in an inbox is decided by calls, which the ledger has. */
import { connect } from 'nats'
import { expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { HEADER } from '../../src/wire/headers.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const nats = withNats()

test('people: nobody ends, feeds or reads what is in their inbox by a message of an agent', async () => {
  const scheduler = await new Scheduler({
    name: 'main',
    routers: 0,
    nats: nats.url,
    people: { alice: { queues: ['review'] } },
  }).start()
  const stranger = await connect({ servers: nats.url })
  try {
    await scheduler.submit('review', 1, { id: 'x' })
    await until(async () => (await scheduler.getTask('x')).state === 'assigned', {
      what: 'it to lie in the inbox',
    })
    const { epoch } = await scheduler.status()
    // The first attempt of all, in the first slot.
    const token = `0.${epoch}-1-1`
    const asked = (verb: string, body: string) =>
      stranger.request(`sb.from.alice.main.${verb}.${token}`, body)
    const codes = []
    for (const [verb, body] of [
      ['result', '{"decision":"accept"}'],
      ['input', 'scan'],
    ]) {
      codes.push((await asked(verb, body)).headers?.get(HEADER.code))
    }
    expect(codes).toEqual(['result_unknown', 'late_result'])
    stranger.publish(`sb.from.alice.main.progress.${token}`, 'half')
    await stranger.flush()
    await until(async () => (await scheduler.status()).refused.late_result === 2, {
      what: 'its progress to be refused',
    })
    expect(await scheduler.getTask('x')).toMatchObject({
      state: 'assigned',
      agent: 'alice',
      claimed: false,
      progress: null,
    })
  } finally {
    await stranger.close()
    await scheduler.stop()
  }
})

test('people: a service with the name of one who came before the start is not adopted', async () => {
  const scheduler = new Scheduler({
    name: 'main',
    routers: 0,
    nats: { servers: nats.url, agents: [{ subject: 'alice', queues: ['review'] }] },
  })
  scheduler.configurePeople({ alice: { queues: ['review'] } })
  await expect(scheduler.start()).rejects.toMatchObject({
    code: 'bad_option',
    message: 'Agent "alice" on alice cannot be adopted: a person has the name: give each its own.',
  })
  await scheduler.stop()
})
