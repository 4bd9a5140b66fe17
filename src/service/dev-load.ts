/**
 * The load generator of `dev`, in a process of its own: an ordinary submitter over NATS. Tells its
 * counts ten times a second. Ends with its parent (dev-child.ts).
 */
import { connect } from '../client/connect.ts'
import { serveParent } from './dev-child.ts'
import { demoPlan } from './dev-work.ts'
import { Load } from './load.ts'

const REPORT_MS = 100

serveParent(async (request, report) => {
  if (request.kind !== 'load') return
  const client = await connect({ servers: request.url })
  const load = new Load(client, demoPlan(request.tasks))
  report({ kind: 'ready' })
  const timer = setInterval(() => report({ kind: 'counts', counts: load.counts }), REPORT_MS)
  try {
    report({ kind: 'done', counts: await load.run() })
  } finally {
    clearInterval(timer)
  }
})
