import { expect, test } from 'vitest'
import { codeOf, sources, text } from '../support/files.ts'

const files = sources('native-free', 'src')

function filesWhoseCode(says: RegExp): string[] {
  return files.filter((file) => says.test(codeOf(text(file))))
}

test('seam: only native-free/atomics.ts says Atomics', () => {
  expect(filesWhoseCode(/\bAtomics\b/)).toEqual(['native-free/atomics.ts'])
})

test('seam: only native-free makes or views shared memory', () => {
  const makers = filesWhoseCode(/\bnew SharedArrayBuffer\b/)
  expect(makers.length).toBeGreaterThan(0)
  expect(makers.filter((file) => !file.startsWith('native-free/'))).toEqual([])
})

test('seam: the functions over Atomics are used inside native-free only', () => {
  const users = files.filter((file) => /from '[^']*\/atomics\.ts'/.test(text(file)))
  expect(users.length).toBeGreaterThan(0)
  expect(users.filter((file) => !file.startsWith('native-free/'))).toEqual([])
})

test('seam: only native-free/slot-state.ts touches the state and generation of a slot', () => {
  const toucher = /\.slot(?:State|Generation)\b|\bcolumns\.(?:state|generation)\b/
  // These two say where the words are, and read or write none.
  const maps = ['native-free/memory-map.ts', 'native-free/policy-ranges.ts']
  expect(filesWhoseCode(toucher).filter((file) => !maps.includes(file))).toEqual([
    'native-free/slot-state.ts',
  ])
})
