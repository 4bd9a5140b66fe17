/** The stages that a task has left by rules on its results, as text; pure functions. */
import type { StageView, TaskRow } from '../../task.ts'
import type { Colors } from './colors.ts'
import { type Column, table } from './table.ts'
import { count, duration, plain } from './text.ts'

const COLUMNS: Column[] = [
  { title: 'stage' },
  { title: 'by' },
  { title: 'tries', right: true },
  { title: 'waited', right: true },
  { title: 'worked', right: true },
  { title: 'went on to' },
]

/** @returns nothing for a task that has left none. */
export function stageLines({ stages, state }: TaskRow, colors: Colors): string[] {
  if (stages.length === 0) return []
  const rows = stages.map((stage, at) => [
    plain(stage.sourceQueue),
    plain(stage.agent),
    count(stage.attempts),
    between(stage.readyAt, stage.startedAt),
    between(stage.startedAt, stage.finishedAt),
    `${destination(stage, at === stages.length - 1 && state === 'failed')} (rule ${stage.rule + 1})`,
  ])
  return ['', 'Stages that it has left', ...table(COLUMNS, rows, colors)]
}

/** One that several have decided has waited and worked for others alone. */
function between(from: number | null, to: number | null): string {
  return from === null || to === null ? '–' : duration(Math.max(0, to - from))
}

/** A task that a rule has ended went nowhere. */
function destination({ sourceQueue, destinationQueue }: StageView, isEnd: boolean): string {
  return isEnd && sourceQueue === destinationQueue ? 'its end' : plain(destinationQueue)
}
