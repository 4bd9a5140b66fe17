/**
 * The journal's records: which kinds there are, and the fields of each, in order. docs/journal.md
 * shows the same tables, and a test compares the two.
 *
 * A journal is a row of records of 32-bit little-endian words:
 *
 * ```
 *  word 0   kind (8 bits) | length in words, this one included (24 bits)
 *  HEAD IMAGE… { [STRING…] [TIME] event effect… }… [IMAGE…] [END]
 * ```
 *
 * Invariant: an event is followed by the effects that it had, and by nothing else before them; a
 * string's STRING comes before the event that names it.
 */

import { BOUND_TO_AGENT, COMMITTED } from '../policy/core.ts'

/** "SBJ1". */
export const MAGIC = 0x314a4253
export const VERSION = 3
/** Word 0 has 24 bits for the length. */
export const RECORD_WORDS_MAX = 2 ** 24 - 1

export const Kind = {
  HEAD: 1,
  IMAGE: 2,
  TIME: 3,
  STRING: 4,
  END: 5,
  SUBMIT: 16,
  OFFER: 17,
  PROPOSE: 18,
  BOUNCE: 19,
  WITHDRAW: 20,
  LATE: 21,
  HEARD: 22,
  SUCCEEDED: 23,
  FAILED: 24,
  DISPATCH_FAILED: 25,
  CANCEL: 26,
  HELLO: 27,
  BEAT: 28,
  BYE: 29,
  DRAIN: 30,
  AGENT_LOST: 31,
  CONNECTED: 32,
  TICK: 33,
  PULL: 34,
  PREFETCH: 35,
  START: 36,
  STRATEGY: 37,
  SHADOW: 38,
  BINDING: 39,
  ALLOCATE: 40,
  RELEASE: 41,
  OUTCOME: 64,
  FORGOTTEN: 65,
  ENDED: 66,
  REVOKE: 67,
  AGENT_UP: 68,
  AGENT_DOWN: 69,
  FENCED: 70,
  DRAINING: 71,
  CREDIT_BACK: 72,
  REPEAT: 73,
  UNBOUND: 74,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]
export type KindName = keyof typeof Kind

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
  SUBMIT: [
    ['answer', 'name'],
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
    ['isMadeUp', 'bool'],
    ['id', 'text'],
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
  HEARD: [['agent', 'int']],
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
    ['labels', 'name'],
    ['specializations', 'name'],
  ],
  BEAT: [
    ['answer', 'name'],
    ['id', 'name'],
    ['instance', 'name'],
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

const NAMES = new Map<number, KindName>(
  Object.entries(Kind).map(([name, kind]) => [kind, name as KindName]),
)

/** @returns undefined for a kind that this version does not know; it can be skipped. */
export function kindName(kind: number): KindName | undefined {
  return NAMES.get(kind)
}

export function isEvent(kind: number): boolean {
  return kind >= Kind.SUBMIT && kind < Kind.OUTCOME
}

export function isEffect(kind: number): boolean {
  return kind >= Kind.OUTCOME && kind < 128
}

/** The JSON in HEAD. */
export interface JournalHead {
  name: string
  /** ISO 8601. */
  startedAt: string
  epoch: number
  counterStart: number
  shape: { slotCount: number; agentCountMax: number; classCountMax: number; [more: string]: number }
  /** By index, as the policy's `strategyIndex` answers. */
  strategies: readonly string[]
  /** `PolicyOptions` without `strategyIndex`; `routersOnlyFrom` null stands for none. */
  policy: Record<string, unknown>
}
