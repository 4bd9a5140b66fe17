import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERROR_CODES, TaskError } from '../src/errors.ts'
import { LIMITS, QUEUE_DEFAULTS, SCHEDULER_DEFAULTS } from '../src/options.ts'
import { Scheduler } from '../src/scheduler.ts'
import { FRAME } from '../src/wire/frames.ts'
import { blocksOf, parseTranscript, Transcript } from './client/transcript.ts'
import { root, text } from './support/files.ts'
import { withNats } from './support/nats.ts'
import { node } from './support/node-script.ts'
import { until } from './support/until.ts'

const nats = withNats()
const page = text('docs/PROTOCOL.md')
/** The document's programs by the name in their first line. */
const programs = new Map(
  blocksOf(page, 'js').map((program) => [/^\/\/ (\S+)/.exec(program)?.[1], program]),
)
const printed = blocksOf(page, 'text')
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
  for (const [name, program] of programs) writeFileSync(join(folder, `${name}`), program)
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
  const env = { ...process.env, NATS_URL: nats.url }
  children.push(spawn(process.execPath, [join(folder, 'agent.mjs')], { env, stdio: 'inherit' }))
  const joined = async () => (await scheduler.listAgents()).some(({ id }) => id === 'plain-reader')
  await until(joined, { what: 'the agent to say hello' })
  const output = await node([join(folder, 'submitter.mjs')], { env: { NATS_URL: nats.url } })
  expect(output).toBe(printed[1])
  expect(children[0].exitCode).toBeNull()
})

test('protocol: the submitter that uses frames prints what it says', async () => {
  const program = join(folder, 'frame-submitter.mjs')
  expect(await node([program], { env: { NATS_URL: nats.url } })).toBe(printed[0])
})

describe('protocol: frames, with nothing but what the document says', () => {
  const readFrame = async (bytes: Uint8Array) =>
    (await import(/* @vite-ignore */ join(folder, 'read-frame.mjs'))).readFrame(bytes)
  /** A head as the byte table has it. */
  const head = (kind: number, count: number, number: number) => {
    const bytes = Buffer.alloc(16)
    bytes.write('SB')
    bytes.set([1, kind, count], 2)
    bytes.writeBigUInt64LE(BigInt(number), 8)
    return bytes
  }
  /** A result of a work item; the time in hand and in the handler is left at 0. */
  const resultItem = (item: { slot: number; counter: number; seq: number }, payload: string) => {
    const bytes = Buffer.alloc(32)
    bytes.writeUInt32LE(item.slot, 0)
    bytes.writeBigUInt64LE(BigInt(item.counter), 4)
    bytes.writeUInt32LE(item.seq, 12)
    bytes.writeUInt32LE(payload.length, 16)
    return Buffer.concat([bytes, Buffer.from(payload)])
  }

  test('protocol: an agent is sent work, its results are taken and acknowledged', async () => {
    const nc = await nats.connect()
    const frames = nc.subscribe('sb.agent.framed.one.frames')[Symbol.asyncIterator]()
    const next = async () => {
      const { value } = await frames.next()
      return { ...(await readFrame(value.data)), reply: value.reply }
    }
    const hello = { instance: 'one', queues: ['framed'], concurrency: 2, keeps: true, frames: 1 }
    const answer = await nc.request('sb.from.framed.hello', JSON.stringify(hello))
    expect(answer.json()).toMatchObject({ scheduler: 'main', frames: 1 })

    const outcome = scheduler.run('framed', 'a question')
    const work = await next()
    expect(work).toMatchObject({ kind: 3, items: [{ queue: 'framed', payload: '"a question"' }] })
    expect(work.reply).toMatch(/^sb\.from\.framed\.main\.frames\./)
    const result = [head(4, 1, work.number), resultItem(work.items[0], '"an answer"')]
    nc.publish('sb.from.framed.main.frames', Buffer.concat(result))
    expect(await outcome).toBe('an answer')
    const { number } = work
    const { counter } = work.items[0]
    expect(await next()).toMatchObject({ kind: 5, number, items: [{ counter }] })
    await nc.request('sb.from.framed.bye', JSON.stringify({ instance: 'one' }))
    await nc.close()
  })

  test('protocol: one that is not whole is refused by its number, as a result and as tasks', async () => {
    const nc = await nats.connect()
    for (const [subject, kind] of [
      ['sb.frame.greet.3', 1],
      ['sb.from.framed.main.frames', 4],
    ] as const) {
      const cut = await nc.request(subject, head(kind, 1, 17))
      expect(cut.headers?.get('Sb-Code')).toBe('bad_frame')
      expect(cut.headers?.get('Sb-Frame')).toBe('17')
      const newer = head(kind, 1, 18)
      newer[2] = 4
      const refused = await nc.request(subject, newer)
      expect(refused.headers?.get('Sb-Code')).toBe('frame_version')
      expect(refused.headers?.get('Sb-Frame')).toBe('18')
    }
    await nc.close()
  })
})

describe('protocol: the agent over a bare socket', () => {
  const program = programs.get('bare-agent.mjs') ?? ''
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
    [LIMITS, FRAME, QUEUE_DEFAULTS, SCHEDULER_DEFAULTS].flatMap((table) => Object.values(table)),
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
