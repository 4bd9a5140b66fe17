import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { type Running, withHome } from './support.ts'

const { home, start } = withHome()
const nats = withNats()
let scheduler: Scheduler

beforeAll(async () => {
  scheduler = await new Scheduler({ nats: nats.url, routers: 0 }).start()
})
afterAll(() => scheduler.stop())

async function agent(name: string, exec: string, ...words: string[]): Promise<Running> {
  const running = start(['agent', 'run', name, '--exec', exec, ...words], {
    env: { NATS_URL: nats.url },
  })
  await until(() => running.stdout().includes('serves') || running.process.exitCode !== null, {
    what: `agent ${name} to be ready`,
  })
  expect(running.stderr()).toBe('')
  return running
}

async function text(queue: string, payload: unknown, id?: string): Promise<string> {
  const task = await scheduler.submit(queue, payload, { id })
  return Buffer.from(await task.bytes()).toString()
}

async function ended(running: Running, signal: NodeJS.Signals = 'SIGTERM') {
  running.process.kill(signal)
  return running.ended
}

/** The process id that a command has written into a file. */
function pidIn(file: string): Promise<number> {
  return until(() => existsSync(file) && Number(readFileSync(file, 'utf8')), {
    what: 'the command to write its process id',
  })
}

test('agent run: payload on stdin, result from stdout, facts in the environment', async () => {
  const names = ['ID', 'QUEUE', 'TYPE', 'ATTEMPT'].map((name) => `$SIGNALBOX_TASK_${name}`)
  const facts = `echo "${names.join(' ')}"`
  const running = await agent('upper', `tr a-z A-Z; ${facts}`, '--concurrency', '4')
  expect(await text('upper', 'hello', 't-1')).toBe('"HELLO"t-1 upper upper 1\n')
  const many = Array.from({ length: 12 }, (_, i) => text('upper', i))
  expect((await Promise.all(many)).every((result, i) => result.startsWith(`${i}`))).toBe(true)
  expect(await ended(running)).toMatchObject({ code: 0 })
  expect(await scheduler.listAgents()).not.toContainEqual(expect.objectContaining({ id: 'upper' }))
})

test('agent run: it serves the queues and offers the capabilities that it is given', async () => {
  const running = await agent('many', 'cat', '--queue', 'one', 'two,three', '--capability', 'ocr')
  const view = (await scheduler.listAgents()).find(({ id }) => id === 'many')
  expect(view).toMatchObject({ queues: ['one', 'three', 'two'], capabilities: ['ocr'] })
  expect(await scheduler.run('three', { n: 1 }, { requires: ['ocr'] })).toEqual({ n: 1 })
  await ended(running)
})

test('agent run: labels and specializations are numbers by name, several words or one', async () => {
  const labels = ['--label', 'gpu=24', 'cpu=8,temp=-2.5', '--label', 'ram=1']
  const running = await agent('able', 'cat', ...labels, '--specialization', 'scan=0.95')
  const view = (await scheduler.listAgents()).find(({ id }) => id === 'able')
  expect(view).toMatchObject({
    labels: { cpu: 8, gpu: 24, ram: 1, temp: -2.5 },
    specializations: { scan: 0.95 },
  })
  const requires = ['gpu>=24', 'temp<0']
  expect(await scheduler.run('able', { n: 1 }, { requires })).toEqual({ n: 1 })
  await ended(running)
})

test('agent run: a payload that the command does not read does no harm', async () => {
  const running = await agent('deaf', 'echo done')
  expect(await text('deaf', 'x'.repeat(200_000))).toBe('done\n')
  await ended(running)
})

test('agent run: a non-zero exit is a failure with the last line of stderr, and is retried', async () => {
  const count = join(home, 'attempts')
  const script = `echo x >> ${count}; echo first >&2; printf 'disk \\033[31mfull\\n\\n' >&2; exit 3`
  const running = await agent('failing', script)
  const failed = await scheduler.run('failing', 'x', { retryCount: 1 }).catch((error) => error)
  expect(failed).toMatchObject({ code: 'error', message: 'disk full', attempts: 2 })
  expect(readFileSync(count, 'utf8')).toBe('x\nx\n')
  const { stderr } = await ended(running)
  expect(stderr).toMatch(/^task \S+ in failing, attempt 1, failed: disk full$/m)
})

