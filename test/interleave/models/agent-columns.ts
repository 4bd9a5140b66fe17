/** Agents' columns, read while the front end writes them: stale views, and why they do no harm. */
import {
  type AgentTableReader,
  type AgentTableWriter,
  type Bitset,
  NONE,
  type OutboxConsumer,
  type OutboxProducer,
  PROPOSAL_WORDS,
  toAgent,
  toClass,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import {
  type AnyModel,
  atomics,
  type Canary,
  freshMemory,
  join,
  type Model,
  type NativeFree,
  ownWords,
  run,
  type Stepped,
  type Steps,
} from '../explore.ts'

const AGENT = toAgent(0)
const CLASS = toClass(0)

interface World {
  readonly nf: NativeFree
  readonly table: Stepped<AgentTableWriter>
  readonly view: Stepped<AgentTableReader>
  seen: string
}

function world(nf: NativeFree): World & { memory: ReturnType<typeof freshMemory> } {
  const memory = freshMemory(nf, { routerCount: 1, agentCountMax: 64 })
  const table = new nf.AgentTableWriter(memory)
  run(table.join(AGENT, 1))
  run(table.setCandidate(CLASS, AGENT, true))
  return { nf, memory, table, view: new nf.AgentTableReader(memory), seen: '' }
}

/** A choice as src/routing makes it: a free candidate, with credit as this thread sees it. */
function* choose({ nf, view }: World): Steps<number> {
  return yield* nf.nextInBoth(view.candidates(CLASS), view.free, 0)
}

const credit: Model<World> = {
  name: 'agent columns: a router chooses while credit is taken, given and taken again',
  world,
  actors: {
    *frontEnd(w) {
      yield* w.table.take(AGENT)
      yield* w.table.give(AGENT)
      yield* w.table.take(AGENT)
    },
    *router(w) {
      const agent = yield* choose(w)
      if (agent === NONE) w.seen = 'nobody free'
      else w.seen = `free, credit ${yield* w.view.credit(AGENT)}`
    },
  },
  preemptions: 4,
  outcome({ table, seen }) {
    const isFree = run(table.free.has(AGENT)) || run(table.free.next(0)) !== NONE
    if (isFree) return 'stranded: free, and full'
    return seen
  },
  allowed: {
    'nobody free': 'the front end is asked to place, and has the exact view',
    'free, credit 1': 'as it was a moment ago',
    'free, credit 0': 'the bit is late: the chooser looks on, or the front end refuses',
  },
  forbidden: {
    'stranded: *': 'at rest the bit says what the credit says',
    'free, credit -1': 'credit is 0 or 1 whenever it is read',
    'free, credit 2': 'credit is 0 or 1 whenever it is read',
  },
}

interface RowWorld extends World {
  readonly producer: Stepped<OutboxProducer>
  readonly consumer: Stepped<OutboxConsumer>
  /** Word: whether the first agent has begun to leave. */
  readonly own: Int32Array
  readonly isSkilled: boolean
  hadBegun: boolean
  answer: string
}

/** As src/policy/core.ts#propose. */
function* commit(w: RowWorld, agent: number, generation: number): Steps<string> {
  if (agent === NONE) return 'nobody seen'
  const isThere = agent === AGENT
  if (!isThere) return 'no such agent'
  if ((yield* w.table.generation(AGENT)) !== generation) return 'refused: another generation'
  if ((yield* w.table.credit(AGENT)) <= 0) return 'refused: full'
  if (!(yield* w.table.candidates(CLASS).has(AGENT))) return 'refused: not able'
  yield* w.table.take(AGENT)
  return 'committed'
}

/** An agent leaves, and another takes its row; it can do the class's tasks, or cannot. */
function rowModel(isSkilled: boolean, lists: Pick<Model<RowWorld>, 'name' | 'allowed'>) {
  const model: Model<RowWorld> = {
    ...lists,
    world(nf) {
      const parts = world(nf)
      const { memory } = parts
      const producer = new nf.OutboxProducer(memory, toRouter(0))
      const consumer = new nf.OutboxConsumer(memory, toRouter(0))
      const own = ownWords(memory, 1)
      return { ...parts, producer, consumer, own, isSkilled, hadBegun: false, answer: 'none' }
    },
    actors: {
      *frontEnd(w) {
        yield* atomics.store(w.own, 0, 1)
        yield* w.table.leave(AGENT)
        yield* w.table.setCandidate(CLASS, AGENT, false)
        yield* w.table.join(AGENT, 1)
        if (w.isSkilled) yield* w.table.setCandidate(CLASS, AGENT, true)
        yield* join('router')
        const into = new Int32Array(PROPOSAL_WORDS)
        if (yield* w.consumer.next(into)) w.answer = yield* commit(w, into[2], into[3])
        yield* w.consumer.commitReads()
      },
      *router(w) {
        const agent = yield* choose(w)
        // As src/router/route.ts: the generation is read after the choice.
        const generation = agent === NONE ? 0 : yield* w.view.generation(toAgent(agent))
        w.hadBegun = (yield* atomics.load(w.own, 0)) === 1
        const of = toGeneration(generation)
        yield* w.producer.push(toSlot(0), toGeneration(0), toAgent(agent), of, 0)
      },
    },
    preemptions: 4,
    outcome({ table, answer, hadBegun }) {
      if (answer !== 'committed') return answer
      if (!hadBegun) return 'given to another agent than was read'
      if (!run(table.candidates(CLASS).has(AGENT))) return 'given to one who cannot'
      return 'committed'
    },
    forbidden: {
      none: 'every choice becomes a proposal, and is answered',
      'given to *': 'who was named must be who is there, and able',
      'refused: full': 'the newcomer has nothing yet',
      'no such agent': 'only agents that joined are candidates',
    },
  }
  return model
}

const ableNewcomer = rowModel(true, {
  name: 'agent columns: a router names an agent whose row another takes, who is able too',
  allowed: {
    'nobody seen': 'chosen while the row was empty: the front end places',
    'refused: another generation': 'named the agent who left: the front end places',
    committed: 'the generation was read after the newcomer’s: it is the one who gets the task',
  },
})

const unableNewcomer = rowModel(false, {
  name: 'agent columns: a router names an agent whose row another takes, who is not able',
  allowed: {
    'nobody seen': 'chosen while the row was empty, or saw that the newcomer is not able',
    'refused: another generation': 'named the agent who left: the front end places',
    'refused: not able': 'chosen by the old columns, named by the new generation',
  },
})

interface BitsWorld {
  readonly writer: Stepped<Bitset>
  readonly reader: Stepped<Bitset>
  readonly found: number[]
  count: number
}

/** Elements of the second word, one of which stays, and one of the first. */
const STAYS = 40
const NEIGHBOUR = 41
const FAR = 3

const bits: Model<BitsWorld> = {
  name: 'agent columns: a member that stays is found while others come and go',
  world(nf) {
    const memory = freshMemory(nf, { agentCountMax: 64 })
    const { words, map } = memory
    const writer = new nf.Bitset(words, map.agentFree, 64)
    run(writer.set(STAYS))
    return { writer, reader: new nf.Bitset(words, map.agentFree, 64), found: [], count: 0 }
  },
  actors: {
    *frontEnd(w) {
      yield* w.writer.set(FAR)
      yield* w.writer.set(NEIGHBOUR)
      yield* w.writer.clear(FAR)
      yield* w.writer.clear(NEIGHBOUR)
    },
    *router(w) {
      w.found.push(yield* w.reader.next(0))
      w.found.push(yield* w.reader.next(STAYS))
      w.count = yield* w.reader.count()
    },
  },
  preemptions: 4,
  outcome(w) {
    if (`${run(w.writer.count())} ${run(w.writer.next(0))}` !== `1 ${STAYS}`) return 'wrong at rest'
    return `found ${w.found.join(' and ')}, counted ${w.count}`
  },
  allowed: {
    'found 40 and 40, counted 1': 'before or after the others',
    'found 40 and 40, counted 2': 'another came before the count',
    'found 40 and 40, counted 3': 'both others came before the count',
    'found 3 and 40, counted 1': 'the first one was still there',
    'found 3 and 40, counted 2': 'one of the others was still there',
    'found 3 and 40, counted 3': 'both others were there',
  },
  forbidden: {
    'found -1 *': 'a member that stays is found on every pass',
    'found * and -1, *': 'a member that stays is found on every pass',
    'found * and 41, *': 'the one that stays comes first',
    '*, counted 0': 'the one that stays is counted',
    'wrong at rest': 'the writer’s own view is exact',
  },
}

export const models: AnyModel[] = [credit, ableNewcomer, unableNewcomer, bits]

export const canaries: Canary[] = [
  {
    name: 'agent columns: the free bit of a full agent is cleared late',
    model: credit,
    patches: [
      {
        file: 'agent-table.js',
        find: 'AgentStatus.OVERLOADED;\n            this.free.clear(agent);',
        replace: 'AgentStatus.OVERLOADED;',
      },
    ],
    why: 'the bit of a full agent stays set until its credit changes again',
  },
  {
    name: 'agent columns: a row that is reused keeps its generation',
    model: ableNewcomer,
    patches: [
      {
        file: 'agent-table.js',
        find: 'this.words[at] = (this.words[at] + 1) | 0;',
        replace: '',
      },
    ],
    why: 'a proposal for the agent who left is charged to the newcomer',
  },
  {
    name: 'agent columns: a summary bit is cleared, and set again if the word is not empty',
    model: bits,
    patches: [
      {
        file: 'bitset.js',
        find: 'if (rest === 0)\n            this.words[this.level1 + (word >>> 5)] &= ~(1 << (word & 31));',
        replace:
          'this.words[this.level1 + (word >>> 5)] &= ~(1 << (word & 31));\n' +
          'if (rest !== 0)\nthis.words[this.level1 + (word >>> 5)] |= 1 << (word & 31);',
      },
    ],
    why: 'a reader passes over a word that is not empty',
  },
]
