/**
 * `replay --strategy`: what a recorded stretch would have been like under another strategy.
 *
 * ```
 *   journal ──► Replayer (compares, as ever) ──► Recording: arrivals, agents, service times
 *                                                     │
 *               waits as they were ◄──────────────────┼──► fleet model, strategies as recorded ──► waits
 *                                                     └──► fleet model, the other one ──────────► waits
 * ```
 *
 * Runs in the process of the command. Invariant: both runs of the model are given the same tasks, agents
 * and times, so what differs between them is the strategy; the recorded waits stand beside them to
 * show how far the model can be believed.
 *
 * The model: an attempt takes an agent as long as it took the one that had it, times the ratio of the
 * two agents' mean times for that type; with the same agent it stays as it was. A task runs once, as
 * long as its last attempt did. Agents come and go as they did. Learning begins with nothing.
 */
import { nowMs } from '../clock.ts'
import { SignalboxError } from '../errors.ts'
import type { Workload } from '../fleet-model/workload.ts'
import { Replayer } from '../journal/replayer.ts'
import type { Binding } from '../options.ts'
import { isFinal } from '../policy/task-record.ts'
import { canonicalStrategy } from '../routing/aliases.ts'
import { strategyNames } from '../routing/registry.ts'
import { type JournalFacts, JournalInput } from './journal-input.ts'
import { RecordedTasks, type ReplayedWaits } from './recorded-tasks.ts'
import { Recording } from './recording.ts'

export interface StrategyReplay extends JournalFacts {
  strategy: string
  /** Of queues whose tasks were replayed, by queue. */
  recordedStrategies: Record<string, string>
  tasks: number
  agents: number
  /** Never answered, or open at the end: in none of the figures. */
  leftOut: number
  recorded: ReplayedWaits
  /** The recorded strategies in the model; null when one of them is not Signalbox's own. */
  modelled: ReplayedWaits | null
  other: ReplayedWaits
  /** Tasks that nobody was left for, in the other run. */
  unplaced: number
  elapsedMs: number
  isEnded: boolean
  cutBytes: number
}

/**
 * @param progress told the share that is done with the journal, 0 … 1.
 * @throws bad_option for an unknown strategy; journal_failed, bad_journal, journal_mismatch
 */
export async function replayStrategy(
  file: string,
  given: string,
  progress: (share: number) => void,
): Promise<StrategyReplay> {
  const strategy = canonicalStrategy(given)
  if (strategy === null) {
    throw new SignalboxError(
      'bad_option',
      `Strategy "${given}" is unknown; use one of ${strategyNames().join(', ')}.`,
    )
  }
  const startedAtMs = nowMs()
  const input = await JournalInput.open(file)
  try {
    const { recording, replayer } = await record(input, progress)
    if (recording.arrivedMs.length === 0) {
      throw new SignalboxError(
        'bad_journal',
        `${file} holds no task that was answered: there is nothing to place otherwise.`,
      )
    }
    const tasks = new RecordedTasks(recording)
    const queues = queuesOf(replayer, tasks.workload)
    const isOurs = Object.values(queues).every(({ strategy: name }) => canonicalStrategy(name))
    const others = Object.entries(queues).map(([name, { binding }]) => [
      name,
      { strategy, binding },
    ])
    const other = tasks.run(strategy, Object.fromEntries(others))
    return {
      ...input.facts,
      bytes: input.bytesRead,
      strategy,
      recordedStrategies: Object.fromEntries(
        Object.entries(queues).map(([name, queue]) => [name, queue.strategy]),
      ),
      tasks: tasks.workload.count,
      agents: new Set(recording.stays.map(({ agent }) => agent.id)).size,
      leftOut: recording.unanswered + openIn(replayer),
      recorded: tasks.recorded(),
      modelled: isOurs ? tasks.run(strategy, queues).waits : null,
      other: other.waits,
      unplaced: other.unplaced,
      elapsedMs: nowMs() - startedAtMs,
      isEnded: replayer.end !== null,
      cutBytes: replayer.reader.leftBytes,
    }
  } finally {
    await input.close()
  }
}

async function record(input: JournalInput, progress: (share: number) => void) {
  const recording = new Recording()
  const replayer = new Replayer(recording)
  recording.source = replayer
  for await (const piece of input.pieces(progress)) replayer.push(piece, true)
  replayer.finish()
  recording.finish()
  return { recording, replayer }
}

function openIn({ tasks }: Replayer): number {
  let open = 0
  for (const { state } of tasks.values()) if (!isFinal(state)) open++
  return open
}

type Queues = Record<string, { strategy: string; binding: Binding }>

/** Who chose for the queues of these tasks at the journal's end, and how their tasks were bound. */
function queuesOf({ core, head }: Replayer, { types }: Workload): Queues {
  const names = new Set(types.map(({ queue }) => queue!))
  return Object.fromEntries(
    [...names].map((name) => {
      const { strategyIndex, early } = core.queues.get(name)!
      return [
        name,
        { strategy: head!.strategies[strategyIndex], binding: early ? 'early' : 'late' },
      ]
    }),
  )
}
