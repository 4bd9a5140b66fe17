import { expect, test } from 'vitest'
import { KEPT_RING_SIZE, KeptRing } from '../../src/capacity/kept-ring.ts'
import { Random } from '../../src/routing/generator.ts'

test('kept ring: it has the share of the last hundred, whatever came before', () => {
  const ring = new KeptRing()
  const random = new Random(7)
  const all: boolean[] = []
  expect(ring.share).toBe(null)
  for (let i = 0; i < 5 * KEPT_RING_SIZE; i++) {
    const isKept = random.nextInt(3) > 0
    all.push(isKept)
    ring.add(isKept)
    const last = all.slice(-KEPT_RING_SIZE)
    expect(ring.count).toBe(last.length)
    expect(ring.share).toBe(last.filter(Boolean).length / last.length)
  }
})
