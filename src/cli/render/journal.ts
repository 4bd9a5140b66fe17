/** What `replay` and `check` show; pure functions. */
import type { CheckResult } from '../../service/check.ts'
import type { JournalFacts } from '../../service/journal-input.ts'
import type { ReplayedWaits } from '../../service/recorded-tasks.ts'
import type { ReplayResult } from '../../service/replay.ts'
import type { StrategyReplay } from '../../service/replay-strategy.ts'
import type { Colors } from './colors.ts'
import { list, table } from './table.ts'
import { bytes, count, duration, percent, plain } from './text.ts'

/** One line that is written over itself. @param share 0 … 1. */
export function readingLine(what: string, share: number): string {
  return ` ${what} ${percent(share, 1)}`
}

export function replayLines(result: ReplayResult, colors: Colors): string[] {
  const { events, effects, tasks, elapsedMs, eventsPerSecond, digest, isEnded } = result
  const pairs: [string, string][] = [
    ['tasks', count(tasks)],
    ['events', count(events)],
    ['effects', count(effects)],
    ['replayed', `in ${duration(elapsedMs)}: ${colors.bold(`${count(eventsPerSecond)} events/s`)}`],
    ['digest', digest],
  ]
  const verdict = `${colors.green('Same state')}: all answers, all effects and the end are as recorded.`
  return [headline(result, colors), '', ...list(pairs, colors), ...(isEnded ? ['', verdict] : [])]
}

export function strategyReplayLines(result: StrategyReplay, colors: Colors): string[] {
  const { strategy, recordedStrategies, tasks, agents, leftOut, unplaced } = result
  const { recorded, modelled, other } = result
  const names = [...new Set(Object.values(recordedStrategies))].map(plain).join(', ')
  const pairs: [string, string][] = [
    ['tasks', `${count(tasks)}, by ${count(agents)} ${agents === 1 ? 'agent' : 'agents'}`],
    ['left out', leftOut === 0 ? '' : `${count(leftOut)} that were never answered`],
    ['not placed', unplaced === 0 ? '' : `${count(unplaced)} that nobody was left for`],
    ['strategy', `${names}, as recorded; ${colors.bold(strategy)} instead`],
  ]
  const columns = [
    { title: 'ms' },
    ...['mean wait', 'p50', 'p99', 'mean to completion', 'p99'].map((title) => ({
      title,
      right: true,
    })),
  ]
  const rows = [
    waitsRow('recorded', recorded),
    ...(modelled === null ? [] : [waitsRow(`model, ${names}`, modelled)]),
    waitsRow(`model, ${strategy}`, other),
    differenceRow(other, modelled ?? recorded),
  ]
  return [
    headline(result, colors),
    '',
    ...list(
      pairs.filter(([, value]) => value !== ''),
      colors,
    ),
    '',
    ...table(columns, rows, colors),
  ]
}

function waitsRow(name: string, waits: ReplayedWaits): string[] {
  return [name, ...valuesOf(waits).map((ms) => ms.toFixed(1))]
}

/** With its sign: what is below zero is shorter. */
function differenceRow(other: ReplayedWaits, than: ReplayedWaits): string[] {
  const before = valuesOf(than)
  const differences = valuesOf(other).map((ms, at) => ms - before[at])
  return ['difference', ...differences.map((ms) => `${ms > 0 ? '+' : ''}${ms.toFixed(1)}`)]
}

function valuesOf({ wait, total }: ReplayedWaits): number[] {
  return [wait.mean, wait.p50, wait.p99, total.mean, total.p99]
}

export function checkLines(result: CheckResult, colors: Colors): string[] {
  const { tasks, records, elapsedMs, recordsPerSecond, findings, total, ended, isWhole } = result
  const pairs: [string, string][] = [
    ['tasks', count(tasks)],
    ['records', count(records)],
    [
      'checked',
      `in ${duration(elapsedMs)}: ${colors.bold(`${count(recordsPerSecond)} records/s`)}`,
    ],
  ]
  const good = `${colors.green('No finding')}: nothing lost, doubled, overtaken, mis-assigned or counted wrong.`
  const all = total === 1 ? '1 finding' : `${count(total)} findings`
  const bad =
    total > findings.length ? `${all}, of which the first ${findings.length} are shown` : all
  return [
    headline(result, colors),
    '',
    ...list(pairs, colors),
    ...(isWhole ? [] : [colors.dim('  It begins in the middle: what was before is not known.')]),
    '',
    ...(total > 0 ? findingLines(findings, colors) : []),
    ...(total > 0 ? ['', colors.red(bad)] : []),
    ...(total === 0 && ended ? [good] : []),
  ]
}

function findingLines(findings: CheckResult['findings'], colors: Colors): string[] {
  const columns = [{ title: 'record', right: true }, { title: 'kind' }, { title: 'what' }]
  const rows = findings.map(({ record, kind, message }) => [
    count(record),
    colors.bold(kind),
    plain(message),
  ])
  return table(columns, rows, colors)
}

function headline({ scheduler, startedAt, bytes: size }: JournalFacts, colors: Colors): string {
  const when = plain(startedAt)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
  return `Journal of scheduler ${colors.bold(plain(scheduler))} from ${when}, ${bytes(size)}`
}
