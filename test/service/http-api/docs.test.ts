import { execFile } from 'node:child_process'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { buildProgram } from '../../../src/cli/program.ts'
import { ERROR_CODES } from '../../../src/errors.ts'
import { openApi } from '../../../src/service/http/api/openapi.ts'
import { BODY_BYTES_MAX } from '../../../src/service/http/api/read-body.ts'
import { ROUTES } from '../../../src/service/http/api/table.ts'
import { WAIT_SECONDS_MAX, WAITS_MAX } from '../../../src/service/http/api/waits.ts'
import { text } from '../../support/files.ts'
import { serve } from './support.ts'

const page = text('docs/rest.md')
const routes = ROUTES.map(({ method, path }) => `${method} ${path}`)

test('docs/rest.md: its routes are the routes, in their order of sections, and none is missing', () => {
  const rows = [...page.matchAll(/^\| `((?:GET|POST|PUT|DELETE) [^`]+)` \|/gm)]
  expect(rows.map(([, route]) => route)).toEqual(routes)
})

/** Every command that does something, as it is typed. */
function commands(command: Command, path: string): string[] {
  if (command.commands.length === 0) return [path]
  return command.commands.flatMap((each) => commands(each, `${path} ${each.name()}`))
}

test('rest: every command has its routes, or a reason why it has none', () => {
  const rows = [...page.matchAll(/^\| `(signalbox [a-z ]+)` \| (.+) \|$/gm)]
  const named = rows.map(([, command]) => command)
  expect(named.sort()).toEqual(commands(buildProgram(), 'signalbox').sort())
  for (const [, command, said] of rows) {
    const its = [...said.matchAll(/`([A-Z]+ [^`]+)`/g)].map(([, route]) => route)
    if (its.length === 0) expect(said, command).toMatch(/^none: \w+/)
    for (const route of its) expect(routes, command).toContain(route)
  }
})

test('docs/rest.md: its limits and codes are those of the code', () => {
  expect(page).toContain(`At most ${WAITS_MAX} requests wait`)
  expect(page).toContain(`(${WAIT_SECONDS_MAX} at most)`)
  expect(page).toContain('a body of more than 1 MiB')
  expect(BODY_BYTES_MAX).toBe(1024 * 1024)
  const table = page.slice(page.indexOf('| status | code |'), page.indexOf('## Who may ask'))
  const codes = [...table.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code)
  const words = ['do', 'allow', 'expect']
  const unknown = codes.filter((code) => !Object.hasOwn(ERROR_CODES, code) && !words.includes(code))
  expect(unknown).toEqual([])
})

test('docs/rest.md: its parameters of lists are those of the routes', () => {
  for (const { method, path, query = {} } of ROUTES) {
    if (method !== 'GET' || path.includes('{')) continue
    const row = page.split('\n').find((line) => line.startsWith(`| \`${method} ${path}\` |`))!
    for (const name of Object.keys(query)) expect(row, path).toContain(`\`${name}\``)
  }
})

interface Example {
  status: string
  command: string
}

/** A command may be of several lines: it ends where the next one, or a comment, begins. */
const examples: Example[] = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
  block
    .split(/^(?=# \d{3}\n)/m)
    .filter((part) => part.startsWith('#'))
    .map((part) => ({ status: part.slice(2, 5), command: part.slice(6).trim() })),
)

function run(command: string, env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', command], { env: { ...process.env, ...env } }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    )
  })
}

test('docs/rest.md: its curl commands do what they say', async () => {
  const { scheduler, url } = await serve({ queues: { ocr: {}, review: {} } })
  const can = { capabilities: ['german'], labels: { gpu: 24 } }
  await scheduler.agent({ id: 'ocr-1', queues: ['ocr', 'review'], ...can }, () => 'read')
  expect(examples.length).toBeGreaterThan(10)
  const first = { status: '201', command: page.match(/^curl -s --json .*$/m)![0] }
  for (const { status, command } of [first, ...examples]) {
    const said = await run(command.replace('curl -s', "curl -s -w ' %{http_code}'"), { API: url })
    expect(said, command).toMatch(new RegExp(` ${status}$`))
  }
})

test('docs/rest.md: the document is what is served', async () => {
  const { ask } = await serve()
  const { json, headers } = await ask('/openapi.json')
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  expect(json).toEqual(JSON.parse(JSON.stringify(openApi(ROUTES, '0.0.0'))))
})
