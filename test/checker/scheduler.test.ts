/** The real scheduler, its agents failing, slow, leaving and silent: there is nothing to find. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Checker } from '../../src/checker/check.ts'
import { TaskError } from '../../src/errors.ts'
import { Scheduler } from '../../src/scheduler.ts'

const TASKS = 3_000
const folder = mkdtempSync(join(tmpdir(), 'signalbox-checker-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  { routers: 0, placement: 'inline' },
  { routers: 2, placement: 'routers' },
  { routers: 2, placement: 'auto' },
] as const)(
  'checker: a run of the scheduler is sound: %j',
  async ({ routers, placement }) => {
    const file = join(folder, `${routers}-${placement}.sbj`)
    const scheduler = new Scheduler({
      ...{ routers, placement, slots: 256, agentsMax: 64, journal: { file } },
      ...{ queueDefaults: { retryCount: 1, lossLimit: 1, timeoutMs: 150 } },
    })
    const another = () =>
      scheduler.agent({ queues: ['*'], concurrency: 8, capabilities: ['gpu'] }, work)
    const agents = [await another(), await another()]
    const tasks: Promise<unknown>[] = []
    for (let n = 0; n < TASKS; n++) {
      const options = {
        priority: (['low', 'normal', 'high'] as const)[n % 3],
        requires: n % 4 === 0 ? ['gpu'] : [],
      }
      const task = await scheduler.submit(`q${n % 5}`, { n }, options)
      tasks.push(task.result().catch(() => null))
      if (n % 17 === 0) await scheduler.cancelTask(task.id).catch(() => null)
      if (n % 500 === 499) {
        agents.push(await another())
        await agents.shift()!.stop()
      }
      if (n % 100 === 99) await Promise.race(tasks.slice(-100))
    }
    await Promise.all(tasks)
    await scheduler.close()
    const checker = new Checker(true)
    checker.push(readFileSync(file))
    const report = checker.finish()
    expect(report).toMatchObject({ findings: [], total: 0, ended: true, tasks: TASKS })
    expect(report.outcomes).toBe(TASKS)
  },
  60_000,
)

async function work(task: { json<T>(): T; attempt: number; signal: AbortSignal }): Promise<void> {
  const { n } = task.json<{ n: number }>()
  if (n % 11 === 1) throw TaskError.permanent('never')
  if (n % 11 === 2) throw new Error('again')
  if (n % 301 === 3) await new Promise((resolve) => task.signal.addEventListener('abort', resolve))
}
