/** What the tests of agents in frames stand on: a client, and a scheduler by hand. */
import { type Client, connect } from '../../src/index.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import type { NatsForTests } from '../support/nats.ts'
import { FramedScheduler } from './framed-scheduler.ts'

export interface Stage {
  client: Client
  scheduler: FramedScheduler
  prefix: string
}

/** In the end what agent `a` has told is acknowledged, so that it need not wait for that. */
export async function onStage(
  nats: NatsForTests,
  check: (stage: Stage) => Promise<void>,
): Promise<void> {
  const prefix = randomToken()
  const scheduler = new FramedScheduler(await nats.connect(), prefix, { name: 'one' })
  await scheduler.start()
  const client = await connect({ servers: nats.url, prefix, timeoutMs: 1_000 })
  try {
    await check({ client, scheduler, prefix })
  } finally {
    scheduler.acknowledgeAll('a')
    await client.close()
  }
}

export const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
