import { describe, expect, it } from 'vitest'
import {
  LINE_WORDS,
  RouterStatusReader,
  RouterStatusWriter,
  toRouter,
} from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

const router = toRouter(1)

describe('router status', () => {
  it('says nothing before the first thread began', () => {
    const reader = new RouterStatusReader(tinyMemory(), router)
    expect([reader.incarnation(), reader.threadId(), reader.progress()]).toEqual([0, 0, 0])
  })

  it('counts what the router did, each in its own word', () => {
    const memory = tinyMemory()
    const writer = new RouterStatusWriter(memory, router)
    const reader = new RouterStatusReader(memory, router)
    writer.begin(17)
    writer.progress()
    writer.progress()
    writer.decided()
    writer.droppedStale(3)
    writer.stole(5)
    writer.slept()
    expect([
      reader.threadId(),
      reader.incarnation(),
      reader.progress(),
      reader.decisions(),
      reader.staleDropped(),
      reader.steals(),
      reader.sleeps(),
    ]).toEqual([17, 1, 2, 1, 3, 5, 1])
    expect(new RouterStatusReader(memory, toRouter(2)).progress()).toBe(0)
  })

  it('the next thread of a router goes on counting', () => {
    const memory = tinyMemory()
    const reader = new RouterStatusReader(memory, router)
    for (const threadId of [17, 18]) {
      const writer = new RouterStatusWriter(memory, router)
      writer.begin(threadId)
      writer.decided()
    }
    expect([reader.threadId(), reader.incarnation(), reader.decisions()]).toEqual([18, 2, 2])
  })

  it('counts pass 2^31 and wrap at 2^32', () => {
    const memory = tinyMemory()
    const progress = memory.map.status + router * LINE_WORDS
    const writer = new RouterStatusWriter(memory, router)
    const reader = new RouterStatusReader(memory, router)
    memory.words[progress] = 2 ** 31 - 1
    writer.progress()
    expect(reader.progress()).toBe(2 ** 31)
    memory.words[progress] = -1
    writer.progress()
    expect(reader.progress()).toBe(0)
  })
})
