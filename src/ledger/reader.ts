/**
 * From blocks to entries, in words. Any thread; pure functions.
 *
 * Invariant: an entry of a kind that is not known here is passed over by its length, and a body that
 * is no ledger's ends the reading instead of throwing.
 */
import { type RecordState, stateName } from '../policy/task-record.ts'
import { type BlockHeader, wordsOf } from './chain.ts'
import { wideAt } from './entry-buffer.ts'
import { BOOST_WORDS, END_WORDS, limitWords, OF_AGENT_WORDS, PLACED_WORDS } from './entry-words.ts'
import {
  AGENT_BITS,
  AGENT_MASK,
  BLOCK_ENTRIES,
  ENDS,
  Entry,
  HASH_BYTES,
  HEADER_BYTES,
  OWN_DEADLINE,
  OWN_ID,
  OWN_RETRIES,
  OWN_SLA,
  OWN_TIMEOUT,
  OWN_TTL,
  TASK_KINDS_FROM,
  TASK_KINDS_TO,
  WAS_MOVED,
  WAS_TAKEN,
} from './format.ts'
import { levelName, type PromiseWords, promiseText, timeText } from './promises.ts'
import { type EntryFields, readFlow, readWork } from './read-work.ts'

export interface LedgerEntry {
  kind: number
  /** Wall clock, ms since 1970. */
  at: number
  what: string
  /** Number of the task; -1 for what is about no task. */
  seq: number
  /** Id that was given, of an acceptance only; '' for one that is made up. */
  id: string | null
  /** Of an acceptance, and of what is about a queue. */
  queue: string | null
  attempt: number | null
  agent: string | null
  detail: string
}

interface QueueWords {
  name: string
  ttlMs: number
  deadlineMs: number
  slaMs: number[]
  timeoutMs: number
  retryCount: number
}

const decoder = new TextDecoder()

/** Which entries are read: the others cost a few ns each. @param seq -1 for what is about no task. */
export type Wanted = (kind: number, seq: number) => boolean

const ALL: Wanted = () => true

/** @param block whole, header and hash included. @param into is called for each, in order. */
export function readEntries(
  block: Uint8Array,
  header: BlockHeader,
  into: (entry: LedgerEntry) => void,
  wants: Wanted = ALL,
): void {
  if (header.kind === BLOCK_ENTRIES) new BlockReader(block, header).read(into, wants)
}

class BlockReader implements EntryFields {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #fromMs: number
  readonly #texts = new Map<number, string>([[0, '']])
  readonly #queues = new Map<number, QueueWords>()
  readonly #agents = new Map<number, string>()
  readonly #strategies = new Map<number, string>()
  #seqBase = 0
  /** Of the entry that is being read. */
  #at = 0

  constructor(block: Uint8Array, { fromMs }: BlockHeader) {
    const body = block.subarray(HEADER_BYTES, block.length - HASH_BYTES)
    this.#words = wordsOf(body)
    this.#bytes = body
    this.#fromMs = fromMs
  }

  read(into: (entry: LedgerEntry) => void, wants: Wanted): void {
    const words = this.#words
    // Ends: each round goes at least a word further.
    for (let at = 0; at < words.length; ) {
      const length = (words[at] >> 6) & 63
      if (length === 0 || at + length > words.length) return
      this.#at = at
      const kind = words[at] & 63
      if (kind < TASK_KINDS_FROM) this.#define(kind)
      else {
        const seq = kind <= TASK_KINDS_TO ? this.#seqBase + this.field(1) : -1
        const entry = wants(kind, seq) ? this.#entry(kind, seq) : null
        if (entry !== null) into(entry)
      }
      at += length
    }
  }

  field(number: number): number {
    return this.#words[this.#at + number]
  }

