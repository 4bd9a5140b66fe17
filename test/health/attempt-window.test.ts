import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AttemptWindow, WINDOW_SIZE } from '../../src/health/attempt-window.ts'

test('window: before the first attempt there is neither a rate nor a mean', () => {
  const window = new AttemptWindow()
  expect([window.count, window.errorRate, window.meanMs]).toEqual([0, null, null])
})

test('window: it is of the last hundred attempts, whatever came before', () => {
  const attempt = fc.record({ isError: fc.boolean(), ranMs: fc.nat(2_592_000_000) })
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 350 }), (attempts) => {
      const window = new AttemptWindow()
      for (const { isError, ranMs } of attempts) window.add(isError, ranMs)
      const last = attempts.slice(-WINDOW_SIZE)
      expect(window.count).toBe(last.length)
      expect(window.errors).toBe(last.filter(({ isError }) => isError).length)
      expect(window.totalMs).toBe(last.reduce((sum, { ranMs }) => sum + ranMs, 0))
    }),
  )
})
