import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { shadowLines, strategyLines } from '../../src/cli/render/strategy.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { routingFromEnvironment } from '../../src/service/routing-environment.ts'
import { withNats } from '../support/nats.ts'
import { withHome } from './support.ts'

describe('with a scheduler', () => {
  const { cli: run } = withHome()
  const nats = withNats()
  let scheduler: Scheduler
  const cli = (...words: string[]) => run(words, { env: { NATS_URL: nats.url } })

  beforeAll(async () => {
    scheduler = await new Scheduler({
      name: 'box',
      nats: nats.url,
      strictQueues: true,
      queues: { ocr: { strategy: 'latency' }, mail: {} },
      routers: 1,
      placement: 'routers',
    }).start()
    await scheduler.agent({ id: 'a', queues: ['ocr', 'mail'], concurrency: 50 }, () => 'done')
  })
  afterAll(() => scheduler.stop())

  test('strategy list: each strategy with its queues, the default among them', async () => {
    const { code, stdout } = await cli('strategy', 'list')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}latency +signalbox +ocr$/m)
    expect(stdout).toMatch(/^ {2}least_loaded +signalbox +default, mail$/m)
    const json = await cli('strategy', 'list', '-o', 'json')
    expect(JSON.parse(json.stdout)).toContainEqual({
      name: 'random',
      origin: 'built_in',
      isDefault: false,
      queues: [],
      shadows: [],
      off: null,
    })
  })

  test('strategy set: a queue, or the default, is switched while it runs', async () => {
    expect(await cli('strategy', 'set', 'hybrid', 'ocr')).toMatchObject({
      code: 0,
      stdout: 'Queue ocr now has hybrid.\n',
    })
    expect(await cli('strategy', 'set', 'power_of_two')).toMatchObject({
      code: 0,
      stdout: 'Queues without a strategy of their own now have power_of_two.\n',
    })
    const names = (await scheduler.listStrategies()).filter(({ queues }) => queues.length > 0)
    expect(names.map(({ name, queues }) => [name, queues])).toEqual([
      ['hybrid', ['ocr']],
      ['power_of_two', ['mail']],
    ])
  })

  test('strategy set: an unknown strategy or queue is one sentence that says what there is', async () => {
    const strategy = await cli('strategy', 'set', 'fastest')
    expect(strategy).toMatchObject({ code: 2, stdout: '' })
    expect(strategy.stderr).toMatch(/^error bad_option: .*"fastest".*least_loaded.*\n$/)
    const queue = await cli('strategy', 'set', 'random', 'nowhere')
    expect(queue.stderr).toMatch(/^error queue_unknown: .*"nowhere".*\n$/)
  })

  test('strategy shadow: begins, compares and ends', async () => {
    expect((await cli('strategy', 'shadow', 'mail', 'random')).code).toBe(0)
    await scheduler.submitMany('mail', Array(200).fill('x'), { onOutcome() {} })
    const report = async () => {
      const { shadow, decisions } = JSON.parse(
        (await cli('strategy', 'shadow', 'mail', '-o', 'json')).stdout,
      )
      return { shadow, decisions }
    }
    // The last one may be counted after its task is done.
    await expect.poll(report, { timeout: 5_000 }).toEqual({ shadow: 'random', decisions: 200 })
    expect((await cli('strategy', 'shadow', 'mail')).stdout).toContain('100.0 % of 200 decisions')
    const both = await cli('strategy', 'shadow', 'mail', 'random', '--off')
    expect(both).toMatchObject({ code: 2, stdout: '' })
    expect((await cli('strategy', 'shadow', 'mail', '--off')).code).toBe(0)
    expect((await cli('strategy', 'shadow', 'mail')).stderr).toMatch(
      /^error bad_option: .*no shadow/,
    )
  })

  test('task explain: why a task is where it is', async () => {
    const task = await scheduler.submit('mail', 'x', { requires: ['gpu>=24'] })
    const { code, stdout } = await cli('task', 'explain', task.id)
    expect(code).toBe(0)
    expect(stdout).toContain('gpu>=24')
    await scheduler.cancelTask(task.id)
  })
})

