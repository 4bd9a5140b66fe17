import fc from 'fast-check'
import { expect, test } from 'vitest'
import { feasibilityOf, type Staff } from '../../src/health/feasibility.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** 5 tasks of 1 to 2 hours each, one specialist, 90 % within 2 hours. */
const POOL_C: Staff = {
  tasks: 5,
  places: 1,
  meanMs: 1.5 * HOUR,
  targetMs: 2 * HOUR,
  goal: 0.9,
  clock: 'assigned',
}

test('feasibility [004]: pool C cannot keep its SLA with one specialist, and three would do', () => {
  expect(feasibilityOf(POOL_C)).toEqual({
    feasible: false,
    arithmetic:
      '5 tasks, 1 place, 90 min each: 2 of 5 (40 %) begin within 120 min, 90 % are promised; ' +
      '3 places would do, for 5 in time.',
    tasks: 5,
    places: 1,
    meanMs: 1.5 * HOUR,
    targetMs: 2 * HOUR,
    attainable: 0.4,
    placesNeeded: 3,
  })
})

test('feasibility [004]: pool C with tasks of one hour begins three, of two hours two', () => {
  expect(feasibilityOf({ ...POOL_C, meanMs: HOUR }).attainable).toBe(0.6)
  expect(feasibilityOf({ ...POOL_C, meanMs: 2 * HOUR }).attainable).toBe(0.4)
})

test('feasibility [004]: pool C with three specialists can', () => {
  expect(feasibilityOf({ ...POOL_C, places: 3 })).toMatchObject({
    feasible: true,
    attainable: 1,
    arithmetic:
      '5 tasks, 3 places, 90 min each: 5 of 5 (100 %) begin within 120 min, 90 % are promised.',
  })
})

test('feasibility: by the clock of completions a task must end in time', () => {
  const staff: Staff = { ...POOL_C, clock: 'completed' }
  expect(feasibilityOf(staff)).toMatchObject({ feasible: false, attainable: 0.2, placesNeeded: 5 })
  const longer = feasibilityOf({ ...staff, meanMs: 3 * HOUR })
  expect(longer).toMatchObject({ feasible: false, attainable: 0, placesNeeded: 0 })
  expect(longer.arithmetic).toMatch(/no number of places would do/)
})

test('feasibility: where nobody waits all is well, also without anybody', () => {
  expect(feasibilityOf({ ...POOL_C, tasks: 0, places: 0 })).toMatchObject({
    feasible: true,
    attainable: 1,
    placesNeeded: 0,
    arithmetic: 'No task waits.',
  })
  expect(feasibilityOf({ ...POOL_C, places: 0 }).feasible).toBe(false)
})

test('feasibility: it is what a line of tasks and places comes to, played through', () => {
  const staff = fc.record({
    tasks: fc.integer({ min: 0, max: 60 }),
    places: fc.integer({ min: 0, max: 12 }),
    meanMs: fc.integer({ min: 1, max: 500 }),
    targetMs: fc.integer({ min: 1, max: 2_000 }),
    goal: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
    clock: fc.constantFrom('assigned' as const, 'completed' as const),
  })
  fc.assert(
    fc.property(staff, (given) => {
      const found = feasibilityOf(given)
      expect(Math.round(found.attainable * given.tasks)).toBe(
        given.tasks === 0 ? 0 : played(given, given.places),
      )
      expect(found.feasible).toBe(keeps(given, given.places))
      if (found.placesNeeded === 0) return
      expect(keeps(given, found.placesNeeded)).toBe(true)
      expect(keeps(given, found.placesNeeded - 1)).toBe(false)
    }),
  )
})

/** @returns how many tasks are in time when each place takes the next as soon as it is free. */
function played({ tasks, meanMs, targetMs, clock }: Staff, places: number): number {
  const freeAtMs: number[] = new Array(places).fill(0)
  let inTime = 0
  for (let task = 0; task < tasks && places > 0; task++) {
    const place = freeAtMs.indexOf(Math.min(...freeAtMs))
    const beginsMs = freeAtMs[place]
    freeAtMs[place] += meanMs
    if ((clock === 'assigned' ? beginsMs : beginsMs + meanMs) <= targetMs) inTime++
  }
  return inTime
}

function keeps(staff: Staff, places: number): boolean {
  return played(staff, places) * 100 >= Math.round(staff.goal * 100) * staff.tasks
}
