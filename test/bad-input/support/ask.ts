/** One request with any bytes as headers and body, and its one answer. */
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from 'nats'
import { expect } from 'vitest'
import { until } from '../../support/until.ts'

export interface Answer {
  /** `Nats-Service-Error-Code`; 503 for no responders, 0 for a grant. */
  status: number
  code: string | null
  message: string
  body: string
}

export const GRANTED = { status: 0, code: null }

/** C0, DEL and C1: none of them may stand in an answer's error text. */
export const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Header lines, or a whole block as it goes over the wire. */
export type Block = string | readonly string[]

/** Headers that the client writes as they are, whatever they hold. */
export function rawHeaders(block: Block): MsgHdrs {
  const text = typeof block === 'string' ? block : `NATS/1.0\r\n${block.join('\r\n')}\r\n\r\n`
  return { encode: () => Buffer.from(text, 'latin1') } as unknown as MsgHdrs
}

export function readAnswer(msg: Msg): Answer {
  const { headers } = msg
  const header = (name: string) => headers?.get(name) ?? ''
  const silent = headers?.code === 503
  const code = silent ? 'no_responders' : header('Sb-Code') || null
  const status = silent ? 503 : Number(header('Nats-Service-Error-Code'))
  return { status, code, message: header('Nats-Service-Error'), body: msg.string() }
}

/**
 * Asks and waits for the first answer; a refusal must be one sentence that ends in a full stop or
 * names what to do, without control characters.
 */
export async function ask(
  nc: NatsConnection,
  subject: string,
  body: string | Uint8Array = '',
  block?: Block,
): Promise<Answer> {
  const inbox = createInbox()
  const answers: Answer[] = []
  const subscription = nc.subscribe(inbox, {
    callback: (_, msg) => answers.push(readAnswer(msg)),
  })
  const headers = block === undefined ? undefined : rawHeaders(block)
  nc.publish(subject, body, { reply: inbox, headers })
  const answer = await until(() => answers[0], { what: `an answer on ${subject}` })
  subscription.unsubscribe()
  expect(answer.message).not.toMatch(CONTROL)
  if (answer.code !== null && answer.code !== 'no_responders') {
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.message.length).toBeGreaterThan(10)
  }
  return answer
}
