import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { locate } from '../../src/service/nats-server/fetch.ts'
import {
  cachedServer,
  findNatsServer,
  type Surroundings,
} from '../../src/service/nats-server/find.ts'

let machine: string
let surroundings: Surroundings

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'signalbox-machine-'))
  surroundings = {
    env: { PATH: join(machine, 'bin'), HOME: join(machine, 'home') },
    platform: 'linux',
    usualFolders: [join(machine, 'sbin')],
  }
})

afterEach(() => rmSync(machine, { recursive: true }))

test('find: NATS_SERVER comes before PATH, PATH before the usual folders, these before the cache', () => {
  expect(findNatsServer(surroundings)).toBeUndefined()
  const cached = program(cachedServer(surroundings))
  expect(findNatsServer(surroundings)).toBe(cached)
  const usual = program(join(machine, 'sbin/nats-server'))
  expect(findNatsServer(surroundings)).toBe(usual)
  const onPath = program(join(machine, 'bin/nats-server'))
  expect(findNatsServer(surroundings)).toBe(onPath)
  const named = program(join(machine, 'elsewhere/my-server'))
  expect(findNatsServer(withEnv({ NATS_SERVER: named }))).toBe(named)
})

test('find: a file that cannot be executed and a folder of that name are passed over', () => {
  mkdirSync(join(machine, 'bin/nats-server'), { recursive: true })
  chmodSync(program(join(machine, 'sbin/nats-server')), 0o644)
  expect(findNatsServer(surroundings)).toBeUndefined()
})

test('find: a NATS_SERVER that cannot be executed is refused, not replaced', () => {
  program(join(machine, 'bin/nats-server'))
  const named = join(machine, 'missing')
  expect(() => findNatsServer(withEnv({ NATS_SERVER: named }))).toThrow(
    `NATS_SERVER is ${named}, which is not an executable file.`,
  )
})

test('find: the cache is below XDG_CACHE_HOME, ~/.cache, or on macOS ~/Library/Caches', () => {
  const home = join(machine, 'home')
  expect(cachedServer(surroundings)).toBe(join(home, '.cache/signalbox/bin/nats-server'))
  expect(cachedServer(withEnv({ XDG_CACHE_HOME: '/cache' }))).toBe(
    '/cache/signalbox/bin/nats-server',
  )
  expect(cachedServer({ ...surroundings, platform: 'darwin' })).toBe(
    join(home, 'Library/Caches/signalbox/bin/nats-server'),
  )
})

test('locate: what is there is used without a word', async () => {
  const onPath = program(join(machine, 'bin/nats-server'))
  const said: string[] = []
  await expect(locate({ surroundings, onFetch: (line) => said.push(line) })).resolves.toBe(onPath)
  expect(said).toEqual([])
})

test('locate: on Debian the package is fetched into the cache, after saying so', async () => {
  debian()
  const said: string[] = []
  const path = await locate({
    surroundings,
    onFetch: (line) => said.push(`${line} ${findNatsServer(surroundings)}`),
  })
  expect(path).toBe(cachedServer(surroundings))
  expect(findNatsServer(surroundings)).toBe(path)
  expect(said).toEqual([expect.stringMatching(/fetching .* with apt-get .*undefined$/)])
  expect(cacheEntries()).toEqual(['bin'])
})

test('locate: apt-get works in folders of ours only and is never told to install', async () => {
  debian()
  await locate({ surroundings })
  const calls = readFileSync(join(machine, 'apt-calls'), 'utf8').trim().split('\n')
  expect(calls.map((call) => call.split(' ').slice(-2).join(' '))).toEqual([
    expect.stringMatching(/update$/),
    'download nats-server',
  ])
  for (const call of calls) {
    expect(call).toContain(`Dir::State::lists=${machine}`)
    expect(call).toContain(`Dir::Cache=${machine}`)
    expect(call).toContain('APT::Sandbox::User= ')
  }
})

test('locate: fetching twice at the same time leaves one whole server', async () => {
  debian()
  const paths = await Promise.all([locate({ surroundings }), locate({ surroundings })])
  expect(new Set(paths)).toEqual(new Set([cachedServer(surroundings)]))
  expect(readFileSync(paths[0], 'utf8')).toBe(PROGRAM)
  expect(cacheEntries()).toEqual(['bin'])
})

test('locate: a package list that cannot be reached does no harm when the package can', async () => {
  debian({ update: 'console.error("E: one list failed"); process.exit(100)' })
  await expect(locate({ surroundings })).resolves.toBe(cachedServer(surroundings))
})

test('locate: a fetch that fails says why and what to do, and leaves nothing behind', async () => {
  const fails = (why: string) => `console.error(${JSON.stringify(why)}); process.exit(100)`
  debian({ update: fails('E: no network'), download: fails('E: no package') })
  await expect(locate({ surroundings })).rejects.toMatchObject({
    code: 'nats_server_not_found',
    message: expect.stringMatching(/E: no network.*Install nats-server.*NATS_SERVER/),
  })
  expect(cacheEntries()).toEqual([])
})

test('locate: a package whose program does not run is not taken', async () => {
  debian({ program: '#!/nonexistent/interpreter\n' })
  await expect(locate({ surroundings })).rejects.toMatchObject({ code: 'nats_server_not_found' })
  expect(findNatsServer(surroundings)).toBeUndefined()
})

test('locate: on macOS Homebrew installs it', async () => {
  const target = join(machine, 'bin/nats-server')
  nodeProgram(
    'brew',
    `if (process.argv.slice(2).join(' ') !== 'install nats-server') process.exit(1)
    fs.writeFileSync(${JSON.stringify(target)}, '', { mode: 0o755 })`,
  )
  await expect(locate({ surroundings: { ...surroundings, platform: 'darwin' } })).resolves.toBe(
    target,
  )
})

test('locate: a machine without apt-get and Homebrew is told what to do', async () => {
  await expect(locate({ surroundings })).rejects.toMatchObject({
    code: 'nats_server_not_found',
    message: expect.stringContaining('name one in NATS_SERVER'),
  })
})

const PROGRAM = '#!/bin/sh\nexit 0\n'

function withEnv(more: NodeJS.ProcessEnv): Surroundings {
  return { ...surroundings, env: { ...surroundings.env, ...more } }
}

function cacheEntries(): string[] {
  return readdirSync(dirname(dirname(cachedServer(surroundings))))
}

/** Writes an executable that does nothing. */
function program(path: string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, PROGRAM, { mode: 0o755 })
  return path
}

/** Puts a program on the PATH that runs this JavaScript, with `fs` and `path` at hand. */
function nodeProgram(name: string, body: string): void {
  const path = program(join(machine, 'bin', name))
  const head = `#!${process.execPath}\nconst fs = require('fs'), path = require('path')\n`
  writeFileSync(path, `${head}${body}\n`)
}

/** Makes the machine a Debian: an apt-get that writes down its calls, and a dpkg-deb. */
function debian({ update = '', download = '', program = PROGRAM } = {}): void {
  const calls = JSON.stringify(join(machine, 'apt-calls'))
  nodeProgram(
    'apt-get',
    `fs.appendFileSync(${calls}, process.argv.slice(2).join(' ') + '\\n')
    if (process.argv.includes('update')) { ${update} }
    else { ${download}\n fs.writeFileSync('nats-server_2.9.10_amd64.deb', '') }`,
  )
  nodeProgram(
    'dpkg-deb',
    `const folder = path.join(process.argv[4], 'usr/sbin')
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, 'nats-server'), ${JSON.stringify(program)}, { mode: 0o755 })`,
  )
}
