/** The connection of a command: found, opened, used, closed. */

import { type NatsAddress, natsAddress } from '../address/nats-address.ts'
import type { Client } from '../client/client.ts'
import { connect } from '../client/connect.ts'
import { SignalboxError } from '../errors.ts'
import { quote } from '../wire/tokens.ts'

export async function openClient(natsFlag: string | undefined): Promise<{
  client: Client
  address: NatsAddress
}> {
  const address = natsAddress(natsFlag)
  const { servers, user, password, token } = address
  try {
    return { client: await connect({ servers, user, password, token }), address }
  } catch (error) {
    throw withSource(error, address)
  }
}

/** Opens a client for as long as `use` takes. */
export async function withClient<T>(
  natsFlag: string | undefined,
  use: (client: Client, address: NatsAddress) => Promise<T>,
): Promise<T> {
  const { client, address } = await openClient(natsFlag)
  try {
    return await use(client, address)
  } finally {
    await client.close()
  }
}

/** Says where the address came from: it is often that which is wrong. */
export function withSource(error: unknown, { servers, source }: NatsAddress): unknown {
  if (!(error instanceof SignalboxError) || error.code !== 'nats_unreachable') return error
  return new SignalboxError(
    'nats_unreachable',
    `No NATS server answers at ${servers.join(', ')} (${source}): ` +
      'start one with `npx signalbox dev`, or give the address of yours with --nats.',
    { cause: error },
  )
}

/**
 * NATS answers alike whether a queue is unknown or no scheduler runs at all; a status call tells.
 * @returns the error to show instead.
 */
export async function explainUnknownQueue(error: unknown, client: Client, queue: string) {
  if (!(error instanceof SignalboxError) || error.code !== 'queue_unknown') return error
  try {
    const { scheduler, queues, unlisted } = await client.status()
    const names = queues.map((each) => each.queue).join(', ') || 'none'
    const known = unlisted.queues === 0 ? names : `${names} and ${unlisted.queues} more`
    return new SignalboxError(
      'queue_unknown',
      `No scheduler serves queue ${quote(queue)}; scheduler "${scheduler}" has ${known}: ` +
        'check the name, or serve it with `npx signalbox serve --queue`.',
    )
  } catch (second) {
    return second instanceof SignalboxError && second.code === 'no_scheduler' ? second : error
  }
}
