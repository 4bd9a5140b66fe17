import type { NatsConnection } from 'nats'
import { expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { PlainAgent } from '../faults/support/plain-agent.mjs'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type Answer, ask, CONTROL, rawHeaders, readAnswer } from './support/ask.ts'
import {
  CAPABILITIES,
  generateInputs,
  generateResults,
  type Input,
  LABELS,
  SCHEDULER,
} from './support/inputs.ts'

const INPUTS = process.env.SOAK === '1' ? 100_000 : 20_000
const SEED = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
/** Inputs on their way at a time. */
const WINDOW = 500
const LEASE_MS = 2_000

const NAME = '[A-Za-z0-9_-]{1,64}'
/** All that a scheduler may say, and what the agent beside it does. */
const GRAMMAR = new RegExp(
  `^(?:_INBOX\\..+` +
    `|sb\\.agent\\.${NAME}\\.${NAME}\\.(?:work|control)` +
    `|sb\\.event\\.[a-z_]+` +
    `|sb\\.from\\.good\\.(?:hello|beat|bye)` +
    `|sb\\.from\\.good\\.${SCHEDULER}\\.result\\.\\d+\\.\\d+-\\d+-\\d+)$`,
)

const nats = withNats()

interface Asked extends Input {
  answers: (Answer & { state: string })[]
}

