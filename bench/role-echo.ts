/**
 * A process that does with the NATS client what a task costs it at least: one message in, one out.
 *
 * Runs on: a process of its own. Invariant: each message is answered once, with its own payload.
 */
import { connect } from 'nats'
import { cpuUs } from './cpu.ts'
import { play } from './role.ts'

play({
  start: async ({ url, subject }) => {
    const nc = await connect({ servers: url as string })
    nc.subscribe(subject as string, {
      callback: (_, msg) => nc.publish(msg.reply!, msg.data),
    })
    await nc.flush()
    return {}
  },
  cpu: () => ({ cpuUs: cpuUs() }),
})
