/**
 * The fields of the journal's records, in order. Any thread. docs/journal.md shows the same tables, and
 * a test compares the two.
 *
 * Invariant: what is read by this table is what was written by it: both sides follow its order.
 */
import { BOUND_TO_AGENT, COMMITTED } from '../policy/core.ts'
import type { KindName } from './format.ts'
import { type Field, GRAPH_LAYOUT, TASK_FIELDS } from './graph-layout.ts'

export type { Field, FieldType } from './graph-layout.ts'

export const LAYOUT: Record<KindName, readonly Field[]> = {
  HEAD: [
    ['magic', 'int'],
    ['version', 'int'],
    ['about', 'text'],
  ],
  IMAGE: [
    ['part', 'int'],
    ['parts', 'int'],
    ['image', 'bytes'],
  ],
  TIME: [['nowMs', 'wide']],
  STRING: [
    ['number', 'int'],
    ['string', 'text'],
  ],
  END: [
    ['digest', 'digest'],
    ['events', 'wide'],
    ['effects', 'wide'],
  ],
  ...GRAPH_LAYOUT,
  SUBMIT: [
    ['answer', 'name'],
    ...TASK_FIELDS,
    ['after', 'text'],
    ['count', 'int'],
    ['parents', 'wides'],
  ],
  OFFER: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['generation', 'int'],
    ['class', 'int'],
    ['strategy', 'int'],
    ['wasBounced', 'bool'],
  ],
  PROPOSE: [
    ['answer', 'int'],
    ['slot', 'int'],
    ['generation', 'int'],
    ['agent', 'int'],
    ['agentGeneration', 'int'],
    ['byRouter', 'bool'],
  ],
  BOUNCE: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  WITHDRAW: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['newGeneration', 'int'],
    ['reason', 'int'],
  ],
  LATE: [
    ['agent', 'name'],
    ['slot', 'int'],
    ['epoch', 'wide'],
    ['counter', 'wide'],
  ],
  HEARD: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  SUCCEEDED: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  FAILED: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['code', 'name'],
    ['retryable', 'bool'],
    ['message', 'text'],
  ],
  DISPATCH_FAILED: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  CANCEL: [
    ['task', 'wide'],
    ['answer', 'int'],
    ['queue', 'name'],
    ['id', 'text'],
  ],
  HELLO: [
    ['answer', 'name'],
    ['agent', 'int'],
    ['generation', 'int'],
    ['id', 'name'],
    ['instance', 'name'],
    ['queues', 'name'],
    ['capabilities', 'name'],
    ['concurrency', 'int'],
    ['beats', 'bool'],
    ['leased', 'bool'],
    ['keeps', 'bool'],
    ['pull', 'bool'],
    ['preemptible', 'bool'],
    ['recalls', 'bool'],
    ['claims', 'bool'],
    ['declines', 'bool'],
    ['labels', 'name'],
    ['specializations', 'name'],
  ],
  BEAT: [
    ['answer', 'name'],
    ['id', 'name'],
    ['instance', 'name'],
    ['foreign', 'int'],
    ['tells', 'bool'],
    ['count', 'int'],
    ['counters', 'wides'],
  ],
  BYE: [
    ['answer', 'name'],
    ['id', 'name'],
    ['instance', 'name'],
    ['drain', 'bool'],
  ],
  DRAIN: [
    ['answer', 'name'],
    ['id', 'name'],
  ],
  AGENT_LOST: [['agent', 'int']],
  CONNECTED: [['connected', 'bool']],
  TICK: [['hasMore', 'bool']],
  PULL: [
    ['answer', 'name'],
    ['id', 'name'],
    ['instance', 'name'],
    ['count', 'int'],
  ],
  PREFETCH: [
    ['agent', 'int'],
    ['count', 'int'],
  ],
  START: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['generation', 'int'],
    ['agent', 'int'],
    ['counter', 'wide'],
    ['dispatchSeq', 'int'],
  ],
  STRATEGY: [
    ['answer', 'name'],
    ['queue', 'name'],
    ['strategy', 'int'],
  ],
  SHADOW: [
    ['answer', 'name'],
    ['queue', 'name'],
    ['strategy', 'int'],
  ],
  BINDING: [
    ['answer', 'name'],
    ['queue', 'name'],
    ['isEarly', 'bool'],
  ],
  ALLOCATE: [
    ['answer', 'name'],
    ['agent', 'int'],
    ['queue', 'name'],
    ['level', 'int'],
    ['requires', 'name'],
    ['routing', 'name'],
  ],
  RELEASE: [
    ['id', 'name'],
    ['wasHeld', 'bool'],
  ],
  PAUSE: [
    ['answer', 'name'],
    ['queue', 'name'],
  ],
  RESUME: [
    ['answer', 'name'],
    ['queue', 'name'],
  ],
  CONFIGURE: [
    ['answer', 'name'],
    ['queue', 'name'],
    ['options', 'text'],
  ],
  INTERRUPT: [['asked', 'int']],
  YIELD: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['agent', 'int'],
    ['newSlot', 'int'],
    ['generation', 'int'],
    ['counter', 'wide'],
    ['dispatchSeq', 'int'],
    ['hasCheckpoint', 'bool'],
    ['checkpoint', 'bytes'],
  ],
  STEAL: [
    ['task', 'wide'],
    ['agent', 'int'],
    ['slot', 'int'],
    ['generation', 'int'],
    ['counter', 'wide'],
    ['dispatchSeq', 'int'],
  ],
  RECALL: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['agent', 'int'],
  ],
  LIMIT: [
    ['answer', 'name'],
    ['id', 'name'],
    ['limit', 'int'],
  ],
  OUTCOME: [
    ['task', 'wide'],
    ['state', 'int'],
    ['code', 'name'],
    ['attempts', 'int'],
    ['resultBytes', 'int'],
  ],
  FORGOTTEN: [['task', 'wide']],
  ENDED: [
    ['task', 'wide'],
    ['counter', 'wide'],
    ['agent', 'int'],
    ['how', 'name'],
    ['isCharged', 'bool'],
  ],
  REVOKE: [
    ['agent', 'int'],
    ['counter', 'wide'],
    ['dispatchSeq', 'int'],
    ['reason', 'name'],
  ],
  AGENT_UP: [
    ['agent', 'int'],
    ['generation', 'int'],
    ['id', 'name'],
  ],
  AGENT_DOWN: [
    ['agent', 'int'],
    ['reason', 'name'],
  ],
  FENCED: [['agent', 'int']],
  DRAINING: [['agent', 'int']],
  CREDIT_BACK: [
    ['agent', 'int'],
    ['counter', 'wide'],
  ],
  REPEAT: [
    ['task', 'wide'],
    ['counter', 'wide'],
    ['agent', 'int'],
  ],
  UNBOUND: [
    ['task', 'wide'],
    ['agent', 'int'],
  ],
  NOTED: [
    ['task', 'wide'],
    ['note', 'name'],
    ['detail', 'name'],
    ['level', 'int'],
    ['dueMs', 'wide'],
    ['untilMs', 'wide'],
  ],
  DEAD_LETTER: [
    ['task', 'wide'],
    ['name', 'name'],
    ['code', 'name'],
  ],
  PREEMPT: [
    ['task', 'wide'],
    ['counter', 'wide'],
    ['agent', 'int'],
  ],
  PAUSED: [
    ['queue', 'name'],
    ['isPaused', 'bool'],
  ],
  STOLEN: [
    ['task', 'wide'],
    ['agent', 'int'],
    ['to', 'int'],
  ],
  CALL_BACK: [
    ['task', 'wide'],
    ['counter', 'wide'],
    ['agent', 'int'],
  ],
}

const COMMITTED_FIELDS: readonly Field[] = [
  ['task', 'wide'],
  ['counter', 'wide'],
  ['dispatchSeq', 'int'],
]
const BOUND_FIELDS: readonly Field[] = [['task', 'wide']]
const NO_FIELDS: readonly Field[] = []

/** @returns what a PROPOSE with that answer has besides. */
export function proposeFields(answer: number): readonly Field[] {
  if (answer === COMMITTED) return COMMITTED_FIELDS
  return answer === BOUND_TO_AGENT ? BOUND_FIELDS : NO_FIELDS
}
