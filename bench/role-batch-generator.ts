/**
 * The load generator of the hand-written loop that packs tasks: so many a message, end to end, with
 * nothing around them; one empty answer for the message.
 *
 * Runs on: a process of its own. Invariant: every task's payload is copied into its message, whose
 * buffer is used again only when its answer is there.
 */
import { connect, createInbox, type NatsConnection } from 'nats'
import { closedLoop, Load } from './load.ts'
import { play } from './role.ts'

let nc: NatsConnection
let subject = ''
let inbox = ''
let onAnswer: (message: number) => void = () => {}

play({
  start: async (parameters) => {
    subject = parameters.subject as string
    nc = await connect({ servers: parameters.url as string })
    inbox = `${createInbox()}.`
    nc.subscribe(`${inbox}*`, {
      callback: (error, msg) => {
        if (error !== null) throw error
        if (msg.headers !== undefined) throw new Error(`answered with ${msg.headers}`)
        onAnswer(Number(msg.subject.slice(inbox.length)))
      },
    })
    await nc.flush()
    return {}
  },
  closed: async (parameters) => {
    const { tasks, window, payloadBytes, batch } = parameters as Record<string, number>
    const inFlight = Math.max(1, Math.round(window / batch))
    const load = new Load(Math.ceil(tasks / batch))
    const payload = new Uint8Array(payloadBytes).fill(0x78)
    const free = Array.from({ length: inFlight }, () => new Uint8Array(batch * payloadBytes))
    const inUse = new Array<Uint8Array<ArrayBuffer>>(load.items)
    onAnswer = (message) => {
      free.push(inUse[message])
      load.answer(message)
    }
    const { tasksPerSecond: messagesPerSecond, lost } = await closedLoop(
      load,
      inFlight,
      (message) => {
        const buffer = free.pop()!
        for (let i = 0; i < batch; i++) buffer.set(payload, i * payloadBytes)
        inUse[message] = buffer
        nc.publish(subject, buffer, { reply: inbox + message })
      },
    )
    return { tasksPerSecond: messagesPerSecond * batch, lost: lost * batch }
  },
})
