import { expect, test } from 'vitest'
import { Backlog } from '../../src/health/backlog.ts'

function told(waiting: number[], alertAbove = 1_000): number[] {
  const backlog = new Backlog()
  return waiting.map((count) => backlog.check(count, alertAbove))
}

test('backlog: five checks that each find more, above the bound, are told once', () => {
  expect(told([200, 400, 600, 800, 1_200, 1_400])).toEqual([0, 0, 0, 0, 1_200, 0])
})

test('backlog: below the bound it may grow as it likes; at it as well', () => {
  expect(told([100, 200, 300, 400, 500, 600, 1_000])).toEqual([0, 0, 0, 0, 0, 0, 0])
  expect(told([100, 200, 300, 400, 500, 600, 1_001]).at(-1)).toBe(1_001)
})

test('backlog: a check that finds as many begins the count anew', () => {
  expect(told([900, 1_000, 1_100, 1_200, 1_200, 1_300, 1_400])).toEqual([0, 0, 0, 0, 0, 0, 0])
})

test('backlog: told again only after it shrank to half of its peak', () => {
  const grown = [1_000, 2_000, 3_000, 4_000, 5_000]
  const toSixTenths = [3_000, 3_100, 3_200, 3_300, 3_400, 3_500]
  expect(told([...grown, ...toSixTenths]).filter(Boolean)).toEqual([5_000])
  const toHalf = [2_500, 2_600, 2_700, 2_800, 2_900, 3_000]
  expect(told([...grown, ...toHalf]).filter(Boolean)).toEqual([5_000, 500])
})

test('backlog: the peak is the highest since it was told', () => {
  const grown = [1_000, 2_000, 3_000, 4_000, 5_000, 10_000]
  expect(told([...grown, 5_001, 5_002, 5_003, 5_004, 5_005, 5_006]).filter(Boolean)).toEqual([
    5_000,
  ])
})
