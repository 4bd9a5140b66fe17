/** Another thread's view of one memory: its map, its words, and all structures in it at once. */
import {
  Bitset,
  DEQUE_CAPACITY,
  DequeOwner,
  DequeThief,
  EMPTY,
  LatencyReader,
  LatencyWriter,
  OutboxConsumer,
  OutboxProducer,
  PRIORITY_LEVELS,
  RouterStatusReader,
  RouterStatusWriter,
  Sleepers,
  SlotTableReader,
  SUCCESS,
  TaskRingConsumer,
  TaskRingProducer,
} from '../../../dist/native-free/index.js'

/** @returns the map as this thread computes it from the shape. */
export function open(scene) {
  return scene.memory.map
}

/** `role`: factor. Each word holds its own number times the factor; it is answered by its inverse. */
export function echo(scene) {
  const { words } = scene.memory
  for (let i = 0; i < words.length; i++) {
    if (words[i] !== Math.imul(i, scene.role.factor)) throw new Error(`word ${i} is ${words[i]}`)
    words[i] = ~words[i]
  }
  return words.length
}

/** @returns how much is in each structure. */
export function sizes(scene) {
  const { memory } = scene
  const { routerCount, agentCountMax, slotCount } = memory.shape
  const levels = Array.from({ length: PRIORITY_LEVELS }, (_, level) => level)
  const routers = Array.from({ length: routerCount }, (_, router) => router)
  const slots = new SlotTableReader(memory)
  const latency = new Int32Array(LatencyReader.countsArrayLength)
  new LatencyReader(memory).copy(0, latency)
  return {
    rings: levels.map((level) => new TaskRingConsumer(memory, level).size()),
    deques: routers.map((router) => new DequeThief(memory, router).size()),
    outboxes: routers.map((router) => new OutboxConsumer(memory, router).size()),
    asleep: new Sleepers(memory).asleepCount(),
    progress: routers.map((router) => new RouterStatusReader(memory, router).progress()),
    flags: Array.from({ length: slotCount }, (_, slot) => slots.flags(slot)),
    free: new Bitset(memory.words, memory.map.agentFree, agentCountMax).count(),
    latencies: latency.reduce((sum, count) => sum + count, 0),
  }
}

/** Takes out what was put in everywhere: items are numbered by structure, index and place. */
export function drain(scene) {
  const { memory } = scene
  const { routerCount, ringCapacity } = memory.shape
  const into = new Int32Array(5)
  const expect = (what, index, n, answer, ok) => {
    const item = what + index * 1_000 + n
    if (answer !== ok || into[0] !== item) throw new Error(`${into[0]} instead of ${item}`)
  }
  for (let level = 0; level < PRIORITY_LEVELS; level++) {
    const ring = new TaskRingConsumer(memory, level)
    for (let n = 0; n < ringCapacity; n++) expect(0, level, n, ring.claim(into, 1), 1)
    if (ring.claim(into, 1) !== EMPTY) throw new Error(`ring ${level} held more`)
  }
  for (let router = 0; router < routerCount; router++) {
    const deque = new DequeThief(memory, router)
    const outbox = new OutboxConsumer(memory, router)
    for (let n = 0; n < DEQUE_CAPACITY; n++) expect(10_000, router, n, deque.steal(into), SUCCESS)
    for (let n = 0; n < memory.map.outboxCapacity; n++) {
      expect(100_000, router, n, outbox.next(into), true)
    }
    outbox.commitReads()
    if (deque.steal(into) !== EMPTY || outbox.next(into)) throw new Error(`${router} held more`)
  }
  return sizes(scene)
}

/** `role`: router, rounds. Fills and empties what is its own, while its neighbours do the same. */
export function neighbour(scene) {
  const { router, rounds } = scene.role
  const { memory } = scene
  const level = router < PRIORITY_LEVELS ? router : -1
  const ring = level < 0 ? undefined : new TaskRingProducer(memory, level)
  const consumer = level < 0 ? undefined : new TaskRingConsumer(memory, level)
  const deque = new DequeOwner(memory, router)
  const outbox = new OutboxProducer(memory, router)
  const proposals = new OutboxConsumer(memory, router)
  const status = new RouterStatusWriter(memory, router)
  const latency = new LatencyWriter(memory, router + 1)
  const into = new Int32Array(5)
  const expect = (answer, slot, generation) => {
    if (answer === false || answer === EMPTY || into[0] !== slot || into[1] !== generation) {
      throw new Error(`router ${router}: ${into[0]}, ${into[1]} instead of ${slot}, ${generation}`)
    }
  }
  scene.meet()
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < DEQUE_CAPACITY; n++) deque.push(router * 1_000 + n, round)
    for (let n = 0; n < memory.map.outboxCapacity; n++)
      outbox.push(router * 1_000 + n, round, n, 0, 0)
    for (let n = 0; n < memory.shape.ringCapacity; n++) ring?.push(router * 1_000 + n, round)
    for (let n = DEQUE_CAPACITY; n-- > 0; ) expect(deque.pop(into), router * 1_000 + n, round)
    for (let n = 0; n < memory.map.outboxCapacity; n++) {
      expect(proposals.next(into), router * 1_000 + n, round)
    }
    proposals.commitReads()
    for (let n = 0; n < memory.shape.ringCapacity && consumer !== undefined; n++) {
      expect(consumer.claim(into, 1), router * 1_000 + n, round)
    }
    status.progress()
    latency.record(0, router)
  }
  return { rounds }
}
