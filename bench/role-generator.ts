/**
 * The load generator without an SDK: tasks out, answers back on an inbox of its own.
 *
 * Runs on: a process of its own. Invariant: an answer belongs to the task whose number its subject
 * ends in; an error or a wrong body ends the run.
 *
 * No `nc.request()`: it builds an error with a stack for each call and reaches a fifth of this.
 */
import { connect, createInbox, type Msg, type NatsConnection } from 'nats'
import { closedLoop, Load, pacedLoop } from './load.ts'
import { play } from './role.ts'

let nc: NatsConnection
let subject = ''
let inbox = ''
let onAnswer: (item: number, msg: Msg) => void = () => {}

play({
  start: async (parameters) => {
    subject = parameters.subject as string
    nc = await connect({ servers: parameters.url as string })
    inbox = `${createInbox()}.`
    nc.subscribe(`${inbox}*`, {
      callback: (error, msg) => {
        if (error !== null) throw error
        onAnswer(Number(msg.subject.slice(inbox.length)), msg)
      },
    })
    await nc.flush()
    return {}
  },
  closed: ({ tasks, window, payloadBytes, isEcho }) => {
    const load = expect(tasks as number, isEcho === 1 ? (payloadBytes as number) : 0)
    return closedLoop(load, window as number, sender(payloadBytes as number))
  },
  open: ({ tasks, ratePerSecond, payloadBytes }) => {
    const load = expect(tasks as number, 0)
    return pacedLoop(load, ratePerSecond as number, sender(payloadBytes as number))
  },
})

function sender(payloadBytes: number): (item: number) => void {
  const payload = new Uint8Array(payloadBytes).fill(0x78)
  return (item) => nc.publish(subject, payload, { reply: inbox + item })
}

function expect(tasks: number, answerBytes: number): Load {
  const load = new Load(tasks)
  onAnswer = (item, msg) => {
    if (msg.headers === undefined && msg.data.length === answerBytes) return load.answer(item)
    const words = msg.headers?.toString() ?? `${msg.data.length} bytes`
    load.fail(new Error(`task ${item} was answered with ${words}`))
  }
  return load
}
