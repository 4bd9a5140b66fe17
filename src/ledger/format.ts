/**
 * The layout of a ledger: blocks, and the entries in them; docs/ledger.md tells the same to others.
 * Any thread.
 *
 * ```
 *  block   ┌ header, 128 bytes ────────────────────────────┬ body ───────┬ hash, 32 bytes ┐
 *          │ what it is, times, tasks, hash of the last one │ entries     │ SHA-256 of     │
 *          │ … and 8 bytes of SHA-256 over the header itself │             │ header | body  │
 *          └────────────────────────────────────────────────┴─────────────┴────────────────┘
 *                 ▲ previous hash                                           │
 *                 └────────────────────────── the next block's ────────────┘
 *
 *  entry   kind 6 bits │ length in words 6 │ what the kind makes of it 4 │ ms since the block began 16
 *          fields, a word of 32 bits each; texts are their length in bytes, then UTF-8 in whole words
 * ```
 *
 * Invariant: a block can be read without any other: texts, queues, agents and the number that tasks
 * count from are defined in it before they are used. All words are little-endian.
 *
 * The header's own check tells a header that was changed from a file that was cut, and where the next
 * block begins when a length is not to be trusted.
 *
 * Not taken: a hash for each entry. It would cost ten times what the entry does, on the thread of NATS.
 */

/** `SBLG` in a file. */
export const MAGIC = 0x474c4253
export const VERSION = 1

export const HEADER_BYTES = 128
export const HASH_BYTES = 32
export const CHECK_BYTES = 8
/**
 * Chunk of the front end: header, body and hash of a block at most. To hand one over to a thread costs
 * as much as 10,000 entries, however large it is; of 5,000 tasks this is 0.03 µs each.
 */
export const CHUNK_BYTES = 256 * 1024

/** What a block is. */
export const BLOCK_HEAD = 1
export const BLOCK_ENTRIES = 2
/** The scheduler was stopped in order: nothing of this run comes behind. */
export const BLOCK_END = 3
export type BlockKind = typeof BLOCK_HEAD | typeof BLOCK_ENTRIES | typeof BLOCK_END

/** Word of the header in which it stands; `_F64` are two words, a number of 64 bits. */
export const HEADER = {
  magic: 0,
  /** Version << 8 | kind. */
  kind: 1,
  number_F64: 2,
  bodyBytes: 4,
  entries: 5,
  /** Wall clock of the first entry and of the last one, ms since 1970. */
  fromMs_F64: 6,
  toMs_F64: 8,
  /** Number of the first task in it and of the last one; -1 for none. */
  seqFirst_F64: 10,
  seqLast_F64: 12,
  epoch_F64: 14,
  /** Entries that were lost before it, because the thread could not keep up. */
  lost_F64: 16,
  spare: 18,
  previousHash: 22,
  check: 30,
} as const