test('agent run: a command that cannot be, or says nothing, fails with a sentence', async () => {
  const running = await agent('odd', 'read x; case $x in *7*) exit 7;; *) kill -9 $$;; esac')
  const run = (payload: number) =>
    scheduler.run('odd', payload, { retryCount: 0 }).catch(({ message }) => message)
  expect(await run(7)).toBe('The command ended with exit code 7.')
  expect(await run(1)).toBe('The command ended with signal SIGKILL.')
  await ended(running)
})

test('agent run: too much output is a permanent failure and ends the command', async () => {
  const file = join(home, 'yes.pid')
  const running = await agent('loud', `echo $$ > ${file}; yes`)
  await expect(scheduler.run('loud')).rejects.toMatchObject({
    code: 'payload_too_large',
    retryable: false,
    attempts: 1,
  })
  const pid = await pidIn(file)
  await until(() => !isAlive(pid), { what: 'the command to end' })
  await ended(running)
})

test('agent run: a cancelled task ends its command with SIGTERM, children included', async () => {
  const file = join(home, 'child.pid')
  const caught = join(home, 'caught')
  const script = `trap 'echo term > ${caught}; exit 1' TERM; sleep 1000 & echo $! > ${file}; wait`
  const running = await agent('slow', script)
  const task = await scheduler.submit('slow')
  const child = await pidIn(file)
  await scheduler.cancelTask(task.id)
  await expect(task.result()).rejects.toMatchObject({ code: 'cancelled' })
  await until(() => !isAlive(child), { what: 'the child of the command to end' })
  await until(() => existsSync(caught), { what: 'the command to have caught SIGTERM' })
  await ended(running)
})

test('agent run: a command that ignores SIGTERM is killed', async () => {
  const file = join(home, 'stubborn.pid')
  const running = await agent('stubborn', `trap '' TERM; echo $$ > ${file}; sleep 1000`)
  const task = await scheduler.submit('stubborn', undefined, { timeoutMs: 300, retryCount: 0 })
  await expect(task.result()).rejects.toMatchObject({ code: 'timeout' })
  const pid = await pidIn(file)
  await until(() => !isAlive(pid), { what: 'the command to be killed' })
  await ended(running)
})

test('agent run: what a command leaves in the background ends with its task', async () => {
  const file = join(home, 'background.pid')
  const running = await agent('leaving', `sleep 1000 & echo $! > ${file}; echo done`)
  expect(await text('leaving', 'x')).toBe('done\n')
  const pid = await pidIn(file)
  await until(() => !isAlive(pid), { what: 'the background process to end' })
  await ended(running)
})

test('agent run: told to end it finishes what runs; told again it ends that too', async () => {
  const file = join(home, 'two.pid')
  const running = await agent(
    'two',
    `echo $$ > ${file}; read x; test "$x" = '"quick"' || sleep 1000`,
  )
  const task = await scheduler.submit('two')
  const pid = await pidIn(file)
  running.process.kill('SIGTERM')
  await until(() => running.stderr().includes('a second signal ends it'), { what: 'the first' })
  expect(isAlive(pid)).toBe(true)
  await until(
    () => {
      running.process.kill('SIGTERM')
      return running.process.exitCode !== null
    },
    { what: 'the second signal to be taken' },
  )
  expect((await running.ended).code).toBe(130)
  await until(() => !isAlive(pid), { what: 'the command to end' })
  await scheduler.cancelTask(task.id)
})

test('agent run: a drain from outside ends it in order', async () => {
  const running = await agent('drained', 'cat')
  await scheduler.drainAgent('drained')
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
})

test('agent run: a second one of the same name takes over and the first says so', async () => {
  const first = await agent('twin', 'echo first')
  const second = await agent('twin', 'echo second')
  const { code, stderr } = await first.ended
  expect(stderr).toMatch(/^error fenced: Another process runs as agent "twin" now/)
  expect(code).toBe(5)
  expect(await text('twin', 'x')).toBe('second\n')
  await ended(second)
})

test.each([['a.b'], ['x'.repeat(65)]])('agent run: the name %j is refused', async (name) => {
  const { cli } = { cli: (words: string[]) => start(words, { env: { NATS_URL: nats.url } }).ended }
  const { code, stderr } = await cli(['agent', 'run', name, '--queue', 'q', '--exec', 'cat'])
  expect(stderr).toMatch(/^error bad_token: /)
  expect(code).toBe(2)
})
