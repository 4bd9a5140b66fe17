import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { descendants, type Running, withHome } from './support.ts'

/** Guardian, nats-server and two agent processes; during the job the generator besides. */
const PROCESSES = 4

const { start, stateFile, cli } = withHome()

async function goneAll(pids: number[], what: string): Promise<void> {
  await until(() => !pids.some(isAlive), { what: `${what} to end` })
}

/** Waits until it stays, and finds what it has started. */
async function staying(running: Running): Promise<number[]> {
  await until(() => running.stdout().includes('Ctrl-C ends it'), {
    what: `dev to stay (${running.stderr()})`,
    timeoutMs: 20_000,
  })
  const pids = descendants(running.pid)
  expect(pids.length).toBeGreaterThanOrEqual(PROCESSES)
  return pids
}

/** Waits until tasks go through, and finds what it has started. */
async function inTheMiddle(running: Running): Promise<number[]> {
  await until(() => /"event":"progress","done":[1-9]/.test(running.stdout()), {
    what: `the job to run (${running.stderr()})`,
    timeoutMs: 20_000,
  })
  const pids = descendants(running.pid)
  expect(pids.length).toBe(PROCESSES + 1)
  return pids
}

test('dev: without a terminal it does its job, loses nothing, leaves nothing and exits with 0', async () => {
  const running = start(['dev', '--tasks', '5000'])
  const pids = await until(
    () => {
      const found = descendants(running.pid)
      return found.length === PROCESSES + 1 && found
    },
    { what: 'everything to be started', timeoutMs: 20_000 },
  )
  const { code, stdout, stderr } = await running.ended
  expect(stderr).toBe('')
  expect(stdout).toMatch(/Done: 5,000 tasks in /)
  expect(stdout).toMatch(/accepted +5,000\n +completed +5,000\n +failed +0\n +lost +0\n/)
  expect(stdout).not.toContain('\u001b')
  expect(stdout).not.toContain('second terminal')
  const lines = stdout.split('\n').filter((line) => / % {2}[\d,]+ of 5,000 /.test(line))
  expect(lines.length).toBeLessThanOrEqual(5)
  expect(code).toBe(0)
  expect(pids.filter(isAlive)).toEqual([])
  expect(existsSync(stateFile)).toBe(false)
})

test('dev: as JSON it is one object; routers place most, all agents take part', async () => {
  const { code, stdout } = await cli(['dev', '--tasks', '20000', '-o', 'json'])
  expect(code).toBe(0)
  const summary = JSON.parse(stdout)
  expect(summary).toMatchObject({ accepted: 20_000, completed: 20_000, failed: 0, lost: 0 })
  expect(summary.placedBy.routers).toBeGreaterThan(summary.placedBy.inline)
  expect(summary.placedBy.routers + summary.placedBy.inline).toBe(20_000)
  const shares = Object.values<number>(summary.tasksPerAgent)
  expect(shares.length).toBe(8)
  expect(Math.min(...shares)).toBeGreaterThan(0)
  expect(summary.latency.assignment.count).toBe(20_000)
})

