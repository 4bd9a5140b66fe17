/**
 * The policy core alone: a task from submit to its outcome, with effects that do nothing; with a
 * journal in memory beside without.
 *
 * Runs on: a child process of the assignment benchmark, one thread. Invariant: every task that was
 * submitted completes once; ids are made up by the core, as for a submit that names none.
 *
 * The order is the front end's, in turns of 64: results of the oldest tasks, submits, then every
 * placeable head is offered, chosen for by the front end's own chooser and proposed. The record of a
 * task is made here as `decode` makes it, and counts.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemory, DEFAULT_SHAPE, NONE } from '../native-free/index.ts'
import { RecordedCore } from '../src/journal/recorder.ts'
import { SchedulerJournal } from '../src/journal/scheduler-journal.ts'
import type { LedgerWriter } from '../src/ledger/ledger-writer.ts'
import { QUEUE_DEFAULTS, type QueueOptions, SCHEDULER_DEFAULTS } from '../src/options.ts'
import { SILENT } from '../src/policy/agents.ts'
import { COMMITTED } from '../src/policy/core.ts'
import { NoEffects } from '../src/policy/no-effects.ts'
import { type Origin, type RecordOptions, TaskRecord } from '../src/policy/task-record.ts'
import { Chooser } from '../src/routing/chooser.ts'
import { Random } from '../src/routing/generator.ts'
import { createStrategies, strategyNames } from '../src/routing/registry.ts'
import { runReplay } from '../src/service/replay.ts'
import { STRATEGY_DEFAULTS } from '../src/strategy-options.ts'
import { NO_OPTIONS } from '../src/wire/submit-options.ts'
import { cpuUs } from './cpu.ts'
import type { Parameters, Values } from './harness.ts'

const AGENTS = 100
const CONCURRENCY = 10
/** Half of all credit: where agents spend their day. */
const RUNNING = (AGENTS * CONCURRENCY) / 2
const TURN = 64
const PAYLOAD = new Uint8Array(256)

const NOBODY: Origin = { accepted() {}, outcome() {}, refused() {} }

export class CountedOutcomes extends NoEffects {
  outcomes = 0
  override outcome(): void {
    this.outcomes++
  }
}

export const LOOP_TURN = TURN
export const LOOP_AGENTS = AGENTS

/** What a benchmark may do otherwise. */
export interface LoopOptions {
  effects?: CountedOutcomes
  queue?: QueueOptions
  /** What each task says of itself. */
  submit?: RecordOptions
  ledger?: LedgerWriter
}

export class PolicyLoop {
  readonly effects: CountedOutcomes
  readonly core: RecordedCore
  nowMs = 0
  readonly #chooser: Chooser
  /** Placed and not finished, oldest first, in a ring. */
  readonly #running: TaskRecord[] = []
  #oldest = 0
  readonly #submitOptions: RecordOptions
  readonly #ledger: LedgerWriter | undefined

  constructor({ effects, queue, submit, ledger }: LoopOptions = {}) {
    this.effects = effects ?? new CountedOutcomes()
    this.#submitOptions = submit ?? NO_OPTIONS
    this.#ledger = ledger
    const memory = createMemory({ ...DEFAULT_SHAPE, routerCount: 0, latencyStageCount: 0 })
    const { agentCountMax, classCountMax, slotCount } = memory.shape
    const names = strategyNames()
    this.core = new RecordedCore(
      memory,
      {
        epoch: Date.now(),
        slots: slotCount,
        agentsMax: agentCountMax,
        classesMax: classCountMax,
        leaseMs: SCHEDULER_DEFAULTS.leaseMs,
        keep: SCHEDULER_DEFAULTS.keep,
        strictQueues: false,
        queueDefaults: queue ?? QUEUE_DEFAULTS,
        queues: {},
        agentQueueMax: SCHEDULER_DEFAULTS.agentQueueMax,
        protectFrom: SCHEDULER_DEFAULTS.stealing.protectFrom,
        deadLetterMoves: {},
        dedup: SCHEDULER_DEFAULTS.dedup,
        routersOnlyFrom: names.length,
        strategyIndex: (name) => names.indexOf(name),
      },
      this.effects,
      { name: 'bench', startedAt: new Date().toISOString(), strategies: names, counterStart: 0 },
    )
    const options = STRATEGY_DEFAULTS
    const context = { random: new Random(1), options, phase: 0, agentCountMax, classCountMax }
    this.#chooser = new Chooser(memory, createStrategies(names, context))
    for (let i = 0; i < AGENTS; i++) this.#join(`agent-${i}`)
  }

