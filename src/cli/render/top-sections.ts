/**
 * The two tables of `top`. Pure functions. Invariant: a row takes exactly the terminal's width at most;
 * columns that matter least go first where it is narrow.
 */
import type { HealthState, QueueRow } from '../../promise-views.ts'
import type { AgentView } from '../../task.ts'
import { fit } from './cells.ts'
import type { Colors } from './colors.ts'
import { bar, latency } from './text.ts'
import { perSecond, short, type TopModel, type TopSize, type TopSnapshot } from './top-model.ts'

interface Cell {
  text: string
  paint?: (text: string) => string
}

interface Column<Row> {
  title: string
  width: number
  /** Words stand at the left, numbers at the right. */
  isWord?: boolean
  /** The higher, the sooner it goes. */
  dispensable?: number
  cell(row: Row): Cell
}

const NAME_MIN = 11
const NAME_MAX = 40
const BAR_MIN = 4
const BAR_MAX = 24
const GAP = 1

export function queueSection(model: TopModel, size: TopSize, colors: Colors): string[] {
  const now = model.now!
  const ranked = sortedQueues(model)
  const hidden = ranked.length + now.status.unlisted.queues - size.rows
  const shown = ranked.slice(0, size.rows)
  return tableLines('QUEUE', shown, (row) => row.queue, queueColumns(model, colors), {
    size,
    colors,
    rest: hidden > 0 && ranked.length > size.rows ? `${hidden + 1} more queues` : null,
  })
}

export function agentSection(model: TopModel, size: TopSize, colors: Colors): string[] {
  const { now, before } = model
  const agents = [...now!.agents].sort(
    (a, b) => b.running - a.running || b.completed - a.completed || byName(a.id, b.id),
  )
  if (agents.length === 0) return [colors.dim('AGENT'), 'None is registered.']
  const known = new Map(before?.agents.map((agent) => [agent.id, agent.completed]))
  const columns: Column<AgentView>[] = [
    { title: 'STATUS', width: 11, isWord: true, cell: (agent) => statusCell(agent, colors) },
    {
      title: '',
      width: barWidth(size),
      isWord: true,
      cell: ({ running, concurrency }) => ({
        text: bar(concurrency === 0 ? 0 : running / concurrency, barWidth(size)),
        paint: colors.cyan,
      }),
    },
    {
      title: 'RUNNING',
      width: 11,
      cell: ({ running, concurrency }) => ({ text: `${short(running)}/${short(concurrency)}` }),
    },
    {
      title: 'DONE/S',
      width: 7,
      cell: ({ id, completed }) => {
        const then = known.get(id)
        const done = perSecond(now!, before, (at) => (at === now ? completed : then))
        return { text: done === null ? '–' : short(done) }
      },
    },
    {
      title: 'LATENCY',
      width: 8,
      cell: ({ latencyMeanUs }) => ({
        text: latencyMeanUs === null ? '–' : latency(latencyMeanUs),
      }),
    },
    {
      title: 'FAILED',
      width: 6,
      dispensable: 1,
      cell: ({ failed, lost }) => numberCell(failed + lost, colors.red),
    },
  ]
  const { online, offline, draining } = now!.status.agents
  const all = Math.max(agents.length, online + offline + draining)
  return tableLines('AGENT', agents.slice(0, size.rows), ({ id }) => id, columns, {
    size,
    colors,
    rest: all > size.rows ? `${all - size.rows + 1} more agents` : null,
  })
}

function queueColumns(model: TopModel, colors: Colors): Column<QueueRow>[] {
  return [
    { title: 'HEALTH', width: 11, isWord: true, cell: (row) => healthCell(row, colors) },
    { title: 'WAITING', width: 7, cell: ({ waiting }) => ({ text: short(waiting) }) },
    {
      title: 'RUNNING',
      width: 7,
      cell: ({ running, bound }) => ({ text: short(running + bound) }),
    },
    { title: 'LATER', width: 6, dispensable: 3, cell: (row) => ({ text: short(row.scheduled) }) },
    { title: 'OLDEST', width: 7, cell: ({ health }) => ({ text: age(health.oldestMs) }) },
    { title: 'RATE/S', width: 6, cell: ({ queue }) => ({ text: rateText(model, queue) }) },
    { title: 'SLA', width: 5, dispensable: 1, cell: (row) => slaCell(row, colors) },
    {
      title: 'DEAD',
      width: 6,
      dispensable: 2,
      cell: ({ deadLetters }) => numberCell(deadLetters.count, colors.red),
    },
  ]
}

interface Layout {
  size: TopSize
  colors: Colors
  /** What stands in the last row instead, when not all are shown. */
  rest: string | null
}

