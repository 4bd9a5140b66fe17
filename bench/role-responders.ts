/**
 * The twin's workers: members of one queue group that answer every message with nothing.
 *
 * Runs on: a process of its own, one connection. Invariant: each message is answered once.
 */
import { connect } from 'nats'
import { play } from './role.ts'

const GROUP = 'workers'

play({
  start: async ({ url, subject, members }) => {
    const nc = await connect({ servers: url as string })
    for (let i = 0; i < (members as number); i++) {
      nc.subscribe(subject as string, {
        queue: GROUP,
        callback: (_, msg) => nc.publish(msg.reply!),
      })
    }
    await nc.flush()
    return {}
  },
})