test(`fuzz: ${INPUTS} generated inputs are answered once each, disturb nothing and inject nothing`, {
  timeout: 60_000 + INPUTS * 5,
}, async () => {
  console.log(`fuzz: SEED=${SEED}`)
  const scheduler = new Scheduler({
    nats: nats.url,
    name: SCHEDULER,
    leaseMs: LEASE_MS,
    agentsMax: 64,
    keep: { count: 100 },
    queueDefaults: { timeoutMs: 200 },
  })
  await scheduler.start()
  const refused: string[] = []
  const good = new PlainAgent({
    servers: nats.url,
    id: 'good',
    capabilities: CAPABILITIES,
    labels: LABELS,
    concurrency: 50,
    report: ({ code }) => refused.push(code ?? ''),
  })
  await good.start()
  const nc = await nats.connect()
  const sent = new Set<string>()
  const strange = new Set<string>()
  const listener = await nats.connect()
  listener.subscribe('>', {
    callback: (_, { subject }) => {
      if (!sent.has(subject) && !GRAMMAR.test(subject)) strange.add(subject)
    },
  })
  await listener.flush()

  const inputs = generateInputs(INPUTS, SEED)
  answerSloppily(listener, sent, refused)
  const before = process.cpuUsage()
  const asked = await askAll(nc, inputs, sent)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1_000 / INPUTS).toBeLessThan(1)

  await until(() => asked.every(isAnswered), {
    what: 'every input to be answered',
    timeoutMs: 20_000,
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(show(asked.find((a) => !isAnswered(a))!))}`)
  })
  for (const one of asked) expectProper(one)
  await listener.flush()
  expect([...strange]).toEqual([])

  // What is left are tasks without a waiter, agents that never were, and the good one.
  await until(() => scheduler.statusNow().agents.online === 1, { what: 'the others to lapse' })
  await until(() => openTasks(scheduler) === 0, { what: 'every task to end' })
  expect(await ask(nc, 'sb.call.work', 'still there')).toMatchObject({ body: 'still there' })
  expectCountsRight(
    scheduler,
    asked,
    refused.filter((code) => code !== ''),
  )
  await good.stop()
  await scheduler.stop()
})

/**
 * Stands in for every agent that the inputs make up: a third of its tasks it forgets, the others it
 * answers with whatever was generated.
 * @param refused gets the codes with which its results were refused.
 */
function answerSloppily(nc: NatsConnection, sent: Set<string>, refused: string[]): void {
  const results = generateResults(1_000, SEED)
  nc.subscribe('_INBOX.sloppy', {
    callback: (_, msg) => {
      const { code } = readAnswer(msg)
      if (code !== null) refused.push(code)
    },
  })
  let nth = 0
  nc.subscribe('sb.agent.*.*.work', {
    callback: (_, { subject, reply }) => {
      if (subject.startsWith('sb.agent.good.') || ++nth % 3 === 0) return
      const { body, block } = results[nth % results.length]
      const headers = block === undefined ? undefined : rawHeaders(block)
      sent.add(reply!)
      nc.publish(reply!, body, { reply: '_INBOX.sloppy', headers })
    },
  })
}

/** Asks everything, some at a time; resolves when the last is on its way. */
async function askAll(nc: NatsConnection, inputs: Input[], sent: Set<string>): Promise<Asked[]> {
  const asked: Asked[] = inputs.map((input) => ({ ...input, answers: [] }))
  let answered = 0
  nc.subscribe('_INBOX.fuzz.*', {
    callback: (_, msg) => {
      const one = asked[Number(msg.subject.slice('_INBOX.fuzz.'.length))]
      const answer = readAnswer(msg)
      if (one.answers.length === 0) answered++
      one.answers.push({ ...answer, state: msg.headers?.get('Sb-State') ?? '' })
    },
  })
  let foreign = 0
  for (let n = 0; n < asked.length; n += WINDOW) {
    for (const [i, { subject, body, block, kind }] of asked.slice(n, n + WINDOW).entries()) {
      if (kind === 'foreign' || kind === 'call') foreign++
      sent.add(subject)
      const headers = block === undefined ? undefined : rawHeaders(block)
      nc.publish(subject, body, { reply: `_INBOX.fuzz.${n + i}`, headers })
    }
    const enough = Math.min(n + WINDOW, asked.length) - foreign
    await until(() => answered >= enough, { what: `answers of ${n} to ${n + WINDOW}` })
  }
  return asked
}

/** One answer, or acceptance and outcome; calls to nobody have none. */
function isAnswered({ kind, answers, block }: Asked): boolean {
  if (kind === 'foreign') return answers.every(({ code }) => code === 'no_responders')
  if (kind === 'outcome') return answers.length === 2 || (answers[0]?.status ?? 0) > 0
  if (kind === 'flow') return isFlowAnswered(answers, block)
  return answers.length === 1
}

/** Refused, or accepted, and ended where that is wanted. */
function isFlowAnswered(answers: Asked['answers'], block: string | undefined): boolean {
  if (answers.length === 0) return false
  if (answers[0].code !== null) return answers.length === 1
  return answers.length === (/Sb-Outcome: 1/.test(block ?? '') ? 2 : 1)
}

function expectProper(one: Asked): void {
  expect(isAnswered(one), JSON.stringify(show(one))).toBe(true)
  for (const { code, status, message } of one.answers) {
    expect(message).not.toMatch(CONTROL)
    if (code === null) expect(status).toBe(0)
    else expect(status, JSON.stringify(show(one))).toBeGreaterThanOrEqual(400)
  }
}

function show({ subject, body, block, kind, answers }: Asked): unknown {
  return { kind, subject, block, body: Buffer.from(body.subarray(0, 200)).toString(), answers }
}

function openTasks(scheduler: Scheduler): number {
  const { waiting, offered, running, blocked, scheduled } = scheduler.statusNow().tasks
  return waiting + offered + running + blocked + scheduled
}

/** What the scheduler says it accepted and refused is what was answered. */
function expectCountsRight(scheduler: Scheduler, asked: Asked[], ofAgents: string[]): void {
  const { tasks, attempts, refused } = scheduler.statusNow()
  expect(tasks.lost).toBe(0)
  let accepted = 1
  let duplicates = 0
  const refusals: Record<string, number> = {}
  for (const code of ofAgents) refusals[code] = (refusals[code] ?? 0) + 1
  for (const { kind, answers } of asked) {
    for (const { code, state, body } of answers) {
      if (code === 'no_responders') continue
      // A flow that has ended and is forgotten.
      if (kind === 'flow' && code === 'finished') duplicates++
      if (code !== null && state === '') refusals[code] = (refusals[code] ?? 0) + 1
      else if (code === null && state === '' && (kind === 'task' || kind === 'outcome')) {
        if (JSON.parse(body).duplicate === true) duplicates++
        else accepted++
      } else if (code === null && state === '' && kind === 'flow') {
        const said = JSON.parse(body)
        if (said.duplicate !== true) accepted += said.tasks
      }
    }
  }
  const calls = asked.filter(({ kind, answers }) => kind === 'call' && isTaken(answers[0])).length
  expect(tasks.accepted + tasks.duplicates).toBe(accepted + duplicates + calls)
  expect(refused).toEqual(refusals)
  expect(Object.keys(refusals).length).toBeGreaterThan(10)
  expect([tasks.duplicates > 0, refusals.finished > 0]).toEqual([true, true])
  expect([refusals.bad_flow > 0, refusals.parent_unknown > 0]).toEqual([true, true])
  console.log(`fuzz: ${JSON.stringify({ tasks, attempts, refused })}`)
}

/**
 * A call that is an outcome or a duplicate, not a refusal. Under an id of which the task is over and
 * forgotten it is a duplicate, whose one answer is that there is no outcome any more.
 */
function isTaken({ code, state }: Asked['answers'][number]): boolean {
  return code === null || state !== '' || code === 'finished'
}
