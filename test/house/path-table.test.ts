import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, text } from '../support/files.ts'

/** A row of the path's table in `src/README.md`: `| 1 receive | … | `file` | `function` | thread |`. */
interface Step {
  readonly number: number
  readonly name: string
  readonly files: string[]
  readonly functions: string[]
}

const steps: Step[] = text('src/README.md')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => /^[1-8]\b/.test(cells[1] ?? ''))
  .map((cells) => {
    const code = [...cells.join(' ').matchAll(/`([^`]+)`/g)].map((match) => match[1])
    return {
      number: Number(cells[1][0]),
      name: cells[1].slice(1).trim() || cells[2],
      files: code.filter((word) => word.endsWith('.ts')),
      functions: code.filter(
        (word) => /^[A-Za-z_][\w.#]*(?:\(\))?$/.test(word) && !word.endsWith('.ts'),
      ),
    }
  })

test('path table: the eight steps stand in order', () => {
  expect(steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test.each(steps)('path table: step $number $name names files and functions that exist', (step) => {
  expect(step.files.length).toBeGreaterThan(0)
  expect(step.functions.length).toBeGreaterThan(0)
  const paths = step.files.map((file) => (existsSync(join(root, file)) ? file : `src/${file}`))
  const code = paths.map(text).join('\n')
  for (const name of step.functions) {
    const bare = name.replace(/\(\)$/, '').split(/[.#]/).at(-1)!
    expect(code, `${name} in ${paths.join(', ')}`).toMatch(definitionOf(bare))
  }
})

test.each(steps)('path table: a file of step $number says which step it is', (step) => {
  const paths = step.files.map((file) => (existsSync(join(root, file)) ? file : `src/${file}`))
  expect(paths.map(text).join('\n')).toMatch(new RegExp(`Step ${step.number} of 8`))
})

/** A function, class or method of that name, as it is defined. */
function definitionOf(name: string): RegExp {
  return new RegExp(
    `\\b(?:function|class)\\s+${name}\\b|^ {2}(?:async |static |private |readonly )*#?${name}\\s*[(<=:]|\\bconst ${name} =`,
    'm',
  )
}
