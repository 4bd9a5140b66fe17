/**
 * Before any test: the built JavaScript that worker threads and child processes run is up to date.
 *
 * Built into a folder beside `dist` and moved over file by file, each by one rename and only where
 * it differs, so that a process that is running from `dist` never reads half a file. A type error
 * does not stop the tests, it fails one of them (`test/house/types.test.ts`).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { filesBelow, root } from './files.ts'

const SOURCES = ['src', 'native-free', 'bench']

export default function build(): void {
  const dist = join(root, 'dist')
  const fresh = join(root, `dist.${process.pid}`)
  try {
    const tsc = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '--outDir', fresh],
      { cwd: root, encoding: 'utf8' },
    )
    if (tsc.status !== 0) console.error(`${tsc.stdout}${tsc.stderr}`)
    for (const folder of SOURCES) {
      if (existsSync(join(fresh, folder))) takeOver(join(fresh, folder), join(dist, folder))
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

export function takeOver(fresh: string, kept: string): void {
  const names = new Set(filesBelow(fresh))
  for (const name of names) {
    const from = join(fresh, name)
    const to = join(kept, name)
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue
    mkdirSync(dirname(to), { recursive: true })
    renameSync(from, to)
  }
  for (const name of filesBelow(kept)) {
    if (!names.has(name)) rmSync(join(kept, name), { force: true })
  }
}
