import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../support/files.ts'
import { node, program } from '../support/node-script.ts'

const INSTALL_TIMEOUT_MS = 120_000

const SCRIPT = `
  import { TaskError } from 'signalbox'
  import { Scheduler } from 'signalbox/scheduler'
  import * as nativeFree from 'signalbox/native-free'
  const scheduler = new Scheduler({ routers: 1, placement: 'routers' })
  await scheduler.agent({ queues: ['greet'] }, (task) => 'hello ' + task.json().name)
  console.log(await scheduler.run('greet', { name: 'world' }))
  console.log(typeof TaskError, typeof nativeFree.createMemory)
  await scheduler.close()`

let folder: string
let project: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-pack-'))
  project = join(folder, 'project')
  const tarball = join(folder, await pack(join(folder, 'checkout')))
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  await npm(
    project,
    'install',
    '--prefer-offline',
    '--omit=optional',
    '--no-audit',
    '--no-fund',
    tarball,
  )
}, INSTALL_TIMEOUT_MS)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('pack: the package installs into an empty project and places a task', async () => {
  writeFileSync(join(project, 'main.js'), SCRIPT)
  const said = await node(['main.js'], { cwd: project })
  expect(said).toBe('hello world\nfunction function\n')
})

test('pack: its types hold in a project that checks them', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const words = '--noEmit --strict --module nodenext --target es2023 --skipLibCheck'.split(' ')
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
  writeFileSync(
    join(project, 'main.ts'),
    SCRIPT.replace('task.json()', 'task.json<{ name: string }>()'),
  )
  await expect(node([tsc, ...words, ...types, 'main.ts'], { cwd: project })).resolves.toBe('')
})

test('pack: it holds what it needs and neither tests nor benchmarks', () => {
  const installed = join(project, 'node_modules/signalbox')
  expect(readdirSync(installed).sort()).toEqual(
    ['LICENSE', 'README.md', 'dist', 'docs', 'native-free', 'package.json', 'src'].sort(),
  )
  expect(readdirSync(join(installed, 'dist')).sort()).toEqual(['native-free', 'src'])
})

test('pack: its command line starts', async () => {
  const said = await program(join(project, 'node_modules/.bin/signalbox'), ['--version'])
  expect(said.trim()).toMatch(/^\d+\.\d+\.\d+$/)
})

test('pack: without optional packages the installed tree has no native addon', () => {
  const names = readdirSync(join(project, 'node_modules'), { recursive: true }) as string[]
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => name.endsWith('.node'))).toEqual([])
})

/** Packs a copy of the checkout, so that building it does not disturb what runs from `dist`. */
async function pack(copy: string): Promise<string> {
  const names = [
    'package.json',
    'tsconfig.json',
    'README.md',
    'LICENSE',
    'src',
    'native-free',
    'bench',
    'docs',
  ]
  for (const name of names.filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  await npm(copy, 'pack', '--pack-destination', folder)
  return readdirSync(folder).find((name) => name.endsWith('.tgz'))!
}

function npm(cwd: string, ...words: string[]): Promise<string> {
  return program('npm', words, { cwd, timeoutMs: INSTALL_TIMEOUT_MS })
}
