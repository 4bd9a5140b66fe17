/**
 * The load generator of BullMQ: jobs out by bulk, outcomes back as events.
 *
 * Runs on: a process of its own. Invariant: every job completes once; a failed one ends the run.
 *
 * Redis numbers jobs in the order in which they are added, and one connection adds them in order, so
 * an item is known by its job's number. Names of our own would cost BullMQ a look-up a job. What one
 * turn of the loop gathers goes out as one `addBulk`.
 */
import { connectionTo, loadBullMQ, QUEUE, type Queue } from './bullmq.ts'
import { closedLoop, Load, pacedLoop } from './load.ts'
import { play } from './role.ts'

const BULK_MAX = 1_000
/** Of the stream of events: the default of 10,000 loses some when 8,192 jobs are in flight. */
const EVENTS_MAX = 200_000

let queue: Queue
let load = new Load(0)
/** Jobs added before this run. */
let base = 0

play({
  start: async ({ port }) => {
    const bullmq = loadBullMQ()
    const connection = connectionTo(port as number)
    const streams = { events: { maxLen: EVENTS_MAX } }
    const defaultJobOptions = { removeOnComplete: true, removeOnFail: true }
    queue = new bullmq.Queue(QUEUE, { connection, streams, defaultJobOptions })
    await queue.waitUntilReady()
    const events = new bullmq.QueueEvents(QUEUE, { connection })
    events.on('completed', ({ jobId }) => load.answer(Number(jobId) - base - 1))
    events.on('failed', ({ jobId, failedReason }) => {
      load.fail(new Error(`job ${jobId} failed: ${failedReason}`))
    })
    events.on('error', (error) => load.fail(error))
    await events.waitUntilReady()
    return {}
  },
  closed: (parameters) => {
    const { tasks, window, payloadBytes } = parameters as Record<string, number>
    return closedLoop(next(tasks), window, bulkSender(payloadBytes))
  },
  open: (parameters) => {
    const { tasks, ratePerSecond, payloadBytes } = parameters as Record<string, number>
    const data = 'x'.repeat(payloadBytes)
    return pacedLoop(next(tasks), ratePerSecond, () => {
      queue.add(QUEUE, data).catch(load.fail)
    })
  },
})

function next(tasks: number): Load {
  base += load.items
  load = new Load(tasks)
  return load
}

function bulkSender(payloadBytes: number): () => void {
  const data = 'x'.repeat(payloadBytes)
  let waiting = 0
  const flush = () => {
    // Ends: each round takes some of those that wait.
    while (waiting > 0) {
      const count = Math.min(waiting, BULK_MAX)
      waiting -= count
      const jobs = Array.from({ length: count }, () => ({ name: QUEUE, data }))
      queue.addBulk(jobs).catch(load.fail)
    }
  }
  return () => {
    if (waiting++ === 0) setImmediate(flush)
  }
}
