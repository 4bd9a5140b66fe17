/** Scaling advice as it is asked for: the library, NATS, HTTP, the command line. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { watch } from '../../src/service/watching.ts'
import { withHome } from '../cli/support.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const { cli } = withHome()
const nats = withNats()
let scheduler: Scheduler
let url: string
const events: Record<string, unknown>[] = []
const stops: (() => unknown)[] = []
const release: (() => void)[] = []

const get = async (path: string) => {
  const answer = await fetch(`${url}${path}`)
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** Four tasks hold the only agent of two places: two run, two wait. */
beforeAll(async () => {
  scheduler = await new Scheduler({
    name: 'box',
    nats: nats.url,
    strictQueues: true,
    queues: { ocr: {}, mail: {} },
    scaling: { intervalMs: 20 },
    routers: 0,
  }).start()
  stops.push(() => scheduler.stop())
  scheduler.onEvent(({ kind, detail }) => {
    if (kind === 'scaling_advice') events.push(detail)
  })
  const watching = await watch(scheduler, { http: { host: '127.0.0.1', port: 0 } })
  stops.push(() => watching.stop())
  url = watching.url!
  const held = () => new Promise<string>((resolve) => release.push(() => resolve('done')))
  await scheduler.agent({ id: 'a', queues: ['ocr'], concurrency: 2 }, held)
  await scheduler.agent({ id: 'b', queues: ['ocr'], capabilities: ['gpu'], concurrency: 2 }, held)
  for (let i = 0; i < 6; i++) await scheduler.submit('ocr', i)
  await until(async () => (await scheduler.scalingAdvice('ocr'))[0]?.verdict === 'add', {
    what: 'advice to add',
  })
})
afterAll(async () => {
  for (const letGo of release) letGo()
  for (const stop of stops.reverse()) await stop()
})

describe('scaling: asked for', () => {
  test('scaling: library and NATS say the same, of one queue or of all', async () => {
    const [own] = await scheduler.scalingAdvice('ocr')
    expect(own).toMatchObject({ queue: 'ocr', requires: [], agents: 2, places: 4, waiting: 2 })
    expect(own.desiredAgents).toBe(5)
    expect(own.since).toBeGreaterThan(Date.now() - 60_000)
    const client = await connect({ servers: nats.url })
    try {
      const [told] = await client.scalingAdvice('ocr')
      const { queue, requires, verdict, agents, desiredAgents, since } = own
      expect(told).toMatchObject({ queue, requires, verdict, agents, desiredAgents, since })
      expect(Object.keys(told)).toEqual(Object.keys(own))
      expect(await client.scalingAdvice()).toHaveLength(1)
      await expect(client.scalingAdvice('nowhere')).rejects.toMatchObject({ code: 'queue_unknown' })
    } finally {
      await client.close()
    }
  })

  test('scaling: a scheduler that gives none says so', async () => {
    const off = new Scheduler({ scaling: false, routers: 0 })
    await expect(off.scalingAdvice()).rejects.toMatchObject({ code: 'not_supported' })
    await off.stop()
  })

  test('scaling: a change is an event with the sentence', async () => {
    await until(() => events.length > 0, { what: 'an event' })
    expect(events[0]).toMatchObject({ queue: 'ocr', verdict: 'add' })
    expect(events[0].message).toMatch(
      /^Queue ocr: add 3 agents: 100 % of 4 places in use and \d tasks? waits?, above 70 %/,
    )
  })

  test('scaling: over HTTP it is what KEDA’s metrics-api reads', async () => {
    const { status, body } = await get('/scaling/ocr')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      queue: 'ocr',
      requires: [],
      verdict: 'add',
      agents: 2,
      desired_agents: 5,
      places: 4,
    })
    expect(body.reason).toMatch(/^add 3 agents: /)
  })

  test('scaling: over HTTP a kind of work that never came keeps who is there', async () => {
    expect((await get('/scaling/ocr?requires=gpu')).body).toMatchObject({
      requires: ['gpu'],
      agents: 1,
      desired_agents: 1,
      reason: 'keep 1 agent: no such task has come yet',
    })
    expect((await get('/scaling/mail')).body).toMatchObject({ agents: 0, desired_agents: 0 })
  })

  test('scaling: over HTTP agents that another advice is for can be left out', async () => {
    expect((await get('/scaling/ocr?without=gpu')).body).toMatchObject({
      verdict: 'add',
      agents: 1,
      desired_agents: 4,
      places: 2,
    })
  })

  test('scaling: over HTTP what is not there, or not right, is one sentence', async () => {
    const unknown = await get('/scaling/nowhere')
    expect(unknown).toMatchObject({ status: 404, body: { code: 'queue_unknown' } })
    for (const [path, code] of [
      ['/scaling/', 'bad_token'],
      ['/scaling/a%20b', 'bad_token'],
      ['/scaling/ocr?requires=gpu%3E%3E3', 'bad_option'],
      ['/scaling/ocr?require=gpu', 'bad_option'],
    ]) {
      expect(await get(path)).toMatchObject({ status: 400, body: { code } })
    }
    expect((await get('/scaling/%E0%A4%A')).status).toBe(404)
    expect((await get('/scaling')).status).toBe(404)
  })

  test('queue advice: a table with the reasons for people, rows for programs', async () => {
    const run = (...words: string[]) => cli(words, { env: { NATS_URL: nats.url } })
    const shown = await run('queue', 'advice')
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    const lines = shown.stdout.split('\n')
    expect(lines[1]).toMatch(/^ {2}ocr +anything +2 +5 +100 % +2 /)
    expect(shown.stdout).toMatch(
      /\n {2}ocr {2}add 3 agents: 100 % of 4 places in use and 2 tasks wait/,
    )
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    const json = await run('queue', 'advice', 'ocr', '-o', 'json')
    expect(JSON.parse(json.stdout)).toMatchObject([{ queue: 'ocr', desiredAgents: 5 }])
    expect(await run('queue', 'advice', 'nowhere')).toMatchObject({ code: 5 })
  })
})
