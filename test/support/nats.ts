/** A private nats-server for one test file: started before its tests, gone after them. */
import { type ConnectionOptions, connect, type NatsConnection } from 'nats'
import { afterAll, beforeAll } from 'vitest'
import {
  type NatsServer,
  type NatsServerOptions,
  startNatsServer,
} from '../../src/service/nats-server/run.ts'

export interface NatsForTests {
  /** The address, once the tests run. */
  readonly url: string
  readonly server: NatsServer
  /** A connection that is closed after the tests. */
  connect(options?: ConnectionOptions): Promise<NatsConnection>
}

/**
 * Gives the test file, or the `describe` that calls it, a nats-server of its own.
 *
 *     const nats = withNats()
 *     test('…', async () => { const connection = await nats.connect() })
 */
export function withNats(options: NatsServerOptions = {}): NatsForTests {
  let server: NatsServer | undefined
  const connections: NatsConnection[] = []
  beforeAll(async () => {
    server = await startNatsServer(options)
  })
  afterAll(async () => {
    for (const connection of connections) await connection.close()
    await server?.stop()
  })
  const running = (): NatsServer => {
    if (server === undefined) throw new Error('the nats-server runs only while tests do')
    return server
  }
  return {
    get url() {
      return running().url
    },
    get server() {
      return running()
    },
    async connect(more = {}) {
      const connection = await connect({ servers: running().url, ...more })
      connections.push(connection)
      return connection
    },
  }
}
