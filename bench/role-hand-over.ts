/**
 * A submitter that hands tasks over and is told that they are accepted; nobody serves them.
 *
 * Runs on: a process of its own. Invariant: a refusal ends the run.
 *
 * With the SDK as its user would; by hand each task is a request of its own, whose reply subject the
 * scheduler must keep for the outcome.
 */
import { createInbox, connect as dial, type MsgHdrs } from 'nats'
import { connect } from '../src/client/connect.ts'
import { encodeHeaders, HEADER } from '../src/wire/headers.ts'
import { closedLoop, Load } from './load.ts'
import { payloads } from './payloads.ts'
import { play } from './role.ts'

const WINDOW = 4_096

play({
  sdk: async ({ url, tasks, payloadBytes }) => {
    const client = await connect({ servers: url as string })
    const source = payloads(tasks as number, payloadBytes as number)
    const { accepted } = await client.submitMany('bench', source, { window: WINDOW })
    return { lost: (tasks as number) - accepted }
  },
  plain: async ({ url, tasks, payloadBytes }) => {
    const nc = await dial({ servers: url as string })
    const inbox = `${createInbox()}.`
    const load = new Load(tasks as number)
    nc.subscribe(`${inbox}*`, {
      callback: (_, { subject, headers }) => {
        if (headers !== undefined) load.fail(new Error(`a task was refused: ${headers}`))
        load.answer(Number(subject.slice(inbox.length)))
      },
    })
    const payload = new Uint8Array(payloadBytes as number).fill(0x78)
    const headers = encodeHeaders(`${HEADER.outcome}: 1`) as unknown as MsgHdrs
    return closedLoop(load, WINDOW, (item) => {
      nc.publish('sb.task.bench', payload, { reply: inbox + item, headers })
    })
  },
})
