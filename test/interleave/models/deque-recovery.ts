/**
 * The work-stealing deque after its owner's death: a successor recovers while a thief goes on.
 *
 * Entries 1 and 2 are of a first generation; the successor pushes both again with the next one, as
 * the front end does with every slot that was not returned.
 */
import {
  type AnyModel,
  type Canary,
  type End,
  join,
  type Model,
  run,
  SMALL_DEQUE,
} from '../explore.ts'
import { type Entries, NEVER, slots, tally, withTags } from '../tally.ts'
import { CAPACITY, type Deque, dequeOf, push } from './deque.ts'

/** One that died in `pop` or `push`, its successor, and a thief that goes on all the time. */
interface Succession {
  readonly deque: Deque
  readonly owner: Entries
  readonly thief: Entries
  /** The entries of the second generation that were pushed. */
  readonly again: Entries
}

/** An entry that is published again has this and its slot for a generation, before it 100. */
const AGAIN = 200

/** Writes down the generation of an entry. */
function takeGeneration(into: Entries, slot: number, generation: number): void {
  into.push(generation % 100 === slot ? generation : Number.NaN)
}

function* successorOf({ deque, again, owner }: Succession, dead: string) {
  if (!(yield* join(dead))) return
  const { nf, memory } = deque
  const successor = new nf.DequeOwner(memory, nf.toRouter(0))
  yield* successor.recover()
  for (const slot of slots(1, 2)) {
    if (yield* successor.push(slot, nf.toGeneration(slot + AGAIN))) again.push(slot + AGAIN)
  }
  const into = new Int32Array(2)
  if (yield* successor.pop(into)) takeGeneration(owner, into[0], into[1])
}

function sumUpSuccession(succession: Succession, { died }: End): string {
  const { deque, owner, thief, again } = succession
  const left: Entries = []
  const into = new Int32Array(2)
  const end = new deque.nf.DequeThief(deque.memory, deque.nf.toRouter(0))
  for (let i = 0; i <= CAPACITY; i++) {
    if (run(end.steal(into)) === deque.nf.SUCCESS) takeGeneration(left, into[0], into[1])
  }
  const taken = [owner, thief, left]
  if (died === undefined) return `nobody died, ${tally([101, 102], ...taken)}`
  if (again.length < 2) return 'stuck'
  // The dead took entries of the first generation with it; all of those are stale by now.
  const isStale = (generation: number) => generation <= AGAIN
  const stale = taken.flat().filter(isStale)
  if (new Set(stale).size < stale.length) return `twice: ${stale}`
  const alive = taken.map((some) => some.filter((generation) => !isStale(generation)))
  return withTags(tally(again, ...alive), { 'stale ones left': left.some(isStale) })
}

const mortalOwner: Model<Succession> = {
  name: 'deque: its owner dies and is recovered for, a thief goes on',
  patches: SMALL_DEQUE,
  world: (nf) => ({ deque: dequeOf(nf, 1), owner: [], thief: [], again: [] }),
  mortal: ['owner'],
  actors: {
    *owner({ deque, owner }) {
      yield* push(deque, 2)
      const into = new Int32Array(2)
      for (let time = 0; time < 2; time++) {
        if (yield* deque.owner.pop(into)) takeGeneration(owner, into[0], into[1])
      }
    },
    *thief({ deque, thief }) {
      const { nf, memory } = deque
      const end = new nf.DequeThief(memory, nf.toRouter(0))
      const into = new Int32Array(2)
      for (let time = 0; time < 2; time++) {
        if ((yield* end.steal(into)) === nf.SUCCESS) takeGeneration(thief, into[0], into[1])
      }
    },
    successor: (succession) => successorOf(succession, 'owner'),
  },
  outcome: sumUpSuccession,
  allowed: {
    'nobody died, each once': 'the owner lived',
    'each once': 'all that was published again is there once; older entries are stale',
  },
  forbidden: {
    ...NEVER,
    'nobody died, lost*': NEVER['lost*'],
    'nobody died, twice*': NEVER['twice*'],
    stuck: 'a recovered deque has no room',
    '*stale ones left': 'recover left entries of the dead',
  },
}

export const models: AnyModel[] = [mortalOwner]

const FILE = 'work-stealing-deque.js'

export const canaries: Canary[] = [
  {
    name: 'deque: recover does not move the top one further',
    model: mortalOwner,
    patches: [
      {
        file: FILE,
        find: 'const beyond = (top + left + 1) | 0;',
        replace: 'const beyond = (top + left) | 0;',
      },
    ],
    why: 'a thief that copied before takes a stale entry in place of a new one',
  },
  {
    name: 'deque: recover takes the bottom of the dead as it is',
    model: mortalOwner,
    patches: [
      {
        file: FILE,
        find: 'atomics.store(words, this.bottom, beyond);',
        replace: 'this.localBottom = bottom;',
      },
    ],
    why: 'what is pushed next lies below the top, where nobody looks',
  },
]
