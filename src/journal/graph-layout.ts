/**
 * As layout.ts, of graphs, of stages, of second attempts, and of agents that claim and decline; and of
 * what types fields are. Any thread.
 */

/**
 * `int` and `bool` (0, 1) are one word, `ms` is one without sign except that all ones are -1 (thirty
 * days take 32 bits), `wide` two (low half first; below 2^53), `name` is the number
 * of a STRING (0 the empty one), `text` and `bytes` are a length in bytes and the bytes padded with
 * zeros to whole words, `wides` are as many as the field before says, `digest` is eight words.
 */
export type FieldType =
  | 'int'
  | 'bool'
  | 'ms'
  | 'wide'
  | 'name'
  | 'text'
  | 'bytes'
  | 'wides'
  | 'digest'
export type Field = readonly [name: string, type: FieldType]

/** What is said of a task that is handed in. */
export const TASK_FIELDS: readonly Field[] = [
  ['task', 'wide'],
  ['queue', 'name'],
  ['level', 'int'],
  ['requires', 'name'],
  ['timeoutMs', 'ms'],
  ['retryCount', 'int'],
  ['payloadBytes', 'int'],
  ['givenTimeoutMs', 'ms'],
  ['givenRetryCount', 'int'],
  ['routing', 'name'],
  ['key', 'int'],
  ['givenLevel', 'int'],
  ['own', 'name'],
  ['isMadeUp', 'bool'],
  ['id', 'text'],
]

export const GRAPH_LAYOUT = {
  NODE: [
    ...TASK_FIELDS,
    ['node', 'name'],
    ['onFailure', 'name'],
    ['held', 'bool'],
    ['apart', 'int'],
    ['agents', 'name'],
    ['count', 'int'],
    ['after', 'wides'],
  ],
  GRAPH: [
    ['answer', 'name'],
    ['node', 'name'],
    ['count', 'int'],
    ['isFlow', 'bool'],
    ['queue', 'name'],
    ['isMadeUp', 'bool'],
    ['flow', 'text'],
  ],
  ADVANCE: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['then', 'name'],
    ['rule', 'int'],
    ['queue', 'name'],
    ['level', 'int'],
    ['code', 'name'],
    ['message', 'text'],
  ],
  HEDGE: [
    ['task', 'wide'],
    ['slot', 'int'],
    ['twin', 'wide'],
    ['payloadBytes', 'int'],
  ],
  RESOLVE: [
    ['task', 'wide'],
    ['ok', 'bool'],
    ['then', 'name'],
    ['rule', 'int'],
    ['queue', 'name'],
    ['level', 'int'],
    ['code', 'name'],
    ['message', 'text'],
  ],
  CANCEL_TREE: [
    ['task', 'wide'],
    ['cancelled', 'int'],
  ],
  PARK: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  UNPARK: [['unparked', 'int']],
  CLAIM: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  ASSIGN: [
    ['task', 'wide'],
    ['agent', 'int'],
    ['slot', 'int'],
    ['generation', 'int'],
    ['counter', 'wide'],
    ['dispatchSeq', 'int'],
  ],
  DECLINE: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  HAND_ON: [
    ['task', 'wide'],
    ['slot', 'int'],
  ],
  ADVANCED: [
    ['task', 'wide'],
    ['queue', 'name'],
    ['rule', 'int'],
    ['attempts', 'int'],
    ['resultBytes', 'int'],
  ],
  FLOW_ENDED: [
    ['flow', 'text'],
    ['state', 'name'],
  ],
} as const satisfies Record<string, readonly Field[]>
