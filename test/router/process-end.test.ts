import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { workerUrl } from '../../src/worker-url.ts'
import { node } from '../support/node-script.ts'

const script = fileURLToPath(new URL('process-end.mjs', import.meta.url))
const built = new URL('../../dist/', import.meta.url).href

test('routers: an idle pool that nobody stopped lets the process end', async () => {
  expect(await node([script, built])).toBe('started\n')
})

test('routers: a pool that is ref’d keeps the process alive until it is unref’d', async () => {
  expect(await node([script, built, 'held'])).toBe('started\nheld\n')
})

test('routers: stop resolves, and the process ends', async () => {
  expect(await node([script, built, 'stopped'])).toBe('started\nstopped\n')
})

test('worker url: built code finds its neighbour, source code finds the built one', () => {
  const root = new URL('file:///app/')
  const url = (base: string) => workerUrl('./entry', base, root).href
  expect(url('file:///app/dist/src/router/pool.js')).toBe('file:///app/dist/src/router/entry.js')
  expect(url('file:///app/src/router/pool.ts')).toBe('file:///app/dist/src/router/entry.js')
})
