import { expect, test } from 'vitest'
import type { Samples, Values } from '../../bench/harness.ts'
import { promises } from '../../bench/promises.ts'

const QUICK = { isQuick: true, isMatrix: false, isPlot: false }

test('bench promises: every configuration runs with right results, alone', async () => {
  for (const { name, run, parameters } of promises.configurations(QUICK)) {
    const small = { ...parameters, tasks: 2_000, waiting: 2_000, turns: 200 }
    const values = await promises.runs[run](small)
    for (const value of Object.values(values)) expect(value, name).toBeGreaterThan(0)
  }
})

function valuesOf(run: string, index: number, times: number): Values {
  if (run !== 'policy') return { turnNs: times * (50 - index) }
  return { cpuUs: times * (2 + index), perSecond: times * (100 - index) }
}

test('bench promises: figures compare within a repeat', () => {
  const samples: Samples = Object.fromEntries(
    promises
      .configurations(QUICK)
      .map(({ name, run }, index) => [name, [1, 10].map((times) => valuesOf(run, index, times))]),
  )
  const { figures } = promises.report(samples)
  expect(figures.ratioPromisesOn.value).toBeCloseTo(0.99)
  expect(figures.cpuAddedUs.value).toBeCloseTo(5.5)
  expect(figures.ledgerAddedUs.value).toBeCloseTo(11)
  expect(figures.armedTimersNs.value).toBeCloseTo(5.5)
})
