/**
 * The map of the one shared memory: which words belong to what.
 *
 * Runs on: the front end makes the memory, routers open the same one.
 * Invariant: every region starts on a 64-byte line, and words that different threads write never
 * share a line, so that no write of one thread slows an unrelated one of another (false sharing).
 *
 * ```
 *  one line = 16 words = 64 bytes;  R routers, S slots, A agents, C classes, L = 5 levels
 *
 *  word 0         16             32                 32+16R              32+32R
 *  ┌──────────────┬──────────────┬──────────────────┬───────────────────┐
 *  │ bell         │ stops [R]    │ sleepers         │ status            │
 *  │ 1 line       │ 1 line       │ R lines          │ R lines           │
 *  ├──────────────┼──────────────┼──────────────────┼───────────────────┤
 *  │ ring heads   │ ring tails   │ ring entries     │ deque tops        │
 *  │ L lines      │ L lines      │ L × 2·capacity   │ R lines           │
 *  ├──────────────┼──────────────┼──────────────────┼───────────────────┤
 *  │ deque bottoms│ deque entries│ outbox heads     │ outbox tails      │
 *  │ R lines      │ R × 2·32     │ R lines          │ R lines           │
 *  ├──────────────┼──────────────┴──────────────────┴───────────────────┤
 *  │ outbox       │ slot columns: state, generation, class, strategy,   │
 *  │ entries R × 5│ level, flags, offered µs, key; each S words         │
 *  ├──────────────┴─────────────────────────────────────────────────────┤
 *  │ class columns: row, flags, shadow, match row, versions of both     │
 *  │ sets; each C words                                                 │
 *  │ strategies that are off: 64 words                                  │
 *  ├────────────────────────────────────────────────────────────────────┤
 *  │ agents: high, easings, queue max, kinds, moves (a line each),      │
 *  │ counts by capacity (34 words), moved (64 words)                    │
 *  │ agent columns: generation, status; each A words                    │
 *  │ agent rows: capacity, in use, queued, level; A × 4 words           │
 *  ├────────────────────────────────────────────────────────────────────┤
 *  │ bitsets of A/32 + A/1024 words, a line's multiple each:            │
 *  │ free, room, 32 load levels (behind their 32 counts),               │
 *  │ C × candidates, C × preferred                                      │
 *  ├────────────────────────────────────────────────────────────────────┤
 *  │ match fractions: 64 × A                                            │
 *  ├────────────────────────────────────────────────────────────────────┤
 *  │ learned: latency, success, skill; 64 × A × 4; row latency (64)     │
 *  ├────────────────────────────────────────────────────────────────────┤
 *  │ shadows: row of each class; epochs of the rows (8); counts of each │
 *  │ router: 8 rows × (a line, 2 × A)                                   │
 *  ├────────────────────────────────────────────────────────────────────┤
 *  │ latency counts: (1 + R) writers × stages × 28,672                  │
 *  └────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * **An outbox never overflows.** Let t be the front end's last load of this outbox's tail for which
 * everything up to that tail has been read and committed since. What is in the outbox, unread or
 * uncommitted, was pushed after t. An entry pushed after t was, at t, either in a ring (at most
 * `5 · ringCapacity`), or in a deque or the hands of its router (together at most
 * `DEQUE_CAPACITY` a router, because a router claims or steals only when its deque is empty, and
 * then at most `CLAIM_MAX <= DEQUE_CAPACITY`), or it was published after t (at most `publishMax`:
 * the front end's promise). Ring and deque hand out each entry once, and stale entries are entries
 * too. So the sum bounds every outbox, even if one router gets everything.
 *
 * Source of the idea: Agrona's ring buffer descriptors: the map is its own file with a ruler.
 */
import { Bitset } from './bitset.ts'
import { LATENCY_COUNTS_LENGTH } from './latency-layout.ts'

/** Priority levels, 0 … 4; each has a task ring of its own. */
export const PRIORITY_LEVELS = 5
/** Entries that a router takes from a ring, or steals, at once. */
export const CLAIM_MAX = 16
/** Entries of a work-stealing deque; at least CLAIM_MAX, a power of two. */
export const DEQUE_CAPACITY = 32
/** Routers at most; their stop words share one line. */
export const ROUTER_COUNT_MAX = 16
/** Words of a 64-byte line. */
export const LINE_WORDS = 16
/** Words of an entry of rings and deques: slot, generation. */
export const ENTRY_WORDS = 2
/** Words of an outbox's entry: slot, generation, agent, agent's generation, proposed µs. */
export const PROPOSAL_WORDS = 5

