/**
 * What do promises cost? SLA, TTL, running time-out, retry rule and ledger on each task, and a million
 * of them armed.
 *
 * ```
 *  plain     submit ─► nextOffer ─► choose ─► propose ─► succeeded     the policy core alone, as in
 *  ledger    the same, each step written into a ledger in memory      policy-only.ts, a turn of the
 *  promises  the same, and each task waits, runs and is tried under    event loop for each of its own
 *            SLA, TTL, deadline of its queue, time-out, retry rule
 *  own       the same, each task says all of it for itself
 *
 *  armed     1,000,000 tasks wait with SLA, TTL, ageing, deadline:    tick and nextTickMs of a turn in
 *  unarmed   … without any                                            which nothing is due
 * ```
 *
 * CPU is that of the process, so the ledger's thread, which hashes and keeps, counts.
 *
 * Runs on: child processes of the harness. Invariant: each task has one outcome, the ledger has the
 * entries that there must be and none was lost, and its chain verifies.
 */
import { setImmediate as eventLoop } from 'node:timers/promises'
import { Ledger } from '../src/ledger/ledger.ts'
import type { LedgerWriter } from '../src/ledger/ledger-writer.ts'
import { QUEUE_DEFAULTS, type QueueOptions } from '../src/options.ts'
import type { AgentState } from '../src/policy/agents.ts'
import type { AttemptEnd } from '../src/policy/state.ts'
import type { OwnPromises, RecordOptions, TaskRecord } from '../src/policy/task-record.ts'
import { strategyNames } from '../src/routing/registry.ts'
import { NO_OPTIONS } from '../src/wire/submit-options.ts'
import { cpuUs } from './cpu.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Parameters,
  type Report,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { CountedOutcomes, LOOP_AGENTS, LOOP_TURN, PolicyLoop } from './policy-only.ts'
import { armedTimers } from './promises-armed.ts'
import { median } from './statistics.ts'

const HOUR_MS = 3_600_000
/** Accepted, assigned, outcome. */
const ENTRIES_A_TASK = 3

export const PROMISES: QueueOptions = {
  ...QUEUE_DEFAULTS,
  timeoutMs: 60_000,
  ttlMs: HOUR_MS,
  slaTargetMs: 60_000,
  maxAgeMs: HOUR_MS,
  retryCount: 5,
  retryDelayMs: 1_000,
  exponentialBackoff: true,
  retryJitter: 'full',
  retryOn: ['timeout', 'error', 'agent_lost'],
}

const OWN: OwnPromises = {
  ttlMs: HOUR_MS,
  deadlineMs: 2 * HOUR_MS,
  slaTargetMs: 30_000,
  retryDelayMs: 500,
  delayMs: 0,
}
const OWN_OPTIONS: RecordOptions = { ...NO_OPTIONS, timeoutMs: 45_000, retryCount: 3, own: OWN }

/** Everything that an attempt does is written down. */
class Written extends CountedOutcomes {
  readonly #ledger: LedgerWriter
  loop: PolicyLoop | undefined

  constructor(ledger: LedgerWriter) {
    super()
    this.#ledger = ledger
  }

  get #nowMs(): number {
    return this.loop?.nowMs ?? 0
  }

  override outcome(record?: TaskRecord): void {
    super.outcome()
    this.#ledger.outcome(record!, this.#nowMs)
  }

  override ended(
    record?: TaskRecord,
    _counter?: number,
    agent?: AgentState,
    how?: AttemptEnd,
  ): void {
    this.#ledger.ended(record!, agent!, how!, '', this.#nowMs)
  }

  override agentUp(agent?: AgentState): void {
    this.#ledger.agentUp(agent!, this.#nowMs)
  }
}

/** @throws Error unless every task completed once and the ledger holds it all. */
async function policy({ tasks, isLedger, isPromised, isOwn }: Parameters): Promise<Values> {
  const ledger = isLedger === 1 ? newLedger() : undefined
  const effects = ledger === undefined ? new CountedOutcomes() : new Written(ledger.writer)
  const loop = new PolicyLoop({
    effects,
    queue: isPromised === 1 ? PROMISES : QUEUE_DEFAULTS,
    submit: isOwn === 1 ? OWN_OPTIONS : NO_OPTIONS,
    ledger: ledger?.writer,
  })
  if (effects instanceof Written) effects.loop = loop
  const turns = Math.ceil((tasks as number) / LOOP_TURN)
  const warmUpTurns = Math.ceil(turns / 4)
  await ledger?.flush()
  await run(loop, warmUpTurns)
  await ledger?.flush()
  const fromUs = cpuUs()
  const fromMs = performance.now()
  await run(loop, turns)
  const tookMs = performance.now() - fromMs
  // Until the thread is done with all of it.
  await ledger?.flush()
  const tookUs = cpuUs() - fromUs
  // Ends: each call takes one of those that run.
  while (loop.finishOldest());
  const expected = (turns + warmUpTurns) * LOOP_TURN
  check(loop, expected)
  if (ledger !== undefined) await checkLedger(ledger, expected)
  return { cpuUs: tookUs / (turns * LOOP_TURN), perSecond: (turns * LOOP_TURN) / (tookMs / 1_000) }
}

