/** The front end offers, withdraws and releases a few slots; routers report the rows they read. */
import {
  atomics,
  OutboxConsumer,
  OutboxProducer,
  SlotState,
  SlotTableReader,
  SlotTableWriter,
  TaskRingConsumer,
  TaskRingProducer,
} from '../../../dist/native-free/index.js'
import { control, FINISHED, meet, memory, Patience, report, role, seen } from './common.mjs'

const SLOT_COUNT = memory.shape.slotCount

meet()
if (role.kind === 'router') route()
else offer()

function route() {
  const ring = new TaskRingConsumer(memory, 0)
  const outbox = new OutboxProducer(memory, role.router)
  const slots = new SlotTableReader(memory)
  const patience = new Patience('tasks')
  const into = new Int32Array(8)
  let stale = 0
  while (atomics.load(control, FINISHED) === 0) {
    const count = ring.claim(into, 4)
    if (count <= 0) {
      patience.miss()
      continue
    }
    patience.reset()
    for (let i = 0; i < count; i++) {
      const slot = into[2 * i]
      const generation = into[2 * i + 1]
      if (slots.generation(slot) !== generation) {
        stale++
        continue
      }
      // The row goes into the proposal: task number and its copy in the other columns.
      const task = slots.flags(slot)
      const copies = slots.strategyIndex(slot) === task && slots.offeredUs(slot) === ~task ? 1 : 0
      if (!outbox.push(slot, generation, task, copies, 0)) throw new Error('the outbox is full')
    }
  }
  report({ stale, mixed: 0, withdrawn: 0 })
}

function offer() {
  const slots = new SlotTableWriter(memory)
  const ring = new TaskRingProducer(memory, 0)
  const outboxes = role.routers.map((router) => new OutboxConsumer(memory, router))
  const patience = new Patience('proposals')
  const into = new Int32Array(5)
  const taskOf = new Int32Array(SLOT_COUNT).fill(-1)
  let stale = 0
  let mixed = 0
  let withdrawn = 0
  let next = 0
  let done = 0
  for (let turn = 0; done < role.itemCount; turn++) {
    const slot = turn % SLOT_COUNT
    if (slots.state(slot) === SlotState.FREE && next < role.itemCount) {
      // Only as many as the ring takes, so that no slot is offered in vain.
      if (ring.free() > 0) {
        const generation = slots.offer(slot, next & 3, next, 0, next, ~next)
        taskOf[slot] = next++
        ring.push(slot, generation)
      }
    } else if (turn % 7 === 0 && slots.state(slot) === SlotState.OFFERED && ring.free() > 0) {
      ring.push(slot, slots.withdraw(slot))
      withdrawn++
    } else if (turn % 11 === 0 && slots.state(slot) === SlotState.OFFERED && ring.free() > 0) {
      // Back to its lane and out again in the same slot: columns are written again.
      slots.release(slot)
      ring.push(slot, slots.offer(slot, 0, taskOf[slot], 0, taskOf[slot], ~taskOf[slot]))
      withdrawn++
    }
    let read = 0
    for (const outbox of outboxes) {
      // Ends: one entry is published a turn, so routers run dry.
      while (outbox.next(into)) {
        read++
        if (slots.generation(into[0]) !== into[1]) {
          stale++
          continue
        }
        if (into[2] !== taskOf[into[0]] || into[3] !== 1) mixed++
        slots.place(into[0])
        slots.release(into[0])
        atomics.add(seen, taskOf[into[0]], 1)
        done++
      }
      outbox.commitReads()
    }
    if (read > 0) patience.reset()
    else patience.miss()
  }
  atomics.store(control, FINISHED, 1)
  report({ stale, mixed, withdrawn })
}