/**
 * Words of an agent's row: capacity, in use, queued, level. What a choice reads of an agent lies in one
 * line, not in three: with 100,000 agents each is a miss of the cache.
 */
export const AGENT_ROW_WORDS = 4
/** Words of what is learned of an agent and a type: latency, success, skill, and one spare. */
export const LEARNED_WORDS = 4
/** Rows of what is learned: types of tasks; row 0 is over all types. */
export const ROW_COUNT_MAX = 64
/** Rows of match fractions; row 0 is "everybody matches" and never written. */
export const MATCH_ROW_COUNT_MAX = 64
/** Sets of free agents by the share of their capacity in use: level l holds l/32 up to (l+1)/32. */
export const LOAD_LEVELS = 32
/** Agents that changed last and are remembered; a power of two. */
export const MOVED_COUNT = 64
/** Strategies that a chooser may have, built in and users'. */
export const STRATEGY_COUNT_MAX = 64
/** Queues whose shadows are counted at the same time. */
export const SHADOW_ROW_COUNT_MAX = 8

const WORD_COUNT_MAX = 2 ** 29

/** How large everything is. All are counts; both sides must use the same shape. */
export interface MemoryShape {
  /** Rows of the slot table: tasks in routers' hands or placed. A multiple of 32. */
  slotCount: number
  /** Rows of the agent table. A multiple of 32. */
  agentCountMax: number
  /** Classes of tasks. */
  classCountMax: number
  /** Router threads, 0 … 16. */
  routerCount: number
  /** Entries of each level's task ring. A power of two. */
  ringCapacity: number
  /**
   * Ring entries that the front end publishes at most between two complete reads of an outbox:
   * from the load of the tail of the one to `commitReads` of the next. The front end keeps to it.
   */
  publishMax: number
  /** Latency histograms of each writer. */
  latencyStageCount: number
}

/**
 * Sizes that fit a machine of two to sixteen cores: 33 MB with two routers and seven stages, of which
 * only what is written to takes memory.
 */
export const DEFAULT_SHAPE: Omit<MemoryShape, 'routerCount' | 'latencyStageCount'> = {
  slotCount: 65_536,
  agentCountMax: 16_384,
  classCountMax: 1_024,
  ringCapacity: 1_024,
  publishMax: 1_024,
}

/** Offset of every region in words, and the stride where a region repeats. */
export interface MemoryMap {
  readonly bell: number
  readonly stops: number
  readonly sleepers: number
  readonly status: number
  readonly ringHeads: number
  readonly ringTails: number
  readonly ringEntries: number
  readonly ringEntriesStride: number
  readonly dequeTops: number
  readonly dequeBottoms: number
  readonly dequeEntries: number
  readonly dequeEntriesStride: number
  readonly outboxHeads: number
  readonly outboxTails: number
  readonly outboxEntries: number
  readonly outboxEntriesStride: number
  /** Entries of an outbox, a power of two. */
  readonly outboxCapacity: number
  readonly slotState: number
  readonly slotGeneration: number
  readonly slotClass: number
  readonly slotStrategy: number
  readonly slotLevel: number
  readonly slotFlags: number
  readonly slotOfferedUs: number
  readonly slotKey: number
  readonly classRow: number
  readonly classFlags: number
  readonly classShadow: number
  readonly classMatchRow: number
  readonly candidatesVersion: number
  readonly preferredVersion: number
  readonly strategyOff: number
  readonly agentHigh: number
  readonly agentEasings: number
  readonly agentQueueMax: number
  readonly agentKinds: number
  readonly agentKindCounts: number
  readonly agentMoves: number
  readonly agentMoved: number
  readonly agentGeneration: number
  readonly agentStatus: number
  readonly agentRows: number
  readonly agentFree: number
  readonly agentRoom: number
  readonly agentLevelCounts: number
  readonly agentLevels: number
  readonly agentLevelsStride: number
  readonly candidates: number
  readonly candidatesStride: number
  /** With the stride of `candidates`. */
  readonly preferred: number
  readonly match: number
  readonly learned: number
  readonly rowLatency: number
  readonly shadowRows: number
  readonly shadowEpochs: number
  readonly shadowCounts: number
  /** Between two routers' blocks. */
  readonly shadowCountsStride: number
  readonly shadowRowStride: number
  readonly latency: number
  readonly latencyWriterStride: number
  readonly latencyStageStride: number
  readonly wordCount: number
}