function newLedger(): Ledger {
  return new Ledger(
    {
      name: 'bench',
      epoch: 1,
      agentsMax: 16_384,
      strategies: strategyNames(),
      options: {},
      // A core alone is ten times as quick as a scheduler: room for when the thread gets no CPU.
      chunksMax: 640,
    },
    (kind, { message }) => {
      throw new Error(`${kind}: ${message}`)
    },
  )
}

async function run(loop: PolicyLoop, turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) {
    await loop.turn()
    // Chunks come back between two turns, as in a front end.
    await eventLoop()
  }
}

function check(loop: PolicyLoop, expected: number): void {
  const { completed } = loop.core.counters
  if (completed === expected && loop.effects.outcomes === expected) return
  throw new Error(`${completed} of ${expected} tasks completed, ${loop.effects.outcomes} outcomes`)
}

async function checkLedger(ledger: Ledger, tasks: number): Promise<void> {
  const verdict = await ledger.verify()
  const { entries, lost, failure } = ledger.state
  const expected = tasks * ENTRIES_A_TASK + LOOP_AGENTS
  if (entries !== expected || lost > 0) {
    throw new Error(`${entries} of ${expected} entries were written, ${lost} lost`)
  }
  if (verdict.total > 0 || verdict.blocks === 0) {
    throw new Error(`the chain does not verify: ${verdict.findings[0]?.message}`)
  }
  if (failure !== null) throw new Error(failure)
  await ledger.stop()
}

function configurations({ isQuick }: Extent): Configuration[] {
  const tasks = isQuick ? 5_000 : 500_000
  const waiting = isQuick ? 20_000 : 1_000_000
  const off = { tasks, isLedger: 0, isPromised: 0, isOwn: 0 }
  const turns = isQuick ? 2_000 : 300_000
  return [
    { name: 'plain', run: 'policy', parameters: off },
    { name: 'promises', run: 'policy', parameters: { ...off, isLedger: 1, isPromised: 1 } },
    { name: 'ledger', run: 'policy', parameters: { ...off, isLedger: 1 } },
    { name: 'own', run: 'policy', parameters: { ...off, isLedger: 1, isPromised: 1, isOwn: 1 } },
    { name: 'armed', run: 'armedTimers', parameters: { waiting, turns, isArmed: 1 } },
    { name: 'unarmed', run: 'armedTimers', parameters: { waiting, turns, isArmed: 0 } },
  ]
}

function report(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const added = (name: string) =>
    of(name, 'cpuUs').map((us, repeat) => us - of('plain', 'cpuUs')[repeat])
  const rate = ratios(of('promises', 'perSecond'), of('plain', 'perSecond'))
  const armed = of('armed', 'turnNs')
  const unarmed = of('unarmed', 'turnNs')
  const cpu = (what: string, name: string) => ({
    what: `CPU a task: ${what}; without`,
    unit: 'µs',
    ours: of(name, 'cpuUs'),
    twin: of('plain', 'cpuUs'),
    ratio: ratios(of(name, 'cpuUs'), of('plain', 'cpuUs')),
  })
  return {
    figures: {
      ratioPromisesOn: { value: median(rate), atLeast: 0.5 },
      cpuAddedUs: { value: median(added('promises')), below: 1.5 },
      ledgerAddedUs: { value: median(added('ledger')), below: 0.4 },
      // A turn does the work of a hundred tasks.
      armedTimersNs: {
        value: median(armed.map((ns, repeat) => ns - unarmed[repeat])),
        below: 100,
      },
    },
    rows: [
      {
        what: 'policy core alone, all promises and ledger; without',
        unit: '1/s',
        ours: of('promises', 'perSecond'),
        twin: of('plain', 'perSecond'),
        ratio: rate,
        figure: 'ratioPromisesOn',
      },
      cpu('all promises and ledger', 'promises'),
      { what: 'CPU added a task', unit: 'µs', ours: added('promises'), figure: 'cpuAddedUs' },
      cpu('ledger alone', 'ledger'),
      {
        what: 'CPU added by the ledger',
        unit: 'µs',
        ours: added('ledger'),
        figure: 'ledgerAddedUs',
      },
      cpu('all promises said by the task itself, and ledger', 'own'),
      {
        what: 'tick of a turn, 1,000,000 wait with promises; without',
        unit: 'ns',
        ours: armed,
        twin: unarmed,
        ratio: ratios(armed, unarmed),
        figure: 'armedTimersNs',
      },
    ],
  }
}

export const promises: Benchmark = {
  name: 'promises',
  question: 'what SLA, TTL, time-outs, retry rules and the ledger add to a task, and to a turn',
  doesNotShow: 'tasks that breach, expire or are retried, or a ledger that is written to files',
  configurations,
  runs: { policy, armedTimers },
  report,
}
