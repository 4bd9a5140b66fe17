/**
 * The other thread of the raw hop: sleeps on a shared word, answers each item by a message.
 *
 * Runs on: a worker thread of `assignment.ts`. Invariant: item n is answered once the word is above n.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import { atomics } from '../native-free/index.ts'

const { words, count, port } = workerData as {
  words: Int32Array
  count: number
  port: MessagePort
}

let seen = 0
// Ends: the main thread raises the word to `count`.
while (seen < count) {
  atomics.wait(words, 0, seen, 1_000)
  const until = atomics.load(words, 0)
  for (; seen < until; seen++) port.postMessage(seen)
}
port.close()
