/**
 * The task ring at capacity 4: a producer that wraps, two consumers, one of whom may die.
 *
 * Entries 1, 2, 3 … are pushed in this order; the counters pass 2^31 on the way.
 */
import type { SharedMemory, TaskRingProducer } from '../../../native-free/index.ts'
import {
  type AnyModel,
  type Canary,
  type End,
  freshMemory,
  join,
  type Model,
  type NativeFree,
  pause,
  run,
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

const CAPACITY = 4

/** What a consumer got. */
interface Consumer {
  readonly got: Entries
  hasLostRace: boolean
}

interface Ring {
  readonly nf: NativeFree
  readonly memory: SharedMemory
  readonly producer: Stepped<TaskRingProducer>
  readonly pushed: Entries
  readonly first: Consumer
  readonly second: Consumer
  isFull: boolean
  /** The producer counted free cells, and then found fewer. */
  wasPromisedMore: boolean
  /** Both consumers are gone, and still there is no room. */
  isStuck: boolean
}

/** A ring with so many entries in it. */
function ringOf(nf: NativeFree, count: number): Ring {
  const memory = freshMemory(nf, { ringCapacity: CAPACITY })
  const ring = {
    nf,
    memory,
    producer: new nf.TaskRingProducer(memory, 0),
    pushed: [],
    first: { got: [], hasLostRace: false },
    second: { got: [], hasLostRace: false },
    isFull: false,
    wasPromisedMore: false,
    isStuck: false,
  }
  for (let slot = 1; slot <= count; slot++) run(push(ring, slot))
  return ring
}

function* push(ring: Ring, ...numbers: number[]) {
  for (const slot of slots(...numbers)) {
    if (yield* ring.producer.push(slot, generationFor(slot))) ring.pushed.push(slot)
    else ring.isFull = true
  }
}

/** Counts the free cells, writes so many entries and one more, and publishes all at once. */
function* writeWhatFits(ring: Ring, ...numbers: number[]) {
  const free = yield* ring.producer.free()
  const written: Entries = []
  for (const slot of slots(...numbers).slice(0, free + 1)) {
    if (yield* ring.producer.write(slot, generationFor(slot))) written.push(slot)
  }
  ring.isFull = written.length < numbers.length
  ring.wasPromisedMore = written.length < Math.min(free, numbers.length)
  yield* ring.producer.publish()
  ring.pushed.push(...written)
}

/** Claims at most `max` at once, so many times. */
function* consume({ nf, memory }: Ring, consumer: Consumer, times: number, max: number) {
  const end = new nf.TaskRingConsumer(memory, 0)
  const into = new Int32Array(2 * max)
  for (let time = 0; time < times; time++) {
    const count = yield* end.claim(into, max)
    if (count === nf.RETRY) consumer.hasLostRace = true
    // A mortal consumer may die here: it has claimed, and nobody knows.
    if (count > 0) yield* pause()
    for (let i = 0; i < count; i++) takeDown(consumer.got, into[2 * i], into[2 * i + 1])
  }
}

/** Takes what is left, after the run. */
function drain({ nf, memory }: Ring): Entries {
  const left: Entries = []
  const into = new Int32Array(2 * CAPACITY)
  const end = new nf.TaskRingConsumer(memory, 0)
  // Ends: a ring that works is empty after one round, and one that does not shows it in two.
  for (let round = 0; round < 2; round++) {
    const count = run(end.claim(into, CAPACITY))
    for (let i = 0; i < count; i++) takeDown(left, into[2 * i], into[2 * i + 1])
  }
  return left
}

function sumUp(ring: Ring, { died }: End): string {
  const { first, second, pushed } = ring
  const left = drain(ring)
  const orders = [first.got, second.got, left]
  if (!orders.every(isRising) || !isRising([...second.got, ...left])) return 'out of order'
  if (ring.isStuck) return 'stuck'
  if (ring.wasPromisedMore) return 'promised more'
  let outcome = tally(pushed, ...orders)
  if (died !== undefined && /^lost: \d(,\d)?$/.test(outcome)) outcome = 'in the hands of the dead'
  const isRace = first.hasLostRace || second.hasLostRace
  return withTags(outcome, { full: ring.isFull, race: isRace, 'one died': died !== undefined })
}

const ALLOWED = {
  'each once': 'nobody disturbed anybody',
  'each once, full': 'the producer was refused, as it came before any claim',
  'each once, race': 'a consumer lost a race; whoever was faster has its entries',
  'each once, full, race': 'the producer was refused, and later a consumer lost a race',
}

const wrapping: Model<Ring> = {
  name: 'ring: a producer that fills and wraps, two consumers',
  world: (nf) => ringOf(nf, 3),
  actors: {
    producer: (ring) => push(ring, 4, 5, 6),
    first: (ring) => consume(ring, ring.first, 2, 1),
    second: (ring) => consume(ring, ring.second, 1, 2),
  },
  outcome: sumUp,
  allowed: ALLOWED,
  forbidden: NEVER,
}

const draining: Model<Ring> = {
  name: 'ring: two consumers that drain, a producer that is late',
  preemptions: 4,
  world: (nf) => ringOf(nf, 1),
  actors: {
    producer: (ring) => push(ring, 2, 3),
    first: (ring) => consume(ring, ring.first, 2, 2),
    second: (ring) => consume(ring, ring.second, 2, 2),
  },
  outcome: sumUp,
  allowed: {
    'each once': ALLOWED['each once'],
    'each once, race': ALLOWED['each once, race'],
  },
  forbidden: { ...NEVER, '*full*': 'a ring with room refuses an entry' },
}

const batches: Model<Ring> = {
  name: 'ring: a producer that counts, writes and publishes a batch, two consumers',
  preemptions: 4,
  world: (nf) => ringOf(nf, 2),
  actors: {
    producer: (ring) => writeWhatFits(ring, 3, 4, 5, 6),
    first: (ring) => consume(ring, ring.first, 1, 2),
    second: (ring) => consume(ring, ring.second, 1, 2),
  },
  outcome: sumUp,
  allowed: ALLOWED,
  forbidden: { ...NEVER, 'promised more*': 'free cells that were counted were not there' },
}

const mortal: Model<Ring> = {
  name: 'ring: a consumer that dies in mid-claim, another, and a producer that wraps',
  world: (nf) => ringOf(nf, 3),
  mortal: ['first'],
  actors: {
    *producer(ring) {
      yield* push(ring, 4, 5)
      yield* join('first')
      yield* join('second')
      ring.isStuck = !(yield* ring.producer.push(slots(6)[0], generationFor(6)))
      ring.pushed.push(6)
    },
    first: (ring) => consume(ring, ring.first, 1, 2),
    second: (ring) => consume(ring, ring.second, 1, 2),
  },
  outcome: sumUp,
  allowed: {
    ...ALLOWED,
    'each once*one died': 'it died before its claim, which left nothing behind',
    'in the hands of the dead*': 'it died after its claim: the front end publishes those again',
  },
  forbidden: { ...NEVER, 'stuck*': 'a dead consumer keeps the producer from cells' },
}

export const models: AnyModel[] = [wrapping, draining, batches, mortal]

const FILE = 'task-ring.js'

export const canaries: Canary[] = [
  {
    name: 'ring: a consumer claims first and copies then',
    model: wrapping,
    patches: [
      {
        file: FILE,
        find: 'const count = Math.min(ready, max);',
        replace: `const count = Math.min(ready, max);
        if (atomics.compareExchange(words, this.head, head, (head + count) | 0) !== head)
            return RETRY;`,
      },
      { file: FILE, find: 'return before === head ? count : RETRY', replace: 'return count' },
    ],
    why: 'the producer writes over an entry between claim and copy',
  },
  {
    name: 'ring: a consumer moves the head by a plain store',
    model: draining,
    patches: [
      {
        file: FILE,
        find: 'const before = atomics.compareExchange(words, this.head, head, (head + count) | 0);',
        replace: 'const before = head; atomics.store(words, this.head, (head + count) | 0);',
      },
    ],
    why: 'two consumers take the same entries',
  },
  {
    name: 'ring: a consumer keeps its copy though its exchange failed',
    model: draining,
    patches: [
      { file: FILE, find: 'return before === head ? count : RETRY', replace: 'return count' },
    ],
    why: 'the loser of a race keeps what the winner has',
  },
  {
    name: 'ring: the producer writes into a full ring',
    model: wrapping,
    patches: [
      {
        file: FILE,
        find: 'this.seenHead = atomics.load(words, this.head);',
        replace: 'this.seenHead = written;',
      },
    ],
    why: 'entries that nobody has claimed are written over',
  },
  {
    name: 'ring: the producer thinks that a ring holds one more',
    model: batches,
    patches: [
      {
        file: FILE,
        find: 'this.capacity = memory.shape.ringCapacity;',
        replace: 'this.capacity = memory.shape.ringCapacity + 1;',
      },
    ],
    why: 'the oldest entry is written over',
  },
  {
    name: 'ring: the tail is stored before the entry is written',
    model: wrapping,
    patches: [
      {
        file: FILE,
        find: 'words[at] = slot;',
        replace: 'atomics.store(words, this.tail, (written + 1) | 0); words[at] = slot;',
      },
    ],
    why: 'a consumer copies a cell that is not written yet',
  },
  {
    name: 'ring: the distance is taken without wrapping',
    model: wrapping,
    patches: [
      {
        file: FILE,
        find: `if (((written - this.seenHead) | 0) >= this.capacity) {`,
        replace: `if (written - this.seenHead >= this.capacity) {`,
      },
    ],
    why: 'beyond 2^31 a full ring looks empty',
  },
  {
    name: 'ring: the head is moved one by one for a batch',
    model: draining,
    patches: [
      {
        file: FILE,
        find: 'const before = atomics.compareExchange(words, this.head, head, (head + count) | 0);',
        replace: `const before = atomics.compareExchange(words, this.head, head, (head + 1) | 0);
        if (count > 1) atomics.store(words, this.head, (head + count) | 0);`,
      },
    ],
    why: 'another consumer claims between the two moves',
  },
]
