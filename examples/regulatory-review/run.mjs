// The whole pipeline by the clock, so many times as fast: a scheduler with signalbox.yaml, agents for
// the automatic stages, and people who claim what lies in their inbox and decide it.
//
//   node examples/regulatory-review/run.mjs --scale 600
//
// It brings a NATS server of its own. With NATS_URL it uses that one, below a subject prefix of its own,
// so that no other scheduler there takes its tasks. Times of the file are divided by the scale as well,
// down to two seconds: a machine's own delays do not shrink. Exit code 0 when every device has come
// through, 1 when not, 2 for a wrong flag, 3 without NATS.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse, stringify } from 'yaml'

const EXIT = { failed: 1, usage: 2, unreachable: 3 }
const UNREACHABLE = ['nats_unreachable', 'nats_server_not_found', 'no_scheduler', 'disconnected']

const scale = scaleGiven()
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const LEAST_SECONDS = 2
const SCALED = ['ttl_seconds', 'processing_timeout', 'retry_delay_seconds', 'sla_target_seconds']
const here = dirname(fileURLToPath(import.meta.url))
const built = join(here, '../../dist/src')
const main = join(built, 'cli/main.js')
if (!existsSync(main)) giveUp('nothing is built yet: run `npm ci && npm run build` first.')
const { connect } = await import('signalbox')

/** What each automatic stage takes, and what it finds of a device. */
const STAGES = {
  data_validation: {
    agents: 3,
    takesMs: 15 * SECOND,
    find: () => ({ valid: true, recall_count: 0 }),
  },
  gap_analysis: { agents: 2, takesMs: 45 * SECOND, find: () => ({ gaps_detected: 2 }) },
  predicate_ranking: { agents: 2, takesMs: 60 * SECOND, find: () => ({ predicates: 3 }) },
  confidence_filtering: { agents: 1, takesMs: SECOND, find: ({ confidence }) => ({ confidence }) },
}
/** From and to, of one review. */
const REVIEWS_MS = {
  ra_review_high: [5 * MINUTE, 10 * MINUTE],
  ra_review_medium: [15 * MINUTE, 30 * MINUTE],
  expert_review_low: [1 * HOUR, 2 * HOUR],
  supervisor: [1 * HOUR, 2 * HOUR],
}
const GROUPS = [
  { count: 35, confidence: 95 },
  { count: 10, confidence: 78 },
  { count: 5, confidence: 62 },
]
const INTAKE_MS = 30 * SECOND
const DEVICES = GROUPS.reduce((sum, { count }) => sum + count, 0)

const SCHEDULER_MS = 20 * SECOND
/** All of it takes about eight hours; what a machine needs besides does not shrink. */
const LIMIT_MS = MINUTE + (24 * HOUR) / scale

function giveUp(sentence, code = EXIT.failed) {
  console.error(`run.mjs: ${sentence}`)
  process.exit(code)
}

/** @returns how many times as fast. */
function scaleGiven() {
  let text
  try {
    text = parseArgs({ options: { scale: { type: 'string', default: '600' } } }).values.scale
  } catch (error) {
    giveUp(`${error.message.split('.')[0]}: it takes --scale N and nothing else.`, EXIT.usage)
  }
  const given = Number(text)
  if (given >= 1 && given <= 10_000) return given
  return giveUp(`--scale: give a number from 1 to 10000, not "${text}".`, EXIT.usage)
}

let startedAt = 0
const take = (ms) => pause(ms / scale)
/** Time of the pipeline: `2:05`. */
function clock() {
  const minutes = Math.floor(((performance.now() - startedAt) * scale) / MINUTE)
  return `${Math.floor(minutes / 60)}:${`${minutes % 60}`.padStart(2, '0')}`
}
const tell = (words) => console.log(`${clock().padStart(6)}  ${words}`)

