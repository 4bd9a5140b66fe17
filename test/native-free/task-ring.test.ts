import { describe, expect, it } from 'vitest'
import {
  EMPTY,
  RETRY,
  type SharedMemory,
  TaskRingConsumer,
  TaskRingProducer,
  toGeneration,
  toSlot,
} from '../../native-free/index.ts'
import { hooked, tinyMemory } from './support.ts'

const CAPACITY = 8

function make(counterStart = 0, level = 2) {
  const memory = tinyMemory({ ringCapacity: CAPACITY }, counterStart)
  return { memory, producer: new TaskRingProducer(memory, level), consumer: consumerOf(memory) }
}

const consumerOf = (memory: SharedMemory, level = 2) => new TaskRingConsumer(memory, level)
const push = (ring: TaskRingProducer, item: number) => ring.push(toSlot(item), toGeneration(-item))
const write = (ring: TaskRingProducer, item: number) =>
  ring.write(toSlot(item), toGeneration(-item))

/** Claims at most `max`: the items, or what `claim` answered instead. */
function claim(ring: TaskRingConsumer, max = 16): number[] | number {
  const into = new Int32Array(2 * max)
  const count = ring.claim(into, max)
  if (count <= 0) return count
  const items: number[] = []
  for (let i = 0; i < count; i++) {
    expect(into[2 * i + 1]).toBe(-into[2 * i] | 0)
    items.push(into[2 * i])
  }
  return items
}

describe('task ring', () => {
  it('a claim takes at most what it was told', () => {
    const { producer, consumer } = make()
    for (let item = 0; item < 5; item++) push(producer, item)
    expect(claim(consumer, 2)).toEqual([0, 1])
    expect(claim(consumer, 1)).toEqual([2])
    expect(consumer.size()).toBe(2)
  })

  it('what is written is invisible until it is published, all at once', () => {
    const { producer, consumer } = make()
    write(producer, 1)
    write(producer, 2)
    expect(claim(consumer)).toBe(EMPTY)
    expect([producer.size(), producer.free()]).toEqual([0, CAPACITY - 2])
    expect(producer.publish()).toBe(2)
    expect(claim(consumer)).toEqual([1, 2])
  })

  it('a push that fails publishes what was written before', () => {
    const { producer, consumer } = make()
    for (let item = 0; item < CAPACITY; item++) write(producer, item)
    expect(write(producer, 99)).toBe(false)
    expect(push(producer, 99)).toBe(false)
    expect(claim(consumer)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('levels do not touch each other', () => {
    const { memory, producer } = make()
    push(producer, 1)
    for (const level of [0, 1, 3, 4]) expect(claim(consumerOf(memory, level))).toBe(EMPTY)
    expect(claim(consumerOf(memory, 2))).toEqual([1])
  })

  it('a consumer that loses the race answers RETRY and has taken nothing', () => {
    const { memory, producer, consumer } = make()
    for (const item of [1, 2, 3, 4]) push(producer, item)
    let rival: number[] | number = EMPTY
    const into = hooked(32, () => {
      rival = claim(consumerOf(memory), 2)
    })
    expect(consumer.claim(into, 16)).toBe(RETRY)
    expect(rival).toEqual([1, 2])
    expect(claim(consumer)).toEqual([3, 4])
  })

  it('a copy that the producer overwrote in the middle is never handed out', () => {
    const { memory, producer, consumer } = make()
    for (let item = 0; item < CAPACITY; item++) push(producer, item)
    const into = hooked(32, () => {
      // A whole lap goes by: head and tail move, the cells are others'.
      expect(claim(consumerOf(memory))).toHaveLength(CAPACITY)
      for (let item = 0; item < CAPACITY; item++) push(producer, 100 + item)
    })
    expect(consumer.claim(into, 16)).toBe(RETRY)
    expect(claim(consumer)).toEqual([100, 101, 102, 103, 104, 105, 106, 107])
  })

  it('a consumer that dies while copying takes nothing and blocks nobody', () => {
    const { memory, producer, consumer } = make()
    for (let item = 0; item < CAPACITY; item++) push(producer, item)
    const into = hooked(32, () => {
      throw new Error('killed')
    })
    expect(() => consumer.claim(into, 16)).toThrow('killed')
    expect(claim(consumerOf(memory))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(push(producer, 8)).toBe(true)
  })
})
