import { afterAll, beforeAll, expect, test } from 'vitest'
import { rebalanceLines } from '../../src/cli/render/balance.ts'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { withHome } from './support.ts'

const { cli: run } = withHome()
const nats = withNats()
let scheduler: Scheduler
const cli = (...words: string[]) => run(words, { env: { NATS_URL: nats.url } })
const held = () => new Promise(() => {})

beforeAll(async () => {
  scheduler = await new Scheduler({
    name: 'box',
    nats: nats.url,
    queues: { ocr: { binding: 'early' } },
    stealing: { mode: 'push' },
    routers: 0,
  }).start()
})
afterAll(() => scheduler.stop({ drain: false }))

test('queue rebalance: a table of what went where, and the spread before and after', async () => {
  const nothing = await cli('queue', 'rebalance')
  expect(nothing).toMatchObject({ code: 0, stderr: '' })
  expect(nothing.stdout).toMatch(/^0 tasks moved between agents\.\n/)
  expect(nothing.stdout).toMatch(/\nNothing waits in agents’ own queues\.\n$/)
  await scheduler.agent({ id: 'busy', queues: ['ocr'] }, held)
  for (let i = 0; i < 9; i++) await scheduler.submit('ocr')
  const bound = async () => (await scheduler.getQueue('ocr')).bound
  await until(async () => (await bound()) === 8, { what: 'tasks to be bound' })
  for (const id of ['other', 'third']) await scheduler.agent({ id, queues: ['ocr'] }, held)
  const table = await cli('queue', 'rebalance')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout.split('\n').map((line) => line.trim())).toEqual([
    '6 tasks moved between agents.',
    expect.stringMatching(/^from +to +queue +tasks$/),
    expect.stringMatching(/^busy +other +ocr +3$/),
    expect.stringMatching(/^busy +third +ocr +3$/),
    expect.stringMatching(/^variation of loads +1\.41 → 0\.00$/),
    'No further move would bring two agents closer together and pay.',
    '',
  ])
  const json = await cli('queue', 'rebalance', '-o', 'json')
  expect(JSON.parse(json.stdout)).toMatchObject({ moved: [], recalled: 0, variationAfter: 0 })
})

test('queue rebalance: names are cut to the terminal and made harmless', () => {
  const report = {
    moved: [{ task: 't', queue: 'q'.repeat(60), from: `a\u001b[31m${'b'.repeat(60)}`, to: 'c' }],
    recalled: 2,
    variationBefore: 0.5,
    variationAfter: 0.25,
    reason: 'What agents hand back goes on elsewhere; nothing else may be moved.',
  }
  const lines = rebalanceLines(report, 80, NO_COLORS)
  expect(lines[0]).toBe('1 task moved between agents, 2 more asked back that were not begun.')
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  expect(lines.join('')).not.toContain('\u001b')
})