describe('dev --stay', () => {
  test('dev: the commands that it names work, and SIGTERM ends it all with exit code 0', async () => {
    const running = start(['dev', '--tasks', '200', '--stay'])
    const pids = await staying(running)
    const { url, pid } = JSON.parse(readFileSync(stateFile, 'utf8'))
    expect(pid).toBe(running.pid)
    expect(running.stdout()).toContain(url)
    const words = ['task', 'submit', 'demo', '{"hello":"world"}', '--wait']
    const { stdout } = await cli(words)
    expect(JSON.parse(stdout)).toEqual({
      agent: expect.stringMatching(/^agent-\d$/),
      echo: { hello: 'world' },
    })
    expect((await cli(['status'])).stdout).toContain('Scheduler dev')
    expect((await cli(['agent', 'list', '-o', 'ndjson'])).stdout.split('\n').length).toBe(9)
    const load = await cli(['load', 'demo', '--rate', '1000', '--duration', '0.5'])
    expect(load).toMatchObject({ code: 0, stderr: '' })
    running.process.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
    expect(pids.filter(isAlive)).toEqual([])
    expect(existsSync(stateFile)).toBe(false)
  })

  test('dev: a second one beside it says so, takes the commands, and gives them back', async () => {
    const first = start(['dev', '--tasks', '0', '--stay'])
    await staying(first)
    const { url } = JSON.parse(readFileSync(stateFile, 'utf8'))
    const second = start(['dev', '--tasks', '0', '--stay'])
    await staying(second)
    expect(second.stderr()).toContain(`Another dev runs (process ${first.pid}, ${url})`)
    expect(JSON.parse(readFileSync(stateFile, 'utf8')).pid).toBe(second.pid)
    second.process.kill('SIGTERM')
    await second.ended
    expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toMatchObject({ url, pid: first.pid })
    first.process.kill('SIGTERM')
    await first.ended
    expect(existsSync(stateFile)).toBe(false)
  })

  test('dev: killed, it leaves no process, and its address counts no more', async () => {
    const running = start(['dev', '--tasks', '0', '--stay'])
    const pids = await staying(running)
    running.process.kill('SIGKILL')
    await running.ended
    await goneAll(pids, 'what a killed dev had started')
    expect(existsSync(stateFile)).toBe(true)
    const { code, stderr } = await cli(['status', '--nats', '127.0.0.1:1'])
    expect({ code, stderr }).toMatchObject({ code: 3 })
    const next = start(['dev', '--tasks', '0', '--stay'])
    await staying(next)
    expect(next.stderr()).toBe('')
    next.process.kill('SIGTERM')
    await next.ended
  })

  test('dev: an agent process that dies is told and the others go on', async () => {
    const running = start(['dev', '--tasks', '0', '--stay'])
    const pids = await staying(running)
    const agents = pids.filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('dev-agents'),
    )
    expect(agents.length).toBe(2)
    process.kill(agents[0], 'SIGKILL')
    await until(() => /The agent process \d ended by itself \(SIGKILL\)/.test(running.stderr()), {
      what: 'the loss to be told',
    })
    const { code } = await cli(['load', 'demo', '--count', '50', '--window', '5'])
    expect(code).toBe(0)
    running.process.kill('SIGTERM')
    await running.ended
    await goneAll(pids, 'everything')
  })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'dev: %s in the middle of the job ends everything, with a summary and exit code 130',
  async (signal) => {
    const running = start(['dev', '--tasks', '1000000', '-o', 'ndjson'])
    const pids = await inTheMiddle(running)
    running.process.kill(signal)
    const { code, stdout } = await running.ended
    expect(code).toBe(130)
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
    expect(last).toMatchObject({ event: 'finished', interrupted: true, failed: 0, lost: 0 })
    expect(pids.filter(isAlive)).toEqual([])
    expect(existsSync(stateFile)).toBe(false)
  },
)

test('dev: killed in the middle of the job it leaves no process', async () => {
  const running = start(['dev', '--tasks', '1000000', '-o', 'ndjson'])
  const pids = await inTheMiddle(running)
  running.process.kill('SIGKILL')
  await running.ended
  await goneAll(pids, 'what a killed dev had started')
})

test('dev: interrupted while it starts it leaves nothing', async () => {
  const running = start(['dev'])
  const pids = await until(
    () => {
      const found = descendants(running.pid)
      return found.length > 0 && found
    },
    { what: 'the first process' },
  )
  running.process.kill('SIGINT')
  const { code } = await running.ended
  expect(code).toBe(130)
  await goneAll(pids, 'what was started')
})

test('dev: a load generator that dies is an error, not a wait', async () => {
  const running = start(['dev', '--tasks', '1000000', '-o', 'ndjson'])
  const pids = await inTheMiddle(running)
  const generator = pids.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('dev-load'),
  )
  process.kill(generator!, 'SIGKILL')
  const { code, stderr } = await running.ended
  expect(stderr).toMatch(/^error error: The load generator ended by itself \(SIGKILL\)/m)
  expect(code).toBe(1)
  await goneAll(pids, 'everything')
})

test('dev: where no nats-server can be had it says so and does the job in its own process', async () => {
  const { code, stdout, stderr } = await cli(['dev', '--tasks', '5000'], {
    env: { NATS_SERVER: '/nonexistent/nats-server' },
  })
  expect(stderr).toContain('/nonexistent/nats-server')
  expect(stderr).toContain('Without NATS everything runs in this process')
  expect(stdout).toMatch(/completed +5,000\n +failed +0\n +lost +0\n/)
  expect(code).toBe(0)
})

test('dev: a port that is taken is refused, not shared', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  const { code, stderr } = await cli(['dev', '--tasks', '10', '--port', String(port)])
  other.close()
  expect(stderr).toMatch(/^error bad_option: Port \d+ cannot be had \(EADDRINUSE\)/)
  expect(code).toBe(2)
})

test('dev: whoever stops reading its output ends it without a sound', async () => {
  const running = start(['dev', '--tasks', '1000000'])
  const pids = await until(
    () => {
      const found = descendants(running.pid)
      return found.length === PROCESSES + 1 && found
    },
    { what: 'everything to be started', timeoutMs: 20_000 },
  )
  running.process.stdout?.destroy()
  running.process.kill('SIGINT')
  const { stderr } = await running.ended
  expect(stderr).not.toMatch(/EPIPE|at /)
  await goneAll(pids, 'everything')
})
