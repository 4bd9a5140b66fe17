/** The count of easings: while it stands still, a chooser may trust its last scan (least_loaded). */
import {
  type AgentTableReader,
  type AgentTableWriter,
  NONE,
  toAgent,
  toClass,
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
const CLASS = toClass(0)

interface World {
  readonly nf: NativeFree
  readonly table: Stepped<AgentTableWriter>
  readonly view: Stepped<AgentTableReader>
  /** The count as it was before the scan, and what the scan found. */
  easings: number
  found: number
}

/** An agent is full and becomes free, in some way, while a router scans. */
function easing(how: string, ease: (w: World) => Steps<void>): Model<World> {
  return {
    name: `easings: an agent becomes free ${how} while a router scans`,
    world(nf) {
      const memory = freshMemory(nf, { routerCount: 1 })
      const table = new nf.AgentTableWriter(memory)
      run(table.join(AGENT, 1))
      run(table.setCandidate(CLASS, AGENT, true))
      run(table.take(AGENT))
      return { nf, table, view: new nf.AgentTableReader(memory), easings: 0, found: NONE }
    },
    actors: {
      frontEnd: (w) => ease(w),
      *router(w) {
        w.easings = yield* w.view.easings()
        w.found = yield* w.nf.nextInBoth(w.view.candidates(CLASS), w.view.free, 0)
      },
    },
    preemptions: 5,
    outcome({ view, easings, found }) {
      const isTrusted = run(view.easings()) === easings
      return `${found === AGENT ? 'seen' : 'passed over'}, ${isTrusted ? 'trusted' : 'scanned again'}`
    },
    allowed: {
      'seen, trusted': 'the change was there before the scan',
      'seen, scanned again': 'it came between count and scan',
      'passed over, scanned again': 'it came after the scan, and the count says so',
    },
    forbidden: {
      'passed over, trusted': 'the router passes over a free agent until something else eases',
    },
  }
}

const given = easing('as its task ends', (w) => w.table.give(AGENT))

export const models: AnyModel[] = [
  given,
  easing('as its capacity is raised', (w) => w.table.setCapacity(AGENT, 2)),
]

export const canaries: Canary[] = [
  {
    name: 'easings: the count is raised before the free bit is set',
    model: given,
    patches: [
      {
        file: 'agent-table.js',
        find: '= inUse - 1;\n        this.derive(agent);\n        this.ease();',
        replace: '= inUse - 1;\n        this.ease();\n        this.derive(agent);',
      },
    ],
    why: 'a scan in between counts as one that has seen the agent',
  },
]