/** The file with its times divided. @returns the folder that it is in. */
async function scaledFile(config) {
  const folder = await mkdtemp(join(tmpdir(), 'regulatory-review-'))
  for (const queue of Object.values(config.queues)) {
    for (const key of SCALED) {
      if (queue[key] > 0)
        queue[key] = Math.max(LEAST_SECONDS, Math.round((queue[key] / scale) * 1e3) / 1e3)
    }
  }
  await writeFile(join(folder, 'signalbox.yaml'), stringify(config))
  return folder
}

/** A server of its own, unless the environment names one; then with a prefix of its own. */
async function natsFor(config) {
  if (process.env.SIGNALBOX_NATS || process.env.NATS_URL) {
    const prefix = `review-${process.pid}`
    config.nats = { ...config.nats, prefix }
    return { prefix, stop: () => {} }
  }
  const { startNatsServer } = await import(join(built, 'service/nats-server/run.js'))
  const server = await startNatsServer({ onFetch: (sentence) => console.error(sentence) })
  process.env.NATS_URL = server.url
  return { stop: () => server.stop() }
}

/** Serves it until it is ended. @param onEnd told when it ends by itself. */
function serve(folder, onEnd) {
  const words = ['serve', '--config', join(folder, 'signalbox.yaml'), '--log-level', 'error']
  const child = spawn(process.execPath, [main, ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  ended.then((code) => onEnd(new Error(`the scheduler ended (${code ?? 'killed'}).`)))
  return async () => {
    child.kill('SIGTERM')
    const hasEnded = await Promise.race([ended.then(() => true), pause(5 * SECOND)])
    if (!hasEnded) child.kill('SIGKILL')
  }
}

/** Settles when the scheduler of this file answers, and no other does. */
async function ready(sb, name) {
  const giveUpAt = performance.now() + SCHEDULER_MS
  let answered = 'none'
  while (performance.now() < giveUpAt) {
    try {
      answered = (await sb.status()).scheduler
      if (answered === name) return
    } catch (error) {
      if (error.code !== 'no_scheduler') throw error
    }
    await pause(50)
  }
  const seconds = SCHEDULER_MS / SECOND
  throw new Error(`scheduler "${name}" does not answer within ${seconds} s (${answered} did).`)
}

async function automate(sb) {
  for (const [queue, { agents, takesMs, find }] of Object.entries(STAGES)) {
    for (let n = 1; n <= agents; n++) {
      await sb.agent(
        { id: `${queue}-${n}`, queues: [queue], concurrency: 1, prefetch: 0 },
        async (task) => {
          await take(takesMs)
          return find(task.json())
        },
      )
    }
  }
}

/** Settles when so many reviews are in somebody's inbox or wait for one. @returns them. */
async function routed(sb, count) {
  // Ends at LIMIT_MS at the latest, with the connection.
  for (;;) {
    const rows = await sb.listInbox({ limit: 1_000 })
    if (rows.length >= count) return rows
    await pause(20)
  }
}

/** Devices of one confidence after the other, so that workloads are those of the source. */
async function intake(sb, onLost) {
  const outcomes = []
  for (const { count, confidence } of GROUPS) {
    for (let i = 0; i < count; i++) {
      const id = `device-${`${outcomes.length + 1}`.padStart(2, '0')}`
      const task = await sb.submit('data_validation', { device: id, confidence }, { id })
      const outcome = task.result()
      outcome.catch(({ message }) => onLost(new Error(`${id} is lost on its way: ${message}`)))
      outcomes.push(outcome)
      await take(INTAKE_MS)
    }
    await routed(sb, outcomes.length)
  }
  return outcomes
}

/** Somebody at work: claims the most urgent of their inbox, looks at it, and decides. */
async function work(sb, person, decided, signal) {
  while (!signal.aborted) {
    const mine = (await sb.listInbox({ person })).filter((row) => row.person === person)
    const [next] = mine
      .filter(({ state }) => state === 'assigned')
      .sort((a, b) => b.priority - a.priority)
    if (next === undefined) {
      await pause(20)
      continue
    }
    const [from, to] = REVIEWS_MS[next.queue]
    try {
      await sb.claimTask(next.task, { by: person })
      await take(from + (to - from) * Math.random())
      await sb.decideTask(next.task, { by: person, decision: 'accept', comment: 'as found' })
    } catch (error) {
      // It was late: somebody else has it now.
      if (signal.aborted || !['claimed', 'not_claimed', 'finished'].includes(error.code))
        throw error
      continue
    }
    decided[person] = (decided[person] ?? 0) + 1
  }
}

function counted(rows, key) {
  const counts = {}
  for (const row of rows)
    counts[row[key] ?? 'nobody yet'] = (counts[row[key] ?? 'nobody yet'] ?? 0) + 1
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

/** All of it, from the first device to the last decision. @returns whether all came through. */
async function play(sb, config, fail, over) {
  await ready(sb, config.scheduler.name)
  await automate(sb)
  startedAt = performance.now()
  console.log(
    `scale ${scale}: an hour takes ${(3_600 / scale).toFixed(1)} s, all of it about eight hours`,
  )
  tell(`the first of ${DEVICES} devices comes, one every ${INTAKE_MS / SECOND} s`)
  const outcomes = await intake(sb, fail)
  const rows = await routed(sb, DEVICES)
  tell(`all are routed: ${counted(rows, 'queue')}`)
  tell(
    `in the inboxes: ${counted(
      rows.filter(({ person }) => person !== null),
      'person',
    )}`,
  )
  const decided = {}
  const people = Object.keys(config.people).map((name) => work(sb, name, decided, over.signal))
  tell('people begin')
  const settled = await Promise.race([Promise.allSettled(outcomes), Promise.all(people)])
  over.abort()
  await Promise.allSettled(people)
  const done = settled.filter(({ status }) => status === 'fulfilled').length
  tell(`${done} of ${DEVICES} devices are decided`)
  console.log('\ndecided by:')
  for (const [name, count] of Object.entries(decided))
    console.log(`  ${name.padEnd(12)}${`${count}`.padStart(3)}`)
  console.log('\nbegun within their SLA:')
  for (const queue of ['ra_review_high', 'ra_review_medium', 'expert_review_low']) {
    const { goal, assigned } = (await sb.getQueue(queue)).sla
    const { kept, missed } = assigned
    console.log(`  ${queue.padEnd(18)}${kept} of ${kept + missed}, ${100 * goal} % are promised`)
  }
  return done === DEVICES
}

const config = parse(await readFile(join(here, 'signalbox.yaml'), 'utf8'))
const over = new AbortController()
const cleanups = []
let fail
const failed = new Promise((_, reject) => {
  fail = reject
})
failed.catch(() => {})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => fail(new Error(`ended by ${signal}.`)))
}
process.stdout.on('error', () => fail(new Error('nobody reads what it prints.')))
let code = 0
try {
  const { prefix, stop } = await natsFor(config)
  cleanups.unshift(stop)
  const sb = await connect({ prefix })
  cleanups.unshift(() => Promise.race([sb.close(), pause(5 * SECOND)]))
  const folder = await scaledFile(config)
  cleanups.unshift(() => rm(folder, { recursive: true, force: true }))
  cleanups.unshift(serve(folder, fail))
  const limit = `not all devices were decided within ${Math.round(LIMIT_MS / SECOND)} s.`
  setTimeout(() => fail(new Error(limit)), LIMIT_MS)
  const isComplete = await Promise.race([play(sb, config, fail, over), failed])
  if (!isComplete) code = EXIT.failed
} catch (error) {
  console.error(`run.mjs: ${error.message}`)
  code = UNREACHABLE.includes(error.code) ? EXIT.unreachable : EXIT.failed
}
over.abort()
for (const cleanup of cleanups) await cleanup()
process.exit(code)
