import { headers } from 'nats'
import { expect, test } from 'vitest'
import { connect } from '../../src/client/connect.ts'
import { withNats } from '../support/nats.ts'

const nats = withNats()

test('faults: a submit whose acceptance was lost on the way is settled by its outcome', async () => {
  // A scheduler whose connection broke between the two answers, as its submitter sees it.
  const scheduler = await nats.connect()
  scheduler.subscribe('sb.task.work', {
    callback: (_, msg) => {
      const id = msg.headers!.get('Nats-Msg-Id')
      const outcome = headers()
      outcome.set('Sb-State', id === 'fails' ? 'dead' : 'completed')
      outcome.set('Sb-Id', id)
      if (id === 'fails') {
        outcome.set('Nats-Service-Error-Code', '503')
        outcome.set('Nats-Service-Error', 'Agent "a" was lost while it ran it.')
        outcome.set('Sb-Code', 'agent_lost')
      }
      msg.respond(id === 'fails' ? '' : msg.data, { headers: outcome })
    },
  })
  await scheduler.flush()
  const client = await connect({ servers: nats.url })
  const task = await client.submit('work', { page: 7 }, { id: 'late' })
  expect(task).toMatchObject({ id: 'late', queue: 'work', state: 'completed', waitingFor: null })
  expect(await task.result()).toEqual({ page: 7 })
  const failed = client.submit('work', {}, { id: 'fails' })
  await expect(failed).rejects.toMatchObject({ name: 'TaskError', code: 'agent_lost' })
  await client.close()
})
