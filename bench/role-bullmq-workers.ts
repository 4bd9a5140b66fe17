/**
 * A worker of BullMQ; the handler does nothing.
 *
 * Runs on: a process of its own. Invariant: none of its own.
 */
import { connectionTo, loadBullMQ, QUEUE } from './bullmq.ts'
import { play } from './role.ts'

play({
  start: async ({ port, concurrency }) => {
    const { Worker } = loadBullMQ()
    const worker = new Worker(QUEUE, async () => {}, {
      connection: connectionTo(port as number),
      concurrency: concurrency as number,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    })
    worker.on('error', (error) => {
      throw error
    })
    await worker.waitUntilReady()
    return {}
  },
})
