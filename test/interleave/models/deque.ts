/**
 * The work-stealing deque at capacity 4: its owner and two thieves.
 *
 * Entries 1, 2, 3 … are pushed in this order; the counters pass 2^31 on the way.
 */
import type { DequeOwner, SharedMemory } from '../../../native-free/index.ts'
import {
  type AnyModel,
  type Canary,
  freshMemory,
  type Model,
  type NativeFree,
  pause,
  run,
  SMALL_DEQUE,
  type Stepped,
} from '../explore.ts'
import {
  type Entries,
  generationFor,
  isRising,
  NEVER,
  slots,
  takeDown,
  tally,
  withTags,
} from '../tally.ts'

export const CAPACITY = 4

/** What a thief got. */
interface Thief {
  readonly got: Entries
  hasLostRace: boolean
}

export interface Deque {
  readonly nf: NativeFree
  readonly memory: SharedMemory
  readonly owner: Stepped<DequeOwner>
  readonly pushed: Entries
  readonly popped: Entries
  readonly first: Thief
  readonly second: Thief
  isFull: boolean
  /** A pop found nothing. */
  wasEmpty: boolean
}

/** A deque with so many entries in it. */
export function dequeOf(nf: NativeFree, count: number): Deque {
  const memory = freshMemory(nf, { routerCount: 3 })
  const deque = {
    nf,
    memory,
    owner: new nf.DequeOwner(memory, nf.toRouter(0)),
    pushed: [],
    popped: [],
    first: { got: [], hasLostRace: false },
    second: { got: [], hasLostRace: false },
    isFull: false,
    wasEmpty: false,
  }
  for (let slot = 1; slot <= count; slot++) run(push(deque, slot))
  return deque
}

export function* push(deque: Deque, ...numbers: number[]) {
  for (const slot of slots(...numbers)) {
    if (yield* deque.owner.push(slot, generationFor(slot))) deque.pushed.push(slot)
    else deque.isFull = true
  }
}

function* pop(deque: Deque, times: number) {
  const into = new Int32Array(2)
  for (let time = 0; time < times; time++) {
    if (yield* deque.owner.pop(into)) takeDown(deque.popped, into[0], into[1])
    else deque.wasEmpty = true
  }
}

function* steal({ nf, memory }: Deque, thief: Thief, times: number) {
  const end = new nf.DequeThief(memory, nf.toRouter(0))
  const into = new Int32Array(2)
  for (let time = 0; time < times; time++) {
    const result = yield* end.steal(into)
    if (result === nf.SUCCESS) takeDown(thief.got, into[0], into[1])
    if (result === nf.RETRY) thief.hasLostRace = true
  }
}

function* stealHalf({ nf, memory }: Deque, thief: Thief) {
  const end = new nf.DequeThief(memory, nf.toRouter(0))
  const into = new Int32Array(2 * nf.CLAIM_MAX)
  const count = yield* nf.stealHalf(end, into, new Int32Array(2))
  for (let i = 0; i < count; i++) takeDown(thief.got, into[2 * i], into[2 * i + 1])
}

/** Takes what is left, after the run, as a thief would. */
function drain({ nf, memory }: Deque): Entries {
  const left: Entries = []
  const end = new nf.DequeThief(memory, nf.toRouter(0))
  const into = new Int32Array(2)
  // Ends: a deque holds its capacity at most; one that is broken shows it in one entry more.
  for (let i = 0; i <= CAPACITY; i++) {
    if (run(end.steal(into)) !== nf.SUCCESS) break
    takeDown(left, into[0], into[1])
  }
  return left
}

function sumUp(deque: Deque): string {
  const { first, second, popped, pushed } = deque
  const left = drain(deque)
  if (![first.got, second.got, left].every(isRising)) return 'out of order'
  const outcome = tally(pushed, popped, first.got, second.got, left)
  const isRace = first.hasLostRace || second.hasLostRace
  return withTags(outcome, { full: deque.isFull, 'pop found none': deque.wasEmpty, race: isRace })
}

const ALLOWED = {
  'each once': 'nobody disturbed anybody',
  'each once, race': 'a thief lost a race; whoever was faster has the entry',
}
const ALLOWED_EMPTY = {
  'each once, pop found none': 'thieves had taken what the owner wanted to pop',
  'each once, pop found none, race': 'both of these',
}

const last: Model<Deque> = {
  name: 'deque: the owner pops the last entries, two thieves steal them',
  preemptions: 5,
  patches: SMALL_DEQUE,
  world: (nf) => dequeOf(nf, 2),
  actors: {
    owner: (deque) => pop(deque, 2),
    first: (deque) => steal(deque, deque.first, 1),
    second: (deque) => steal(deque, deque.second, 1),
  },
  outcome: sumUp,
  allowed: { ...ALLOWED, ...ALLOWED_EMPTY },
  forbidden: NEVER,
}

const refilling: Model<Deque> = {
  name: 'deque: the owner pops its last entry and pushes anew, two thieves steal',
  preemptions: 4,
  patches: SMALL_DEQUE,
  world: (nf) => dequeOf(nf, 1),
  actors: {
    *owner(deque) {
      yield* pop(deque, 1)
      yield* push(deque, 2)
      yield* pop(deque, 1)
    },
    first: (deque) => steal(deque, deque.first, 2),
    second: (deque) => steal(deque, deque.second, 1),
  },
  outcome: sumUp,
  allowed: { ...ALLOWED, ...ALLOWED_EMPTY },
  forbidden: NEVER,
}

