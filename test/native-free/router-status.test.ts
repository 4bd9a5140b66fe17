import { describe, expect, it } from 'vitest'
import { RouterStatusReader, RouterStatusWriter, toRouter } from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

const router = toRouter(1)

describe('router status', () => {
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
})
