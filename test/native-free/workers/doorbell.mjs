/** Routers publish proposals and ring; the front end sleeps on a word that stands for the port. */
import {
  atomics,
  FrontEndBell,
  OutboxConsumer,
  OutboxProducer,
  RouterBell,
} from '../../../dist/native-free/index.js'
import {
  control,
  FINISHED,
  generationOf,
  meet,
  memory,
  Patience,
  report,
  role,
  take,
} from './common.mjs'

const MESSAGES = FINISHED
const LOST_MS = 10_000

meet()
if (role.kind === 'router') propose()
else commit()

function propose() {
  const outbox = new OutboxProducer(memory, role.router)
  const bell = new RouterBell(memory)
  const patience = new Patience('the front end')
  let messages = 0
  for (let item = role.first; item < role.end; item++) {
    if (!outbox.push(item, generationOf(item), 0, 0, 0)) throw new Error('the outbox is full')
    if (bell.ring()) {
      messages++
      atomics.add(control, MESSAGES, 1)
      atomics.notify(control, MESSAGES, 1)
    }
    // Only a few ahead, so that the front end falls asleep again and again.
    while (((outbox.producedCount() - outbox.consumedCount()) | 0) > role.ahead) patience.miss()
    patience.reset()
  }
  report({ messages, arms: 0, sleeps: 0 })
}

function commit() {
  const outboxes = role.routers.map((router) => new OutboxConsumer(memory, router))
  const bell = new FrontEndBell(memory)
  const into = new Int32Array(5)
  let arms = 0
  let sleeps = 0
  let messages = 0
  for (let taken = 0; taken < role.itemCount; ) {
    for (const outbox of outboxes) {
      // Ends: routers stop `ahead` proposals after the last that is committed.
      while (outbox.next(into)) {
        take(into[0], into[1])
        taken++
      }
      outbox.commitReads()
    }
    if (taken === role.itemCount) break
    bell.arm()
    arms++
    if (outboxes.some((outbox) => !outbox.isEmpty())) {
      bell.disarm()
      continue
    }
    sleeps++
    // A port keeps its messages: sleep only while none has come since the last look.
    if (atomics.wait(control, MESSAGES, messages, LOST_MS) === 'timed-out') {
      throw new Error(`${role.itemCount - taken} proposals, and nobody rang`)
    }
    messages = atomics.load(control, MESSAGES)
    bell.disarm()
  }
  report({ messages: 0, arms, sleeps })
}
