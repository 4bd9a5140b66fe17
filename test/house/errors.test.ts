import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/errors.ts'
import { sources, text } from '../support/files.ts'

/** Rows of `docs/errors.md`: `| `code` | 400 | … |`. */
const documented = [...text('docs/errors.md').matchAll(/^\|\s*`(\w+)`\s*\|\s*(\d+)\s*\|/gm)].map(
  ([, code, status]) => `${code} ${status}`,
)
const built = Object.entries(ERROR_CODES).map(([code, { status }]) => `${code} ${status}`)

test('errors: code and documentation list the same codes with the same numbers, each once', () => {
  expect([...documented].sort()).toEqual([...built].sort())
})

test('errors: the documentation says of each code whether trying again can help', () => {
  const rows = text('docs/errors.md').split('\n')
  for (const [code, { retryable }] of Object.entries(ERROR_CODES)) {
    const row = rows.find((line) => line.startsWith(`| \`${code}\` |`))
    expect(row, code).toMatch(new RegExp(`\\|\\s*${retryable ? 'yes' : 'no'}\\s*\\|`))
  }
})

test('errors: every code is given by something', () => {
  const code = sources('src').map(text).join('\n')
  const silent = Object.keys(ERROR_CODES).filter((name) => !code.includes(`'${name}'`))
  expect(silent).toEqual([])
})
