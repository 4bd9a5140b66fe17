/** Writers count latencies each into its own counts; a reader takes snapshots meanwhile. */
import {
  atomics,
  LatencyReader,
  LatencyWriter,
  RouterStatusReader,
  RouterStatusWriter,
} from '../../../dist/native-free/index.js'
import { control, FINISHED, meet, memory, Patience, report, role } from './common.mjs'

meet()
if (role.kind === 'writer') write()
else read()

function write() {
  const latency = new LatencyWriter(memory, role.writer)
  const status = new RouterStatusWriter(memory, role.writer - 1)
  status.begin(role.writer)
  for (let i = 0; i < role.count; i++) {
    latency.record(0, (i * 37) % 5_000)
    status.decided()
    status.progress()
  }
  atomics.add(control, FINISHED, 1)
  report({ shrank: 0 })
}

function read() {
  const latency = new LatencyReader(memory)
  const statuses = role.writers.map((writer) => new RouterStatusReader(memory, writer - 1))
  const patience = new Patience('the writers')
  const counts = new Int32Array(latency.countsLength)
  let shrank = 0
  let last = 0
  let lastDecisions = 0
  while (atomics.load(control, FINISHED) < role.writers.length) {
    latency.copy(0, counts)
    const sum = counts.reduce((total, count) => total + count, 0)
    const decisions = statuses.reduce((total, status) => total + status.decisions(), 0)
    if (sum < last || decisions < lastDecisions) shrank++
    last = sum
    lastDecisions = decisions
    patience.miss()
  }
  report({ shrank })
}
