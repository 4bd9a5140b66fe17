import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/files.ts'

test('types: sources, benchmarks and tests have no type error', () => {
  const tsc = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'test/tsconfig.json'],
    { cwd: root, encoding: 'utf8' },
  )
  expect(tsc.stdout).toBe('')
  expect(tsc.status).toBe(0)
})
