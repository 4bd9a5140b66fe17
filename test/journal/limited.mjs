/** A scheduler whose journal may not grow any more: 5,000 tasks, and what it said. */
import { Scheduler } from '../../dist/src/scheduler.js'

const [file] = process.argv.slice(2)
const scheduler = new Scheduler({
  slots: 256,
  agentsMax: 32,
  keep: { count: 50 },
  journal: { file },
})
const reasons = []
scheduler.onEvent(({ kind, detail }) => {
  if (kind === 'journal_stopped') reasons.push(detail.reason)
})
await scheduler.agent({ queues: ['echo'], concurrency: 20 }, (task) => task.payload)
for (let i = 0; i < 20; i++) {
  await Promise.all(Array.from({ length: 250 }, () => scheduler.run('echo', 'x')))
}
await scheduler.stop()
const { completed, lost } = scheduler.statusNow().tasks
console.log(JSON.stringify({ reasons, tasks: { completed, lost } }))