/** One shared memory as one thread sees it. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
  readonly shape: MemoryShape
  readonly map: MemoryMap
  /** Int32Array[map.wordCount], the whole buffer. */
  readonly words: Int32Array
}

/**
 * Lays out a memory.
 * @throws RangeError naming the value and what is allowed, when the shape is impossible.
 */
export function mapMemory(shape: MemoryShape): MemoryMap {
  checkShape(shape)
  let next = 0
  const region = (words: number): number => {
    const start = next
    next = toLine(start + words)
    return start
  }
  const { slotCount, agentCountMax, classCountMax, routerCount, ringCapacity } = shape
  const ringEntriesStride = toLine(ringCapacity * ENTRY_WORDS)
  const dequeEntriesStride = toLine(DEQUE_CAPACITY * ENTRY_WORDS)
  const outboxCapacity = outboxCapacityFor(shape)
  const outboxEntriesStride = toLine(outboxCapacity * PROPOSAL_WORDS)
  const agentBits = Bitset.wordCount(agentCountMax)
  const candidatesStride = toLine(agentBits)
  const shadowRowStride = LINE_WORDS + toLine(2 * agentCountMax)
  const shadowCountsStride = SHADOW_ROW_COUNT_MAX * shadowRowStride
  const latencyStageStride = LATENCY_COUNTS_LENGTH
  const latencyWriterStride = toLine(latencyStageStride * shape.latencyStageCount)
  const map = {
    bell: region(1),
    stops: region(ROUTER_COUNT_MAX),
    sleepers: region(routerCount * LINE_WORDS),
    status: region(routerCount * LINE_WORDS),
    ringHeads: region(PRIORITY_LEVELS * LINE_WORDS),
    ringTails: region(PRIORITY_LEVELS * LINE_WORDS),
    ringEntries: region(PRIORITY_LEVELS * ringEntriesStride),
    ringEntriesStride,
    dequeTops: region(routerCount * LINE_WORDS),
    dequeBottoms: region(routerCount * LINE_WORDS),
    dequeEntries: region(routerCount * dequeEntriesStride),
    dequeEntriesStride,
    outboxHeads: region(routerCount * LINE_WORDS),
    outboxTails: region(routerCount * LINE_WORDS),
    outboxEntries: region(routerCount * outboxEntriesStride),
    outboxEntriesStride,
    outboxCapacity,
    slotState: region(slotCount),
    slotGeneration: region(slotCount),
    slotClass: region(slotCount),
    slotStrategy: region(slotCount),
    slotLevel: region(slotCount),
    slotFlags: region(slotCount),
    slotOfferedUs: region(slotCount),
    slotKey: region(slotCount),
    classRow: region(classCountMax),
    classFlags: region(classCountMax),
    classShadow: region(classCountMax),
    classMatchRow: region(classCountMax),
    candidatesVersion: region(classCountMax),
    preferredVersion: region(classCountMax),
    strategyOff: region(STRATEGY_COUNT_MAX),
    agentHigh: region(1),
    agentEasings: region(1),
    agentQueueMax: region(1),
    agentKinds: region(1),
    agentKindCounts: region(LOAD_LEVELS + 2),
    agentMoves: region(1),
    agentMoved: region(MOVED_COUNT),
    agentGeneration: region(agentCountMax),
    agentStatus: region(agentCountMax),
    agentRows: region(agentCountMax * AGENT_ROW_WORDS),
    agentFree: region(agentBits),
    agentRoom: region(agentBits),
    agentLevelCounts: region(LOAD_LEVELS),
    agentLevels: region(LOAD_LEVELS * candidatesStride),
    agentLevelsStride: candidatesStride,
    candidates: region(classCountMax * candidatesStride),
    candidatesStride,
    preferred: region(classCountMax * candidatesStride),
    match: region(MATCH_ROW_COUNT_MAX * agentCountMax),
    learned: region(ROW_COUNT_MAX * agentCountMax * LEARNED_WORDS),
    rowLatency: region(ROW_COUNT_MAX),
    shadowRows: region(classCountMax),
    shadowEpochs: region(SHADOW_ROW_COUNT_MAX),
    shadowCounts: region(routerCount * shadowCountsStride),
    shadowCountsStride,
    shadowRowStride,
    latency: region((1 + routerCount) * latencyWriterStride),
    latencyWriterStride,
    latencyStageStride,
  }
  if (next > WORD_COUNT_MAX) {
    throw new RangeError(
      `shared memory of ${next} words is too large: at most ${WORD_COUNT_MAX} words (2 GiB); ` +
        'lower agentCountMax, classCountMax or slotCount',
    )
  }
  return { ...map, wordCount: next }
}