  hex(number: number, words: number): string {
    const from = 4 * (this.#at + number)
    return Buffer.from(this.#bytes.subarray(from, from + 4 * words)).toString('hex')
  }

  /** Times may be longer than 31 bits of ms. */
  #ms(number: number): number {
    return this.field(number) >>> 0
  }

  textAt(number: number): string {
    const from = 4 * (this.#at + number + 1)
    return decoder.decode(this.#bytes.subarray(from, from + this.field(number)))
  }

  text(number: number): string {
    return this.#texts.get(this.field(number)) ?? '?'
  }

  agent(index: number): string {
    return this.#agents.get(index) ?? '?'
  }

  #define(kind: number): void {
    if (kind === Entry.TEXT) this.#texts.set(this.field(1), this.textAt(2))
    else if (kind === Entry.AGENT) this.#agents.set(this.field(1), this.textAt(2))
    else if (kind === Entry.STRATEGY) this.#strategies.set(this.field(1), this.textAt(2))
    else if (kind === Entry.TASKS_FROM) this.#seqBase = wideAt(this.#words, this.#at + 1)
    else if (kind === Entry.QUEUE) {
      this.#queues.set(this.field(1), {
        ttlMs: this.#ms(2),
        deadlineMs: this.#ms(3),
        slaMs: [0, 1, 2, 3, 4].map((level) => this.#ms(4 + level)),
        timeoutMs: this.#ms(9),
        retryCount: this.field(10),
        name: this.textAt(11),
      })
    }
  }

  #entry(kind: number, seq: number): LedgerEntry | null {
    const entry: LedgerEntry = {
      kind,
      at: this.#fromMs + (this.field(0) >>> 16),
      what: '',
      seq,
      id: null,
      queue: null,
      attempt: null,
      agent: null,
      detail: '',
    }
    const isKnown = seq >= 0 ? this.#ofTask(kind, entry) : this.#other(kind, entry)
    return isKnown ? entry : null
  }

