/** The outbox: full, wrapped, written together, settled, and gone on with after its router's death. */
import {
  type AgentTableReader,
  type AgentTableWriter,
  type OutboxConsumer,
  type OutboxProducer,
  PROPOSAL_WORDS,
  type SharedMemory,
  toAgent,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import {
  type AnyModel,
  type Canary,
  freshMemory,
  join,
  type Model,
  type NativeFree,
  type Patch,
  pause,
  run,
  type Stepped,
  type Steps,
} from '../explore.ts'

const ROUTER = toRouter(0)
const AGENT = toAgent(0)

/** Two cells, so that the third proposal already needs a cell again. */
const TWO_CELLS: Patch = {
  file: 'memory-map.js',
  find: 'const outboxCapacity = outboxCapacityFor(shape)',
  replace: 'const outboxCapacity = 2',
}

interface World {
  readonly memory: SharedMemory
  readonly producer: Stepped<OutboxProducer>
  readonly consumer: Stepped<OutboxConsumer>
  readonly into: Int32Array
  /** Proposals that the producer got rid of, and what the consumer read; by number. */
  readonly accepted: number[]
  readonly read: number[]
  refused: number
}

function world(nf: NativeFree): World {
  const memory = freshMemory(nf, { routerCount: 1 })
  return {
    memory,
    producer: new nf.OutboxProducer(memory, ROUTER),
    consumer: new nf.OutboxConsumer(memory, ROUTER),
    into: new Int32Array(PROPOSAL_WORDS),
    accepted: [],
    read: [],
    refused: 0,
  }
}

/** Writes proposal `n`, all five words of which tell its number. */
function write(producer: Stepped<OutboxProducer>, n: number): Steps<boolean> {
  return producer.write(
    toSlot(n),
    toGeneration(10 + n),
    toAgent(20 + n),
    toGeneration(30 + n),
    40 + n,
  )
}

function* push(w: World, n: number): Steps<void> {
  if (yield* write(w.producer, n)) w.accepted.push(n)
  else w.refused++
  yield* w.producer.publish()
}

/** Reads one proposal, if there is one; one whose words do not belong together is number -1. */
function* readOne(w: World): Steps<boolean> {
  const { into } = w
  if (!(yield* w.consumer.next(into))) return false
  const isWhole = into.every((word, i) => word === 10 * i + into[0])
  w.read.push(isWhole ? into[0] : -1)
  return true
}

/** Reads what is left, and tells what is wrong with all that was read, if anything is. */
function findFault(w: World, expected: () => readonly number[]): string | undefined {
  // Ends: more than was ever written comes out of a broken outbox only.
  for (let i = 0; i < 16 && run(readOne(w)); i++);
  if (w.read.includes(-1)) return 'mixed cell'
  return `${w.read}` === `${expected()}` ? undefined : 'wrong'
}

const fullAndWrap: Model<World> = {
  name: 'outbox: four proposals through two cells, past 2^31',
  patches: [TWO_CELLS],
  world,
  actors: {
    *router(w) {
      for (let n = 1; n <= 4; n++) yield* push(w, n)
    },
    *frontEnd(w) {
      for (let i = 0; i < 3; i++) {
        yield* readOne(w)
        yield* w.consumer.commitReads()
      }
    },
  },
  preemptions: 5,
  outcome(w) {
    return findFault(w, () => w.accepted) ?? `in order, ${w.refused} refused`
  },
  allowed: {
    'in order, 0 refused': 'the front end freed two cells in time',
    'in order, 1 refused':
      'it was late for one; the memory map makes outboxes so large that it is not',
    'in order, 2 refused': 'it came after the router; both cells were taken',
  },
  forbidden: {
    'mixed cell': 'a cell is the consumer’s from the tail’s store to the head’s, nobody writes it',
    wrong: 'each accepted proposal is read once, in order',
    'in order, 3 refused': 'two of four always fit into two cells',
  },
}

interface BatchWorld extends World {
  seen: number
}

const together: Model<BatchWorld> = {
  name: 'outbox: what was written together is shown together',
  world: (nf) => ({ ...world(nf), seen: -1 }),
  actors: {
    *router(w) {
      for (let n = 1; n <= 2; n++) if (yield* write(w.producer, n)) w.accepted.push(n)
      yield* w.producer.publish()
      yield* push(w, 3)
    },
    *frontEnd(w) {
      w.seen = yield* w.consumer.size()
      for (let i = 0; i < w.seen; i++) if (!(yield* readOne(w))) return
      yield* w.consumer.commitReads()
    },
  },
  preemptions: 5,
  outcome(w) {
    if (w.read.length !== w.seen) return 'fewer than there were'
    return findFault(w, () => w.accepted) ?? `saw ${w.seen}`
  },
  allowed: {
    'saw 0': 'the front end was first',
    'saw 2': 'it came after the first store of the tail',
    'saw 3': 'it came last',
  },
  forbidden: {
    'saw 1': 'one store of the tail publishes both',
    'fewer than there were': 'what was counted can be read: nobody else takes it',
    'mixed cell': 'the tail is stored after all words of a cell',
    wrong: 'each accepted proposal is read once, in order',
  },
}

interface CreditWorld extends World {
  readonly table: Stepped<AgentTableWriter>
  readonly view: Stepped<AgentTableReader>
  readonly loads: number[]
}

/** The router counts its own proposal until it is settled; see src/router/outstanding.ts. */
const credit: Model<CreditWorld> = {
  name: 'outbox: a settled proposal is charged before the router forgets it',
  world(nf) {
    const parts = world(nf)
    const table = new nf.AgentTableWriter(parts.memory)
    run(table.join(AGENT, 2))
    return { ...parts, table, view: new nf.AgentTableReader(parts.memory), loads: [] }
  },
  actors: {
    *router(w) {
      yield* push(w, 1)
      const produced = w.producer.producedCount()
      for (let look = 0; look < 2; look++) {
        const consumed = yield* w.producer.consumedCount()
        const pending = ((consumed - produced) | 0) < 0 ? 1 : 0
        w.loads.push((yield* w.view.inUse(AGENT)) + pending)
      }
    },
    *frontEnd(w) {
      if (yield* readOne(w)) yield* w.table.take(AGENT)
      yield* w.consumer.commitReads()
    },
  },
  preemptions: 5,
  outcome: (w) => `load ${w.loads.join(', then ')}`,
  allowed: {
    'load 1, then 1': 'not charged and not settled, or charged and settled',
    'load 1, then 2': 'charged in between: it counts twice until the head moves',
    'load 2, then 1': 'counted twice, then settled',
    'load 2, then 2': 'the front end stood between charge and head',
  },
  forbidden: {
    'load 0*': 'the agent looks free though its credit is given away: it would be given out again',
    'load *, then 0': 'the agent looks free though its credit is given away',
  },
}

const succession: Model<World> = {
  name: 'outbox: a router dies at any step, and its successor goes on',
  patches: [TWO_CELLS],
  world,
  actors: {
    *router(w) {
      yield* push(w, 1)
      yield* push(w, 2)
      yield* pause()
    },
    *successor(w, nf) {
      yield* join('router')
      const heir = new nf.OutboxProducer(w.memory, ROUTER)
      if (!(yield* write(heir, 9))) w.refused++
      yield* heir.publish()
    },
    *frontEnd(w) {
      for (let i = 0; i < 2; i++) {
        yield* readOne(w)
        yield* w.consumer.commitReads()
      }
    },
  },
  mortal: ['router'],
  outcome(w, { died }) {
    const inherited = () => w.read.filter((n) => n < 9)
    const fault = findFault(w, () => inherited().concat(w.refused === 0 ? [9] : []))
    if (fault !== undefined) return fault
    const left = `left ${inherited().join(' and ') || 'nothing'}`
    return `${died ?? 'all'}: ${left}${w.refused === 0 ? '' : ', heir refused'}`
  },
  allowed: {
    'all: left 1 and 2': 'all of it came through',
    'all: left 1 and 2, heir refused': 'both cells were taken',
    'router: left nothing': 'it died before its first tail: the successor writes over the cell',
    'router: left 1': 'it died before its second tail',
    'router: left 1 and 2': 'it died after its last store',
    'router: left 1 and 2, heir refused': 'it died after its last store, and the cells were taken',
  },
  forbidden: {
    'mixed cell': 'the successor writes from the tail on, where nothing is published',
    wrong: 'what is published stays, in order, and the successor’s comes after it',
    '*: left 2*': 'the second is published after the first',
    'all: left nothing*': 'what was published stays',
    'all: left 1': 'what was published stays',
  },
}

export const models: AnyModel[] = [fullAndWrap, together, credit, succession]

export const canaries: Canary[] = [
  {
    name: 'outbox: the head is published before the cell is read',
    model: fullAndWrap,
    patches: [
      {
        file: 'outbox.js',
        find: 'const at = this.entries + (cursor & this.mask)',
        replace:
          'atomics.store(words, this.head, (cursor + 1) | 0);\n' +
          'const at = this.entries + (cursor & this.mask)',
      },
    ],
    why: 'the router writes the next proposal into the cell while it is being read',
  },
  {
    name: 'outbox: a proposal is written though it is full',
    model: fullAndWrap,
    patches: [
      {
        file: 'outbox.js',
        find: 'this.seenHead = atomics.load(words, this.head)',
        replace: 'this.seenHead = (atomics.load(words, this.head) + 1) | 0',
      },
    ],
    why: 'the oldest unread proposal is written over',
  },
  {
    name: 'outbox: the tail is published before the cell is written',
    model: together,
    patches: [
      {
        file: 'outbox.js',
        find: 'words[at] = slot;',
        replace: 'atomics.store(words, this.tail, (written + 1) | 0);\nwords[at] = slot;',
      },
    ],
    why: 'the front end reads a cell that is half written',
  },
  {
    name: 'outbox: a proposal is settled as soon as it is read',
    model: credit,
    patches: [
      {
        file: 'outbox.js',
        find: 'into[4] = words[at + 4];',
        replace: 'into[4] = words[at + 4];\natomics.store(words, this.head, (cursor + 1) | 0);',
      },
    ],
    why: 'the router forgets its proposal before the agent’s columns show it',
  },
  {
    name: 'outbox: a successor begins at the head',
    model: succession,
    patches: [
      {
        file: 'outbox.js',
        find: 'this.written = atomics.load(this.words, this.tail)',
        replace: 'this.written = atomics.load(this.words, this.head)',
      },
    ],
    why: 'it writes over what the dead router had published',
  },
]
