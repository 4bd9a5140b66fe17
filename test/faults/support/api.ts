/** Calls of `sb.api`, as anybody over the plain NATS client makes them. */
import type { NatsConnection } from 'nats'

export interface ApiAnswer {
  /** `Nats-Service-Error-Code`, 0 when the call succeeded. */
  status: number
  /** null when it succeeded. */
  code: string | null
  message: string
  // biome-ignore lint/suspicious/noExplicitAny: each verb answers a shape of its own
  body: any
}

export async function callApi(
  nc: NatsConnection,
  verb: string,
  body: unknown = {},
  target = 'any',
): Promise<ApiAnswer> {
  const bytes = body instanceof Uint8Array ? body : JSON.stringify(body)
  const msg = await nc.request(`sb.api.${verb}.${target}`, bytes, { timeout: 5_000 })
  const header = (name: string) => msg.headers?.get(name) ?? ''
  const code = header('Sb-Code') || null
  return {
    status: Number(header('Nats-Service-Error-Code')),
    code,
    message: header('Nats-Service-Error'),
    body: code === null ? msg.json() : null,
  }
}