function tableLines<Row>(
  title: string,
  rows: Row[],
  nameOf: (row: Row) => string,
  all: Column<Row>[],
  { size, colors, rest }: Layout,
): string[] {
  const columns = fitting(all, size.columns)
  const taken = columns.reduce((sum, { width }) => sum + width + GAP, 0)
  const nameWidth = Math.min(NAME_MAX, size.columns - taken)
  const gap = ' '.repeat(GAP)
  const titles = columns.map(({ title: text, width, isWord }) => fit(text, width, !isWord))
  const lines = [colors.dim([fit(title, nameWidth), ...titles].join(gap).trimEnd())]
  const shown = rest === null ? rows : rows.slice(0, -1)
  for (const row of shown) {
    const cells = columns.map(({ width, isWord, cell }) => {
      const { text, paint = String } = cell(row)
      return paint(fit(text, width, !isWord))
    })
    lines.push([fit(nameOf(row), nameWidth), ...cells].join(gap).trimEnd())
  }
  if (rest !== null) lines.push(colors.dim(`and ${rest}`))
  return lines
}

/** Without those that matter least, until there is room for a name. */
function fitting<Row>(all: Column<Row>[], width: number): Column<Row>[] {
  let columns = all
  const isTooWide = () =>
    columns.reduce((sum, column) => sum + column.width + GAP, NAME_MIN) > width
  while (isTooWide()) {
    const most = Math.max(...columns.map(({ dispensable = 0 }) => dispensable))
    if (most === 0) break
    columns = columns.filter(({ dispensable = 0 }) => dispensable !== most)
  }
  return columns
}

function sortedQueues(model: TopModel): QueueRow[] {
  const keys: Record<TopModel['sort'], (row: QueueRow) => number> = {
    waiting: ({ waiting, running }) => waiting * 1e6 + running,
    oldest: ({ health }) => health.oldestMs ?? -1,
    rate: ({ queue }) => rateOf(model, queue) ?? 0,
    name: () => 0,
  }
  const key = keys[model.sort]
  return [...model.now!.queues].sort((a, b) => key(b) - key(a) || byName(a.queue, b.queue))
}

function rateOf({ now, before }: TopModel, queue: string): number | null {
  const endedIn = ({ queues }: TopSnapshot) =>
    queues.find((row) => row.queue === queue)?.health.ended
  return perSecond(now!, before, endedIn)
}

function rateText(model: TopModel, queue: string): string {
  const rate = rateOf(model, queue)
  return rate === null ? '–' : short(rate)
}

function healthCell({ health, paused }: QueueRow, colors: Colors): Cell {
  if (paused) return { text: '‖ paused', paint: colors.yellow }
  const paints: Record<HealthState, (text: string) => string> = {
    healthy: colors.green,
    slow: colors.yellow,
    degraded: colors.yellow,
    unhealthy: colors.red,
  }
  return {
    text: `${health.state === 'healthy' ? '●' : '▲'} ${health.state}`,
    paint: paints[health.state],
  }
}

/** Share of the promise that is kept, by the clock that is promised. */
function slaCell({ sla }: QueueRow, colors: Colors): Cell {
  const rate = sla?.[sla.clock].rate ?? null
  if (sla === null || rate === null) return { text: '–' }
  // Rounded down: what reads 95 % is 95 %.
  const text = `${Math.floor(rate * 100)} %`
  return { text, paint: rate < sla.goal ? colors.red : String }
}

/** Who is not fit is shown so: that is why it has little to do. */
function statusCell({ status, condition }: AgentView, colors: Colors): Cell {
  if (condition === 'failing' || condition === 'flapping' || condition === 'silent') {
    return { text: `▲ ${condition}`, paint: colors.red }
  }
  if (condition === 'slow' || condition === 'trial') {
    return { text: `▲ ${condition}`, paint: colors.yellow }
  }
  if (status === 'offline') return { text: status, paint: colors.red }
  return { text: status, paint: status === 'maintenance' ? colors.yellow : String }
}

/** What is left beside the other columns and a name. */
function barWidth({ columns }: TopSize): number {
  return Math.min(BAR_MAX, Math.max(BAR_MIN, columns - 62))
}

function numberCell(value: number, paint: (text: string) => string): Cell {
  return value === 0 ? { text: '0' } : { text: short(value), paint }
}

/** `–`, `4 s`, `12 min`, `5 h`, `3 d`: one unit, rounded down. */
function age(ms: number | null): string {
  if (ms === null) return '–'
  if (ms < 1_000) return `${Math.floor(ms)} ms`
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  if (ms < 48 * 3_600_000) return `${Math.floor(ms / 3_600_000)} h`
  return `${Math.floor(ms / 86_400_000)} d`
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
