/** Going to sleep and being woken: no published work finds everybody asleep. */
import {
  type DequeOwner,
  type DequeThief,
  ENTRY_WORDS,
  SUCCESS,
  toGeneration,
  toSlot,
} from '../../../native-free/index.ts'
import type { AnyModel, Canary, Model, Stepped } from '../explore.ts'
import { claim, FIRST, publish, SECOND, sleep, sumUp, type World, world } from './sleepers-parts.ts'

const oneRouter: Model<World> = {
  name: 'sleepers: a router falls asleep while entries are published',
  world: (nf) => world(nf, 1),
  actors: {
    *frontEnd(w) {
      yield* publish(w, 1)
      yield* publish(w, 2)
    },
    *router(w) {
      // Ends: a turn takes an entry, or sleeps until there is one.
      while (w.taken[FIRST].length < 2) if (!(yield* claim(w, FIRST))) yield* sleep(w, FIRST)
    },
  },
  preemptions: 4,
  outcome: (w) => sumUp(w, [1, 2]),
  allowed: {
    'all taken': 'one of the two looks sees the other’s write',
    'all taken, woken early': 'a notify that belongs to an earlier wake: it looks and sleeps again',
  },
  forbidden: {
    'blocked *': 'an entry is in the ring, and the router sleeps on: a lost wake-up',
    'took *': 'each entry is taken once',
  },
}

/** Each router takes one entry and is then busy for ever: the other entry needs the other router. */
const surplus: Model<World> = {
  name: 'sleepers: who takes one of two entries wakes a router for the other',
  world: (nf) => world(nf, 2),
  actors: {
    *frontEnd(w) {
      yield* publish(w, 1, 2)
    },
    *first(w) {
      while (w.taken[FIRST].length < 1) if (!(yield* claim(w, FIRST))) yield* sleep(w, FIRST)
    },
    *second(w) {
      while (w.taken[SECOND].length < 1) if (!(yield* claim(w, SECOND))) yield* sleep(w, SECOND)
    },
  },
  outcome: (w) => sumUp(w, [1, 2]),
  allowed: { 'all taken': 'the surplus was seen, or its wake found the other router' },
  forbidden: {
    '*woken early': 'whoever is woken finds an entry: there is one for each',
    'blocked *': 'an entry waits behind a busy router while another sleeps',
    'took *': 'each entry is taken once',
  },
}

interface DequeWorld extends World {
  readonly deque: Stepped<DequeOwner>
  readonly thief: Stepped<DequeThief>
}

const stolen: Model<DequeWorld> = {
  name: 'sleepers: a surplus in a deque wakes a thief that falls asleep',
  world(nf) {
    const parts = world(nf, 2)
    const deque = new nf.DequeOwner(parts.memory, FIRST)
    return { ...parts, deque, thief: new nf.DequeThief(parts.memory, FIRST) }
  },
  actors: {
    *busy(w) {
      yield* w.deque.push(toSlot(1), toGeneration(0))
      yield* w.sleepers.wakeOne()
    },
    *thief(w) {
      const into = new Int32Array(ENTRY_WORDS)
      const look = function* () {
        return (yield* w.thief.size()) > 0
      }
      // Ends: a turn takes the entry, or sleeps until there is one.
      while ((yield* w.thief.steal(into)) !== SUCCESS) yield* sleep(w, SECOND, look)
      w.taken[SECOND].push(into[0])
    },
  },
  preemptions: 4,
  outcome: (w) => sumUp(w, [1]),
  allowed: { 'all taken': 'one of the two looks sees the other’s write' },
  forbidden: {
    'blocked *': 'the deque has a surplus, and the thief sleeps on',
    'took *': 'the entry is taken once',
    '*woken early': 'there was one wake only',
  },
}

/** The first sleep ends by its time, which no wake has anything to do with. */
const timeOut: Model<World> = {
  name: 'sleepers: a sleep runs out of time as an entry is published',
  world: (nf) => world(nf, 1),
  actors: {
    *frontEnd(w) {
      yield* publish(w, 1)
    },
    *router(w) {
      yield* w.sleepers.announce(FIRST)
      const how = yield* w.sleepers.wait(FIRST, 0)
      if (how === 'timed-out') w.early++
      // Ends: a turn takes the entry, or sleeps until it is there.
      while (w.taken[FIRST].length < 1) if (!(yield* claim(w, FIRST))) yield* sleep(w, FIRST)
    },
  },
  preemptions: 4,
  outcome: (w) => sumUp(w, [1]),
  allowed: {
    'all taken': 'the wake came before the sleep',
    'all taken, woken early': 'time ran out; the router looks before it sleeps again',
  },
  forbidden: {
    'blocked *': 'the wake was spent on a router that was awake, and did not look again',
    'took *': 'the entry is taken once',
  },
}

export const models: AnyModel[] = [oneRouter, surplus, stolen, timeOut]

export const canaries: Canary[] = [
  {
    name: 'sleepers: a router announces itself after its last look',
    model: oneRouter,
    patches: [
      {
        file: 'sleepers.js',
        find: 'atomics.wait(this.words, word, ASLEEP, timeoutMs)',
        replace:
          'atomics.store(this.words, word, ASLEEP);\n' +
          'atomics.wait(this.words, word, ASLEEP, timeoutMs)',
      },
    ],
    why: 'an entry published between look and announcement finds nobody to wake',
  },
  {
    name: 'sleepers: no wake-up when the ring was not empty a moment ago',
    model: oneRouter,
    patches: [
      {
        file: 'task-ring.js',
        find: 'this.published = this.written;\n        // publishes',
        replace:
          'const isBusy = ((this.published - atomics.load(this.words, this.head)) | 0) > 0;\n' +
          'this.published = this.written;\n        // publishes',
      },
      {
        file: 'task-ring.js',
        find: 'return count;\n',
        replace: 'return isBusy ? 0 : count;\n',
      },
    ],
    why: 'the router may take the older entry, and look again, before the new one is there',
  },
  {
    name: 'sleepers: the sleep word is changed, and nobody notified',
    model: stolen,
    patches: [{ file: 'sleepers.js', find: 'atomics.notify(this.words, word, 1);', replace: '' }],
    why: 'a router that blocks already sleeps on',
  },
  {
    name: 'sleepers: only the first router is looked at',
    model: surplus,
    patches: [
      { file: 'sleepers.js', find: 'if (this.wake(router))\n', replace: 'this.wake(router);\n' },
    ],
    why: 'the surplus of two entries wakes the first router, which is busy',
  },
]
