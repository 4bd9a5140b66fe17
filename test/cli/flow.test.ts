/** `signalbox flow` against a scheduler: files, how far it is, drawings, ends and their exit codes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { withHome } from './support.ts'

describe('with a scheduler', () => {
  const { cli: run } = withHome()
  const nats = withNats()
  let scheduler: Scheduler
  const cli = (words: string[], input?: string) => {
    return run(words, { env: { NATS_URL: nats.url }, input })
  }

  beforeAll(async () => {
    scheduler = await new Scheduler({
      name: 'box',
      nats: nats.url,
      strictQueues: true,
      queues: { read: { retryCount: 0 }, write: {}, idle: {} },
      routers: 1,
    }).start()
    await scheduler.agent({ id: 'reader', queues: ['read', 'write'], concurrency: 4 }, (task) => {
      if (task.node === 'bad') throw TaskError.permanent('No such page.')
      return task.node
    })
  })
  afterAll(() => scheduler.stop())

  const FILE = `
queue: read
on_failure: fail
tasks:
  extract: {payload: {page: 7}, retry_count: 1}
  left: {after: [extract]}
  join: {queue: write, after: [left, extract]}
`

  test('flow submit --wait: a flow in YAML, shown as a tree once it has ended', async () => {
    const done = await cli(['flow', 'submit', '-', '--id', 'report-7', '--wait'], FILE)
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toMatch(/^Flow report-7 is completed in read\n/)
    expect(done.stdout).toMatch(/\n {2}└─ ✓ left +completed {2}reader/)
    expect(done.stdout).toMatch(/ {5}└─ ✓ join +completed .*also after extract\n$/)
    const known = await cli(['flow', 'submit', '-', '--id', 'report-7', '-o', 'json'], FILE)
    expect(JSON.parse(known.stdout)).toMatchObject({ id: 'report-7', isDuplicate: true, tasks: 3 })
  })

  test('flow get: as JSON, as DOT, as Mermaid; flow list has it', async () => {
    await cli(['flow', 'submit', '-', '--id', 'shown', '--wait'], FILE)
    const json = JSON.parse((await cli(['flow', 'get', 'shown', '-o', 'json'])).stdout)
    expect(json).toMatchObject({ id: 'shown', layers: [['extract'], ['left'], ['join']] })
    const dot = await cli(['flow', 'get', 'shown', '--format', 'dot'])
    expect(dot.stdout).toMatch(/^digraph "flow-shown" \{\n/)
    const mermaid = await cli(['flow', 'get', 'shown', '--format', 'mermaid'])
    expect(mermaid.stdout).toMatch(/^flowchart LR\n/)
    const list = await cli(['flow', 'list', '--state', 'completed'])
    expect(list.stdout).toMatch(/\n {2}shown +read +completed +100 % +3 /)
  })

  test('flow submit --wait: one that fails ends with exit code 1, and says why', async () => {
    const file = 'tasks: {bad: {queue: read}, next: {queue: read, after: [bad]}}'
    const failed = await cli(['flow', 'submit', '-', '--wait'], file)
    expect(failed.code).toBe(1)
    expect(failed.stdout).toMatch(/✗ bad +failed {2}reader .*permanent: No such page\./)
    expect(failed.stdout).toMatch(/└─ ✗ next +failed {2}parent_failed \(permanent\): bad\n/)
  })

  test('flow cancel: a task with what depends on it, then the rest; flow wait tells of the end', async () => {
    const file = 'queue: idle\ntasks: {a: {}, b: {after: [a]}, c: {}}'
    expect((await cli(['flow', 'submit', '-', '--id', 'idle'], file)).stdout).toContain(
      'Flow idle is accepted',
    )
    const part = await cli(['flow', 'cancel', 'idle', 'a', '-o', 'json'])
    expect(JSON.parse(part.stdout)).toMatchObject({
      state: 'running',
      progress: { states: { cancelled: 2, pending: 1 } },
    })
    const waiting = cli(['flow', 'wait', 'idle'])
    expect((await cli(['flow', 'cancel', 'idle'])).code).toBe(0)
    expect(await waiting).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('is cancelled'),
    })
    const again = await cli(['flow', 'cancel', 'idle'])
    expect(again).toMatchObject({ code: 5, stdout: '' })
    expect(again.stderr).toBe(
      'error finished: Flow "idle" is cancelled already: `signalbox flow get idle` shows how; ' +
        'submit it with another id to run it again.\n',
    )
    const nobody = await cli(['flow', 'cancel', 'idle', 'nosuch'])
    expect(nobody.stderr).toBe(
      'error task_unknown: Flow "idle" has no task "nosuch": it has a, c, b.\n',
    )
    expect((await cli(['flow', 'get', 'none'])).stderr).toMatch(
      /^error flow_unknown: No flow "none"/,
    )
  })

  test.each([
    ['tasks: {a: {queue: read, after: [b]}, b: {queue: read, after: [a]}}', 'a → b → a'],
    ['tasks: {a: {queue: read}, a: {queue: read}}', 'is neither YAML nor JSON'],
    ['[1, 2]', 'The file must be an object'],
    ['tasks: {a: 7}', 'Task "a" of the file must be an object'],
    ['tasks: {a: {queue: read, prio: 1}}', 'is not supported: did you mean priority?'],
    [
      'tasks: {a: {queue: read, ttl: 1}}',
      'did you mean ttl_ms? Known are queue, payload, after, on_f',
    ],
    ['tasks: {a: {}}', 'Task "a": It has no queue: give it `queue`, or'],
    [`${'['.repeat(50_000)}`, 'is neither YAML nor JSON'],
  ])('flow submit: %.60s is refused with exit code 2', async (file, message) => {
    const refused = await cli(['flow', 'submit', '-'], file)
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain(message)
  })

  test('flow submit: a queue that nobody serves is told with those that there are', async () => {
    const refused = await cli(['flow', 'submit', '-'], 'tasks: {a: {queue: other}}')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('other')
  })

  test('task submit --after: blocked until that has completed', async () => {
    await cli(['task', 'submit', 'idle', '--id', 'first'])
    const second = await cli(['task', 'submit', 'read', '--after', 'idle/first', '-o', 'json'])
    const { id, state } = JSON.parse(second.stdout)
    expect(state).toBe('blocked')
    await cli(['task', 'cancel', 'first', '--queue', 'idle'])
    await until(async () => (await scheduler.getTask(id)).state === 'failed', { what: 'its end' })
    expect((await scheduler.getTask(id)).code).toBe('parent_failed')
  })
})
