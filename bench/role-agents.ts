/**
 * Agents without an SDK: hello by hand, subscribe, publish on the reply. The handler does nothing.
 *
 * Runs on: a process of its own, one connection for all its agents. Invariant: each message of work
 * is answered once.
 */
import { connect } from 'nats'
import { encodeJson } from '../src/wire/json.ts'
import type { Beat, Hello, HelloAnswer } from '../src/wire/messages.ts'
import { Subjects } from '../src/wire/subjects.ts'
import { randomToken } from '../src/wire/tokens.ts'
import { play } from './role.ts'

const HELLO_MAX_MS = 5_000

play({
  start: async ({ url, agents, concurrency }) => {
    const nc = await connect({ servers: url as string })
    const subjects = new Subjects('sb')
    for (let i = 0; i < (agents as number); i++) {
      const id = `bench-${i}`
      const instance = randomToken()
      nc.subscribe(subjects.work(id, instance), {
        callback: (_, msg) => nc.publish(msg.reply!),
      })
      const hello: Hello = {
        instance,
        queues: ['bench'],
        capabilities: [],
        concurrency: concurrency as number,
        beats: false,
      }
      const answer = await nc.request(subjects.from(id, 'hello'), encodeJson(hello), {
        timeout: HELLO_MAX_MS,
      })
      if (answer.headers !== undefined) throw new Error(`hello was refused: ${answer.headers}`)
      const { beatMs } = answer.json<HelloAnswer>()
      const beat = encodeJson({ instance, schedulers: {} } satisfies Beat)
      setInterval(() => nc.publish(subjects.from(id, 'beat'), beat), beatMs)
    }
    await nc.flush()
    return {}
  },
})