const wrapping: Model<Deque> = {
  name: 'deque: the owner fills it and wraps, two thieves steal',
  patches: SMALL_DEQUE,
  world: (nf) => dequeOf(nf, 3),
  actors: {
    *owner(deque) {
      yield* push(deque, 4, 5, 6)
      yield* pop(deque, 1)
    },
    first: (deque) => steal(deque, deque.first, 2),
    second: (deque) => steal(deque, deque.second, 1),
  },
  outcome: sumUp,
  allowed: {
    ...ALLOWED,
    'each once, full': 'the owner was refused, as it came before any thief',
    'each once, full, race': 'the owner was refused, and a thief lost a race',
  },
  forbidden: {
    ...NEVER,
    '*pop found none*': 'an owner that pushed more than was stolen finds none',
  },
}

const halves: Model<Deque> = {
  name: 'deque: two thieves steal halves while the owner pops',
  preemptions: 4,
  patches: SMALL_DEQUE,
  world: (nf) => dequeOf(nf, 3),
  actors: {
    owner: (deque) => pop(deque, 2),
    first: (deque) => stealHalf(deque, deque.first),
    second: (deque) => stealHalf(deque, deque.second),
  },
  outcome: sumUp,
  allowed: {
    'each once': ALLOWED['each once'],
    'each once, pop found none': ALLOWED_EMPTY['each once, pop found none'],
  },
  forbidden: NEVER,
}

const mortalThief: Model<Deque> = {
  name: 'deque: a thief dies in mid-steal, another goes on, the owner wraps',
  preemptions: 4,
  patches: SMALL_DEQUE,
  world: (nf) => dequeOf(nf, 4),
  mortal: ['first'],
  actors: {
    *owner(deque) {
      yield* push(deque, 5)
      yield* pop(deque, 2)
    },
    *first(deque) {
      const { nf } = deque
      const into = new Int32Array(2)
      const result = yield* new nf.DequeThief(deque.memory, nf.toRouter(0)).steal(into)
      // It may die here: it has the entry, and nobody knows.
      yield* pause()
      if (result === nf.SUCCESS) takeDown(deque.first.got, into[0], into[1])
      if (result === nf.RETRY) deque.first.hasLostRace = true
    },
    second: (deque) => steal(deque, deque.second, 1),
  },
  outcome(deque, { died }) {
    const outcome = sumUp(deque)
    if (died === undefined) return outcome
    return outcome.replace(/^lost: \d\b/, 'in the hands of the dead')
  },
  allowed: {
    'each once*': 'it died before its exchange, or not at all: nothing is left of it',
    'in the hands of the dead*': 'it died after its exchange: the front end publishes it again',
  },
  forbidden: NEVER,
}

export const models: AnyModel[] = [last, refilling, wrapping, halves, mortalThief]

const FILE = 'work-stealing-deque.js'

export const canaries: Canary[] = [
  {
    name: 'deque: the owner pops the last entry without an exchange',
    model: last,
    patches: [
      {
        file: FILE,
        find: 'const isOurs = atomics.compareExchange(words, this.top, top, (top + 1) | 0) === top;',
        replace: 'const isOurs = true; atomics.store(words, this.top, (top + 1) | 0);',
      },
    ],
    why: 'owner and thief both take the last entry',
  },
  {
    name: 'deque: a pop stores the bottom after it has loaded the top',
    model: last,
    patches: [
      { file: FILE, find: 'atomics.store(words, this.bottom, bottom);', replace: '' },
      {
        file: FILE,
        find: 'const left = (bottom - top) | 0;',
        replace: 'atomics.store(words, this.bottom, bottom); const left = (bottom - top) | 0;',
      },
    ],
    why: 'thieves take what the owner pops, all but the last',
  },
  {
    name: 'deque: a thief loads the bottom before the top',
    model: last,
    patches: [
      {
        file: FILE,
        find: `steal(into) {
        const { words } = this;`,
        replace: `steal(into) {
        const { words } = this;
        const bottom = atomics.load(words, this.bottom);`,
      },
      {
        file: FILE,
        find: '((atomics.load(words, this.bottom) - top) | 0) <= 0',
        replace: '((bottom - top) | 0) <= 0',
      },
    ],
    why: 'an entry that the owner popped looks free',
  },
  {
    name: 'deque: a thief moves the top by a plain store',
    model: last,
    patches: [
      {
        file: FILE,
        find: 'const before = atomics.compareExchange(words, this.top, top, (top + 1) | 0);',
        replace: 'const before = top; atomics.store(words, this.top, (top + 1) | 0);',
      },
    ],
    why: 'two thieves take the same entry',
  },
  {
    name: 'deque: a thief copies after its exchange',
    model: wrapping,
    patches: [
      {
        file: FILE,
        find: 'return before === top ? SUCCESS : RETRY;',
        replace: `if (before !== top)
            return RETRY;
        into[0] = words[at];
        into[1] = words[at + 1];
        return SUCCESS;`,
      },
    ],
    why: 'the owner writes over the entry in between',
  },
  {
    name: 'deque: a push takes one more than there is room for',
    model: wrapping,
    patches: [
      {
        file: FILE,
        find: '((localBottom - atomics.load(words, this.top)) | 0) >= DEQUE_CAPACITY',
        replace: '((localBottom - atomics.load(words, this.top)) | 0) > DEQUE_CAPACITY',
      },
    ],
    why: 'the oldest entry is written over',
  },
  {
    name: 'deque: a push stores the bottom before the entry is written',
    model: refilling,
    patches: [
      {
        file: FILE,
        find: 'words[at] = slot;',
        replace: 'atomics.store(words, this.bottom, (localBottom + 1) | 0); words[at] = slot;',
      },
    ],
    why: 'a thief copies a cell that is not written yet',
  },
]
