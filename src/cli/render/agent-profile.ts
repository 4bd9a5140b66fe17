/** An agent's profile in a box, as source document 004 draws it, and utilisation as a table; pure functions. */
import type { AgentProfile, AgentUtilization, Trend } from '../../balance-views.ts'
import { cellsOf, fit } from './cells.ts'
import type { Colors } from './colors.ts'
import { table, wrappedList } from './table.ts'
import { bar, count, cut, duration, latency, plain, share, wrap } from './text.ts'

const NOTHING = '–'
const RUNNING_SHOWN = 8
const BAR_WIDTH = 10
const NAME_WIDTH = 24
/** Edge, space, text, space, edge. */
const FRAME = 4
const TEXT_MIN = 36
const TEXT_MAX = 76
const MS_PER_SECOND = 1_000
const US_PER_MS = 1_000
const SUCCESS_GOOD = 0.95

type Paint = (text: string) => string

interface Line {
  text: string
  paint?: Paint
}

/** @param width columns of the terminal; from 40 on no line is longer. */
export function profileLines(profile: AgentProfile, width: number, colors: Colors): string[] {
  const room = Math.max(TEXT_MIN, Math.min(TEXT_MAX, width - FRAME))
  const lines = [
    ...headLines(profile, room, colors),
    { text: '' },
    ...loadLines(profile, colors),
    { text: '' },
    ...resultLines(profile, colors),
    { text: '' },
    ...trendLines(profile, colors),
  ]
  const widest = Math.max(TEXT_MIN, ...lines.map(({ text }) => cellsOf(plain(text))))
  const inside = Math.min(room, widest)
  const edge = colors.dim('│')
  return [
    colors.dim(`┌${'─'.repeat(inside + 2)}┐`),
    ...lines.map(({ text, paint = String }) => `${edge} ${paint(fit(text, inside))} ${edge}`),
    colors.dim(`└${'─'.repeat(inside + 2)}┘`),
  ]
}

function headLines(profile: AgentProfile, room: number, colors: Colors): Line[] {
  const { agent, status, condition, reason, capacity } = profile
  const isFit = condition === 'fit'
  return [
    { text: `Agent ID: ${agent}`, paint: colors.bold },
    {
      text: `Status: ${status}${isFit || condition === status ? '' : `, ${condition}`}`,
      paint: isFit ? statusPaint(status, colors) : colors.yellow,
    },
    ...(reason === null
      ? []
      : wrap(plain(reason), room - 2).map((text) => ({ text: `  ${text}` }))),
    { text: `Capacity: ${tasks(capacity, 'parallel task')}` },
  ]
}

function statusPaint(status: string, colors: Colors): Paint {
  if (status === 'offline') return colors.red
  return status === 'available' ? colors.green : colors.yellow
}

function loadLines(profile: AgentProfile, colors: Colors): Line[] {
  const { status, load, capacity, running, queued, unbegun } = profile
  const shown = running.slice(0, RUNNING_SHOWN)
  const hidden = running.length - shown.length
  const free = takesNothing(status) ? 0 : Math.max(0, capacity - load)
  return [
    {
      text: `Current Load: ${count(load)}/${count(capacity)} (${whole(load / capacity)} %)`,
      paint: load > capacity ? colors.yellow : String,
    },
    ...tree([
      ...shown.map(({ task, forMs }, i) => ({ text: `Task ${i + 1}: ${task} (${short(forMs)})` })),
      ...(hidden > 0 ? [{ text: `and ${count(hidden)} more` }] : []),
      ...(unbegun > 0 ? [{ text: `Sent in advance: ${count(unbegun)}` }] : []),
      ...(queued > 0 ? [{ text: `In its own queue: ${count(queued)}` }] : []),
      { text: `Available: ${free === 0 ? 'none' : tasks(free, 'slot')}` },
    ]),
  ]
}

/** It leaves, is silent, in quarantine or in maintenance. */
function takesNothing(status: string): boolean {
  return status === 'maintenance' || status === 'offline'
}

function resultLines({ last }: AgentProfile, colors: Colors): Line[] {
  const { results, meanMs, successRate, slaCompliance, errors } = last
  const isBad = successRate !== null && successRate < SUCCESS_GOOD
  return [
    { text: `Performance (last ${tasks(results, 'task')}):` },
    ...tree([
      { text: `Avg duration: ${meanMs === null ? NOTHING : taskTime(meanMs)}` },
      {
        text: `Success rate: ${successRate === null ? NOTHING : share(successRate)}`,
        paint: isBad ? colors.red : String,
      },
      { text: `SLA compliance: ${slaCompliance === null ? NOTHING : share(slaCompliance)}` },
      { text: `Errors: ${count(errors)}`, paint: errors > 0 ? colors.yellow : String },
    ]),
  ]
}