  #join(id: string): void {
    const joined = this.core.hello(
      {
        id,
        instance: 'one',
        queues: ['bench'],
        capabilities: [],
        labels: {},
        specializations: {},
        concurrency: CONCURRENCY,
        ...SILENT,
        link: null,
      },
      0,
    )
    if (typeof joined === 'string') throw new Error(`agent ${id} was refused: ${joined}`)
  }

  /** One turn of the front end, a millisecond after the one before; what was queued runs behind it. */
  async turn(): Promise<void> {
    this.nowMs++
    this.core.tick(this.nowMs)
    const excess = this.#running.length - this.#oldest + TURN - RUNNING
    for (let i = 0; i < excess; i++) this.finishOldest()
    for (let i = 0; i < TURN; i++) this.#submit()
    for (let record = this.core.nextOffer(this.nowMs); record !== null; ) {
      this.#place(record)
      record = this.core.nextOffer(this.nowMs)
    }
  }

  #submit(): void {
    const record = new TaskRecord(
      '',
      'bench',
      this.#submitOptions,
      PAYLOAD,
      0,
      PAYLOAD.length,
      NOBODY,
      '_INBOX.bench.1',
      false,
      true,
      0,
    )
    const refusal = this.core.submit(record, this.nowMs)
    if (refusal !== null) throw new Error(`a task was refused: ${refusal.code}`)
    this.#ledger?.accepted(record, this.nowMs)
  }

  #place(record: TaskRecord): void {
    const { slot, generation: offered } = record.attempt!
    const agent = this.#chooser.choose(slot)
    if (agent === NONE) throw new Error('nobody was found, though credit is free')
    const generation = this.core.table.generation(agent as never)
    if (this.core.propose(slot, offered, agent, generation, this.nowMs) !== COMMITTED) {
      throw new Error(`the proposal for slot ${slot} was not committed`)
    }
    this.#ledger?.assigned(record, 0, 0, this.nowMs)
    this.#running.push(record)
  }

  /** @returns false when nothing runs. */
  finishOldest(): boolean {
    if (this.#oldest === this.#running.length) return false
    this.core.succeeded(this.#running[this.#oldest++], this.nowMs)
    if (this.#oldest >= 4_096) this.#running.splice(0, this.#oldest)
    if (this.#oldest >= 4_096) this.#oldest = 0
    return true
  }
}

/** @throws Error unless every task completed once, and a recorded end replays to the same state. */
export async function policyOnly({ tasks, isRecorded }: Parameters): Promise<Values> {
  const loop = new PolicyLoop()
  const journal = isRecorded === 1 ? await recording(loop) : null
  const turns = Math.ceil((tasks as number) / TURN)
  const warmUpTurns = Math.ceil(turns / 4)
  for (let i = 0; i < warmUpTurns; i++) await loop.turn()
  const fromUs = cpuUs()
  for (let i = 0; i < turns; i++) await loop.turn()
  const tookUs = cpuUs() - fromUs
  if (journal !== null) await checkJournal(journal)
  // Ends: each call takes one of those that run.
  while (loop.finishOldest());
  const expected = (turns + warmUpTurns) * TURN
  const { completed } = loop.core.counters
  if (completed !== expected || loop.effects.outcomes !== expected) {
    throw new Error(`${completed} of ${expected} tasks completed`)
  }
  return { cpuUs: tookUs / (turns * TURN) }
}

async function recording({ core }: PolicyLoop): Promise<SchedulerJournal> {
  const bytesMax = SCHEDULER_DEFAULTS.journalBytesMax
  const journal = new SchedulerJournal(core, { bytesMax }, (kind, { reason }) => {
    throw new Error(`${kind}: ${reason}`)
  })
  await journal.start()
  return journal
}

async function checkJournal(journal: SchedulerJournal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  try {
    const file = join(folder, 'run.sbj')
    await journal.save(file)
    const { isEnded } = await runReplay(file, () => {})
    if (!isEnded) throw new Error('the journal has no end')
  } finally {
    await rm(folder, { recursive: true })
  }
}
