/** The count of moves and the last 64 of them: what level-memory.ts goes by; and the order of levels. */
import {
  type AgentTableReader,
  type AgentTableWriter,
  type Bitset,
  NONE,
  toAgent,
} from '../../../native-free/index.ts'
import {
  type AnyModel,
  type Canary,
  freshMemory,
  type Model,
  type NativeFree,
  run,
  type Stepped,
  type Steps,
} from '../explore.ts'

const AGENT = toAgent(0)
const CAPACITY = 4

interface World {
  readonly table: Stepped<AgentTableWriter>
  readonly view: Stepped<AgentTableReader>
  readonly nf: NativeFree
  /** Moves that were seen, agents that they named, and the load that was read last. */
  before: number
  moves: number
  named: string
  load: number
}

function world(nf: NativeFree): World {
  const memory = freshMemory(nf, { routerCount: 1 })
  const table = new nf.AgentTableWriter(memory)
  run(table.join(AGENT, CAPACITY))
  run(table.take(AGENT))
  run(table.take(AGENT))
  const view = new nf.AgentTableReader(memory)
  const before = run(view.moves())
  return { table, view, nf, before, moves: 0, named: '', load: NONE }
}

/** What a router remembers: it reads the count, the entries up to it, and then the agent's load. */
function* remember(w: World): Steps<void> {
  w.moves = yield* w.view.moves()
  for (let move = w.before; move !== w.moves; move++) {
    const entry = yield* w.view.moved(move)
    w.named += w.nf.movedAgent(entry) === AGENT ? 'named ' : 'nobody '
  }
  w.load = yield* w.view.inUse(AGENT)
}

const remembered: Model<World> = {
  name: 'moves: a router remembers a load while the agent gets less busy',
  world,
  actors: {
    *frontEnd(w) {
      yield* w.table.give(AGENT)
      yield* w.table.give(AGENT)
    },
    router: remember,
  },
  preemptions: 4,
  outcome({ view, moves, named, load }) {
    if (named.includes('nobody')) return 'a move named nobody'
    const isTrusted = run(view.moves()) === moves
    const isRight = run(view.inUse(AGENT)) === load
    return `${isRight ? 'right' : 'outdated'}, ${isTrusted ? 'trusted' : 'looked at again'}`
  },
  allowed: {
    'right, trusted': 'all changes were there before the load was read',
    'right, looked at again': 'the last change came between count and load',
    'outdated, looked at again': 'it came after, and the count says so',
  },
  forbidden: {
    'outdated, trusted': 'the router takes an agent for busier than it is until it changes again',
    'a move named nobody': 'the count is raised after the entry is written',
  },
}

interface LevelWorld extends World {
  readonly levels: readonly Stepped<Bitset>[]
  found: string
}

const levels: Model<LevelWorld> = {
  name: 'moves: a router looks through the levels while an agent gets busier',
  world(nf) {
    const parts = world(nf)
    const levels = parts.view.levels as unknown as readonly Stepped<Bitset>[]
    return { ...parts, levels, found: 'nowhere' }
  },
  actors: {
    *frontEnd(w) {
      yield* w.table.take(AGENT)
    },
    *router(w) {
      for (const level of [16, 24]) {
        if ((yield* w.levels[level].next(0)) === NONE) continue
        w.found = `in level ${level}`
        return
      }
    },
  },
  preemptions: 5,
  outcome({ view, found }) {
    return run(view.level(AGENT)) === 24 ? `found ${found}` : 'wrong at rest'
  },
  allowed: {
    'found in level 16': 'it was still there',
    'found in level 24': 'it had gone on',
  },
  forbidden: {
    'found nowhere': 'who looks from below finds it in one of the two',
    'wrong at rest': 'three of four are level 24',
  },
}

export const models: AnyModel[] = [remembered, levels]

export const canaries: Canary[] = [
  {
    name: 'moves: the count is raised before the load is written',
    model: remembered,
    patches: [
      {
        file: 'agent-table.js',
        find: 'this.words[this.inUseAt + agent * AGENT_ROW_WORDS] = inUse - 1;\n        this.derive(agent);',
        replace:
          'this.derive(agent);\n        this.words[this.inUseAt + agent * AGENT_ROW_WORDS] = inUse - 1;',
      },
    ],
    why: 'a load that is read in between counts as the new one',
  },
  {
    name: 'moves: an agent leaves its level before it enters the next',
    model: levels,
    patches: [
      {
        file: 'agent-table.js',
        find: 'if (before !== level) {',
        replace:
          'if (before !== level) {\n            if (before > 0) levels[before - 1].clear(agent);',
      },
    ],
    why: 'a router that looks in between finds it in neither',
  },
]
