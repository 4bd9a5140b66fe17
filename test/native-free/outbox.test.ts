import { describe, expect, it } from 'vitest'
import {
  AgentTableReader,
  AgentTableWriter,
  NONE,
  OutboxConsumer,
  OutboxProducer,
  toAgent,
  toGeneration,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

const router = toRouter(2)

function make(counterStart = 0) {
  // 5 × 2 + 4 × 32 + 1 = 139, so 256 proposals.
  const memory = tinyMemory({ ringCapacity: 2, publishMax: 1 }, counterStart)
  const producer = new OutboxProducer(memory, router)
  const consumer = new OutboxConsumer(memory, router)
  return { memory, producer, consumer, capacity: memory.map.outboxCapacity }
}

const push = (outbox: OutboxProducer, item: number) =>
  outbox.push(toSlot(item), toGeneration(item + 1), toAgent(item + 2), toGeneration(item + 3), item)

function next(outbox: OutboxConsumer): number | 'empty' {
  const into = new Int32Array(5)
  if (!outbox.next(into)) return 'empty'
  const item = into[0]
  expect([...into]).toEqual([item, item + 1, item + 2, item + 3, item])
  return item
}

describe('outbox', () => {
  it('a proposal can say that nobody was free', () => {
    const { producer, consumer } = make()
    const into = new Int32Array(5)
    producer.push(toSlot(4), toGeneration(-7), NONE, toGeneration(0), -1)
    expect(consumer.next(into)).toBe(true)
    expect([...into]).toEqual([4, -7, NONE, 0, -1])
  })

  it('isEmpty sees what is published without reading', () => {
    const { producer, consumer } = make()
    expect(next(consumer)).toBe('empty')
    push(producer, 1)
    expect([consumer.isEmpty(), consumer.size()]).toEqual([false, 1])
    next(consumer)
    expect([consumer.isEmpty(), consumer.size()]).toEqual([true, 0])
  })

  it('the producer sees how far it is settled only after commitReads', () => {
    const { producer, consumer } = make()
    for (const item of [1, 2, 3]) push(producer, item)
    next(consumer)
    next(consumer)
    expect(producer.consumedCount()).toBe(0)
    consumer.commitReads()
    expect([producer.consumedCount(), producer.producedCount()]).toEqual([2, 3])
  })

  it('outboxes of different routers do not touch each other', () => {
    const { memory, producer } = make()
    push(producer, 1)
    for (const other of [0, 1, 3]) {
      expect(new OutboxConsumer(memory, toRouter(other)).isEmpty()).toBe(true)
    }
  })

  it('a new producer goes on after a dead one, and its half-written proposal is never seen', () => {
    const { memory, producer, consumer, capacity } = make()
    push(producer, 1)
    // As a router that died between the words and the tail.
    const { map } = memory
    memory.words[map.outboxEntries + router * map.outboxEntriesStride + 5] = 666
    const successor = new OutboxProducer(memory, router)
    expect(successor.producedCount()).toBe(1)
    push(successor, 2)
    expect([next(consumer), next(consumer), next(consumer)]).toEqual([1, 2, 'empty'])
    consumer.commitReads()
    for (let item = 0; item < capacity; item++) expect(push(successor, item)).toBe(true)
    expect(push(successor, 999)).toBe(false)
  })

  it('a router that sees a proposal settled sees the credit that was taken for it', () => {
    const { memory, producer, consumer } = make()
    const agents = new AgentTableWriter(memory)
    const view = new AgentTableReader(memory)
    agents.join(toAgent(3), 5)
    push(producer, 1)
    next(consumer)
    agents.take(toAgent(3))
    consumer.commitReads()
    expect([producer.consumedCount(), view.credit(toAgent(3))]).toEqual([1, 4])
  })
})
