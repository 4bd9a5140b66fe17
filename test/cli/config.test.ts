import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import { root, text } from '../support/files.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type Running, withHome } from './support.ts'

const { cli, start } = withHome()
const nats = withNats()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const clients: Client[] = []
const serving: Running[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  for (const running of serving.splice(0)) {
    running.process.kill('SIGKILL')
    await running.ended
  }
})

function written(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

async function client(): Promise<Client> {
  const made = await connect({ servers: nats.url })
  clients.push(made)
  return made
}

async function serve(file: string, ...words: string[]): Promise<Running> {
  const all = ['serve', '--config', file, '--routers', '0', '--nats', nats.url, '-o', 'ndjson']
  const running = start([...all, ...words])
  serving.push(running)
  await until(() => running.stdout() !== '' || running.process.exitCode !== null, {
    what: 'the scheduler to be ready',
    timeoutMs: 20_000,
  })
  if (running.stdout() === '') throw new Error(running.stderr())
  return running
}

/** Hangs up, and waits for what it says to it. */
async function hangUp(running: Running): Promise<Record<string, unknown>> {
  const before = running.stdout().split('\n').length
  running.process.kill('SIGHUP')
  await until(() => running.stdout().split('\n').length > before, { what: 'an answer to SIGHUP' })
  return JSON.parse(running.stdout().trimEnd().split('\n')[before - 1])
}

const WRONG = 'queues:\n  ocr:\n    priority: HIHG\n    ttl_second: 5\n'

test('config check: everything that is wrong, a line each, and exit code 1', async () => {
  const file = written('wrong.yaml', WRONG)
  const { code, stdout, stderr } = await cli(['config', 'check', file])
  expect(stdout.split('\n')).toEqual([
    `${file}:3:15: queues.ocr.priority: "HIHG": give background, low, normal, high or critical, or 1 to 5; did you mean "high"?`,
    `${file}:4:5: queues.ocr.ttl_second: it is unknown; did you mean ttl_seconds?`,
    `${file}: 2 errors.`,
    '',
  ])
  expect(stderr).toBe('')
  expect(code).toBe(1)
})

test('config check: as JSON with file, line, column, path, value and suggestion', async () => {
  const file = written('wrong.yaml', WRONG)
  const { code, stdout } = await cli(['config', 'check', file, '-o', 'json'])
  expect(JSON.parse(stdout)).toMatchObject({
    file,
    ok: false,
    findings: [
      {
        severity: 'error',
        file,
        line: 3,
        column: 15,
        path: 'queues.ocr.priority',
        value: '"HIHG"',
        suggestion: '"high"',
      },
      { line: 4, column: 5, path: 'queues.ocr.ttl_second', value: null, suggestion: 'ttl_seconds' },
    ],
  })
  expect(code).toBe(1)
})

test('config check: signalbox.yaml here, by default; a warning is no error', async () => {
  written('signalbox.yaml', 'queues: {a: {retry_count: 0, retry_on: [timeout]}}\n')
  const { code, stdout } = await cli(['config', 'check'], { cwd: folder })
  expect(stdout).toMatch(
    /^signalbox\.yaml:1:40: warning: .*\nsignalbox\.yaml is right, 1 warning\.\n$/,
  )
  expect(code).toBe(0)
})

test('config check: no such file is said in a sentence', async () => {
  const { code, stderr } = await cli(['config', 'check', join(folder, 'nothing.yaml')])
  expect(stderr).toMatch(
    /^error bad_config: The configuration ".*nothing\.yaml" is not there: check the path, or write one \(docs\/configuration\.md\)\.\n$/,
  )
  expect(code).toBe(2)
})

test('config show: what takes effect, as a file that is right', async () => {
  const { code, stdout } = await cli([
    'config',
    'show',
    join(root, 'examples/regulatory-review/signalbox.yaml'),
  ])
  expect(stdout).toContain('    retry_delay_max_seconds: 3600\n')
  const shown = written('shown.yaml', stdout)
  expect((await cli(['config', 'check', shown])).stdout).toBe(`${shown} is right.\n`)
  expect(code).toBe(0)
})

test('config schema: what is shipped', async () => {
  expect((await cli(['config', 'schema'])).stdout).toBe(text('docs/signalbox.schema.json'))
})

test('serve: with an error in its file nothing starts, and all that is wrong is told', async () => {
  const file = written('wrong.yaml', WRONG)
  const { code, stdout, stderr } = await cli(['serve', '--config', file, '--nats', nats.url])
  expect(stderr).toMatch(
    /^error bad_config: .*:3:15: queues\.ocr\.priority: .*:4:5: queues\.ocr\.ttl_second: /,
  )
  expect([stdout, code]).toEqual(['', 2])
})

test('serve: without queues and without a file it says what to give', async () => {
  const empty = mkdtempSync(join(folder, 'empty-'))
  const { code, stderr } = await cli(['serve', '--nats', nats.url], { cwd: empty })
  expect(stderr).toBe(
    'error bad_option: There is nothing to serve: give --queue NAME or --config FILE, ' +
      'or write a signalbox.yaml here.\n',
  )
  expect(code).toBe(2)
})

test('serve: flags go before the file, and the file says the rest', async () => {
  const file = written(
    'flags.yaml',
    'scheduler: {name: box, routers: 2}\nqueues: {a: {retry_count: 7}}\n',
  )
  const running = await serve(file, '--queue', 'b', '--name', 'other')
  expect(JSON.parse(running.stdout().split('\n')[0])).toMatchObject({
    event: 'ready',
    scheduler: 'other',
    routers: 0,
    queues: ['b', 'a'],
  })
  const sb = await client()
  expect((await sb.getQueue('a')).options).toMatchObject({ retryCount: 7 })
  running.process.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
})

test('serve: a hang-up takes the file over: new queues, other options, other routes', async () => {
  const file = written('reload.yaml', 'queues: {a: {retry_count: 1}, b: }\n')
  const running = await serve(file)
  const sb = await client()
  await expect(sb.run('c', 1)).rejects.toMatchObject({ code: 'queue_unknown' })
  written(
    'reload.yaml',
    'queues: {a: {retry_count: 5, dead_letter_queue: lost}, b: , c: {processing_timeout: 7}}\n' +
      'dead_letters: {lost: {route: queue, queue: c}}\n',
  )
  expect(await hangUp(running)).toEqual({
    event: 'reloaded',
    file,
    refused: [],
    added: ['c'],
    changed: ['a'],
    routes: ['lost'],
    people: [],
  })
  expect((await sb.getQueue('a')).options).toMatchObject({ retryCount: 5 })
  await sb.agent({ queues: ['c'] }, (task) => task.text())
  expect(await sb.run('c', 'taken')).toBe('"taken"')
  expect(await hangUp(running)).toMatchObject({ event: 'reloaded', added: [], changed: [] })
  running.process.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
})

test('serve: a hang-up with anything wrong, or anything that needs a restart, changes nothing', async () => {
  const before = 'queues: {a: {retry_count: 1}}\n'
  const file = written('refused.yaml', before)
  const running = await serve(file)
  const sb = await client()
  const refused = async (content: string) => {
    written('refused.yaml', content)
    const answer = await hangUp(running)
    expect(answer).toMatchObject({ event: 'reload_refused', added: [], changed: [], routes: [] })
    expect((await sb.getQueue('a')).options).toMatchObject({ retryCount: 1 })
    await expect(sb.getQueue('b')).rejects.toMatchObject({ code: 'queue_unknown' })
    return answer.refused
  }
  expect(await refused('queues: {a: {retry_count: 5}, b: {ttl: 5}}\n')).toEqual([
    `${file}:1:35: queues.b.ttl: it is unknown; did you mean ttl_seconds?`,
  ])
  expect(await refused('queues: {a: {retry_count: 5}, b: }\nkeep: {count: 5}\n')).toEqual([
    'keep cannot be changed without a restart.',
  ])
  expect(await refused('queues: {b: }\n')).toEqual([
    'queue a cannot be taken away without a restart: pause it instead.',
  ])
  rmSync(file)
  expect(await refused('queues: {a: {retry_count: 5}, b: {shadow: hybrid}}\n')).toEqual([
    'Queue "b" cannot have a shadow: it decides on routers, and this scheduler has none.',
  ])
  rmSync(file)
  expect((await hangUp(running)).refused).toEqual([expect.stringContaining('is not there')])
  writeFileSync(file, before)
  expect(await hangUp(running)).toMatchObject({ event: 'reloaded', changed: [] })
  running.process.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
})

test('serve: without a file a hang-up ends it, as it always did', async () => {
  const running = start(['serve', '--queue', 'a', '--routers', '0', '--nats', nats.url])
  await until(() => running.stdout() !== '', {
    what: 'the scheduler to be ready',
    timeoutMs: 20_000,
  })
  running.process.kill('SIGHUP')
  expect((await running.ended).code).toBe(0)
})

test('dev: it takes a file over, with its queues beside those that come into being', async () => {
  const file = written('dev.yaml', 'queues: {a: {retry_count: 7}}\nscheduler: {strategy: hybrid}\n')
  const words = ['dev', '--config', file, '--tasks', '0', '--stay', '--no-http', '-o', 'ndjson']
  const running = start([...words, '--routers', '0'])
  serving.push(running)
  const facts = await until(() => /"event":"started".*"url":"([^"]+)"/.exec(running.stdout()), {
    what: 'dev to have started',
    timeoutMs: 20_000,
  })
  const sb = await connect({ servers: facts[1] })
  clients.push(sb)
  expect((await sb.getQueue('a')).options).toMatchObject({ retryCount: 7, strategy: 'hybrid' })
  expect(await sb.run('demo', { hello: 'world' })).toBeDefined()
  await clients.pop()?.close()
  running.process.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
})
