import { describe, expect, it } from 'vitest'
import { atomics } from '../../native-free/index.ts'

const words = () => new Int32Array(new SharedArrayBuffer(16))

describe('atomics', () => {
  it('store is seen by load, at its own index only', () => {
    const shared = words()
    atomics.store(shared, 1, 7)
    expect([atomics.load(shared, 0), atomics.load(shared, 1)]).toEqual([0, 7])
  })

  it('add, sub and exchange return the value before', () => {
    const shared = words()
    expect(atomics.add(shared, 0, 5)).toBe(0)
    expect(atomics.sub(shared, 0, 2)).toBe(5)
    expect(atomics.exchange(shared, 0, 9)).toBe(3)
    expect(atomics.load(shared, 0)).toBe(9)
  })

  it('add wraps at 32 bits', () => {
    const shared = words()
    atomics.store(shared, 0, 2 ** 31 - 1)
    atomics.add(shared, 0, 1)
    expect(atomics.load(shared, 0)).toBe(-(2 ** 31))
  })

  it('compareExchange writes only when the expected value is there', () => {
    const shared = words()
    expect(atomics.compareExchange(shared, 0, 1, 2)).toBe(0)
    expect(atomics.load(shared, 0)).toBe(0)
    expect(atomics.compareExchange(shared, 0, 0, 2)).toBe(0)
    expect(atomics.load(shared, 0)).toBe(2)
  })

  it('wait returns at once when the word holds something else, else after its time', () => {
    const shared = words()
    expect(atomics.wait(shared, 0, 1, 10_000)).toBe('not-equal')
    expect(atomics.wait(shared, 0, 0, 0)).toBe('timed-out')
  })

  it('notify without a waiter wakes nobody', () => {
    expect(atomics.notify(words(), 0, 1)).toBe(0)
  })
})
