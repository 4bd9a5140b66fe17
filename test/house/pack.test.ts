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

const COMMON_JS = `
  process.on('warning', ({ message }) => console.log(message))
  const { Scheduler } = require('signalbox/scheduler')
  const { SignalboxError, TaskError } = require('signalbox')
  const { createMemory } = require('signalbox/native-free')
  async function main() {
    const scheduler = new Scheduler({ routers: 1, placement: 'routers' })
    await scheduler.agent({ queues: ['greet'] }, (task) => 'hello ' + task.json().name)
    console.log(await scheduler.run('greet', { name: 'world' }))
    const refused = await scheduler.run('a.b').catch((error) => error)
    console.log(refused instanceof SignalboxError, typeof createMemory)
    console.log((await import('signalbox')).TaskError === TaskError)
    await scheduler.close()
  }
  void main()`

const IMPORTED_BY_COMMON_JS = `
  async function main() {
    const { Scheduler } = await import('signalbox/scheduler')
    const { TaskError } = await import('signalbox')
    const scheduler = new Scheduler({ routers: 1, placement: 'routers' })
    await scheduler.agent({ queues: ['fail'] }, () => { throw TaskError.permanent('no') })
    console.log(await scheduler.run('fail').catch((error) => error instanceof TaskError))
    await scheduler.close()
  }
  void main()`

/** As Node was before 20.19 and 22.12. */
const NO_REQUIRE_OF_MODULES = '--no-experimental-require-module'

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

test('pack: CommonJS requires it and gets the very classes that import gives', async () => {
  writeFileSync(join(project, 'main.cjs'), COMMON_JS)
  const said = await node(['main.cjs'], { cwd: project })
  expect(said).toBe('hello world\ntrue function\ntrue\n')
})

test.each(['signalbox', 'signalbox/scheduler', 'signalbox/native-free'])(
  'pack: a require of %s that cannot load ES modules says what to do',
  async (name) => {
    const script = `try { require('${name}') } catch (error) { console.log(error.code, error.message) }`
    writeFileSync(join(project, 'old.cjs'), script)
    const said = await node([NO_REQUIRE_OF_MODULES, 'old.cjs'], { cwd: project })
    expect(said).toMatch(/^ERR_REQUIRE_ESM Signalbox is made of ES modules, .* await import\(/)
  },
)

test('pack: CommonJS that cannot require it imports it', async () => {
  writeFileSync(join(project, 'old.cjs'), IMPORTED_BY_COMMON_JS)
  const said = await node([NO_REQUIRE_OF_MODULES, 'old.cjs'], { cwd: project })
  expect(said).toBe('true\n')
})

test('pack: where require cannot load ES modules, ES modules import it as ever', async () => {
  writeFileSync(join(project, 'main.js'), SCRIPT)
  const said = await node([NO_REQUIRE_OF_MODULES, 'main.js'], { cwd: project })
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
  writeFileSync(
    join(project, 'common.cts'),
    "import sb = require('signalbox')\nconst client: Promise<sb.Client> = sb.connect()\nvoid client",
  )
  const files = ['main.ts', 'common.cts']
  await expect(node([tsc, ...words, ...types, ...files], { cwd: project })).resolves.toBe('')
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
    cpSync(join(root, name), join(copy, name), { recursive: true, filter: isOurs })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  await npm(copy, 'pack', '--pack-destination', folder)
  return readdirSync(folder).find((name) => name.endsWith('.tgz'))!
}

/** What `bench/peers` installs is not. */
function isOurs(path: string): boolean {
  return !path.slice(root.length).includes('node_modules')
}

function npm(cwd: string, ...words: string[]): Promise<string> {
  return program('npm', words, { cwd, timeoutMs: INSTALL_TIMEOUT_MS })
}
