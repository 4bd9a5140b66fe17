import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERROR_CODES, TaskError } from '../src/errors.ts'
import { LIMITS, QUEUE_DEFAULTS, SCHEDULER_DEFAULTS } from '../src/options.ts'
import { Scheduler } from '../src/scheduler.ts'
import { blocksOf, parseTranscript, Transcript } from './client/transcript.ts'
import { root, text } from './support/files.ts'
import { withNats } from './support/nats.ts'
import { node } from './support/node-script.ts'
import { until } from './support/until.ts'

const nats = withNats()
const page = text('docs/PROTOCOL.md')
const transcripts = blocksOf(page, 'nats').map((block, index) => ({ number: index + 1, block }))
/** Below `dist`, so that the programs find the packages of this one. */
const folder = join(root, `dist/protocol-${process.pid}`)
const children: ChildProcess[] = []
let scheduler: Scheduler
let transcript: Transcript

beforeAll(async () => {
  const adopted = [{ subject: 'work.ocr', concurrency: 8 }]
  const joined = { servers: nats.url, agents: adopted }
  scheduler = new Scheduler({ name: 'main', nats: joined, routers: 1 })
  await scheduler.start()
  const clerk = { id: 'clerk', queues: ['greet', 'fragile'], concurrency: 4 }
  await scheduler.agent(clerk, (task) => {
    if (task.queue === 'greet') return `Hello, ${task.json<string>()}!`
    throw TaskError.permanent('The printer is on fire.', 'paper_jam')
  })
  transcript = new Transcript(await nats.connect())
  mkdirSync(folder, { recursive: true })
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await scheduler?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test.each(transcripts)('protocol: example $number goes as it is written', async ({ block }) => {
  await transcript.run(parseTranscript(block))
  expect(await transcript.leftOver()).toEqual([])
})

test('protocol: an example that is wrong is noticed', async () => {
  const strict = new Transcript(await nats.connect())
  const question = 'SUB _INBOX.strict.*\n\n> sb.call.greet _INBOX.strict.1\n>\n> "Eve"\n\n'
  const wrong = parseTranscript(`${question}< _INBOX.strict.1\n<\n< "Hello, Adam!"`)
  await expect(strict.run(wrong)).rejects.toThrow('received\n_INBOX.strict.1\n\n"Hello, Eve!"')
  const unbound = parseTranscript('> sb.from.x.main.result.<unbound>.1-1-1')
  await expect(strict.run(unbound)).rejects.toThrow('<unbound>')
})

test('protocol: the agent and the submitter in full do what they say', async () => {
  const [agent, submitter] = blocksOf(page, 'js')
  const [printed] = blocksOf(page, 'text')
  writeFileSync(join(folder, 'agent.mjs'), agent)
  writeFileSync(join(folder, 'submitter.mjs'), submitter)
  const env = { ...process.env, NATS_URL: nats.url }
  children.push(spawn(process.execPath, [join(folder, 'agent.mjs')], { env, stdio: 'inherit' }))
  const joined = async () => (await scheduler.listAgents()).some(({ id }) => id === 'plain-reader')
  await until(joined, { what: 'the agent to say hello' })
  const output = await node([join(folder, 'submitter.mjs')], { env: { NATS_URL: nats.url } })
  expect(output).toBe(printed)
  expect(children[0].exitCode).toBeNull()
})

describe('protocol: the agent over a bare socket', () => {
  const [, , program] = blocksOf(page, 'js')
  const file = join(folder, 'bare-agent.mjs')
  const start = () => {
    const env = { ...process.env, NATS_URL: nats.url }
    const child = spawn(process.execPath, [file], { env, stdio: 'inherit' })
    children.push(child)
    return child
  }
  const instanceOf = async (id: string) =>
    (await scheduler.listAgents()).find((agent) => agent.id === id)?.instance
  let first: ChildProcess

  beforeAll(async () => {
    writeFileSync(file, program)
    first = start()
    await until(() => instanceOf('bare'), { what: 'the agent to say hello' })
  })

  test('protocol: it has fewer than 60 lines and no library', () => {
    expect(program.trimEnd().split('\n').length).toBeLessThan(60)
    expect(program.match(/\b(?:import|require)\b.*/g)).toEqual([
      "import { connect } from 'node:net'",
    ])
  })

  test('protocol: it works, on much at a time and on messages that come in pieces', async () => {
    const long = 'é'.repeat(100_000)
    const texts = [long, ...Array.from({ length: 300 }, (_, i) => `line ${i}`), long]
    const shouted = texts.map(async (text) => {
      const task = await scheduler.submit('shout', Buffer.from(text))
      return Buffer.from(await task.bytes()).toString()
    })
    expect(await Promise.all(shouted)).toEqual(texts.map((text) => text.toUpperCase()))
    expect((await scheduler.status()).attempts).toMatchObject({ lost: 0, dispatchFailed: 0 })
  })

  test('protocol: it fails for good when there is nothing to do', async () => {
    const error = await scheduler.run('shout', new Uint8Array(0)).catch((reason) => reason)
    expect(error).toBeInstanceOf(TaskError)
    expect(error).toMatchObject({ message: 'Nothing to shout.', attempts: 1, retryable: false })
  })

  test('protocol: it stops when another has taken its name', async () => {
    const before = await instanceOf('bare')
    const gone = once(first, 'exit')
    start()
    expect(await gone).toEqual([1, null])
    expect(await instanceOf('bare')).not.toBe(before)
    const task = await scheduler.submit('shout', Buffer.from('still here'))
    expect(Buffer.from(await task.bytes()).toString()).toBe('STILL HERE')
  })
})

test('protocol: every limit is one of the limits in force', () => {
  const limits = page.slice(page.indexOf('## Limits'), page.indexOf('## Permissions'))
  const numbers = [...limits.matchAll(/^\|[^|]*\|([^|]*)\|/gm)].flatMap(([, cell]) =>
    (cell.replace(/\(.*?\)/g, '').match(/\d[\d,]*/g) ?? []).map((digits) =>
      Number(digits.replaceAll(',', '')),
    ),
  )
  const known = new Set(
    [LIMITS, QUEUE_DEFAULTS, SCHEDULER_DEFAULTS].flatMap((table) => Object.values(table)),
  )
  expect(numbers.length).toBeGreaterThan(15)
  expect(numbers.filter((number) => !known.has(number))).toEqual([])
})

test('protocol: every error code it speaks of exists', () => {
  const errors = page.slice(page.indexOf('[errors.md](errors.md)'), page.indexOf('## Limits'))
  const codes = [...errors.matchAll(/`(\w+)`/g)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(15)
  expect(codes.filter((code) => !Object.hasOwn(ERROR_CODES, code))).toEqual([])
})
