/** Queues as text: a table of all, and one with what it promises; pure functions. */
import type { QueueOptions } from '../../options.ts'
import type {
  AgeingRow,
  Attainment,
  HealthState,
  QueueRow,
  QueueSla,
  QueueView,
} from '../../promise-views.ts'
import { ruleWords } from '../../rules/next.ts'
import type { PriorityName } from '../../task.ts'
import type { Colors } from './colors.ts'
import { table, wrappedList } from './table.ts'
import { bytes, count, cut, plain, share, span } from './text.ts'

const NAME_WIDTH_MIN = 8
const NOTHING = '–'

/** @param width columns of the terminal: what is left of them is the names'. */
export function queueListLines(queues: QueueRow[], width: number, colors: Colors): string[] {
  if (queues.length === 0) {
    return ['No queues. One comes into being with its first task, or with `serve --queue`.']
  }
  const titles = ['health', 'waiting', 'running', 'later', 'SLA kept', 'dead']
  const sorted = [...queues].sort((a, b) => a.queue.localeCompare(b.queue, 'en', { numeric: true }))
  const rows = sorted.map((row) => [
    healthWords(row),
    waitingText(row),
    count(row.running),
    count(row.scheduled),
    row.sla === null ? NOTHING : keptText(row.sla),
    count(row.deadLetters.count),
  ])
  const used = titles.reduce((sum, title, at) => {
    return sum + 2 + rows.reduce((most, row) => Math.max(most, row[at].length), title.length)
  }, 2)
  const left = Math.max(NAME_WIDTH_MIN, width - used)
  return table(
    [{ title: 'queue' }, ...titles.map((title, at) => ({ title, right: at > 0 }))],
    rows.map(([health, ...numbers], at) => [
      cut(plain(sorted[at].queue), left),
      healthColor(sorted[at].health.state, colors)(health),
      ...numbers,
    ]),
    colors,
  )
}

/** Those that moved here stand behind: they count where they came from. */
function waitingText({ waiting, bound, guests }: QueueRow): string {
  const own = count(waiting + bound)
  return guests === 0 ? own : `${own} +${count(guests)}`
}

function healthWords({ health, paused }: QueueRow): string {
  if (!paused) return health.state
  return health.state === 'healthy' ? 'paused' : `paused, ${health.state}`
}

function healthColor(state: HealthState, colors: Colors): (text: string) => string {
  if (state === 'healthy') return colors.green
  return state === 'unhealthy' ? colors.red : colors.yellow
}

/** Of the clock that is the promise. */
function keptText({ clock, goal, ...sla }: QueueSla): string {
  const { rate } = sla[clock]
  return `${rate === null ? NOTHING : share(rate)} of ${share(goal)}`
}

/** @param width columns of the terminal; no line is longer, from 40 on. */
export function queueLines(queue: QueueView, width: number, colors: Colors): string[] {
  const { health, sla, feasibility, deadLetters } = queue
  const name = colors.bold(plain(queue.queue))
  const state = healthColor(health.state, colors)(health.state)
  const pairs: [string, string][] = [
    ...health.reasons.map((reason): [string, string] => ['because', plain(reason)]),
    ['open', openText(queue)],
    ...(sla === null ? [] : slaPairs(sla)),
    ...(feasibility === null
      ? []
      : [
          [feasibility.feasible ? 'feasible' : 'not feasible', plain(feasibility.arithmetic)] as [
            string,
            string,
          ],
        ]),
    ['dead letters', `${count(deadLetters.count)} as ${plain(deadLetters.name)}`],
  ]
  return [
    `Queue ${name} is ${queue.paused ? colors.yellow('paused and ') : ''}${state}`,
    ...wrappedList(pairs, width, colors),
    '',
    'How long its tasks wait at most',
    ...wrappedList(
      ageingRows(queue).map((row) => [row.priority, ageingSentence(row, queue.options)]),
      width,
      colors,
    ),
    '',
    'Options',
    ...wrappedList(optionPairs(queue.options), width, colors),
  ]
}

function openText({ waiting, bound, scheduled, running, guests }: QueueView): string {
  const parts = [`${count(waiting)} waiting`, `${count(running)} running`]
  if (bound > 0) parts.push(`${count(bound)} at agents`)
  if (scheduled > 0) parts.push(`${count(scheduled)} for later`)
  if (guests > 0) parts.push(`and ${count(guests)} that moved here`)
  return parts.join(', ')
}

function slaPairs({ clock, targetsMs, goal, assigned, completed }: QueueSla): [string, string][] {
  const end = clock === 'assigned' ? 'assigned' : 'completed'
  return [
    ['promise', `${share(goal)} are ${end} in time: ${targetsText(targetsMs)}`],
    ['assigned', attainmentText(assigned)],
    ['completed', attainmentText(completed)],
  ]
}

