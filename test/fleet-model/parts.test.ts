/** The parts of the fleet model that stand alone: events, measures, the clairvoyant. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blindBoundUs, runClairvoyant } from '../../src/fleet-model/clairvoyant.ts'
import { EventHeap } from '../../src/fleet-model/event-heap.ts'
import { type ModelAgent, SpeedService } from '../../src/fleet-model/fleet.ts'
import { distributionOf, Measures, variationOf } from '../../src/fleet-model/measures.ts'
import { ONE_TYPE, type Workload } from '../../src/fleet-model/workload.ts'

const ONE = 'one'

function agent(speed: number, concurrency = 1, capabilities: readonly string[] = []): ModelAgent {
  return { name: ONE, speed, concurrency, capabilities }
}

function workload(arrivals: number[], work: number[], more: Partial<Workload> = {}): Workload {
  return {
    count: arrivals.length,
    types: ONE_TYPE,
    arrivalUs: Float64Array.from(arrivals),
    workUs: Float64Array.from(work),
    typeOf: new Uint16Array(arrivals.length),
    ...more,
  }
}

test('event heap: what is pushed and popped in any order comes out by time', () => {
  const step = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.constant(null))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new EventHeap(200)
      const twin: [number, number][] = []
      for (const [item, atUs] of steps.entries()) {
        if (atUs !== null) {
          heap.push(atUs, item)
          twin.push([atUs, item])
        } else if (twin.length > 0) {
          twin.sort((a, b) => a[0] - b[0])
          expect(heap.nextUs).toBe(twin[0][0])
          const found = heap.pop()
          const at = twin.findIndex(([, known]) => known === found)
          expect(twin[at][0]).toBe(twin[0][0])
          twin.splice(at, 1)
        }
        expect(heap.size).toBe(twin.length)
      }
    }),
  )
})

test('event heap: more than its capacity and less than nothing are refused', () => {
  const heap = new EventHeap(1)
  expect(heap.nextUs).toBe(Number.POSITIVE_INFINITY)
  expect(() => heap.pop()).toThrow('no event')
  heap.push(1, 1)
  expect(() => heap.push(2, 2)).toThrow('more than 1')
})

test('measures: the warm-up and what is done after the last arrival do not count', () => {
  const arrivals = [0, 10, 20, 30]
  const measures = new Measures(workload(arrivals, [10, 10, 10, 10]), [1, 1], 0.25)
  measures.start(0, 0, 0, 10)
  measures.start(1, 0, 10, 25)
  measures.start(2, 1, 22, 24)
  measures.start(3, 1, 30, 90)
  const { tasks, waitUs, waited, totalUs, utilisations, agentTasks } = measures.measured()
  expect(tasks).toBe(3)
  expect(waitUs).toEqual({ mean: 2 / 3, p50: 0, p99: 2, max: 2 })
  expect(waited).toBe(1 / 3)
  expect(totalUs.max).toBe(60)
  // Between the arrivals at 10 and at 30.
  expect(utilisations).toEqual([15 / 20, 2 / 20])
  expect(agentTasks).toEqual([1, 2])
})

test('measures: percentiles are values that so many do not exceed', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, i) => 100 - i)
  expect(distributionOf(hundred)).toEqual({ mean: 50.5, p50: 50, p99: 99, max: 100 })
  expect(variationOf([2, 2, 2])).toBe(0)
  expect(variationOf([3, 2, 1])).toBeCloseTo(0.41, 2)
  expect(variationOf([3, 3, 0])).toBeCloseTo(0.71, 2)
})

test('clairvoyant: each task goes where it is done first, a queue at the fast one included', () => {
  const fleet = [agent(1), agent(4)]
  const tasks = workload([0, 0, 0, 0, 0], [8, 8, 8, 8, 8])
  const { agentTasks, totalUs } = runClairvoyant(tasks, fleet, new SpeedService(tasks, fleet))
  // Done at 2, 4, 6, then 8 at either: the first that was found keeps it, and the last is done at 8.
  expect(totalUs.max).toBe(8)
  expect(agentTasks).toEqual([1, 4])
})

test('clairvoyant: it gives nobody what he cannot do', () => {
  const fleet = [agent(10), agent(1, 1, ['ocr'])]
  const types = [{ name: 'scan', requires: ['ocr'], share: 1 }]
  const tasks = workload([0, 1], [5, 5], { types })
  const { agentTasks } = runClairvoyant(tasks, fleet, new SpeedService(tasks, fleet))
  expect(agentTasks).toEqual([0, 2])
  expect(() => runClairvoyant(tasks, [agent(1)], new SpeedService(tasks, [agent(1)]))).toThrow(
    'nobody can do scan',
  )
})

test('clairvoyant: the blind bound fills the fastest first', () => {
  const fleet = [agent(1, 2), agent(3, 2)]
  // 6 of 8 servers' worth: all with the fast ones, which take a third.
  expect(blindBoundUs(fleet, 0.75, 30)).toBeCloseTo(10, 12)
  expect(blindBoundUs(fleet, 1, 30)).toBeCloseTo((4 / 8) * 30, 12)
})
