import { expect, test } from 'vitest'
import type { Samples } from '../../bench/harness.ts'
import { scaling } from '../../bench/scaling.ts'
import { bestSchedule, costOf, fixedFleet, workHours } from '../../bench/scaling-hindsight.ts'
import { makeDay } from '../../bench/scaling-traffic.ts'

const QUICK = { isQuick: true, isMatrix: false, isPlot: false }

test('bench scaling: a short day runs with right results, and its figures are read from it', async () => {
  const samples: Samples = {}
  for (const { name, run, parameters } of scaling.configurations(QUICK)) {
    samples[name] = [await scaling.runs[run](parameters)]
  }
  const { figures, rows } = scaling.report(samples)
  const [values] = Object.values(samples)[0]
  expect(figures.adviceCost.value).toBe(values['advice.hours'] / values['hindsight.hours'])
  expect(figures.adviceAttainment.value).toBe(values['advice.attainment'])
  expect(values['hindsight.attainment']).toBeGreaterThanOrEqual(0.95)
  expect(values['hindsight.hours']).toBeGreaterThanOrEqual(values.work)
  expect(values['fixed.hours']).toBeGreaterThan(values['hindsight.hours'])
  expect(rows.map(({ figure }) => figure)).toContain('adviceCost')
})

test('bench scaling: a day is the same for the same seed, and holds its wave and its bursts', () => {
  const spec = {
    tasks: 100_000,
    wave: 0.6,
    bursts: 0,
    factors: [2, 2],
    minutes: [5, 5],
    hours: 24,
    seed: 5,
  } as const
  const day = makeDay(spec)
  expect(makeDay(spec).arrivalUs).toEqual(day.arrivalUs)
  expect(Math.abs(day.count / 100_000 - 1)).toBeLessThan(0.02)
  const inHour = (hour: number) =>
    day.arrivalUs.filter((us) => Math.floor(us / 3.6e9) === hour).length
  expect(inHour(16) / inHour(4)).toBeGreaterThan(3)
  expect(makeDay({ ...spec, bursts: 20 }).count).toBeGreaterThan(day.count * 1.05)
})

test('bench scaling: the schedule found with hindsight keeps the goal near the work itself', () => {
  const day = makeDay({
    tasks: 200_000,
    wave: 0.6,
    bursts: 2,
    factors: [2, 3],
    minutes: [5, 10],
    hours: 3,
    seed: 9,
  })
  const setting = { concurrency: 2, slaUs: 30e6, goal: 0.95, startupUs: 45e6 }
  const schedule = bestSchedule(day, setting)
  const hours = costOf(schedule, setting) / 3.6e9
  expect(hours / workHours(day, 2)).toBeGreaterThan(0.99)
  expect(hours / workHours(day, 2)).toBeLessThan(1.15)
  expect((fixedFleet(day, setting) * 3) / hours).toBeGreaterThan(1)
})
