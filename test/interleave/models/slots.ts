/**
 * Slots on their way from offer to commit, with cancels, late answers and a router's death between:
 * a task is placed once, by an entry of its own, and never lost.
 *
 * Generations start at 2^31 - 1, so the first step of one passes the sign.
 */
import type { DequeOwner, DequeThief } from '../../../native-free/index.ts'
import { ENTRY_WORDS, SUCCESS, toGeneration, toRouter, toSlot } from '../../../native-free/index.ts'
import {
  type AnyModel,
  type Canary,
  join,
  type Model,
  pause,
  run,
  type Stepped,
  type Steps,
} from '../explore.ts'
import {
  admit,
  commitProposals,
  FORBIDDEN,
  offer,
  offerAgain,
  place,
  type Rules,
  release,
  route,
  settle,
  slotsWorld,
  sumUp,
  takeTurn,
  type World,
  withdraw,
} from './slots-parts.ts'

const RULES: Rules = { comparesGeneration: true }

/** One task was offered before anything else happens. */
function oneOffered(rules: Rules): Model<World>['world'] {
  return (nf) => {
    const w = slotsWorld(nf, rules)
    run(offer(w, admit(w, 'task', 1)))
    return w
  }
}

function settleAndSumUp(w: World): string {
  settle(w)
  return sumUp(w)
}

/** A task is offered and cancelled, wherever it is, and its slot goes to another task. */
function cancelled(rules: Rules): Model<World> {
  return {
    name: 'slots: a task is cancelled and its slot reused while a router proposes',
    world: (nf) => slotsWorld(nf, rules),
    actors: {
      *frontEnd(w) {
        const first = admit(w, 'first', 1)
        yield* offer(w, first)
        yield* commitProposals(w)
        yield* release(w, first, 'final')
        yield* offer(w, admit(w, 'second', 2))
        yield* commitProposals(w)
      },
      *router(w) {
        yield* takeTurn(w, 0)
        yield* takeTurn(w, 0)
      },
    },
    preemptions: 4,
    outcome: settleAndSumUp,
    allowed: {
      'first by routers, second by routers': 'committed before the cancel',
      'first not placed, second by routers, 1 dropped': 'cancelled while in the ring',
      'first not placed, second by routers, 1 refused': 'cancelled while the router chose',
    },
    forbidden: { ...FORBIDDEN, 'first not placed, second by routers': 'the entry is somewhere' },
  }
}

/** The router is late: the front end takes the offer back and places it itself. */
const placedInline: Model<World> = {
  name: 'slots: a late offer is withdrawn, placed inline and done, and its slot reused',
  world: oneOffered(RULES),
  actors: {
    *frontEnd(w) {
      const [task] = w.tasks
      yield* commitProposals(w)
      if (task.state === 'offered') {
        yield* withdraw(w, task)
        yield* place(w, task, 'inline', task.classIndex)
      }
      yield* commitProposals(w)
      yield* release(w, task, 'final')
      yield* offer(w, admit(w, 'next', 2))
      yield* commitProposals(w)
    },
    *router(w) {
      yield* takeTurn(w, 0)
      yield* takeTurn(w, 0)
    },
  },
  preemptions: 4,
  outcome: settleAndSumUp,
  allowed: {
    'task by routers, next by routers': 'the router was in time',
    'task by inline, next by routers, 1 dropped': 'withdrawn while in the ring',
    'task by inline, next by routers, 1 refused': 'withdrawn while the router chose',
  },
  forbidden: FORBIDDEN,
}

/** A late offer goes to the ring again, and both routers have an entry of it. */
function madeAgain(rules: Rules): Model<World> {
  return {
    name: 'slots: a late offer is made again, and two routers hold an entry of it',
    world: oneOffered(rules),
    actors: {
      *frontEnd(w) {
        const [task] = w.tasks
        yield* commitProposals(w)
        if (task.state !== 'offered') return
        yield* offerAgain(w, task)
        yield* commitProposals(w)
      },
      *first(w) {
        yield* takeTurn(w, 0)
      },
      *second(w) {
        yield* takeTurn(w, 1)
      },
    },
    outcome: settleAndSumUp,
    allowed: {
      'task by routers': 'a router was in time',
      'task by routers, 1 dropped': 'the older entry was still in the ring, or in hands',
      'task by routers, 1 refused': 'the older entry had been routed',
    },
    forbidden: FORBIDDEN,
  }
}

/** Nobody is free: the task goes back to its lane, another gets its slot, and it gets another. */
const bounced: Model<World> = {
  name: 'slots: a late task bounces into another slot while a router holds its entry',
  world: oneOffered(RULES),
  actors: {
    *frontEnd(w) {
      const [task] = w.tasks
      yield* withdraw(w, task)
      yield* release(w, task, 'waiting')
      yield* offer(w, admit(w, 'other', 2))
      yield* offer(w, task, toSlot(1))
      yield* commitProposals(w)
    },
    *router(w) {
      for (let turn = 0; turn < 3; turn++) yield* takeTurn(w, 0)
    },
  },
  preemptions: 4,
  outcome: settleAndSumUp,
  allowed: {
    'task by routers, other by routers, 1 dropped': 'the older entry was in the ring',
    'task by routers, other by routers, 1 refused': 'the older entry had been routed',
  },
  forbidden: {
    ...FORBIDDEN,
    'task by routers, other by routers': 'the older entry is somewhere',
  },
}

