/** Whether a process lives for as long as a scheduler in it has something to keep. */
import { expect, test } from 'vitest'
import { node } from '../support/node-script.ts'

const scheduler = new URL('../../dist/src/scheduler.js', import.meta.url).href

/** What a script prints that has one scheduler, and nothing else that keeps its process alive. */
function script(body: string): Promise<string> {
  const head = `import { Scheduler } from ${JSON.stringify(scheduler)}
    const s = new Scheduler({ queues: { work: {} } })
    const told = async (task) => console.log(await task.catch(({ code }) => code))
    await s.agent({ queues: ['never'] }, () => new Promise(() => {}))
  `
  return node(['--input-type=module', '-e', head + body])
}

test.each([
  ['that expires', `'work', 1, { ttlMs: 300 }`, 'ttl_expired'],
  ['with a deadline', `'work', 1, { deadlineMs: 300 }`, 'deadline_expired'],
  ['that runs', `'never', 1, { timeoutMs: 300, retryCount: 0 }`, 'timeout'],
  ['that begins later', `'never', 1, { delayMs: 300, deadlineMs: 600 }`, 'deadline_expired'],
])('process: a task %s is waited for, though nothing else is', async (_, task, outcome) => {
  expect(await script(`await told(s.run(${task}))`)).toBe(`${outcome}\n`)
})

test('process: it ends by itself when no task is open', async () => {
  const body = `await s.agent({ queues: ['work'] }, () => 'done')
    await told(s.run('work', 1, { ttlMs: 3_600_000 }))`
  expect(await script(body)).toBe('done\n')
})

test('functions: what cannot be called is refused when it is given', async () => {
  const body = `const of = (call) => told((async () => call())())
    await of(() => s.onEvent(5))
    await of(() => s.agent({ queues: ['work'] }))`
  expect(await script(body)).toBe('bad_option\nbad_option\n')
})
