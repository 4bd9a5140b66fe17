/**
 * The least that can stand between submitters and agents: passes each task on to the next agent in
 * turn and each answer back. It decides, promises and remembers nothing.
 *
 * Runs on: a process of its own, one connection. Invariant: each message is passed on once.
 */
import { connect } from 'nats'
import { play } from './role.ts'
import { Watch } from './watch.ts'

const REPLIES = 'forwarder.reply.'

const watch = new Watch()

play({
  start: async ({ url, subject, members }) => {
    await watch.open()
    const nc = await connect({ servers: url as string })
    const waiting = new Map<string, string>()
    let count = 0
    nc.subscribe(subject as string, {
      callback: (_, msg) => {
        const reply = `${REPLIES}${count}`
        waiting.set(reply, msg.reply!)
        nc.publish(`forwarder.work.${count++ % (members as number)}`, msg.data, { reply })
      },
    })
    nc.subscribe(`${REPLIES}*`, {
      callback: (_, msg) => {
        const { subject: reply } = msg
        nc.publish(waiting.get(reply)!, msg.data)
        waiting.delete(reply)
      },
    })
    await nc.flush()
    return {}
  },
  ...watch.handlers,
})
