/** Routers that end: asked to stop while they fall asleep, or dying with a wake meant for them. */
import { ENTRY_WORDS, type RouterIndex } from '../../../native-free/index.ts'
import { type AnyModel, type Canary, join, type Model, pause, run, type Steps } from '../explore.ts'
import {
  claim,
  FIRST,
  publish,
  SECOND,
  SLEEP_MS,
  sleep,
  type World,
  world,
} from './sleepers-parts.ts'

function lookForStop(w: World, router: RouterIndex): () => Steps<boolean> {
  return function* () {
    return (yield* w.sleepers.stopRequested(router)) || (yield* w.claims.size()) > 0
  }
}

const stop: Model<World> = {
  name: 'sleepers: a router that is asked to stop does not sleep',
  world: (nf) => world(nf, 1),
  actors: {
    *frontEnd(w) {
      yield* publish(w, 1)
      yield* w.sleepers.requestStop(FIRST)
    },
    *router(w) {
      // Ends: the request comes, and wakes.
      while (!(yield* w.sleepers.stopRequested(FIRST))) {
        if (!(yield* claim(w, FIRST))) yield* sleep(w, FIRST, lookForStop(w, FIRST))
      }
    },
  },
  preemptions: 4,
  outcome: (w) => (w.taken[FIRST].length === 1 ? 'stopped' : 'stopped before the entry'),
  allowed: {
    stopped: 'it took the entry first',
    'stopped before the entry': 'it looks at its stop word before the ring; who stops withdraws',
  },
  forbidden: { 'blocked *': 'it saw no request, and sleeps through the wake for it' },
}

/** Takes one entry, if there is one. */
function* claimOne(w: World, router: RouterIndex): Steps<void> {
  const into = new Int32Array(ENTRY_WORDS)
  if ((yield* w.claims.claim(into, 1)) === 1) w.taken[router].push(into[0])
}

/**
 * The first router sleeps already, so the wake for the first entry is its. After its exit the front
 * end does as src/router/router-thread.ts#leave: it retracts the announcement, offers again (here
 * always) what has no answer, and wakes all.
 */
const death: Model<World> = {
  name: 'sleepers: a wake that was spent on a dying router is repeated',
  world(nf) {
    const parts = world(nf, 2)
    run(parts.sleepers.announce(FIRST))
    return parts
  },
  actors: {
    *first(w) {
      yield* w.sleepers.wait(FIRST, SLEEP_MS)
      yield* claimOne(w, FIRST)
      yield* pause()
    },
    *second(w) {
      // Ends: a turn takes an entry, or sleeps until the new offer is there.
      while (!w.taken[SECOND].includes(2)) {
        yield* sleep(w, SECOND)
        yield* claimOne(w, SECOND)
      }
    },
    *frontEnd(w) {
      yield* publish(w, 1)
      yield* join('first')
      yield* w.sleepers.retract(FIRST)
      yield* publish(w, 2)
      yield* w.sleepers.wakeAll()
    },
  },
  mortal: ['first'],
  outcome(w, { died }) {
    const taker = ['first', 'second'].find((_, router) => w.taken[router].includes(1))
    const last = w.taken[SECOND].at(-1)
    return `${died ?? 'nobody'} died, the old offer with ${taker}, the new one ${last === 2 ? 'taken' : 'lost'}`
  },
  allowed: {
    'nobody died, the old offer with first, the new one taken': 'the wake was for the first',
    'nobody died, the old offer with second, the new one taken': 'the second was not asleep yet',
    'first died, the old offer with first, the new one taken': 'the new offer is needed',
    'first died, the old offer with second, the new one taken': 'one of its two answers is stale',
  },
  forbidden: {
    'blocked *': 'the new offer waits in the ring, and the living router sleeps',
    '*, the new one lost': 'the living router takes it',
    '*with undefined*': 'the old one is in the ring before the new one, and taken before it',
  },
}

export const models: AnyModel[] = [stop, death]

export const canaries: Canary[] = [
  {
    name: 'sleepers: only the dead router is looked at',
    model: death,
    patches: [
      {
        file: 'sleepers.js',
        find: 'this.routerCount = memory.shape.routerCount',
        replace: 'this.routerCount = 1',
      },
    ],
    why: 'the wakes after its exit are spent on it, and the other one sleeps on',
  },
  {
    name: 'sleepers: the stop is requested after the wake',
    model: stop,
    patches: [
      {
        file: 'sleepers.js',
        find: 'atomics.store(this.words, this.stops + router, 1);',
        replace: 'this.wake(router);\natomics.store(this.words, this.stops + router, 1);\nreturn;',
      },
    ],
    why: 'the router is woken, sees no request, and sleeps again',
  },
]
