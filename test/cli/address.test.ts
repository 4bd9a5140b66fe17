import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { announceDev, devStateFile, readDevState } from '../../src/address/dev-state.ts'
import { natsAddress, parseAddress } from '../../src/address/nats-address.ts'

/** A process id that no process can have. */
const NOBODY = 2 ** 30

let home: string
let env: Record<string, string>

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'signalbox-address-'))
  env = { HOME: home }
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function selectContext(context: object): void {
  write(join(home, '.config/nats/context.txt'), 'work\n')
  write(join(home, '.config/nats/context/work.json'), JSON.stringify(context))
}

test('address: each source is taken only when those before it name none', () => {
  const servers = () => natsAddress(undefined, env).servers
  expect(servers()).toEqual(['127.0.0.1:4222'])
  selectContext({ url: 'nats://context:1' })
  expect(servers()).toEqual(['context:1'])
  const takeBack = announceDev('nats://127.0.0.1:2', env)
  expect(servers()).toEqual(['127.0.0.1:2'])
  env.NATS_URL = 'nats-url:3'
  expect(servers()).toEqual(['nats-url:3'])
  env.SIGNALBOX_NATS = 'signalbox:4, other:5'
  expect(servers()).toEqual(['signalbox:4', 'other:5'])
  expect(natsAddress('flag:6', env)).toMatchObject({ servers: ['flag:6'], source: 'from --nats' })
  takeBack()
})

test('address: a configuration goes behind flag and environment, before all that is found', () => {
  const configured = { file: 'signalbox.yaml', servers: ['box:1', 'box:2'] }
  const servers = (flag?: string) => natsAddress(flag, env, configured).servers
  selectContext({ url: 'nats://context:1' })
  const takeBack = announceDev('nats://127.0.0.1:2', env)
  expect(servers()).toEqual(['box:1', 'box:2'])
  env.NATS_URL = 'nats-url:3'
  expect(servers()).toEqual(['nats-url:3'])
  expect(servers('flag:6')).toEqual(['flag:6'])
  takeBack()
})

test('address: a configuration’s user may have its password in the environment', () => {
  const configured = { file: 'signalbox.yaml', servers: ['nats://a:b@box:1'], user: 'me' }
  env.NATS_PASSWORD = 'pw'
  expect(natsAddress(undefined, env, configured)).toEqual({
    servers: ['box:1'],
    source: 'from signalbox.yaml',
    user: 'me',
    password: 'pw',
  })
  const token = natsAddress(undefined, env, { ...configured, token: 't' })
  expect(token).toEqual({ servers: ['box:1'], source: 'from signalbox.yaml', token: 't' })
})

test('address: user and password, or a token, are taken from the address and never shown', () => {
  expect(parseAddress('nats://me:p%40ss@box:4222', 'x')).toEqual({
    servers: ['box:4222'],
    user: 'me',
    password: 'p@ss',
    source: 'x',
  })
  expect(parseAddress('secret@box', 'x')).toMatchObject({ servers: ['box'], token: 'secret' })
  expect(parseAddress('[::1]:4222', 'x').servers).toEqual(['[::1]:4222'])
  expect(() => parseAddress('nats://me:secret@bad host', 'from --nats')).toThrow(
    /"nats:\/\/….*none/,
  )
  expect(() => parseAddress('nats://me:secret@bad host', 'x')).not.toThrow(/secret/)
})

test.each(['', 'http://box', 'ws://box:80', 'box:x', 'box\r\nPUB x', 'a,,b', 'box/path'])(
  'address: %j is refused',
  (text) => {
    expect(() => parseAddress(text, 'from --nats')).toThrow(/is none: give host:port/)
  },
)

test('address: NATS_USER and NATS_PASSWORD complete an address that names nobody', () => {
  Object.assign(env, { NATS_USER: 'me', NATS_PASSWORD: 'pw', NATS_URL: 'box' })
  expect(natsAddress(undefined, env)).toMatchObject({ user: 'me', password: 'pw' })
  expect(natsAddress('you:other@box', env)).toMatchObject({ user: 'you', password: 'other' })
})

test('address: a selected context brings its login; one that cannot be used is an error', () => {
  selectContext({ url: 'box:1', user: 'me', password: 'pw', token: '' })
  expect(natsAddress(undefined, env)).toMatchObject({ user: 'me', password: 'pw' })
  selectContext({ url: 'box:1', creds: '/some/file' })
  expect(() => natsAddress(undefined, env)).toThrow(/uses "creds", which is not supported/)
  selectContext({})
  expect(() => natsAddress(undefined, env)).toThrow(/no readable .*work\.json/)
  write(join(home, '.config/nats/context.txt'), '../../etc/passwd')
  expect(() => natsAddress(undefined, env)).toThrow(/no readable/)
})

test('dev state: what a dead dev left, or nonsense, counts as none', () => {
  expect(readDevState(env)).toBeUndefined()
  write(devStateFile(env), JSON.stringify({ url: 'nats://x', pid: NOBODY, startedAt: '' }))
  expect(readDevState(env)).toBeUndefined()
  write(devStateFile(env), '{"url":')
  expect(readDevState(env)).toBeUndefined()
  expect(natsAddress(undefined, env).source).toBe('the default')
})

test('dev state: it names the newest, and again the one before it when that still runs', () => {
  // The parent process stands in for another dev that runs.
  const other = { url: 'nats://older:1', pid: process.ppid, startedAt: '' }
  write(devStateFile(env), JSON.stringify(other))
  const takeBack = announceDev('nats://newer:2', env)
  expect(readDevState(env)).toMatchObject({ url: 'nats://newer:2', pid: process.pid })
  takeBack()
  expect(readDevState(env)).toMatchObject({ url: 'nats://older:1' })
})

test('dev state: taking back leaves what a newer dev has announced', () => {
  const takeBack = announceDev('nats://mine:1', env)
  write(
    devStateFile(env),
    JSON.stringify({ url: 'nats://newer:2', pid: process.ppid, startedAt: '' }),
  )
  takeBack()
  expect(readDevState(env)).toMatchObject({ url: 'nats://newer:2' })
})
