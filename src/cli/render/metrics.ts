/** A scheduler's metrics by the names of the source documents, for people; pure functions. */
import type { SchedulerMetrics } from '../../balance-views.ts'
import { fit } from './cells.ts'
import type { Colors } from './colors.ts'
import { list } from './table.ts'
import { bar, count, latency, plain, share } from './text.ts'

const ROWS_MAX = 8
const BAR_WIDTH = 16
const NAME_WIDTH = 26
const SPARK = '▁▂▃▄▅▆▇█'
const SPARK_WIDTH_MAX = 72
const INDENT = 2
const US_PER_MS = 1_000
const MS_PER_MINUTE = 60_000

/** @param width columns of the terminal. */
export function metricsLines(metrics: SchedulerMetrics, width: number, colors: Colors): string[] {
  const section = (title: string, lines: string[]) => [colors.bold(title), ...lines, '']
  const lines = [
    ...section('Assignments', list(assignmentPairs(metrics), colors)),
    ...section('Tasks', list(taskPairs(metrics), colors)),
    ...section('Balance', list(balancePairs(metrics), colors)),
    ...ranked('agent_utilization', metrics.agent_utilization, 100, ' %', colors),
    ...ranked('queue_sizes', metrics.queue_sizes, null, '', colors),
    ...ranked('task_type_distribution', metrics.task_type_distribution, null, '', colors),
    ...depthLines(metrics, width, colors),
  ]
  return lines.slice(0, -1)
}

function assignmentPairs(metrics: SchedulerMetrics): [string, string][] {
  return [
    ['total_tasks_distributed', count(metrics.total_tasks_distributed)],
    ['successful_assignments', count(metrics.successful_assignments)],
    ['failed_assignments', count(metrics.failed_assignments)],
    ['average_assignment_time', time(metrics.average_assignment_time_ms)],
  ]
}

function taskPairs(metrics: SchedulerMetrics): [string, string][] {
  return [
    ['average_wait_time', time(metrics.average_wait_time_ms)],
    ['average_completion_time', time(metrics.average_completion_time_ms)],
    ['success_rate', share(metrics.success_rate)],
    ['failure_rate', share(metrics.failure_rate)],
  ]
}

function balancePairs(metrics: SchedulerMetrics): [string, string][] {
  const of = (done: number, asked: number) => `${count(done)} of ${count(asked)}`
  return [
    ['successful_steals', of(metrics.successful_steals, metrics.steal_attempts)],
    ['recalled_tasks', of(metrics.recalled_tasks, metrics.recall_requests)],
    ['successful_migrations', count(metrics.successful_migrations)],
    ['failed_migrations', count(metrics.failed_migrations)],
    ['rebalance_cycles', count(metrics.rebalance_cycles)],
    ['busy_agents', count(metrics.busy_agents)],
    ['idle_agents', count(metrics.idle_agents)],
    ['load_variation', share(metrics.load_variation)],
    ['load_variance', metrics.load_variance.toFixed(2)],
  ]
}

function time(ms: number): string {
  return latency(ms * US_PER_MS)
}

/** The largest with bars. @param full what fills a bar; null for the largest of them. */
function ranked(
  title: string,
  values: Readonly<Record<string, number>>,
  full: number | null,
  unit: string,
  colors: Colors,
): string[] {
  const rows = Object.entries(values)
    .filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a)
  if (rows.length === 0) return []
  const most = full ?? rows[0][1]
  const lines = rows.slice(0, ROWS_MAX).map(([name, value]) => {
    const drawn = colors.cyan(bar(value / most, BAR_WIDTH))
    return `  ${fit(name, NAME_WIDTH)}  ${drawn}  ${count(value)}${unit}`
  })
  const hidden = rows.length - lines.length
  const rest = hidden > 0 ? [colors.dim(`  and ${count(hidden)} more: -o json has them`)] : []
  return [colors.bold(plain(title)), ...lines, ...rest, '']
}

/** What waited over time, bound included, as a line of small bars. */
function depthLines(
  { queue_depth_samples: samples }: SchedulerMetrics,
  width: number,
  colors: Colors,
): string[] {
  if (samples.length < 2) return []
  const depths = samples.map(({ waiting, bound }) => waiting + bound)
  const room = Math.max(1, Math.min(SPARK_WIDTH_MAX, width - INDENT))
  const most = Math.max(...depths)
  const minutes = Math.round((samples[samples.length - 1].at - samples[0].at) / MS_PER_MINUTE)
  const over = minutes <= 1 ? 'the last minute' : `the last ${count(minutes)} min`
  const title = `${colors.bold('queue_depth')} ${colors.dim(`over ${over}, ${count(most)} at most`)}`
  return [title, `  ${colors.cyan(sparkline(depths, room))}`, '']
}

/** @returns at most `width` characters, each for the highest of some values in a row. */
export function sparkline(values: readonly number[], width: number): string {
  const columns = Math.min(width, values.length)
  const most = Math.max(1, ...values)
  let line = ''
  for (let at = 0; at < columns; at++) {
    const from = Math.floor((at * values.length) / columns)
    const to = Math.floor(((at + 1) * values.length) / columns)
    const highest = Math.max(...values.slice(from, to))
    line += SPARK[Math.ceil((highest / most) * (SPARK.length - 1))]
  }
  return line
}
