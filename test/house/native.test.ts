import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { root } from '../support/files.ts'
import { node } from '../support/node-script.ts'

const SCRIPT = `
  import { Scheduler } from ${JSON.stringify(pathToFileURL(join(root, 'dist/src/scheduler.js')).href)}
  const scheduler = await new Scheduler({ routers: 2, placement: 'routers' }).start()
  await scheduler.agent({ queues: ['*'], concurrency: 10 }, (task) => task.json())
  const tasks = Array.from({ length: 100 }, (_, n) => scheduler.run('work', n))
  const results = await Promise.all(tasks)
  const { sharedObjects } = process.report.getReport()
  const { placedBy } = await scheduler.status()
  console.log(JSON.stringify({ results: results.length, placedBy, sharedObjects }))
  await scheduler.close()`

test('native: no native addon is loaded while a scheduler and its routers work', async () => {
  const said = JSON.parse(await node(['--input-type=module', '-e', SCRIPT]))
  expect(said.results).toBe(100)
  expect(said.placedBy.routers).toBeGreaterThan(0)
  expect(said.sharedObjects.length).toBeGreaterThan(0)
  expect(said.sharedObjects.filter((path: string) => path.endsWith('.node'))).toEqual([])
})
