/** Agents as a table; pure functions. */
import type { AgentView } from '../../task.ts'
import type { Colors } from './colors.ts'
import { type Column, table } from './table.ts'
import { count, cut, duration, plain } from './text.ts'

const NAMES_WIDTH = 14

export function agentLines(agents: AgentView[], colors: Colors): string[] {
  if (agents.length === 0) {
    return ['No agents. Start one: `npx signalbox agent run NAME --queue QUEUE --exec COMMAND`.']
  }
  const columns: Column[] = [
    { title: 'agent' },
    { title: 'status' },
    { title: 'queues' },
    { title: 'can' },
    { title: 'running', right: true },
    { title: 'completed', right: true },
    { title: 'failed', right: true },
    { title: 'lost', right: true },
    { title: 'heard', right: true },
  ]
  const isAdopted = agents.some(({ subject }) => subject !== undefined)
  if (isAdopted) columns.push({ title: 'adopted' })
  const sorted = [...agents].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
  return table(
    columns,
    sorted.map((agent) => [
      ...row(agent, colors),
      ...(isAdopted ? [plain(agent.subject ?? '–')] : []),
    ]),
    colors,
  )
}

function row(agent: AgentView, colors: Colors): string[] {
  const { id, status, queues, capabilities, labels, silentMs } = agent
  const numbers = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const names = (list: string[]) => cut(plain(list.join(', ')), NAMES_WIDTH) || '–'
  return [
    cut(plain(id), NAMES_WIDTH),
    statusText(status, colors),
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

function statusText(status: AgentView['status'], colors: Colors): string {
  if (status === 'offline') return colors.red(status)
  return status === 'available' ? colors.green(status) : colors.yellow(plain(status))
}
