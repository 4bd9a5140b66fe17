/**
 * What a million armed promises cost a turn in which none of them is due.
 *
 * Runs on: a child process of the promises benchmark, one thread. Invariant: all tasks wait from the
 * first turn to the last, and nothing has become of them.
 */
import { createMemory, DEFAULT_SHAPE } from '../native-free/index.ts'
import { RecordedCore } from '../src/journal/recorder.ts'
import { QUEUE_DEFAULTS, type QueueOptions, SCHEDULER_DEFAULTS } from '../src/options.ts'
import { NOBODY, TaskRecord } from '../src/policy/task-record.ts'
import { strategyNames } from '../src/routing/registry.ts'
import { NO_OPTIONS } from '../src/wire/submit-options.ts'
import { cpuUs } from './cpu.ts'
import type { Parameters, Values } from './harness.ts'
import { CountedOutcomes } from './policy-only.ts'

const DAY_MS = 86_400_000
const PAYLOAD = new Uint8Array(16)
const LEVELS = 5
/** As many tasks arrive in a ms of the policy's time. */
const ARRIVALS = 64

const NONE: QueueOptions = {
  ...QUEUE_DEFAULTS,
  tasksMax: 2_000_000_000,
  boostAfterMs: { background: 0, low: 0, normal: 0 },
}
const ARMED: QueueOptions = {
  ...NONE,
  slaTargetMs: DAY_MS,
  ttlMs: 2 * DAY_MS,
  deadlineMs: 3 * DAY_MS,
  maxAgeMs: DAY_MS,
  boostAfterMs: { background: DAY_MS, low: DAY_MS, normal: DAY_MS },
}

/** @throws Error unless every task still waits. */
export async function armedTimers({ waiting, turns, isArmed }: Parameters): Promise<Values> {
  const core = coreWith(isArmed === 1 ? ARMED : NONE)
  const count = waiting as number
  for (let i = 0; i < count; i++) submit(core, i)
  let nowMs = Math.ceil(count / ARRIVALS)
  const warmUp = (turns as number) / 10
  let earliestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < warmUp; i++) {
    core.tick(++nowMs)
    earliestMs = Math.min(earliestMs, core.nextTickMs())
  }
  // Its CPU: what else runs on the machine is not the turn's.
  const fromUs = cpuUs()
  for (let i = 0; i < (turns as number); i++) {
    core.tick(++nowMs)
    earliestMs = Math.min(earliestMs, core.nextTickMs())
  }
  const tookNs = 1_000 * (cpuUs() - fromUs)
  if (core.queues.get('bench')!.waiting !== count) throw new Error('a task does not wait any more')
  if (isArmed === 1 && earliestMs > 4 * DAY_MS) throw new Error('no promise was armed')
  return { turnNs: tookNs / (turns as number) }
}

function submit(core: RecordedCore, number: number): void {
  const level = 1 + (number % LEVELS)
  const record = new TaskRecord(
    '',
    'bench',
    { ...NO_OPTIONS, level },
    PAYLOAD,
    0,
    PAYLOAD.length,
    NOBODY,
    null,
    false,
    false,
    0,
  )
  const refusal = core.submit(record, Math.floor(number / ARRIVALS))
  if (refusal !== null) throw new Error(`a task was refused: ${refusal.code}`)
}

function coreWith(queueDefaults: QueueOptions): RecordedCore {
  const memory = createMemory({ ...DEFAULT_SHAPE, routerCount: 0, latencyStageCount: 0 })
  const { agentCountMax, classCountMax, slotCount } = memory.shape
  const names = strategyNames()
  return new RecordedCore(
    memory,
    {
      epoch: 1,
      slots: slotCount,
      agentsMax: agentCountMax,
      classesMax: classCountMax,
      leaseMs: SCHEDULER_DEFAULTS.leaseMs,
      keep: SCHEDULER_DEFAULTS.keep,
      strictQueues: false,
      queueDefaults,
      queues: {},
      agentQueueMax: SCHEDULER_DEFAULTS.agentQueueMax,
      protectFrom: SCHEDULER_DEFAULTS.stealing.protectFrom,
      deadLetterMoves: {},
      dedup: SCHEDULER_DEFAULTS.dedup,
      routersOnlyFrom: names.length,
      strategyIndex: (name) => names.indexOf(name),
    },
    new CountedOutcomes(),
    { name: 'bench', startedAt: '', strategies: names, counterStart: 0 },
  )
}
