import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codeOf, filesBelow, root, sources, text } from '../support/files.ts'

const LINES_MAX = 400

const all = sources('native-free', 'src', 'bench', 'test', 'examples')
const tests = all.filter((file) => file.endsWith('.test.ts'))

test('style: no test is singled out or left out', () => {
  const marked = tests.filter((file) =>
    /\b(?:test|it|describe)(?:\.\w+)*\.(?:only|skip|todo|fails)\b/.test(codeOf(text(file))),
  )
  expect(marked).toEqual([])
})

test('style: nothing is left for later in a comment', () => {
  const word = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX'].join(''))
  expect(all.filter((file) => word.test(text(file)))).toEqual([])
})

test(`style: no file is longer than ${LINES_MAX} lines`, () => {
  const long = all.filter((file) => text(file).split('\n').length > LINES_MAX)
  expect(long).toEqual([])
})

test('style: files are named in kebab-case', () => {
  expect(all.filter((file) => !/^[a-z0-9/.-]+$/.test(file))).toEqual([])
})

test('style: every source file opens by saying what it is', () => {
  const silent = sources('native-free', 'src', 'bench').filter(
    (file) => !/^(?:#![^\n]*\n)?\/\*\*/.test(text(file)),
  )
  expect(silent).toEqual([])
})

test('style: no file names a path of one machine', () => {
  const documents = ['docs', 'examples'].flatMap((folder) =>
    filesBelow(join(root, folder)).map((name) => `${folder}/${name}`),
  )
  const tops = ['README.md', 'CONTRIBUTING.md', '.ci/run'].filter((name) =>
    existsSync(join(root, name)),
  )
  const machine = new RegExp(['/ro', 'ot/|/ho', 'me/\\w|/Us', 'ers/\\w|/wo', 'rk/'].join(''))
  expect([...all, ...documents, ...tops].filter((file) => machine.test(text(file)))).toEqual([])
})