/** As src/router/router-thread.ts#leave and src/front-end/take-back.ts#offerAgain. */
function* giveBack(w: World): Steps<void> {
  yield* commitProposals(w)
  for (const task of w.tasks) if (task.state === 'offered') yield* offerAgain(w, task)
}

const claimerDies: Model<World> = {
  name: 'slots: a router dies between claim and proposal, and its task is offered again',
  world: oneOffered(RULES),
  actors: {
    *mortal(w) {
      yield* takeTurn(w, 0)
      yield* pause()
    },
    *other(w) {
      yield* takeTurn(w, 1)
      yield* takeTurn(w, 1)
    },
    *frontEnd(w) {
      yield* join('mortal')
      yield* giveBack(w)
      yield* commitProposals(w)
    },
  },
  mortal: ['mortal'],
  outcome: (w, { died }) => `${died ?? 'nobody'} died: ${settleAndSumUp(w)}`,
  allowed: {
    'nobody died: task by routers': 'answered in time',
    'nobody died: task by routers, 1 dropped': 'the other router had claimed it',
    'nobody died: task by routers, 1 refused': 'the other router had routed it',
    'mortal died: task by routers': 'the claim died with its router, or had been answered',
    'mortal died: task by routers, 1 dropped': 'the other router had claimed it, or nobody',
    'mortal died: task by routers, 1 refused': 'the other router had routed it',
  },
  forbidden: FORBIDDEN,
}

interface DequeWorld extends World {
  readonly owner: Stepped<DequeOwner>
  readonly thief: Stepped<DequeThief>
}

/** Two tasks wait in the deque of a router that dies; another one steals there. */
const ownerDies: Model<DequeWorld> = {
  name: 'slots: a router dies with tasks in its deque, and another one steals them',
  world(nf) {
    const w = slotsWorld(nf, RULES)
    const owner = new nf.DequeOwner(w.memory, toRouter(0))
    const entry = new Int32Array(ENTRY_WORDS)
    for (let slot = 0; slot < 2; slot++) {
      run(offer(w, admit(w, ['first', 'second'][slot], 1 + slot), toSlot(slot)))
      run(w.claims.claim(entry, 1))
      run(owner.push(toSlot(entry[0]), toGeneration(entry[1])))
    }
    return { ...w, owner, thief: new nf.DequeThief(w.memory, toRouter(0)) }
  },
  actors: {
    *mortal(w) {
      const entry = new Int32Array(ENTRY_WORDS)
      for (let i = 0; i < 2; i++) {
        if (yield* w.owner.pop(entry)) yield* route(w, 0, entry[0], entry[1])
      }
    },
    *thief(w) {
      const entry = new Int32Array(ENTRY_WORDS)
      if ((yield* w.thief.steal(entry)) === SUCCESS) yield* route(w, 1, entry[0], entry[1])
    },
    *frontEnd(w, nf) {
      yield* join('mortal')
      yield* new nf.DequeOwner(w.memory, toRouter(0)).recover()
      yield* giveBack(w)
    },
  },
  mortal: ['mortal'],
  outcome: (w, { died }) => `${died ?? 'nobody'} died: ${settleAndSumUp(w)}`,
  allowed: {
    'nobody died: first by routers, second by routers': 'each was taken once, and in time',
    'nobody died: first by routers, second by routers, 1 dropped': 'the thief was late, and saw it',
    'nobody died: first by routers, second by routers, 1 refused': 'the thief was late',
    'mortal died: first by routers, second by routers': 'what the dead one held was offered again',
    'mortal died: first by routers, second by routers, 1 dropped': 'the thief was late, and saw it',
    'mortal died: first by routers, second by routers, 1 refused': 'the thief was late',
  },
  forbidden: FORBIDDEN,
}

export const models: AnyModel[] = [
  cancelled(RULES),
  placedInline,
  madeAgain(RULES),
  bounced,
  claimerDies,
  ownerDies,
]

/** A front end that commits whatever its record allows. */
const BLIND: Rules = { comparesGeneration: false }

export const canaries: Canary[] = [
  {
    name: 'slots: a released slot keeps its generation',
    model: cancelled(RULES),
    patches: [
      {
        file: 'slot-state.js',
        find: 'nextGeneration(table, slot);\n    setState(table, slot, SlotState.FREE)',
        replace: 'setState(table, slot, SlotState.FREE)',
      },
    ],
    why: 'the entry of the cancelled task is as good as that of the next one',
  },
  {
    name: 'slots: a withdrawn offer keeps its generation',
    model: madeAgain(RULES),
    patches: [
      {
        file: 'slot-state.js',
        find: 'return nextGeneration(table, slot)',
        replace: 'return generationOf(table, slot)',
      },
    ],
    why: 'two entries of one task are alive',
  },
  {
    name: 'slots: generations are counted beyond 2^31',
    model: claimerDies,
    patches: [
      {
        file: 'slot-state.js',
        find: '((generationOf(table, slot) + 1) | 0)',
        replace: '(generationOf(table, slot) + 1)',
      },
    ],
    why: 'the front end refuses every proposal for a generation that the words cannot hold',
  },
  {
    name: 'slots: the front end does not compare the generation at commit',
    model: cancelled(BLIND),
    patches: [],
    why: 'a router that had checked before the cancel places the next task by the old row',
  },
  {
    name: 'slots: the front end trusts the router’s look at the generation',
    model: madeAgain(BLIND),
    patches: [],
    why: 'two routers have proposed the task, and both are believed',
  },
]
