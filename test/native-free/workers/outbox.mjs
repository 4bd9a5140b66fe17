/** A router produces proposals, the front end consumes them and charges agent 0. */
import {
  AgentTableReader,
  AgentTableWriter,
  OutboxConsumer,
  OutboxProducer,
} from '../../../dist/native-free/index.js'
import { generationOf, meet, memory, Patience, report, role, take } from './common.mjs'

meet()
if (role.kind === 'router') produce()
else consume()

function produce() {
  const outbox = new OutboxProducer(memory, role.router)
  const agents = new AgentTableReader(memory)
  const patience = new Patience('room in the outbox')
  let behind = 0
  const start = outbox.producedCount()
  for (let item = 0; item < role.itemCount; ) {
    // What the head says is settled must be charged already.
    const settled = (outbox.consumedCount() - start) | 0
    if (agents.inUse(0) < settled) behind++
    if (outbox.push(item, generationOf(item), item & 63, ~item, item ^ 5)) {
      item++
      patience.reset()
    } else patience.miss()
  }
  report({ behind })
}

function consume() {
  const outbox = new OutboxConsumer(memory, role.router)
  const agents = new AgentTableWriter(memory)
  const patience = new Patience('proposals in the outbox')
  const into = new Int32Array(5)
  agents.join(0, role.itemCount)
  for (let item = 0; item < role.itemCount; ) {
    let read = 0
    while (read < 100 && outbox.next(into)) {
      if (into[0] !== item) throw new Error(`item ${into[0]} came instead of ${item}`)
      if (into[2] !== (item & 63) || into[3] !== ~item || into[4] !== (item ^ 5)) {
        throw new Error(`item ${item} is torn`)
      }
      take(item, into[1])
      agents.take(0)
      item++
      read++
    }
    outbox.commitReads()
    if (read > 0) patience.reset()
    else patience.miss()
  }
  report({ behind: 0 })
}