  #ofTask(kind: number, entry: LedgerEntry): boolean {
    const aux = (this.field(0) >> 12) & 15
    switch (kind) {
      case Entry.ACCEPTED:
        this.#accepted(entry, aux)
        return true
      case Entry.SCHEDULED:
        entry.what = 'scheduled'
        entry.detail = `${aux === 0 ? 'next attempt' : 'delayed, first attempt'} in ${timeText(this.#ms(2))}`
        return true
      case Entry.READY:
        entry.what = 'ready'
        return true
      case Entry.BOUND:
        this.#placed(entry, 'bound', PLACED_WORDS[aux])
        return true
      case Entry.ASSIGNED:
        this.#placed(entry, 'assigned', PLACED_WORDS[aux] ?? '')
        if (aux === WAS_MOVED) entry.detail = 'by the balancer'
        if (aux === WAS_TAKEN) entry.detail = 'taken by themselves'
        entry.attempt = this.field(3)
        return true
      case Entry.STOLEN:
        entry.what = 'stolen'
        entry.agent = this.agent(this.field(2))
        entry.detail = `from ${this.agent(this.field(3))}`
        return true
      case Entry.UNBOUND:
      case Entry.SENT_AGAIN:
      case Entry.PREEMPT_ASKED:
      case Entry.RECALL_ASKED:
        this.#ofAgent(kind, entry)
        return true
      case Entry.ENDED:
        entry.what = END_WORDS[aux] ?? ENDS[aux] ?? 'attempt ended'
        entry.agent = this.agent(this.field(2))
        entry.attempt = this.field(3)
        entry.detail = this.text(4)
        return true
      case Entry.OUTCOME:
        this.#outcome(entry, aux as RecordState)
        return true
      default:
        return this.#promise(kind, entry, aux) || readWork(kind, aux, entry, this)
    }
  }

  #promise(kind: number, entry: LedgerEntry, aux: number): boolean {
    switch (kind) {
      case Entry.BOOSTED: {
        const why = this.text(2)
        entry.what = 'boosted'
        entry.detail = `to ${levelName(aux)}: ${BOOST_WORDS[why] ?? why}`
        return true
      }
      case Entry.WARNED:
        entry.what = 'SLA warning'
        entry.detail = BOOST_WORDS.sla
        return true
      case Entry.BREACHED:
        entry.what = 'SLA breached'
        return true
      case Entry.MOVED:
        entry.what = 'moved'
        entry.detail = this.text(2)
        return true
      case Entry.DEAD_LETTER:
        entry.what = 'dead letter'
        entry.detail = `${this.text(2)}: ${this.text(3)}`
        return true
      default:
        return false
    }
  }

  #accepted(entry: LedgerEntry, level: number): void {
    const queue = this.#queues.get(this.field(2) & 0xffff)
    const own = this.field(2) >>> 16
    let at = 4
    const take = (bit: number, preset: number) => ((own & bit) !== 0 ? this.#ms(at++) : preset)
    const promises: PromiseWords = {
      timeoutMs: take(OWN_TIMEOUT, queue?.timeoutMs ?? 0),
      retryCount: take(OWN_RETRIES, queue?.retryCount ?? 0),
      ttlMs: take(OWN_TTL, queue?.ttlMs ?? 0),
      deadlineMs: take(OWN_DEADLINE, queue?.deadlineMs ?? 0),
      slaTargetMs: take(OWN_SLA, queue?.slaMs[level - 1] ?? 0),
    }
    entry.what = 'accepted'
    entry.queue = queue?.name ?? '?'
    entry.id = (own & OWN_ID) !== 0 ? this.textAt(at) : ''
    const bytes = this.field(3)
    entry.detail = `${levelName(level)}, ${bytes} B, ${promiseText(promises)}`
  }

  #placed(entry: LedgerEntry, what: string, how: string): void {
    const packed = this.field(2)
    const strategy = this.#strategies.get(packed >>> AGENT_BITS) ?? '?'
    entry.what = what
    entry.agent = this.agent(packed & AGENT_MASK)
    entry.detail = how === '' ? strategy : `${strategy}, ${how}`
  }

  #ofAgent(kind: number, entry: LedgerEntry): void {
    entry.agent = this.agent(this.field(2))
    entry.what = OF_AGENT_WORDS[kind]
    if (kind !== Entry.UNBOUND) entry.attempt = this.field(3)
  }

  #outcome(entry: LedgerEntry, state: RecordState): void {
    const agent = this.field(2)
    const attempts = this.field(3)
    entry.what = stateName(state) ?? '?'
    entry.agent = agent === 0 ? null : this.agent(agent - 1)
    entry.attempt = attempts === 0 ? null : attempts
    if (entry.what === 'completed') {
      const bytes = this.field(4)
      entry.detail = bytes < 0 ? 'result not kept' : `${bytes} B`
    } else entry.detail = this.text(4)
  }

  #other(kind: number, entry: LedgerEntry): boolean {
    const strategyName = (number: number) => this.#strategies.get(number) ?? '?'
    switch (kind) {
      case Entry.AGENT_UP:
        entry.what = 'agent up'
        entry.agent = this.agent(this.field(1))
        entry.detail = `${this.field(2)} at a time`
        return true
      case Entry.AGENT_DOWN:
        entry.what = 'agent down'
        entry.agent = this.agent(this.field(1))
        entry.detail = this.text(2)
        return true
      case Entry.FENCED:
        entry.what = 'agent fenced'
        entry.agent = this.agent(this.field(1))
        return true
      case Entry.STRATEGY_SET:
        entry.what = 'strategy set'
        entry.queue = this.text(1) || null
        entry.detail = strategyName(this.field(2) - 1)
        return true
      case Entry.SHADOW_SET:
        entry.what = this.field(2) === 0 ? 'shadow ended' : 'shadow set'
        entry.queue = this.text(1)
        entry.detail = this.field(2) === 0 ? '' : strategyName(this.field(2) - 1)
        return true
      case Entry.STRATEGY_OFF:
        entry.what = 'strategy off'
        entry.detail = `${strategyName(this.field(1))} ${this.text(2)}`
        return true
      default:
        return this.#rare(kind, entry)
    }
  }

  #rare(kind: number, entry: LedgerEntry): boolean {
    switch (kind) {
      case Entry.QUEUE_PAUSED:
      case Entry.QUEUE_RESUMED:
        entry.what = kind === Entry.QUEUE_PAUSED ? 'queue paused' : 'queue resumed'
        entry.queue = this.text(1)
        return true
      case Entry.QUEUE_CONFIGURED:
        entry.what = 'queue configured'
        entry.queue = this.text(1)
        entry.detail = this.text(2)
        return true
      case Entry.STARTED:
      case Entry.STOPPED:
        entry.what = kind === Entry.STARTED ? 'scheduler started' : 'scheduler stopped'
        entry.detail = this.text(1)
        return true
      case Entry.GAP:
        entry.what = 'gap'
        entry.detail = `${wideAt(this.#words, this.#at + 1)} entries were lost here`
        return true
      case Entry.AGENT_LIMITED:
        entry.what = 'agent limited'
        entry.agent = this.agent(this.field(1))
        entry.detail = limitWords(this.field(2) - 1, this.text(3))
        return true
      case Entry.CHANGED:
        entry.what = this.text(1)
        entry.detail = this.text(2)
        return true
      default:
        return readFlow(kind, entry, this)
    }
  }
}