describe('serve', () => {
  const { start, home } = withHome()
  const nats = withNats()

  test('serve: a strategy of one’s own, by its module’s path', async () => {
    const file = join(home, 'first.mjs')
    const code = 'export default () => ({ name: "first", choose: (_, all) => all.first() })\n'
    writeFileSync(file, code)
    const words = ['serve', '--queue', 'ocr', '--strategy-module', `first=${file}`]
    const served = start([...words, '--strategy', 'first'], { env: { NATS_URL: nats.url } })
    await expect.poll(() => served.stdout(), { timeout: 15_000 }).toContain('serves ocr')
    const list = start(['strategy', 'list', '-o', 'json'], { env: { NATS_URL: nats.url } })
    expect(JSON.parse((await list.ended).stdout)).toContainEqual({
      name: 'first',
      origin: 'own',
      isDefault: true,
      queues: ['ocr'],
      shadows: [],
      off: null,
    })
    served.process.kill('SIGTERM')
    expect((await served.ended).code).toBe(0)
  })

  test('serve: a strategy that is unknown or cannot be loaded is one sentence', async () => {
    const env = { NATS_URL: nats.url }
    const unknown = await start(['serve', '--queue', 'q', '--strategy', 'best'], { env }).ended
    expect(unknown.stderr).toMatch(/^error bad_option: .*"best".*known are .*\n$/)
    const words = ['serve', '--queue', 'q', '--strategy-module', 'mine=./nowhere.mjs']
    const missing = await start(words, { env }).ended
    expect(missing.code).not.toBe(0)
    expect(missing.stderr).toMatch(/^error \w+: .*nowhere\.mjs.*\n$/)
  })
})

test('environment: the variables of source document 003 choose strategy, tracking and window', () => {
  expect(
    routingFromEnvironment({
      LOAD_BALANCER_STRATEGY: 'capability_best',
      LOAD_BALANCER_TRACKING_ENABLED: 'true',
      LOAD_BALANCER_WINDOW_SIZE: '100',
    }),
  ).toEqual({ strategy: 'capability_best', learning: { enabled: true, windowSize: 100 } })
  expect(routingFromEnvironment({})).toEqual({})
  expect(() => routingFromEnvironment({ LOAD_BALANCER_STRATEGY: 'best' })).toThrow(
    /LOAD_BALANCER_STRATEGY is "best": known are /,
  )
  expect(() => routingFromEnvironment({ LOAD_BALANCER_WINDOW_SIZE: '0' })).toThrow(
    /LOAD_BALANCER_WINDOW_SIZE/,
  )
  expect(() => routingFromEnvironment({ LOAD_BALANCER_TRACKING_ENABLED: 'maybe' })).toThrow(
    /LOAD_BALANCER_TRACKING_ENABLED/,
  )
})

test('render: a strategy that was switched off says why', () => {
  const lines = strategyLines(
    [
      {
        name: 'mine',
        origin: 'own',
        isDefault: false,
        queues: ['q'],
        shadows: [],
        off: 'it threw: no',
      },
    ],
    80,
    NO_COLORS,
  )
  expect(lines.join('\n')).toMatch(/mine +you +switched off: it threw: no/)
})

test('render: a shadow without decisions says so', () => {
  const lines = shadowLines(
    {
      queue: 'q',
      strategy: 'random',
      shadow: 'latency',
      decisions: 0,
      agreements: 0,
      predictedUs: { live: 0, shadow: 0 },
      spread: { live: 0, shadow: 0 },
    },
    NO_COLORS,
  )
  expect(lines).toEqual([
    'Queue q: latency beside random',
    '  Nothing was placed by routers since it was set.',
  ])
})
