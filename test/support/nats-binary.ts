/**
 * Before any test: a nats-server is found or fetched once, and named in `NATS_SERVER` for all of
 * them, so that no test file pays for the look-up or fetches on its own.
 */
import { locate } from '../../src/service/nats-server/fetch.ts'

export default async function findNatsServerOnce(): Promise<void> {
  process.env.NATS_SERVER = await locate({ onFetch: (sentence) => console.log(sentence) })
}
