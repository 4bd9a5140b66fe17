/** Routers publish proposals and ring; the front end sleeps on a word that stands for the port. */
import {
  atomics,
  FrontEndBell,
  OutboxConsumer,
  OutboxProducer,
  RouterBell,
} from '../../../dist/native-free/index.js'
import { generationOf, PUBLISHED, SIGNAL, TAKEN } from './scene.mjs'

/** Messages that were posted: a port keeps them, so this word only grows. */
const MESSAGES = SIGNAL
/** In rounds: whose turn it is, and how many have rung. */
const TURN = PUBLISHED
const RUNG = TAKEN
const LOST_MS = 10_000
/** Looks at whose turn it is before a router blocks: some 20 µs. */
const LOOKS = 2_000
/** Delays of the first to ring, in loads of 10 ns. */
const STAGGER = 32

function post({ control }) {
  atomics.add(control, MESSAGES, 1)
  atomics.notify(control, MESSAGES, 1)
}

/** `role`: router, first and end of its items, ahead: proposals it has unsettled at most. */
export function propose(scene) {
  const { router, first, end, ahead } = scene.role
  const outbox = new OutboxProducer(scene.memory, router)
  const bell = new RouterBell(scene.memory)
  const patience = scene.patience('the front end')
  let messages = 0
  scene.meet()
  for (let item = first; item < end; item++) {
    if (!outbox.push(item, generationOf(item), 0, 0, 0)) throw new Error('the outbox is full')
    if (bell.ring()) {
      messages++
      post(scene)
    }
    // Only a few ahead, so that the front end falls asleep again and again.
    while (((outbox.producedCount() - outbox.consumedCount()) | 0) > ahead) patience.miss()
    patience.reset()
  }
  return { messages, arms: 0, sleeps: 0 }
}

/** `role`: routers. Reads all outboxes, and sleeps when there is nothing in them. */
export function settle(scene) {
  const outboxes = scene.role.routers.map((router) => new OutboxConsumer(scene.memory, router))
  const bell = new FrontEndBell(scene.memory)
  const into = new Int32Array(5)
  let arms = 0
  let sleeps = 0
  let messages = 0
  scene.meet()
  for (let taken = 0; taken < scene.itemCount; ) {
    for (const outbox of outboxes) {
      // Ends: routers stop `ahead` proposals after the last that is committed.
      while (outbox.next(into)) {
        scene.take(into[0], into[1])
        taken++
      }
      outbox.commitReads()
    }
    if (taken === scene.itemCount) break
    bell.arm()
    arms++
    if (outboxes.some((outbox) => !outbox.isEmpty())) {
      bell.disarm()
      continue
    }
    sleeps++
    messages = sleep(scene, messages, scene.itemCount - taken)
    bell.disarm()
  }
  return { messages: 0, arms, sleeps }
}

/**
 * A port keeps its messages: sleeps only while none has come since the last look. A notify that
 * belongs to an earlier message is no message.
 * @returns how many messages have come in all.
 */
function sleep({ control }, messages, left) {
  let now = atomics.load(control, MESSAGES)
  // Ends: a message comes, or the time runs out.
  for (; now === messages; now = atomics.load(control, MESSAGES)) {
    if (atomics.wait(control, MESSAGES, messages, LOST_MS) === 'timed-out') {
      throw new Error(`${left} proposals to come, and nobody rang`)
    }
  }
  return now
}

/** Looks for a while, and then blocks, until it is a turn. */
function waitForTurn(scene, turn) {
  // Ends: after LOOKS.
  for (let n = 0; n < LOOKS; n++) if (atomics.load(scene.control, TURN) >= turn) return
  // Ends: turns only grow; one that never comes is named by the time-out.
  for (let now = atomics.load(scene.control, TURN); now < turn; ) {
    scene.waitWhile(TURN, now, `turn ${turn}`)
    now = atomics.load(scene.control, TURN)
  }
}

/**
 * `role`: router, routers, rounds. In each round the first router arms the bell, as the front end
 * would, and lets all go; it rings itself a little later each time, to meet the others in the
 * middle of theirs.
 */
export function ringTogether(scene) {
  const { router, routers, rounds } = scene.role
  const { control } = scene
  const frontEnd = new FrontEndBell(scene.memory)
  const bell = new RouterBell(scene.memory)
  let messages = 0
  scene.meet()
  for (let turn = 1; turn <= rounds; turn++) {
    if (router === 0) {
      frontEnd.arm()
      atomics.store(control, TURN, turn)
      atomics.notify(control, TURN, routers.length)
      for (let n = 0; n < turn % STAGGER; n++) atomics.load(control, TURN)
    } else waitForTurn(scene, turn)
    if (bell.ring()) messages++
    const rung = atomics.add(control, RUNG, 1) + 1
    if (rung === turn * routers.length) atomics.notify(control, RUNG, 1)
    if (router !== 0) continue
    // Ends: each router rings once a round, or the wait throws.
    for (let all = rung; all < turn * routers.length; all = atomics.load(control, RUNG)) {
      scene.waitWhile(RUNG, all, 'all to ring')
    }
  }
  return { messages, arms: router === 0 ? rounds : 0, sleeps: 0 }
}

/** `role`: router, routers, rounds. Proposes when it is its turn, to a front end that sleeps. */
export function proposeInTurn(scene) {
  const { router, routers, rounds } = scene.role
  const outbox = new OutboxProducer(scene.memory, router)
  const bell = new RouterBell(scene.memory)
  let messages = 0
  scene.meet()
  for (let round = 0; round < rounds; round++) {
    const item = round * routers.length + router
    waitForTurn(scene, item + 1)
    outbox.push(item, generationOf(item), 0, 0, 0)
    if (!bell.ring()) throw new Error(`router ${router} rang for a sleeper, and was told not to`)
    messages++
    post(scene)
  }
  return { messages, arms: 0, sleeps: 0 }
}

/** `role`: routers, rounds. Falls asleep, and then gives the turn to the next router. */
export function settleInTurn(scene) {
  const { routers, rounds } = scene.role
  const outboxes = routers.map((router) => new OutboxConsumer(scene.memory, router))
  const bell = new FrontEndBell(scene.memory)
  const into = new Int32Array(5)
  const turns = rounds * routers.length
  scene.meet()
  for (let turn = 1; turn <= turns; turn++) {
    bell.arm()
    if (outboxes.some((outbox) => !outbox.isEmpty())) throw new Error(`a proposal before ${turn}`)
    atomics.store(scene.control, TURN, turn)
    atomics.notify(scene.control, TURN, routers.length)
    const messages = sleep(scene, turn - 1, turns - turn)
    if (messages !== turn) throw new Error(`${messages} messages for ${turn} sleeps`)
    bell.disarm()
    const outbox = outboxes[(turn - 1) % routers.length]
    if (!outbox.next(into)) throw new Error(`turn ${turn}: a message and no proposal`)
    scene.take(into[0], into[1])
    outbox.commitReads()
  }
  return { messages: 0, arms: turns, sleeps: turns }
}
