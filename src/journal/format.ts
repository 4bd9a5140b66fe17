/**
 * The journal's records: which kinds there are; `layout.ts` has the fields of each. Any thread.
 *
 * A journal is a row of records of 32-bit little-endian words:
 *
 * ```
 *  word 0   kind (8 bits) | length in words, this one included (24 bits)
 *  HEAD IMAGE… { [STRING…] [TIME] [NODE…] event effect… }… [IMAGE…] [END]
 * ```
 *
 * Invariant: an event is followed by the effects that it had, and by nothing else before them; a
 * string's STRING comes before the event that names it.
 */

/** "SBJ1". */
export const MAGIC = 0x314a4253
export const VERSION = 6
/** Word 0 has 24 bits for the length. */
export const RECORD_WORDS_MAX = 2 ** 24 - 1

export const Kind = {
  HEAD: 1,
  IMAGE: 2,
  TIME: 3,
  STRING: 4,
  END: 5,
  NODE: 6,
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
  PAUSE: 42,
  RESUME: 43,
  CONFIGURE: 44,
  INTERRUPT: 45,
  YIELD: 46,
  STEAL: 47,
  RECALL: 48,
  LIMIT: 49,
  GRAPH: 50,
  ADVANCE: 51,
  HEDGE: 52,
  RESOLVE: 53,
  CANCEL_TREE: 54,
  PARK: 55,
  UNPARK: 56,
  CLAIM: 57,
  ASSIGN: 58,
  DECLINE: 59,
  HAND_ON: 60,
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
  NOTED: 75,
  DEAD_LETTER: 76,
  PREEMPT: 77,
  PAUSED: 78,
  STOLEN: 79,
  CALL_BACK: 80,
  ADVANCED: 81,
  FLOW_ENDED: 82,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]
export type KindName = keyof typeof Kind

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
  /** Options of queues that were configured since, by name. */
  configured: Record<string, unknown>
}
