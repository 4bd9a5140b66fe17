/** A demo, performed, and what it found: tests compare it with the documents' figures themselves. */
import { expect } from 'vitest'
import { demoNamed, play } from '../../src/demos/catalog.ts'
import type { Performance } from '../../src/demos/demo.ts'

export function perform(name: string, seed?: number): Performance {
  const demo = demoNamed(name)
  expect(demo, `demo ${name}`).toBeDefined()
  return play(demo!, seed)
}

/** @returns what each expectation found, by its words. */
export function foundBy(performance: Performance): Record<string, unknown> {
  return Object.fromEntries(performance.checks.map(({ what, found }) => [what, found]))
}

/** @returns the expectations that do not hold, for a failure to show. */
export function failing({ checks }: Performance): unknown[] {
  return checks.filter(({ holds }) => !holds)
}
