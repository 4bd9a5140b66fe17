import { afterEach, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type Running, withHome } from './support.ts'

const { start } = withHome()
const nats = withNats()
const clients: Client[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
})

async function serve(...words: string[]): Promise<Running> {
  const running = start(['serve', ...words, '--routers', '1'], { env: { NATS_URL: nats.url } })
  await until(() => running.stdout() !== '' || running.process.exitCode !== null, {
    what: 'the scheduler to be ready',
  })
  return running
}

async function client(): Promise<Client> {
  const made = await connect({ servers: nats.url })
  clients.push(made)
  return made
}

test('serve: one line when it is ready; it serves the named queues and no others', async () => {
  const running = await serve('--queue', 'a', 'b,c', '--name', 'box')
  expect(running.stdout()).toMatch(
    /^Scheduler box serves a, b, c on 127\.0\.0\.1:\d+, 1 router\.\n$/,
  )
  const sb = await client()
  await sb.agent({ queues: ['b'] }, (task) => task.text())
  expect(await sb.run('b', 1)).toBe('1')
  await expect(sb.run('d', 1)).rejects.toMatchObject({ code: 'queue_unknown' })
  running.process.kill('SIGTERM')
  const { code, stderr } = await running.ended
  expect(code).toBe(0)
  const log = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(log.map(({ kind, level, scheduler }) => ({ kind, level, scheduler }))).toContainEqual({
    kind: 'agent_up',
    level: 'info',
    scheduler: 'box',
  })
})

test('serve: it logs what it is told to, and nothing when told so', async () => {
  const text = await serve('--queue', 'a', '--log-format', 'text', '--log-level', 'debug')
  const silent = await serve('--queue', 'b', '--log-level', 'silent')
  const sb = await client()
  await sb.agent({ id: 'a-1', queues: ['a', 'b'] }, () => {})
  await until(() => /INFO {2}agent_up .*agent=a-1/.test(text.stderr()), { what: 'the line' })
  for (const running of [text, silent]) running.process.kill('SIGTERM')
  expect((await silent.ended).stderr).toBe('')
  expect((await text.ended).stderr).not.toContain('{')
})

test('serve: --http answers probes and metrics on a port that it names', async () => {
  const running = await serve('--queue', 'a', '--name', 'box', '--http', '0', '-o', 'ndjson')
  const { http } = JSON.parse(running.stdout())
  expect(http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect((await fetch(`${http}/readyz`)).status).toBe(200)
  const metrics = await (await fetch(`${http}/metrics`)).text()
  expect(metrics).toContain('signalbox_tasks{queue="a",state="waiting"} 0\n')
  running.process.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
  await expect(fetch(`${http}/livez`)).rejects.toThrow()
})

test('serve: services that answer requests are agents, as many and for which queue it is told', async () => {
  const nc = await nats.connect()
  for (const name of ['ocr', 'mail']) {
    nc.subscribe(`work.${name}`, { queue: 'g', callback: (_, msg) => msg.respond(`"by ${name}"`) })
  }
  await nc.flush()
  await serve('--queue', 'ocr', 'post', '--adopt', 'work.ocr:8', 'work.mail=post')
  const sb = await client()
  expect(await sb.run('ocr')).toBe('by ocr')
  expect(await sb.run('post')).toBe('by mail')
  const agents = (await sb.listAgents()).sort((a, b) => a.id.localeCompare(b.id))
  expect(agents).toMatchObject([
    { id: 'work-mail', subject: 'work.mail', queues: ['post'], concurrency: 1 },
    { id: 'work-ocr', subject: 'work.ocr', queues: ['ocr'], concurrency: 8 },
  ])
  const listed = start(['agent', 'list'], { env: { NATS_URL: nats.url } })
  expect((await listed.ended).stdout).toMatch(/work-mail +available +post .* work\.mail\n/)
})

test('serve: told to end, it waits for what it has accepted', async () => {
  const running = await serve('--queue', 'slow', '-o', 'ndjson')
  expect(JSON.parse(running.stdout())).toMatchObject({ event: 'ready', queues: ['slow'] })
  const sb = await client()
  let finish: (() => void) | undefined
  await sb.agent({ queues: ['slow'] }, () => new Promise<void>((resolve) => (finish = resolve)))
  const task = await sb.submit('slow')
  await until(() => finish, { what: 'the task to run' })
  running.process.kill('SIGTERM')
  await until(() => running.stdout().includes('"draining"'), { what: 'the drain' })
  const refusal = () => sb.submit('slow').catch(({ code }) => code)
  await until(async () => (await refusal()) === 'queue_unknown', {
    what: 'new tasks to be refused',
  })
  finish!()
  await task.result()
  expect((await running.ended).code).toBe(0)
})

test('serve: what is to begin later is open too: told, waited for, and done', async () => {
  const running = await serve('--queue', 'later')
  const sb = await client()
  await sb.agent({ queues: ['later'] }, () => 'done')
  const task = await sb.submit('later', null, { delayMs: 1_000 })
  expect(task.state).toBe('scheduled')
  running.process.kill('SIGTERM')
  expect(await task.result()).toBe('done')
  const { code, stdout } = await running.ended
  expect(code).toBe(0)
  expect(stdout).toContain('Draining: 1 task is still open; a second signal ends it at once.')
})

test('serve: a second signal ends it at once', async () => {
  const running = await serve('--queue', 'stuck')
  const sb = await client()
  await sb.submit('stuck')
  running.process.kill('SIGTERM')
  await until(() => running.stdout().includes('Draining: 1 task is still open'), {
    what: 'the drain',
  })
  await until(
    () => {
      running.process.kill('SIGTERM')
      return running.process.exitCode !== null
    },
    { what: 'the second signal to be taken' },
  )
  expect((await running.ended).code).toBe(130)
})

test.each([
  [['--queue', 'a b'], /^error bad_token: /],
  [['--queue', 'a', '--name', 'x.y'], /^error bad_token: /],
  [['--queue', 'a', '--placement', 'routers', '--routers', '0'], /^error bad_option: /],
  [['--queue', 'a', '--http', 'nowhere'], /^error bad_option: "nowhere" is no address for HTTP/],
  [['--queue', 'a', '--http', '0.0.0.0:0'], /^error bad_option: .*--http-token/],
])('serve: %j is refused with one sentence', async (words, sentence) => {
  const { code, stderr } = await start(['serve', ...words], { env: { NATS_URL: nats.url } }).ended
  expect(stderr).toMatch(sentence)
  expect(stderr.trimEnd()).not.toContain('\n')
  expect(code).toBe(2)
})
