/** Agents as a table; pure functions. */
import type { AgentView } from '../../task.ts'
import type { Colors } from './colors.ts'
import { type Column, fitted, table, wrappedList } from './table.ts'
import { count, cut, duration, plain } from './text.ts'

const NAMES_WIDTH = 14
const UNFIT_SHOWN = 100
const COLUMNS: Column[] = [
  { title: 'agent' },
  { title: 'status' },
  { title: 'queues', least: 6 },
  { title: 'can', least: 4 },
  { title: 'running', right: true },
  { title: 'completed', right: true },
  { title: 'failed', right: true },
  { title: 'lost', right: true },
  { title: 'heard', right: true },
]
const ADOPTED: Column = { title: 'adopted', least: 12, keepsEnd: true }

/** @param width columns of the terminal; no line is longer, from 80 on, as long as ids and numbers are short. */
export function agentLines(agents: AgentView[], width: number, colors: Colors): string[] {
  if (agents.length === 0) {
    return ['No agents. Start one: `npx signalbox agent run NAME --queue QUEUE --exec COMMAND`.']
  }
  const isAdopted = agents.some(({ subject }) => subject !== undefined)
  const columns = isAdopted ? [...COLUMNS, ADOPTED] : COLUMNS
  const sorted = [...agents].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
  const rows = sorted.map((agent) => [
    ...row(agent),
    ...(isAdopted ? [plain(agent.subject ?? '–')] : []),
  ])
  const colored = fitted(columns, rows, width).map(([id, status, ...more], at) => {
    return [id, statusColor(sorted[at], colors)(status), ...more]
  })
  return [...table(columns, colored, colors), ...unfitLines(sorted, width, colors)]
}

/** Why some are given less, or nothing: under the table, where a sentence has room. */
function unfitLines(agents: AgentView[], width: number, colors: Colors): string[] {
  const unfit = agents.filter(({ condition }) => condition !== 'fit')
  if (unfit.length === 0) return []
  const shown = unfit.slice(0, UNFIT_SHOWN).map(({ id, condition, reason }): [string, string] => {
    const why = plain(reason ?? '')
    return [
      cut(plain(id), NAMES_WIDTH),
      why === '' ? plain(condition) : `${plain(condition)}: ${why}`,
    ]
  })
  const more = unfit.length - shown.length
  const rest = more > 0 ? [colors.dim(`  and ${count(more)} more: -o json has them`)] : []
  return ['', ...wrappedList(shown, width, colors), ...rest]
}

function row(agent: AgentView): string[] {
  const { id, queues, capabilities, labels, silentMs } = agent
  const numbers = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const names = (list: string[]) => cut(plain(list.join(', ')), NAMES_WIDTH) || '–'
  return [
    cut(plain(id), NAMES_WIDTH),
    plain(agent.status),
    names(queues),
    names([...capabilities, ...numbers]),
    handsText(agent),
    count(agent.completed),
    count(agent.failed),
    count(agent.lost),
    duration(silentMs),
  ]
}

/** `3/10`, `3/10+4` with a prefetch, `3, asks 5` for one that pulls. */
function handsText({ running, concurrency, prefetch, granted }: AgentView): string {
  if (granted !== undefined) return `${count(running)}, asks ${count(granted)}`
  const more = prefetch > 0 ? `+${count(prefetch)}` : ''
  return `${count(running)}/${count(concurrency)}${more}`
}

function statusColor({ status }: AgentView, colors: Colors): (text: string) => string {
  if (status === 'offline') return colors.red
  return status === 'available' ? colors.green : colors.yellow
}
