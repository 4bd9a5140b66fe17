/** A small core that is driven by hand, and what it records. */
import { createMemory, DEFAULT_SHAPE } from '../../native-free/index.ts'
import { RecordedCore } from '../../src/journal/recorder.ts'
import { blankTask } from '../../src/journal/state-classes.ts'
import { JournalWriter } from '../../src/journal/writer.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { NoEffects } from '../../src/policy/no-effects.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'

const NO_EFFECTS = new NoEffects()

const SMALL = { slotCount: 32, agentCountMax: 32, classCountMax: 32 }

export function smallCore(): RecordedCore {
  const memory = createMemory({
    ...DEFAULT_SHAPE,
    ...SMALL,
    routerCount: 0,
    latencyStageCount: 0,
  })
  return new RecordedCore(
    memory,
    {
      epoch: 1_800_000_000_000,
      slots: SMALL.slotCount,
      agentsMax: SMALL.agentCountMax,
      classesMax: SMALL.classCountMax,
      leaseMs: 10_000,
      keep: { count: 100, ageSeconds: 60, bytes: 1_000_000 },
      strictQueues: false,
      queueDefaults: QUEUE_DEFAULTS,
      queues: {},
      agentQueueMax: 16,
      protectFrom: 4,
      deadLetterMoves: {},
      dedup: { windowSeconds: 120, count: 1_000 },
      routersOnlyFrom: 1,
      strategyIndex: () => 0,
    },
    NO_EFFECTS,
    {
      name: 'small',
      startedAt: '2027-01-15T08:00:00.000Z',
      strategies: ['least_loaded'],
      counterStart: 0,
    },
  )
}

export function submit(core: RecordedCore, id: string, atMs: number): TaskRecord {
  const task = blankTask(id, 'ocr', { level: 3, requires: [], timeoutMs: null, retryCount: null })
  core.submit(task, atMs)
  return task
}

export function hello(core: RecordedCore, id: string, atMs: number): void {
  const names = { queues: ['ocr'], capabilities: ['latin', 'greek'] }
  const numbers = { labels: { gpu: 24 }, specializations: {} }
  const how = {
    concurrency: 2,
    beats: true,
    keeps: true,
    pull: false,
    leased: true,
    preemptible: false,
    recalls: false,
    claims: false,
    declines: false,
  }
  core.hello({ id, instance: 'x1', ...names, ...numbers, ...how, link: null }, atMs)
}

/** Offers the next task and gives it to the first agent. */
export function place(core: RecordedCore, atMs: number): TaskRecord {
  const task = core.nextOffer(atMs)!
  const agent = core.agentAt.findIndex((each) => each !== undefined)
  const { slot, generation } = task.attempt!
  core.propose(slot, generation, agent, core.agentAt[agent]!.generation, atMs, true)
  return task
}

/** What the document's example shows. */
export function exampleRun(core: RecordedCore): void {
  hello(core, 'reader-1', 1_000)
  submit(core, 'page-7', 1_012)
  core.failed(place(core, 1_012), 'smudge', 'the page is wet', true, 1_020)
  core.succeeded(place(core, 1_020), 1_033)
}

/** @returns the bytes of a journal from HEAD to END. */
export function journalOf(core: RecordedCore, run: (core: RecordedCore) => void): Uint8Array {
  const chunks: Uint8Array[] = []
  core.record(new JournalWriter({ sink: (bytes) => chunks.push(bytes) }))
  run(core)
  core.stopRecording()
  return Buffer.concat(chunks)
}
