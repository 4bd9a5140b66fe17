/**
 * The requirements of the five source documents, line by line, each with what shows it or `open`.
 *
 * `requirements.json` holds section → line → `"open"`, `"file › test name"`, or a list of these.
 * The documents: [000] a workload distribution system, [001] task distribution patterns,
 * [002] a work-stealing load balancer, [003] six load-balancing strategies, [004] task distribution
 * for a staged pipeline with people in it. Where they disagree, the code says what was chosen.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, text } from './support/files.ts'

type Shown = 'open' | string | string[]

const sections = JSON.parse(text('test/requirements.json')) as Record<string, Record<string, Shown>>

/** How many lines each section has: none is lost unnoticed. */
const LINES: Record<string, number> = {
  '2.1': 28,
  '2.2': 23,
  '2.3': 7,
  '2.4': 10,
  '2.5': 19,
  '2.6': 18,
  '2.7': 19,
}

const lines = Object.entries(sections).flatMap(([section, ofSection]) =>
  Object.entries(ofSection).map(([line, shown]) => ({
    section: section.slice(0, 3),
    line,
    shownBy: shown === 'open' ? [] : [shown].flat(),
  })),
)

test('requirements: no line is missing', () => {
  const counts = Object.fromEntries(
    Object.keys(LINES).map((name) => [
      name,
      lines.filter(({ section }) => section === name).length,
    ]),
  )
  expect(counts).toEqual(LINES)
})

test('requirements: what is said to show a line exists', () => {
  const missing = lines.flatMap(({ shownBy }) => shownBy).filter((reference) => !exists(reference))
  expect(missing).toEqual([])
})

test('requirements: a line is open or shown by something', () => {
  const empty = Object.values(sections)
    .flatMap((ofSection) => Object.entries(ofSection))
    .filter(([, shown]) => shown.length === 0)
  expect(empty).toEqual([])
  const open = lines.filter(({ shownBy }) => shownBy.length === 0).length
  console.log(`requirements: ${lines.length - open} of ${lines.length} shown, ${open} open`)
})

test('requirements: a reference to a test that does not exist is noticed', () => {
  expect(exists('test/requirements.test.ts › requirements: no line is missing')).toBe(true)
  expect(exists(`test/requirements.test.ts › requirements: ${'no such'} test`)).toBe(false)
  expect(exists('test/no-such-file.test.ts › requirements: no line is missing')).toBe(false)
  expect(exists('test/requirements.test.ts')).toBe(false)
})

/** A reference is `file › name`; the name stands in a string of that file. */
function exists(reference: string): boolean {
  const [file, name, ...rest] = reference.split(' › ')
  if (!name || rest.length > 0 || !existsSync(join(root, file))) return false
  return ["'", '"', '`'].some((quote) => text(file).includes(`${quote}${name}${quote}`))
}