/**
 * Makes the memory, all rows free, all structures empty.
 * @param counterStart where heads, tails, tops, bottoms and generations start; 0 unless a test
 * wants to see them wrap (just below 2^31).
 * @throws RangeError as `mapMemory`.
 * *Threads* front end, before any router is started: starting a thread publishes all of it.
 */
export function createMemory(shape: MemoryShape, counterStart = 0): SharedMemory {
  const map = mapMemory(shape)
  const buffer = new SharedArrayBuffer(map.wordCount * Int32Array.BYTES_PER_ELEMENT)
  const words = new Int32Array(buffer)
  if (counterStart !== 0) startCounters(words, map, shape, counterStart)
  return { buffer, shape: { ...shape }, map, words }
}

/**
 * Opens a memory that another thread made.
 * @throws RangeError when buffer and shape do not belong together.
 */
export function openMemory(buffer: SharedArrayBuffer, shape: MemoryShape): SharedMemory {
  const map = mapMemory(shape)
  const byteLength = map.wordCount * Int32Array.BYTES_PER_ELEMENT
  if (buffer.byteLength !== byteLength) {
    throw new RangeError(
      `shared memory has ${buffer.byteLength} bytes, but its shape needs ${byteLength}: ` +
        'pass the shape that it was made with',
    )
  }
  return { buffer, shape: { ...shape }, map, words: new Int32Array(buffer) }
}

/** Rounds up to the next power of two; the argument is 1 … 2^30. */
export function nextPowerOfTwo(count: number): number {
  return count <= 1 ? 1 : 2 ** (32 - Math.clz32(count - 1))
}

function outboxCapacityFor(shape: MemoryShape): number {
  return nextPowerOfTwo(
    PRIORITY_LEVELS * shape.ringCapacity + shape.routerCount * DEQUE_CAPACITY + shape.publishMax,
  )
}

function toLine(words: number): number {
  return Math.ceil(words / LINE_WORDS) * LINE_WORDS
}

function startCounters(words: Int32Array, map: MemoryMap, shape: MemoryShape, start: number): void {
  // Plain: no other thread has seen the memory yet.
  for (let level = 0; level < PRIORITY_LEVELS; level++) {
    words[map.ringHeads + level * LINE_WORDS] = start
    words[map.ringTails + level * LINE_WORDS] = start
  }
  for (let router = 0; router < shape.routerCount; router++) {
    words[map.dequeTops + router * LINE_WORDS] = start
    words[map.dequeBottoms + router * LINE_WORDS] = start
    words[map.outboxHeads + router * LINE_WORDS] = start
    words[map.outboxTails + router * LINE_WORDS] = start
  }
  words.fill(start, map.slotGeneration, map.slotGeneration + shape.slotCount)
  words.fill(start, map.agentGeneration, map.agentGeneration + shape.agentCountMax)
}

function checkShape(shape: MemoryShape): void {
  checkMultipleOf32('slotCount', shape.slotCount, 2 ** 24)
  checkMultipleOf32('agentCountMax', shape.agentCountMax, 2 ** 20)
  checkRange('classCountMax', shape.classCountMax, 1, 65_536)
  checkRange('routerCount', shape.routerCount, 0, ROUTER_COUNT_MAX)
  checkRange('ringCapacity', shape.ringCapacity, 2, 2 ** 20)
  if (nextPowerOfTwo(shape.ringCapacity) !== shape.ringCapacity) {
    throw new RangeError(`ringCapacity is ${shape.ringCapacity}, allowed are powers of two`)
  }
  checkRange('publishMax', shape.publishMax, 1, 2 ** 20)
  checkRange('latencyStageCount', shape.latencyStageCount, 0, 64)
}

function checkMultipleOf32(name: string, value: number, max: number): void {
  checkRange(name, value, 32, max)
  if (value % 32 !== 0) {
    throw new RangeError(`${name} is ${value}, allowed are multiples of 32`)
  }
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} is ${value}, allowed are whole numbers from ${min} to ${max}`)
  }
}
