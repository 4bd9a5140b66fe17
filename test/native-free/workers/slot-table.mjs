/** The front end offers, withdraws and releases a few slots; routers report the rows they read. */
import {
  OutboxConsumer,
  OutboxProducer,
  SlotState,
  SlotTableReader,
  SlotTableWriter,
  TaskRingConsumer,
  TaskRingProducer,
} from '../../../dist/native-free/index.js'

const CLAIM = 4

/** `role`: router. Proposes what it reads: the task's number, and whether its copies agree. */
export function route(scene) {
  const ring = new TaskRingConsumer(scene.memory, 0)
  const outbox = new OutboxProducer(scene.memory, scene.role.router)
  const slots = new SlotTableReader(scene.memory)
  const patience = scene.patience('tasks')
  const into = new Int32Array(2 * CLAIM)
  let stale = 0
  scene.meet()
  // Ends: when the front end has settled the last task.
  while (!scene.isFinished()) {
    const count = ring.claim(into, CLAIM)
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
      const task = slots.flags(slot)
      const isWhole = slots.strategyIndex(slot) === task && slots.offeredUs(slot) === ~task
      if (!outbox.write(slot, generation, task, isWhole ? 1 : 0, 0)) {
        throw new Error('the outbox is full')
      }
    }
    outbox.publish()
  }
  return { stale, mixed: 0, withdrawn: 0, committed: [] }
}

/** `role`: routers; batch, turns between two looks at the outboxes; and share, after which each router has had enough. */
export function offer(scene) {
  const { routers, batch, share } = scene.role
  const slots = new SlotTableWriter(scene.memory)
  const ring = new TaskRingProducer(scene.memory, 0)
  const outboxes = routers.map((router) => new OutboxConsumer(scene.memory, router))
  const patience = scene.patience('proposals')
  const into = new Int32Array(5)
  const slotCount = scene.memory.shape.slotCount
  const taskOf = new Int32Array(slotCount).fill(-1)
  const committed = routers.map(() => 0)
  let stale = 0
  let mixed = 0
  let withdrawn = 0
  let next = 0
  let done = 0
  /** Reads all outboxes: a proposal of the slot's generation is committed, any other dropped. */
  const settle = () => {
    let read = 0
    for (let n = 0; n < outboxes.length; n++) {
      // Ends: only what `turn` publishes can come, and that is a slot at a time.
      for (; outboxes[n].next(into); read++) {
        const slot = into[0]
        if (slots.generation(slot) !== into[1]) {
          stale++
          continue
        }
        if (into[2] !== taskOf[slot] || into[3] !== 1) mixed++
        slots.place(slot)
        slots.release(slot)
        scene.count(taskOf[slot])
        committed[n]++
        done++
      }
      outboxes[n].commitReads()
    }
    return read
  }
  const turn = (slot, number) => {
    if (ring.free() === 0) return
    const state = slots.state(slot)
    if (state === SlotState.FREE && next < scene.itemCount) {
      taskOf[slot] = next
      ring.write(slot, slots.offer(slot, next & 3, next, 0, next, ~next))
      next++
    } else if (state === SlotState.OFFERED && number % 7 === 0) {
      ring.write(slot, slots.withdraw(slot))
      withdrawn++
    } else if (state === SlotState.OFFERED && number % 11 === 0) {
      // Back to its lane and out again in the same slot: the columns are written again.
      const task = taskOf[slot]
      slots.release(slot)
      ring.write(slot, slots.offer(slot, 0, task, 0, task, ~task))
      withdrawn++
    }
  }
  scene.meet()
  // Ends: each task is offered until a proposal for it is committed.
  for (let number = 0; done < scene.itemCount; number++) {
    turn(number % slotCount, number)
    if (number % batch !== 0) continue
    ring.publish()
    if (settle() > 0) patience.reset()
    else patience.miss()
    if (share !== undefined && committed.every((count) => count >= share)) break
  }
  scene.finish()
  return { stale, mixed, withdrawn, committed }
}
