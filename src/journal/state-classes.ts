/**
 * What a core's state is made of: every class whose objects hang in it, how a blank one is made, and
 * which fields of it are not state, each with the reason. A field that is not named here is part of
 * the image, so a new one cannot be forgotten; a test compares the names with what there is.
 *
 * `shared` objects are referred to from several places and keep their identity; the others belong to
 * the one field that holds them.
 */
import { QUEUE_DEFAULTS } from '../options.ts'
import { AgeHeap, AgeList } from '../policy/age-lists.ts'
import { type AgentSpec, AgentState, SILENT } from '../policy/agents.ts'
import { Apart } from '../policy/apart.ts'
import { Attempt } from '../policy/attempt.ts'
import { ClassState, type ClassTraits } from '../policy/classes.ts'
import { Past, PastIds } from '../policy/dedup.ts'
import { Due, DueHeap } from '../policy/due-heap.ts'
import { AtHome, Extras } from '../policy/extras.ts'
import { FreeSlots } from '../policy/free-slots.ts'
import { Flow, Links } from '../policy/graphs.ts'
import { Group } from '../policy/groups.ts'
import { HeadHeap } from '../policy/head-heap.ts'
import { Kept } from '../policy/kept.ts'
import { Lane, RankHeap } from '../policy/lanes.ts'
import { Profile } from '../policy/profiles.ts'
import { QueueState } from '../policy/queues.ts'
import { RecordList } from '../policy/record-list.ts'
import { Stage } from '../policy/stages.ts'
import { PolicyCounters, type PolicyOptions } from '../policy/state.ts'
import { idPrefixOf, Page, TaskIndex } from '../policy/task-index.ts'
import { NOBODY, type RecordOptions, TaskRecord } from '../policy/task-record.ts'
import { DueList, Timeouts } from '../policy/timeouts.ts'

export interface StateClass {
  readonly type: abstract new (...args: never[]) => object
  readonly shared: boolean
  /** With the fields of its constructor, so that restored objects have the shape of all others. */
  readonly blank: (options: PolicyOptions) => object
  /** Field → why it is not state. */
  readonly omitted: Readonly<Record<string, string>>
}

const BYTES = 'the front end’s payload bytes; the policy knows only how many'
const ANSWER = 'where answers go: no part of any decision'
const STAMP = 'a latency stamp of the front end’s clock'

const NO_TRAITS: ClassTraits = {
  requires: [],
  match: 'exact',
  prefers: [],
  type: '',
  row: 0,
  matchRow: 0,
  strategyIndex: -1,
}
const NO_BYTES = new Uint8Array(0)
const NO_SPEC: AgentSpec = {
  id: '',
  instance: '',
  queues: [],
  capabilities: [],
  labels: {},
  specializations: {},
  concurrency: 0,
  ...SILENT,
  link: null,
}

