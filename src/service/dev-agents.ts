/**
 * Four of the eight agents of `dev`, in a process of their own: ordinary agents over NATS, on one
 * connection. Ends with its parent (dev-child.ts).
 */
import { connect } from '../client/connect.ts'
import { serveParent } from './dev-child.ts'
import { DEMO_QUEUE } from './dev-messages.ts'
import { demoHandler } from './dev-work.ts'

serveParent(async (request, report) => {
  if (request.kind !== 'agents') return
  const { url, ids, concurrency } = request
  const client = await connect({ servers: url })
  for (const id of ids) {
    await client.agent({ id, queues: [DEMO_QUEUE], concurrency }, demoHandler(id))
  }
  report({ kind: 'ready' })
})