/** Kinds of entries; the first five define what others refer to. */
export const Entry = {
  /** number, text */
  TEXT: 1,
  /** number, ttlMs, deadlineMs, five SLA targets by level, timeoutMs, retryCount, text */
  QUEUE: 2,
  /** index, text */
  AGENT: 3,
  /** index, text */
  STRATEGY: 4,
  /** A number of 64 bits: tasks count from it. */
  TASKS_FROM: 5,

  /** task, queue | own << 16, payloadBytes, its own promises, id when it was given; aux: level */
  ACCEPTED: 8,
  /** task, in ms; aux: 0 retry, 1 delay */
  SCHEDULED: 9,
  /** task */
  READY: 10,
  /** task, agent | strategy << 17; aux: 0 in place, 1 by a router */
  BOUND: 11,
  /** task, agent */
  UNBOUND: 12,
  /**
   * task, agent | strategy << 17, attempt; aux: 0 in place, 1 by a router, 2 was bound to it, 3 was moved
   * to it, 4 a person took it
   */
  ASSIGNED: 13,
  /** task, agent, attempt */
  SENT_AGAIN: 14,
  /** task, agent, attempt, code; aux: how, see `ENDS` */
  ENDED: 15,
  /** task, agent + 1, attempts, code, or bytes of the result; aux: the record's state */
  OUTCOME: 16,
  /** task, why; aux: level */
  BOOSTED: 17,
  /** task */
  WARNED: 18,
  /** task */
  BREACHED: 19,
  /** task, where and why */
  MOVED: 20,
  /** task, name, code */
  DEAD_LETTER: 21,
  /** task, agent */
  PREEMPT_ASKED: 22,
  /** task, agent that has it now, agent that it was bound to */
  STOLEN: 23,
  /** task, agent, attempt */
  RECALL_ASKED: 24,
  /** task, parents, flow or nothing, its name there; right behind its acceptance */
  LINKED: 25,
  /** task, queue that it leaves by a rule, agent, attempts there, rule, bytes of the result or -1 */
  STAGE_LEFT: 26,
  /** task, code; aux: 1 as completed */
  RESOLVED: 27,
  /** task, the task that is its second attempt */
  HEDGED: 28,
  /** task, agent, confidence, eight words of SHA-256 over what was seen */
  CLAIMED: 29,
  /** The same, and a comment as far as it has room; aux: which decision, see `DECISION_WORDS` */
  DECIDED: 30,
  /** task, who, a piece of the text; aux: 1 when more of it follows */
  COMMENTED: 31,

  /** agent, concurrency */
  AGENT_UP: 32,
  /** agent, reason */
  AGENT_DOWN: 33,
  /** agent */
  FENCED: 34,
  /** queue or nothing, strategy + 1 */
  STRATEGY_SET: 35,
  /** queue, strategy + 1, or 0 for none any more */
  SHADOW_SET: 36,
  /** strategy, reason */
  STRATEGY_OFF: 37,
  /** queue */
  QUEUE_PAUSED: 38,
  /** queue */
  QUEUE_RESUMED: 39,
  /** queue, what */
  QUEUE_CONFIGURED: 40,
  /** name */
  STARTED: 41,
  /** name */
  STOPPED: 42,
  /** A number of 64 bits: so many entries were lost here. */
  GAP: 43,
  /** what, detail */
  CHANGED: 44,
  /** agent, tasks at a time + 1, or 0 for as many as it says, reason */
  AGENT_LIMITED: 45,
  /** flow, queue, tasks */
  FLOW_ACCEPTED: 46,
  /** flow, queue, state */
  FLOW_ENDED: 47,
} as const
export type EntryKind = (typeof Entry)[keyof typeof Entry]

/** Entries of tasks have the task in their first field. */
export const TASK_KINDS_FROM: number = Entry.ACCEPTED
export const TASK_KINDS_TO: number = Entry.COMMENTED

/** How an assignment came about: `aux` of its entry. */
export const INLINE = 0
export const BY_ROUTER = 1
export const WAS_BOUND = 2
export const WAS_MOVED = 3
export const WAS_TAKEN = 4
export type PlacedHow =
  | typeof INLINE
  | typeof BY_ROUTER
  | typeof WAS_BOUND
  | typeof WAS_MOVED
  | typeof WAS_TAKEN

/** Of a field that is a confidence: 0 for none, else its hundredths and 1. */
export const CONFIDENCE_STEPS = 100
export const SEEN_WORDS = 8

/** Of the second field of `ACCEPTED`: what the task says of itself, in the order of the words. */
export const OWN_TIMEOUT = 1
export const OWN_RETRIES = 2
export const OWN_TTL = 4
export const OWN_DEADLINE = 8
export const OWN_SLA = 16
export const OWN_ID = 32

export const AGENT_BITS = 17
export const AGENT_MASK = (1 << AGENT_BITS) - 1

/** How an attempt ended, by the number that stands in an entry; never changed, only added to. */
export const ENDS = [
  'succeeded',
  'failed',
  'timeout',
  'cancelled',
  'agent_lost',
  'dispatch_failed',
  'undelivered',
  'heartbeat_timeout',
  'deadline_expired',
  'preempted',
  'recalled',
  'declined',
  'handed_on',
] as const

/** `ledger-000000000123-20261121T161500123Z.sbl`: block number, then time; both ascend. */
export const FILE_NAME = /^ledger-\d{12}-\d{8}T\d{9}Z\.sbl$/

/** What the first block of a file says, as JSON. */
export interface HeadFacts {
  scheduler: string
  /** Part of made-up ids. */
  epoch: number
  /** `start` of a scheduler, or the next file of the same run. */
  reason: 'start' | 'rotation'
  startedAt: string
  /** Hash that it continues from, in hex; 64 zeros for the first of all. */
  continues: string
  /** Bytes at the end of the file before that were no whole block, as a crash leaves them. */
  cutBytes: number
}
