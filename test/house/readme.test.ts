import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { root, text } from '../support/files.ts'
import { withNats } from '../support/nats.ts'
import { node } from '../support/node-script.ts'
import { until } from '../support/until.ts'

/**
 * The TypeScript of the README and of the pages on routing and promises, each piece a file of its own. They lie
 * below `dist`, where `import 'signalbox'` means this very package, as its `exports` say.
 */
const folder = join(root, `dist/readme-${process.pid}`)

const pages = ['README.md', 'docs/routing.md', 'docs/promises.md'].map(text).join('')
const snippets = [...pages.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code], index) => ({
  name: `snippet-${index + 1}`,
  opening: code.split('\n').find((line) => line.trim() !== '' && !line.startsWith('import')),
  code,
  /** It serves until it is ended, so it runs beside the others. */
  serves: /\bconnect\(/.test(code) && /\.agent\(/.test(code) && !/\.(?:close|stop)\(/.test(code),
}))
const serving = snippets.filter(({ serves }) => serves)
const ending = snippets.filter(({ serves }) => !serves)

const TSCONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: { rootDir: '.', outDir: '.', noUnusedLocals: false, declaration: false },
  include: ['*.ts'],
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  for (const { name, code } of snippets) writeFileSync(join(folder, `${name}.ts`), code)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('readme: its TypeScript is right by the types that are shipped', async () => {
  expect(snippets.length).toBeGreaterThan(0)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await expect(node([tsc, '-p', folder])).resolves.toBe('')
})

describe('readme', () => {
  const nats = withNats()
  const servers: ChildProcess[] = []
  let scheduler: Scheduler
  let env: Record<string, string>

  beforeAll(async () => {
    env = { NATS_URL: nats.url, SIGNALBOX_NATS: nats.url }
    scheduler = new Scheduler({ nats: { servers: nats.url, wildcard: true }, routers: 1 })
    await scheduler.start()
    for (const { name } of serving) {
      servers.push(
        spawn(process.execPath, [join(folder, `${name}.js`)], {
          env: { ...process.env, ...env },
          stdio: 'inherit',
        }),
      )
    }
    await until(async () => (await scheduler.listAgents()).length >= serving.length, {
      what: `the agents of ${serving.length} snippets`,
    })
  })

  afterAll(async () => {
    for (const server of servers) server.kill('SIGKILL')
    await scheduler?.close()
  })

  test('readme: the snippets that serve tasks keep running', () => {
    expect(serving.length).toBeGreaterThan(0)
    expect(servers.map(({ exitCode }) => exitCode)).toEqual(serving.map(() => null))
  })

  test.each(ending)('readme: $name runs to its end: $opening', async ({ name }) => {
    await node([join(folder, `${name}.js`)], { env })
  })
})