export function blankTask(id: string, queueName: string, options: RecordOptions): TaskRecord {
  return new TaskRecord(id, queueName, options, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
}

function blankQueue({ epoch }: Pick<PolicyOptions, 'epoch'>): QueueState {
  return new QueueState('', QUEUE_DEFAULTS, idPrefixOf(epoch))
}

function blankMoved(options: Pick<PolicyOptions, 'epoch'>): TaskRecord {
  const task = blankTask('', '', { level: 1, requires: [], timeoutMs: null, retryCount: null })
  task.enter(new ClassState(0, blankQueue(options), NO_TRAITS))
  return task
}

/** The number of a class is its place here. */
export const STATE_CLASSES: readonly StateClass[] = [
  {
    type: TaskRecord,
    shared: true,
    blank: () => blankTask('', '', { level: 1, requires: [], timeoutMs: null, retryCount: null }),
    omitted: {
      view: BYTES,
      viewStart: BYTES,
      payload: BYTES,
      result: BYTES,
      progress: 'words of the agent for people to read',
      origin: ANSWER,
      replyTo: ANSWER,
      wants: ANSWER,
      waiters: ANSWER,
      receivedUs: STAMP,
      admittedUs: STAMP,
    },
  },
  {
    type: Attempt,
    shared: true,
    blank: () => new Attempt(),
    omitted: { proposedUs: STAMP, committedUs: STAMP, dispatchedUs: STAMP },
  },
  {
    type: AgentState,
    shared: true,
    blank: () => new AgentState(NO_SPEC, 0, 0, null as never, 0),
    omitted: { link: 'how the front end reaches it' },
  },
  {
    type: ClassState,
    shared: true,
    blank: (options) => new ClassState(0, blankQueue(options), NO_TRAITS),
    omitted: {},
  },
  {
    type: QueueState,
    shared: true,
    blank: blankQueue,
    omitted: { idPrefix: 'follows from the epoch' },
  },
  { type: Past, shared: true, blank: () => new Past('', 0, null, 0, false), omitted: {} },
  { type: PastIds, shared: false, blank: () => new PastIds(), omitted: {} },
  { type: Profile, shared: true, blank: () => new Profile(0, [], []), omitted: {} },
  { type: Group, shared: true, blank: () => new Group('', [], false), omitted: {} },
  { type: Page, shared: true, blank: () => new Page(), omitted: {} },
  { type: Due, shared: true, blank: () => new Due(null as never, 0, 0), omitted: {} },
  {
    type: AgeList,
    shared: true,
    blank: (options) => new AgeList(blankQueue(options), 0),
    omitted: {},
  },
  { type: AgeHeap, shared: false, blank: () => new AgeHeap(), omitted: {} },
  {
    type: Extras,
    shared: false,
    blank: () => new Extras(),
    omitted: {
      after: 'what was said until it was admitted; its links have it',
      votes: 'what was said for who makes a question of it',
      confidence: 'the front end’s, for people',
    },
  },
  {
    type: Links,
    shared: false,
    blank: () => new Links([], [], [], 'fail', false, null, ''),
    omitted: {},
  },
  { type: Flow, shared: true, blank: () => new Flow('', '', [], [], [], 0), omitted: {} },
  { type: Apart, shared: true, blank: () => new Apart(), omitted: {} },
  {
    type: Stage,
    shared: false,
    blank: (options) => new Stage(blankMoved(options), 0, 0),
    omitted: { result: BYTES },
  },
  {
    type: AtHome,
    shared: false,
    blank: (options) => new AtHome(blankMoved(options), new Extras()),
    omitted: {},
  },
  { type: DueHeap, shared: false, blank: () => new DueHeap(), omitted: {} },
  { type: RankHeap, shared: false, blank: () => new RankHeap(), omitted: {} },
  { type: Lane, shared: false, blank: () => new Lane(), omitted: {} },
  { type: RecordList, shared: false, blank: () => new RecordList(), omitted: {} },
  { type: HeadHeap, shared: false, blank: () => new HeadHeap(), omitted: {} },
  { type: DueList, shared: false, blank: () => new DueList(), omitted: {} },
  { type: Timeouts, shared: false, blank: () => new Timeouts(), omitted: {} },
  { type: PolicyCounters, shared: false, blank: () => new PolicyCounters(), omitted: {} },
  {
    type: Kept,
    shared: false,
    blank: ({ keep }) => new Kept(keep),
    omitted: { options: 'the core’s' },
  },
  {
    type: TaskIndex,
    shared: false,
    blank: ({ epoch }) => new TaskIndex(idPrefixOf(epoch)),
    omitted: {
      prefix: 'follows from the epoch',
      sparePage: 'memory that is used again; empty',
    },
  },
  {
    type: FreeSlots,
    shared: false,
    blank: ({ slots }) => new FreeSlots(Math.max(1, slots)),
    omitted: { slotCount: 'stands in HEAD' },
  },
]

/** Of the core itself. */
export const CORE_OMITTED: Readonly<Record<string, string>> = {
  options: 'given to whoever restores it; stands in HEAD',
  effects: 'who is told',
  unrecorded: 'who is told',
  attempts: 'memory that is used again',
  slots: 'a handle of the shared memory, whose columns stand before',
  table: 'a handle of the shared memory, whose columns stand before',
  classTable: 'a handle of the shared memory, whose columns stand before',
  memory: 'its columns stand before',
  about: 'stands in HEAD',
  onEvent: 'a test’s hook',
  journal: 'the journal that is written',
}
