/**
 * The worker of the ring benchmark's twin: answers arrays of items with arrays of proposals.
 *
 * Runs on: a worker thread of `ring.ts`. Invariant: every item becomes one answer.
 */
import { parentPort, workerData } from 'node:worker_threads'

const port = parentPort!

port.on('message', (batch: { slot: number; generation: number }[] | number[]) => {
  port.postMessage(
    workerData.form === 'objects'
      ? proposeObjects(batch as { slot: number; generation: number }[])
      : proposeNumbers(batch as number[]),
  )
})

function proposeObjects(batch: { slot: number; generation: number }[]): object[] {
  const answers = []
  for (let i = 0; i < batch.length; i++) {
    const { slot, generation } = batch[i]
    answers.push({ slot, generation, agent: 0, agentGeneration: 1, proposedUs: i })
  }
  return answers
}

function proposeNumbers(batch: number[]): number[] {
  const answers = []
  for (let i = 0; i < batch.length; i += 2) answers.push(batch[i], batch[i + 1], 0, 1, i)
  return answers
}
