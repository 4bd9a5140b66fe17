/** Times of day that are shown: those of one task can be compared, however busy the machine is. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { wallClock } from '../../src/front-end/calls/views.ts'

const NOW_MS = 60_000

/** Both clocks of the process, and for how long it stands still around each reading of the first. */
const machine = { policyMs: NOW_MS, dayMs: 1_700_000_000_000, pausesMs: [] as number[] }

function pause(): void {
  const ms = machine.pausesMs.shift() ?? 0
  machine.policyMs += ms
  machine.dayMs += ms
}

beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => machine.policyMs)
  vi.spyOn(Date, 'now').mockImplementation(() => {
    pause()
    const ms = machine.dayMs
    pause()
    return ms
  })
})

afterEach(() => {
  machine.pausesMs = []
  vi.restoreAllMocks()
})

test.each([
  ['before', [12]],
  ['after', [0, 12]],
  ['before and after', [12, 12, 3, 0, 0, 5]],
])('times of day: a pause %s a reading of the clock does not move what is shown', (_, pausesMs) => {
  const shown = wallClock(NOW_MS)
  machine.pausesMs = [...pausesMs]
  expect(wallClock(NOW_MS)).toBe(shown)
  expect(machine.pausesMs).toEqual([])
})

test('times of day: a machine that always pauses is not waited for', () => {
  machine.pausesMs = new Array(1_000).fill(2)
  wallClock(NOW_MS)
  expect(machine.pausesMs.length).toBeGreaterThan(900)
})

test('times of day: they follow the machine’s clock when it is set', () => {
  const shown = wallClock(NOW_MS)
  machine.dayMs += 3_600_000
  expect(wallClock(NOW_MS)).toBe(shown + 3_600_000)
})
