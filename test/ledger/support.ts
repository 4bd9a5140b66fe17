/** Ledgers made by hand: writers without a thread, chains of small blocks, records of no core. */
import { Chain } from '../../src/ledger/chain.ts'
import type { SealedChunk } from '../../src/ledger/entry-buffer.ts'
import { LedgerWriter } from '../../src/ledger/ledger-writer.ts'
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { Attempt } from '../../src/policy/attempt.ts'
import type { ClassState } from '../../src/policy/classes.ts'
import { QueueState } from '../../src/policy/queues.ts'
import { NOBODY, type OwnPromises, TaskRecord } from '../../src/policy/task-record.ts'
import type { Random } from '../../src/routing/generator.ts'

export const EPOCH = 1_700_000_000_000
export const STRATEGIES = ['least_loaded', 'random']

export function writerWith(
  sink: (chunk: SealedChunk) => void,
  chunksMax = 4,
  wallMs = Date.now,
): LedgerWriter {
  return new LedgerWriter({
    sink,
    epoch: EPOCH,
    agentsMax: 64,
    strategies: STRATEGIES,
    chunksMax,
    wallMs,
  })
}

export function queueNamed(name: string, options: Partial<QueueOptions> = {}): QueueState {
  return new QueueState(name, { ...QUEUE_DEFAULTS, ...options }, `${EPOCH.toString(36)}-`)
}

export function agentNamed(id: string, index: number): AgentState {
  return { id, index, concurrency: 4 } as AgentState
}

interface TaskFacts {
  id?: string
  level?: number
  own?: OwnPromises
  timeoutMs?: number
  agent?: AgentState
}

/** A record as the core has it, as far as a ledger looks at it. */
export function taskOf(queue: QueueState, seq: number, facts: TaskFacts = {}): TaskRecord {
  const { id = '', level = 3, own = null, timeoutMs = queue.options.timeoutMs, agent } = facts
  const options = { level, requires: [], timeoutMs, retryCount: queue.options.retryCount, own }
  const nothing = new Uint8Array(0)
  const record = new TaskRecord(
    id,
    queue.name,
    options,
    nothing,
    0,
    7,
    NOBODY,
    null,
    false,
    false,
    0,
  )
  record.cls = { queue } as ClassState
  record.seq = seq
  if (agent !== undefined) {
    record.attempts = 1
    record.attempt = { agent } as Attempt
  }
  return record
}

/** @returns a chain of small blocks: a head, some with entries, an end; each with memory of its own. */
export function chainOf(random: Random, blocks: number): Uint8Array[] {
  const chain = new Chain(EPOCH)
  const made: Uint8Array[] = []
  const facts = { scheduler: 'test', epoch: EPOCH, startedAt: 'then', cutBytes: 0 }
  made.push(chain.head({ ...facts, reason: 'start', continues: '' }, 1_000).slice())
  const writer = writerWith(
    ({ buffer, bytes }) => {
      made.push(chain.append(buffer, bytes).slice())
      writer.giveBack(buffer)
    },
    4,
    () => EPOCH,
  )
  const queue = queueNamed('mail')
  let seq = 0
  for (let block = 0; block < blocks; block++) {
    const entries = 1 + random.nextInt(4)
    for (let i = 0; i < entries; i++) {
      writer.accepted(taskOf(queue, seq++, { id: random.nextInt(2) === 0 ? 'named' : '' }), block)
    }
    writer.handOver()
  }
  made.push(chain.end(2_000).slice())
  return made
}
