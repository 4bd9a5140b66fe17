import { expect, test } from 'vitest'
import { sources, text } from '../support/files.ts'

/** So that somebody can read it before dinner; and its parts, of tasks, promises and graphs, in all. */
const FILE_LINES_MAX = 400
const LINES_MAX = 920
const files = sources('src/checker')

/** Comments are no code, and none may be saved on. */
const isCode = (line: string) => !/^\s*(\/\/|\/\*\*|\*|$)/.test(line)

test(`checker: it is no longer than ${LINES_MAX} lines of code in all`, () => {
  const counts = files.map((file) => text(file).split('\n').filter(isCode).length)
  for (const count of counts) expect(count).toBeLessThanOrEqual(FILE_LINES_MAX)
  const lines = counts.reduce((sum, count) => sum + count, 0)
  expect(lines).toBeGreaterThan(0)
  expect(lines).toBeLessThanOrEqual(LINES_MAX)
})

test('checker: it imports nothing but its own files', () => {
  const imports = files.flatMap((file) => [...text(file).matchAll(/\bfrom\s*'([^']+)'/g)])
  const foreign = imports.map(([, from]) => from).filter((from) => !/^\.\/[a-z]+\.ts$/.test(from))
  expect(imports.length).toBeGreaterThan(0)
  expect(foreign).toEqual([])
  expect(files.filter((file) => /\bimport\s*\(|\brequire\b/.test(text(file)))).toEqual([])
})
