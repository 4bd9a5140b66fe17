import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { withHome } from './support.ts'

const NASTY = 'before\u001b[31mred\u001b]0;title\u0007\u009b2Jafter'

describe('with a scheduler', () => {
  const { cli: run, start } = withHome()
  const nats = withNats()
  let scheduler: Scheduler
  const env = () => ({ NATS_URL: nats.url })
  const cli = (words: string[], input?: string | Uint8Array) => run(words, { env: env(), input })

  beforeAll(async () => {
    scheduler = await new Scheduler({
      name: 'box',
      nats: nats.url,
      strictQueues: true,
      queues: { echo: {}, fails: { retryCount: 0 }, idle: {}, listed: {} },
      routers: 1,
    }).start()
    await scheduler.agent(
      { id: 'echoer', queues: ['echo'], concurrency: 50 },
      (task) => task.payload,
    )
    await scheduler.agent({ id: 'failer', queues: ['fails'] }, () => {
      throw TaskError.permanent(NASTY, 'api_error')
    })
  })
  afterAll(() => scheduler.stop())

  test('task submit --wait: the result comes out as it is, byte for byte', async () => {
    const text = await cli(['task', 'submit', 'echo', '{"a": 1}', '--wait'])
    expect(text).toEqual({ code: 0, signal: null, stdout: '{"a": 1}\n', stderr: '' })
    const input = `${NASTY}\nsecond line\n`
    const piped = await cli(['task', 'submit', 'echo', '-', '--wait'], input)
    expect(piped).toMatchObject({ code: 0, stdout: input })
    const none = await cli(['task', 'submit', 'echo', '--wait'])
    expect(none).toMatchObject({ code: 0, stdout: '' })
  })

  test('task submit --message: a task as a message, from a file or standard input', async () => {
    const message = {
      message_id: 'msg-50-gap-001',
      priority: 'HIGH',
      destination_queue: 'echo',
      payload: { page: 7 },
      metadata: { ttl_seconds: 90 },
    }
    const input = JSON.stringify(message)
    const done = await cli(['task', 'submit', '--message', '-', '--wait'], input)
    expect(done).toMatchObject({ code: 0, stdout: '{"page":7}\n' })
    const shown = await cli(['task', 'get', 'msg-50-gap-001', '--message'])
    expect(JSON.parse(shown.stdout)).toMatchObject({
      message_id: 'msg-50-gap-001',
      priority: 'HIGH',
      destination_queue: 'echo',
      result: { status: 'COMPLETED' },
    })
    const other = await cli(['task', 'submit', 'idle', '--message', '-'], input)
    expect(other).toMatchObject({ code: 2, stdout: '' })
    expect(other.stderr).toContain('The message is for queue "echo", the command for "idle"')
    const missing = await cli(['task', 'submit', '--message', 'no-such-file.json'])
    expect(missing).toMatchObject({ code: 2, stdout: '' })
    expect(missing.stderr).toMatch(
      /^error bad_option: The file "no-such-file\.json" cannot be read \(ENOENT\): check the path\.\n$/,
    )
    const dotted = await cli(['task', 'submit', '--message', '-'], '{"message_id":"a.b"}')
    expect(dotted.stderr).toContain('no dots')
  })

  test('task submit: lengths of time have their units, and reach the task', async () => {
    const later = await cli(['task', 'submit', 'idle', 'x', '--delay', '1h', '-o', 'json'])
    const { id, state } = JSON.parse(later.stdout)
    expect(state).toBe('scheduled')
    expect((await cli(['task', 'cancel', id])).code).toBe(0)
    const late = await cli(['task', 'submit', 'idle', 'x', '--ttl', '20ms', '--wait'])
    expect(late.code).toBe(1)
    expect(late.stderr).toContain('ttl_expired')
    const unclear = await cli(['task', 'submit', 'idle', 'x', '--ttl', '20'])
    expect(unclear.code).toBe(2)
    expect(unclear.stderr).toContain('500ms, 90s, 5m, 2h or 1d')
    expect((await cli(['task', 'submit'])).code).toBe(2)
  })

  test('task submit --wait: a task that failed is exit code 1 and one harmless sentence', async () => {
    const { code, stdout, stderr } = await cli(['task', 'submit', 'fails', 'x', '--wait'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error api_error: before[^\u0000-\u001f\u007f-\u009f]*after\n$/)
    const json = await cli(['task', 'submit', 'fails', '-o', 'json', '--wait'])
    expect(json.code).toBe(1)
    expect(json.stdout).not.toMatch(/[\u0000-\u0009\u007f-\u009f]/)
    expect(JSON.parse(json.stdout)).toMatchObject({
      queue: 'fails',
      state: 'failed',
      code: 'api_error',
      message: expect.stringContaining('after'),
      attempts: 1,
    })
  })

  test('task submit: what it says of placing is shown, and a wrong term is refused', async () => {
    const terms = ['--requires', 'gpu>=24', 'ocr', '--prefers', 'near,ram >= 8']
    const said = ['--type', 'scan', '--match', 'fallback', '--strategy', 'affinity', '--key', 'k']
    const words = ['--id', 'placed-1', ...terms, ...said]
    expect((await cli(['task', 'submit', 'idle', 'abc', ...words])).code).toBe(0)
    const got = await cli(['task', 'get', 'placed-1', '-o', 'json'])
    expect(JSON.parse(got.stdout)).toMatchObject({
      type: 'scan',
      requires: ['gpu>=24', 'ocr'],
      prefers: ['near', 'ram>=8'],
      match: 'fallback',
      strategy: 'affinity',
    })
    const table = await cli(['task', 'get', 'placed-1'])
    expect(table.stdout).toMatch(/type +scan\n/)
    expect(table.stdout).toMatch(/requires +gpu>=24, ocr \(fallback\)\n/)
    expect(table.stdout).toMatch(/prefers +near, ram>=8\n/)
    await cli(['task', 'cancel', 'placed-1'])
    const wrong = await cli(['task', 'submit', 'idle', '--requires', 'gpu>=lots'])
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/^error bad_option: .*"gpu>=lots"/),
    ])
    const match = await cli(['task', 'submit', 'idle', '--match', 'some'])
    expect([match.code, match.stderr]).toEqual([2, expect.stringContaining('best_fit')])
  })

  test('task submit, get and cancel: one task from acceptance to its end', async () => {
    const words = ['--id', 'order-1', '--priority', 'high', '--requires', 'ocr,gpu']
    const submitted = await cli(['task', 'submit', 'idle', 'abc', ...words, '-o', 'json'])
    expect(submitted.code).toBe(0)
    expect(JSON.parse(submitted.stdout)).toMatchObject({ id: 'order-1', queue: 'idle' })
    const got = await cli(['task', 'get', 'order-1', '-o', 'json'])
    expect(JSON.parse(got.stdout)).toMatchObject({
      id: 'order-1',
      state: 'pending',
      priority: 4,
      requires: ['gpu', 'ocr'],
      payloadBytes: 3,
    })
    const cancelled = await cli(['task', 'cancel', 'order-1', '--queue', 'idle'])
    expect(cancelled.code).toBe(0)
    expect(cancelled.stdout).toMatch(/^Task order-1 in idle\n {2}state +cancelled\n/)
    const again = await cli(['task', 'cancel', 'order-1'])
    expect(again.code).toBe(5)
    expect(again.stderr).toMatch(/^error finished: /)
  })

  test('task submit --wait: interrupted, it says that the task goes on, and exits with 130', async () => {
    const words = ['task', 'submit', 'idle', '--id', 'waits', '--wait', '-o', 'ndjson']
    const running = start(words, { env: env() })
    await until(() => running.stdout().includes('\n'), { what: 'the acceptance' })
    running.process.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect(stderr).toContain('Task waits goes on')
    expect(code).toBe(130)
    expect(await scheduler.getTask('waits')).toMatchObject({ state: 'pending' })
  })

  test('task get: an unknown task is exit code 5', async () => {
    const { code, stderr } = await cli(['task', 'get', 'nobody-knows-it'])
    expect(stderr).toMatch(/^error task_unknown: /)
    expect(code).toBe(5)
  })

  test('task submit and load: an unknown queue is named, with those that there are', async () => {
    for (const words of [
      ['task', 'submit', 'nowhere'],
      ['load', 'nowhere', '--count', '10'],
    ]) {
      const { code, stderr } = await cli(words)
      expect(stderr).toMatch(
        /^error queue_unknown: No scheduler serves queue "nowhere"; scheduler "box" has .*echo/,
      )
      expect(code).toBe(5)
    }
  })

  test('task list: pages of rows for programs, a table for people', async () => {
    for (const id of ['l-1', 'l-2', 'l-3']) await scheduler.submit('listed', 'x', { id })
    await scheduler.cancelTask('l-1', 'listed')
    const words = ['task', 'list', '--queue', 'listed']
    const json = await cli([...words, '-o', 'json'])
    expect(json).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(json.stdout)).toMatchObject([
      { id: 'l-2', state: 'pending', waitingFor: 'no agent serves listed' },
      { id: 'l-3', state: 'pending' },
      { id: 'l-1', state: 'cancelled', code: 'cancelled' },
    ])
    const first = await cli([...words, '--limit', '1', '-o', 'ndjson'])
    expect(JSON.parse(first.stdout)).toMatchObject({ id: 'l-2' })
    const [, cursor] = /^There are more: --cursor (\S+) goes on here\.\n$/.exec(first.stderr)!
    const rest = await cli([...words, '--cursor', cursor, '-o', 'ndjson'])
    expect(rest.stderr).toBe('')
    expect(rest.stdout.match(/"id":"l-\d"/g)).toEqual(['"id":"l-3"', '"id":"l-1"'])
    const table = await cli([...words, '--state', 'cancelled'])
    expect(table.stdout).toMatch(
      /^ {2}task +queue .*\n {2}l-1 +listed +cancelled +0 .* cancelled\n$/,
    )
    expect((await cli([...words, '--state', 'dead'])).stdout).toMatch(/^No such tasks\./)
  })

  test.each([
    [['--state', 'asleep'], 2, /^error usage: .*pending/],
    [['--limit', '1001'], 2, /^error usage: .*1 to 1000/],
    [['--cursor', 'next'], 2, /^error bad_option: /],
    [['--queue', 'nowhere'], 5, /^error queue_unknown: There is no queue "nowhere" here/],
  ])('task list: %j is refused', async (words, exitCode, sentence) => {
    const { code, stderr } = await cli(['task', 'list', ...words])
    expect(stderr).toMatch(sentence)
    expect(code).toBe(exitCode)
  })

  test.each([
    [['--priority', '9'], /^error bad_priority: /],
    [['--id', 'a.b'], /^error bad_token: /],
    [['--requires', 'gpu>='], /^error bad_option: /],
    [['--timeout-ms', '0'], /^error usage: /],
  ])('task submit: %j is refused before anything is sent', async (words, sentence) => {
    const { code, stderr } = await cli(['task', 'submit', 'echo', 'x', ...words])
    expect(stderr).toMatch(sentence)
    expect(code).toBe(2)
  })

  test('agent list: a table for people, a line each for programs', async () => {
    const table = await cli(['agent', 'list'])
    expect(table.stdout.split('\n')[1]).toMatch(/^ {2}echoer +available +echo +– +0\/50 /)
    expect(table.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    const ndjson = await cli(['agent', 'list', '-o', 'ndjson'])
    const rows = ndjson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ id }) => id)).toEqual(['echoer', 'failer'])
    const json = await cli(['-o', 'json', 'agent', 'list'])
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: 'echoer' }, { id: 'failer' }])
    expect(json.stderr).toBe('')
  })

  test('agent list: with a limit it says that there are more', async () => {
    const one = await cli(['-o', 'json', 'agent', 'list', '--limit', '1'])
    expect(JSON.parse(one.stdout)).toMatchObject([{ id: 'echoer' }])
    expect(one.stderr).toBe('There are more than 1: --limit shows them.\n')
    const both = await cli(['agent', 'list', '--limit', '2'])
    expect(both.stderr).toBe('')
    expect((await cli(['agent', 'list', '--limit', '0'])).code).toBe(2)
  })

  test('agent drain: an unknown agent is exit code 5', async () => {
    const { code, stderr } = await cli(['agent', 'drain', 'nobody'])
    expect(stderr).toMatch(/^error agent_unknown: /)
    expect(code).toBe(5)
  })

  test('agent maintain: the agent rests, is shown so, and is back', async () => {
    const begun = await cli(['agent', 'maintain', 'failer'])
    expect(begun).toMatchObject({ code: 0, stderr: '' })
    expect(begun.stdout).toMatch(/^Agent failer gets nothing new: `signalbox agent maintain failer/)
    const shown = await cli(['agent', 'list'])
    expect(shown.stdout).toMatch(
      /failer {2}maintenance: It rests until `signalbox agent maintain failer --end`\./,
    )
    const ended = await cli(['-o', 'json', 'agent', 'maintain', 'failer', '--end'])
    expect(JSON.parse(ended.stdout)).toEqual({ agent: 'failer', maintenance: false })
    const list = await cli(['-o', 'json', 'agent', 'list'])
    const [, failer] = JSON.parse(list.stdout)
    expect(failer).toMatchObject({ condition: 'fit', reason: null })
    expect((await cli(['agent', 'maintain', 'nobody'])).code).toBe(5)
  })

  test('load: both loops complete what they send, and show it', async () => {
    const closed = await cli(['load', 'echo', '--window', '20', '--count', '500', '-o', 'json'])
    expect(closed.code).toBe(0)
    const summary = JSON.parse(closed.stdout)
    expect(summary).toMatchObject({ queue: 'echo', sent: 500, completed: 500, unanswered: 0 })
    expect(summary.fromSent).toMatchObject({ count: 500, encoded: expect.stringMatching(/^HISTF/) })
    const open = await cli(['load', 'echo', '--rate', '500', '--duration', '0.4'])
    expect(open).toMatchObject({ code: 0, stderr: '' })
    expect(open.stdout).toMatch(/open loop at 500\/s/)
    expect(open.stdout).toMatch(/sent +200\n +completed +200 \(100 %\)/)
    expect(open.stdout).toMatch(/from when it was due +200 /)
  })

  test('load: tasks that fail are counted by their code, and are exit code 1', async () => {
    const { code, stdout } = await cli(['load', 'fails', '--count', '20', '--payload-bytes', '10'])
    expect(stdout).toMatch(/failed +20\n +api_error +20/)
    expect(code).toBe(1)
  })

  test('status: counts, queues and latencies of the scheduler', async () => {
    const { code, stdout } = await cli(['status', '-o', 'json'])
    expect(code).toBe(0)
    const status = JSON.parse(stdout)
    expect(status).toMatchObject({ scheduler: 'box', connected: true, agents: { online: 2 } })
    expect(status.tasks.lost).toBe(0)
    expect(status.latency.assignment.count).toBeGreaterThan(0)
    const table = await cli(['status'])
    expect(table.stdout).toMatch(/^Scheduler box {2}up /)
    expect(table.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe('with nobody', () => {
  const { cli } = withHome()
  const nats = withNats()

  test.each([
    [['status']],
    [['task', 'submit', 'q', 'x']],
    [['task', 'get', 'x']],
    [['task', 'list']],
    [['agent', 'list']],
    [['load', 'q', '--count', '5']],
  ])('cli: %j with a NATS server but no scheduler exits with 3', async (words) => {
    const { code, stderr } = await cli([...words, '--nats', nats.url])
    expect(stderr).toMatch(/^error no_scheduler: No scheduler .*start one with/)
    expect(code).toBe(3)
  })
})

describe('with a scheduler that is killed', () => {
  const { start } = withHome()
  const nats = withNats()

  test('task submit --wait: says so when nobody answers any more, and exits with 3', async () => {
    const env = { NATS_URL: nats.url }
    const serving = start(['serve', '--queue', 'idle', '--routers', '1'], { env })
    await until(() => serving.stdout().includes('serves idle'), { what: 'the scheduler' })
    const words = ['task', 'submit', 'idle', 'x', '--id', 'left', '--wait', '-o', 'ndjson']
    const waiting = start(words, { env })
    await until(() => waiting.stdout().includes('left'), { what: 'the task' })
    serving.process.kill('SIGKILL')
    const { code, stderr } = await waiting.ended
    expect(stderr.match(/No scheduler answers; waiting up to 10 s/g)).toHaveLength(1)
    expect(stderr).toMatch(/"?no_scheduler"?.*Nobody has answered for 10 s.*task get left/)
    expect(code).toBe(3)
  }, 25_000)
})

describe('with permissions', () => {
  const { cli } = withHome()
  const nats = withNats({
    configuration: `authorization { users: [
      { user: boss, password: pw }
      { user: reader, password: pw, permissions: { publish: ["sb.api.>"], subscribe: ["_INBOX.>"] } }
    ] }`,
  })
  const as = (login: string) => ['--nats', nats.url.replace('//', `//${login}@`)]
  let scheduler: Scheduler

  beforeAll(async () => {
    const { url: servers } = nats
    scheduler = new Scheduler({ nats: { servers, user: 'boss', password: 'pw' }, routers: 0 })
    await scheduler.start()
  })
  afterAll(() => scheduler.stop())

  test('cli: a wrong password is exit code 4', async () => {
    const { code, stderr } = await cli(['status', ...as('reader:wrong')])
    expect(stderr).toMatch(/^error permission_denied: .*check user, password or token/)
    expect(stderr).not.toContain('wrong')
    expect(code).toBe(4)
  })

  test('cli: what the user may do works, what it may not is exit code 4', async () => {
    expect(await cli(['status', ...as('reader:pw')])).toMatchObject({ code: 0 })
    const { code, stderr } = await cli(['task', 'submit', 'q', 'x', ...as('reader:pw')])
    expect(stderr).toMatch(/^error permission_denied: .*sb\.task\.q/)
    expect(code).toBe(4)
  })
})