function trendLines({ hour }: AgentProfile, colors: Colors): Line[] {
  const { tasksPerHour, loadMin, loadMax, loadTrend, errors, errorTrend } = hour
  const [least, most] = [whole(loadMin), whole(loadMax)]
  const range = `${least === most ? most : `${least}-${most}`} %`
  return [
    { text: 'Trend (last hour):' },
    ...tree([
      { text: `Throughput: ${tasks(tasksPerHour, 'task')}/hour` },
      { text: `Load trend: ${loadTrend} (${range})` },
      {
        text: `Error trend: ${errorTrend}${errors === 0 ? '' : ` (${tasks(errors, 'error')})`}`,
        paint: trendPaint(errorTrend, colors),
      },
    ]),
  ]
}

function trendPaint(trend: Trend, colors: Colors): Paint {
  if (trend === 'stable') return String
  return trend === 'rising' ? colors.red : colors.green
}

function tree(lines: Line[]): Line[] {
  return lines.map(({ text, paint }, i) => {
    return { text: `${i === lines.length - 1 ? '└─' : '├─'} ${text}`, paint }
  })
}

function tasks(value: number, name: string): string {
  const shown = value > 0 && value < 9.95 && value % 1 !== 0 ? value.toFixed(1) : count(value)
  return `${shown} ${name}${shown === '1' ? '' : 's'}`
}

function whole(part: number): string {
  return count(part * 100)
}

/** `1.24 ms`, `42.3 s`. */
function taskTime(ms: number): string {
  return ms < MS_PER_SECOND ? latency(ms * US_PER_MS) : duration(ms)
}

/** `4.2 s`, `15 s`. */
function short(ms: number): string {
  return ms >= 10 * MS_PER_SECOND && ms < 60 * MS_PER_SECOND
    ? `${Math.floor(ms / MS_PER_SECOND)} s`
    : duration(ms)
}

/** Those with most in use first. */
export function byUse(agents: AgentUtilization[]): AgentUtilization[] {
  return [...agents].sort(
    (a, b) =>
      b.utilization_percent - a.utilization_percent ||
      a.agent_id.localeCompare(b.agent_id, 'en', { numeric: true }),
  )
}

/** A row for each. */
export function utilizationLines(
  agents: AgentUtilization[],
  width: number,
  colors: Colors,
): string[] {
  if (agents.length === 0) {
    return ['No agents. Start one: `npx signalbox agent run NAME --queue QUEUE --exec COMMAND`.']
  }
  const columns = [
    { title: 'agent' },
    { title: '' },
    { title: 'used', right: true },
    { title: 'load', right: true },
    { title: 'free', right: true },
    { title: 'avg', right: true },
    { title: 'success', right: true },
    { title: 'SLA', right: true },
  ]
  // In a narrow terminal the bars go first.
  const hasBars = width >= 72
  const rows = agents.map((agent) => utilizationRow(agent, colors))
  const kept = <Cell>(cells: Cell[]) => cells.filter((_, at) => hasBars || at !== 1)
  return table(kept(columns), rows.map(kept), colors)
}

function utilizationRow(agent: AgentUtilization, colors: Colors): string[] {
  const { agent_id, current_load, max_capacity, utilization_percent } = agent
  const { available_slots, avg_task_time, success_rate, sla_compliance_percent } = agent
  const paint = utilization_percent > 100 ? colors.yellow : colors.cyan
  return [
    cut(plain(agent_id), NAME_WIDTH),
    paint(bar(utilization_percent / 100, BAR_WIDTH)),
    `${count(utilization_percent)} %`,
    `${count(current_load)}/${count(max_capacity)}`,
    count(available_slots),
    avg_task_time === null ? NOTHING : taskTime(avg_task_time * MS_PER_SECOND),
    success_rate === null ? NOTHING : share(success_rate),
    sla_compliance_percent === null ? NOTHING : share(sla_compliance_percent / 100),
  ]
}

/** One agent by the names of the source. */
export function oneUtilizationLines(
  agent: AgentUtilization,
  width: number,
  colors: Colors,
): string[] {
  const { avg_task_time: seconds, success_rate: success, sla_compliance_percent: sla } = agent
  const pairs: [string, string][] = [
    ['current_load', count(agent.current_load)],
    ['max_capacity', count(agent.max_capacity)],
    ['utilization_percent', `${count(agent.utilization_percent)} %`],
    ['available_slots', count(agent.available_slots)],
    ['avg_task_time', seconds === null ? NOTHING : taskTime(seconds * MS_PER_SECOND)],
    ['success_rate', success === null ? NOTHING : share(success)],
    ['sla_compliance_percent', sla === null ? NOTHING : share(sla / 100)],
  ]
  return [`Agent ${colors.bold(plain(agent.agent_id))}`, ...wrappedList(pairs, width, colors)]
}
