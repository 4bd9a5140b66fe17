import { expect, test } from 'vitest'
import { Batch } from '../../src/front-end/batch.ts'

function itemsOf<T>(batch: Batch<T>): T[] {
  return Array.from({ length: batch.length }, (_, i) => batch.at(i))
}

test('batch: what was added is there in order until it is cleared', () => {
  const batch = new Batch<string>()
  for (const item of ['a', 'b', 'c']) batch.add(item)
  expect(itemsOf(batch)).toEqual(['a', 'b', 'c'])
  batch.clear()
  expect(batch.length).toBe(0)
  batch.add('d')
  expect(itemsOf(batch)).toEqual(['d'])
})

test('batch: nothing that was cleared is held, after a burst either', () => {
  const batch = new Batch<object>()
  for (const count of [3, 10_000, 5]) {
    for (let i = 0; i < count; i++) batch.add({})
    batch.clear()
    for (let i = 0; i < count; i++) expect(batch.at(i)).toBe(undefined)
  }
})
