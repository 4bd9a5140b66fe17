/** One producer writes batches, several consumers claim them. */
import { atomics, TaskRingConsumer, TaskRingProducer } from '../../../dist/native-free/index.js'
import {
  control,
  generationOf,
  meet,
  memory,
  Patience,
  report,
  role,
  TAKEN,
  take,
} from './common.mjs'

meet()
if (role.kind === 'producer') produce()
else consume()

function produce() {
  const ring = new TaskRingProducer(memory, role.level)
  const patience = new Patience('room in the ring')
  for (let item = 0; item < role.itemCount; ) {
    if (ring.write(item, generationOf(item))) {
      item++
      patience.reset()
      if (item % role.batch === 0) ring.publish()
      continue
    }
    ring.publish()
    patience.miss()
  }
  ring.publish()
  report({ taken: 0, lost: 0 })
}

function consume() {
  const ring = new TaskRingConsumer(memory, role.level)
  const patience = new Patience('tasks in the ring')
  const into = new Int32Array(32)
  let taken = 0
  let lost = 0
  let last = -1
  while (atomics.load(control, TAKEN) < role.itemCount) {
    const count = ring.claim(into, role.max)
    if (count <= 0) {
      if (count < 0) lost++
      patience.miss()
      continue
    }
    patience.reset()
    for (let i = 0; i < count; i++) {
      const item = into[2 * i]
      if (item <= last) throw new Error(`item ${item} came after ${last}`)
      last = item
      take(item, into[2 * i + 1])
    }
    taken += count
    atomics.add(control, TAKEN, count)
  }
  report({ taken, lost })
}
