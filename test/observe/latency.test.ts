/** The histograms' thread: what is asked for is answered, whenever it is stopped. */
import { expect, test } from 'vitest'
import { createMemory } from '../../native-free/index.ts'
import { LATENCY_STAGES } from '../../src/api.ts'
import { LatencyObserver } from '../../src/observe/latency.ts'

function makeObserver(): LatencyObserver {
  return new LatencyObserver(
    createMemory({
      slotCount: 32,
      agentCountMax: 32,
      classCountMax: 32,
      routerCount: 0,
      ringCapacity: 2,
      publishMax: 1,
      latencyStageCount: LATENCY_STAGES.length,
    }),
  )
}

test('latency: what is being read when it stops is read to its end', async () => {
  const observer = makeObserver()
  const reading = observer.buckets()
  await observer.stop()
  expect(Object.keys(await reading)).toEqual([...LATENCY_STAGES])
})

test('latency: what has not begun when it stops is refused', async () => {
  const observer = makeObserver()
  const reading = observer.buckets()
  const stopping = observer.stop()
  await expect(observer.report()).rejects.toMatchObject({ code: 'stopping' })
  await stopping
  await reading
})

test('latency: however many ask at once, two reports are made', async () => {
  const observer = makeObserver()
  const reports = await Promise.all(Array.from({ length: 20 }, () => observer.report()))
  expect(new Set(reports).size).toBe(1)
  const again = observer.report()
  expect(observer.report()).toBe(again)
  expect(await again).not.toBe(reports[0])
  await observer.stop()
})