function targetsText(targetsMs: QueueSla['targetsMs']): string {
  const entries = Object.entries(targetsMs) as [PriorityName, number | null][]
  const [[, first]] = entries
  if (first !== null && entries.every(([, ms]) => ms === first)) return `within ${span(first)}`
  const parts = entries.flatMap(([name, ms]) => (ms === null ? [] : [`${name} within ${span(ms)}`]))
  return parts.reverse().join(', ') || 'only where a task says so'
}

function attainmentText({ kept, missed, rate }: Attainment): string {
  if (rate === null) return 'none yet'
  return `${share(rate)} in time: ${count(kept)} of ${count(kept + missed)}`
}

/** In a fifo queue all tasks have its priority. */
function ageingRows({ ageing, options: { type, priority } }: QueueView): AgeingRow[] {
  return type === 'fifo' ? ageing.slice(priority - 1, priority) : ageing
}

type Ends = Pick<QueueOptions, 'ttlMs'> &
  Partial<Pick<QueueOptions, 'slaTargetMs' | 'slaTargetsMs' | 'escalateTo' | 'escalateToAgent'>>

/** The stated bound of a level, as a sentence or two. */
export function ageingSentence({ priority, boosts, boundMs }: AgeingRow, ends: Ends): string {
  const ups = boosts.map(({ afterMs, to }) => `as ${to} after ${span(afterMs)}`)
  const served = ups.length === 0 ? '' : `Served ${ups.join(', ')}. `
  const end = endOfWait(priority, ends)
  if (end !== null && (boundMs === null || boundMs >= end.afterMs)) {
    return `${served}Waits ${span(end.afterMs)} at most, then it ${end.goes}.`
  }
  const then = end === null ? '' : ` After ${span(end.afterMs)} it ${end.goes}.`
  if (boundMs === null) {
    return `${served}No bound: whatever is more urgent goes before it, however long it has waited.`
  }
  if (boundMs === 0) return `${served}No later task goes before it that is not critical too.${then}`
  const those = priority === 'critical' ? 'critical too' : 'critical'
  return `${served}From ${span(boundMs)} on no later task goes before it that is not ${those}.${then}`
}

/** What becomes of a task that still waits: of equal times it is escalated, and expires no more. */
function endOfWait(
  priority: PriorityName,
  { ttlMs, slaTargetMs = 0, slaTargetsMs = {}, escalateTo = '', escalateToAgent = '' }: Ends,
): { afterMs: number; goes: string } | null {
  const to = escalateTo || escalateToAgent
  const slaMs = slaTargetsMs[priority] ?? slaTargetMs
  if (to !== '' && slaMs > 0 && (ttlMs === 0 || slaMs <= ttlMs)) {
    return { afterMs: slaMs, goes: `goes to ${plain(to)}` }
  }
  return ttlMs > 0 ? { afterMs: ttlMs, goes: 'expires' } : null
}

/** Values of 0 that mean something else than nothing. */
const ZERO: Readonly<Record<string, string>> = {
  concurrency: 'as many as agents have room',
  ttlMs: 'for ever',
  heartbeatTimeoutMs: 'never',
  deadlineMs: 'none',
  slaTargetMs: 'none',
  maxAgeMs: 'none',
  maxTimeMs: 'none',
  retryDelayMs: 'at once',
}

function optionPairs(options: QueueOptions): [string, string][] {
  return Object.entries(options).map(([key, value]) => [key, optionText(key, value)])
}

function optionText(key: string, value: unknown): string {
  if (value === null) return 'all'
  if (value === '') return 'none'
  if (value === 0 && ZERO[key] !== undefined) return ZERO[key]
  if (typeof value === 'number') return numberText(key, value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (key === 'rules' && Array.isArray(value) && value.length > 0) {
    return plain(value.map((rule, at) => `${at + 1}. ${ruleWords(rule)}`).join('; '))
  }
  if (Array.isArray(value)) return value.length === 0 ? 'none' : plain(value.join(', '))
  if (typeof value !== 'object') return plain(String(value))
  const parts = Object.entries(value).map(([name, each]) => {
    return `${plain(name)} ${each === 0 ? 'never' : optionText(key, each)}`
  })
  return parts.length === 0 ? 'none' : parts.join(', ')
}

function numberText(key: string, value: number): string {
  if (key.endsWith('Ms')) return span(value)
  if (key === 'bytesMax') return bytes(value)
  return key === 'slaAttainment' ? share(value) : count(value)
}
