/** One owner pushes and pops, several thieves steal; the owner may also die and be replaced. */
import {
  atomics,
  CLAIM_MAX,
  DequeOwner,
  DequeThief,
  LINE_WORDS,
  stealHalf,
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

meet()
if (role.kind === 'owner') own()
else if (role.kind === 'dying owner') ownAndDie()
else steal()

function own() {
  const deque = new DequeOwner(memory, role.router)
  const into = new Int32Array(2)
  let taken = 0
  for (let item = 0; item < role.itemCount; ) {
    for (let n = 0; n < CLAIM_MAX && item < role.itemCount; n++) {
      if (!deque.push(item, generationOf(item))) break
      item++
    }
    // Every other batch is left to the last: that is where owner and thieves meet.
    const pops = item % 2 === 0 ? CLAIM_MAX : 3
    for (let n = 0; n < pops && deque.pop(into); n++) {
      take(into[0], into[1])
      taken++
    }
  }
  // Ends: nothing is pushed any more.
  while (deque.pop(into)) {
    take(into[0], into[1])
    taken++
  }
  atomics.store(control, FINISHED, 1)
  report({ taken, dropped: 0, deaths: 0 })
}

function ownAndDie() {
  const into = new Int32Array(2)
  let taken = 0
  let dropped = 0
  let deaths = 0
  for (let item = 0; item < role.itemCount; ) {
    const deque = new DequeOwner(memory, role.router)
    for (let n = 0; n < CLAIM_MAX && item < role.itemCount; n++) {
      if (!deque.push(item, generationOf(item))) throw new Error('a recovered deque was not empty')
      item++
    }
    for (let n = 0; n < item % 17 && deque.pop(into); n++) {
      take(into[0], into[1])
      taken++
    }
    if (item % 3 === 0) {
      // As a pop that stopped for ever after its first step.
      atomics.sub(memory.words, memory.map.dequeBottoms + role.router * LINE_WORDS, 1)
      deaths++
    }
    dropped += new DequeOwner(memory, role.router).recover()
  }
  atomics.store(control, FINISHED, 1)
  report({ taken, dropped, deaths })
}

function steal() {
  const deque = new DequeThief(memory, role.router)
  const patience = new Patience('entries in the deque')
  const into = new Int32Array(2 * CLAIM_MAX)
  const scratch = new Int32Array(2)
  let taken = 0
  while (atomics.load(control, FINISHED) === 0 || deque.size() > 0) {
    const count = stealHalf(deque, into, scratch)
    if (count === 0) {
      patience.miss()
      continue
    }
    patience.reset()
    for (let i = 0; i < count; i++) take(into[2 * i], into[2 * i + 1])
    taken += count
  }
  report({ taken, dropped: 0, deaths: 0 })
}
