/** What `dev` shows; pure functions from what `runDev` tells to lines of text. */
import type { DevProgress, DevRecorded, DevStarted, DevSummary } from '../../service/dev.ts'
import { DEMO_WINDOW } from '../../service/dev-messages.ts'
import type { Colors } from './colors.ts'
import { shortPercentiles, stageTable } from './latency.ts'
import { list, table } from './table.ts'
import { bar, bytes, count, duration, percent, plain } from './text.ts'

const BAR_MIN = 6
const BAR_MAX = 30
const AGENT_BAR = 16
/** One space before, and room for the `^C` that a terminal shows: it must not begin another line. */
const MARGIN = 4

export function startedLines(facts: DevStarted, colors: Colors): string[] {
  const { url, http, routers, placement, agents, tasks } = facts
  const threads = routers === 1 ? '1 router thread' : `${routers} router threads`
  const alone = url === null
  return [
    colors.bold('Signalbox') +
      (alone ? ' in this process alone' : ` on a private nats-server, ${url}`),
    `  1 scheduler, ${threads}, placement ${placement}`,
    `  ${agents} agents${alone ? '' : ' in two other processes'}`,
    ...(http === null ? [] : [`  metrics and probes on ${http}/metrics`]),
    ...(tasks === 0
      ? []
      : [
          `  1 load generator${alone ? '' : ' in another'}: ${count(tasks)} tasks through queue demo, ` +
            `${count(DEMO_WINDOW)} in flight`,
          '',
        ]),
  ]
}

/** One line, at most `columns` wide, that is written over itself. */
export function liveLine(progress: DevProgress, columns: number, colors: Colors): string {
  const { done, total, tasksPerSecond, latency } = progress
  const figures = [
    `${percent(done, total).padStart(5)}  ${count(tasksPerSecond).padStart(6)} tasks/s`,
    `  assigned ${shortPercentiles(latency?.assignment)}`,
  ]
  let width = columns - MARGIN - figures.join('').length
  if (width < BAR_MIN) {
    figures.pop()
    width = columns - MARGIN - figures.join('').length
  }
  const drawn = bar(total === 0 ? 1 : done / total, Math.max(0, Math.min(BAR_MAX, width)))
  return ` ${colors.green(drawn)}${figures.join('')}`
}

/** A line for a log: no bar. */
export function progressLine({ done, total, tasksPerSecond, latency }: DevProgress): string {
  const assigned = latency === null ? '' : `  assigned ${shortPercentiles(latency.assignment)}`
  return (
    `${percent(done, total).padStart(5)}  ${count(done)} of ${count(total)}  ` +
    `${count(tasksPerSecond)} tasks/s${assigned}`
  )
}

export function summaryLines(summary: DevSummary, colors: Colors): string[] {
  return [
    '',
    headline(summary, colors),
    '',
    ...countLines(summary, colors),
    '',
    ...stageTable(summary.latency, colors),
    ...queueingNote(summary, colors),
    '',
    ...agentLines(summary.tasksPerAgent, colors),
  ]
}

/** A closed loop is always as late as it is deep: who reads the table should not take that for cost. */
function queueingNote({ tasks }: DevSummary, colors: Colors): string[] {
  if (tasks < DEMO_WINDOW) return []
  const most = `  Up to ${count(DEMO_WINDOW)} tasks are in flight at a time: most of this is waiting in line.`
  return [colors.dim(most)]
}

function headline(summary: DevSummary, colors: Colors): string {
  const { tasks, completed, failed, lost, elapsedMs, tasksPerSecond, interrupted } = summary
  const speed = `in ${duration(elapsedMs)}: ${colors.bold(`${count(tasksPerSecond)} tasks/s`)}`
  if (interrupted) {
    return `${colors.yellow('Interrupted')} after ${count(completed)} of ${count(tasks)} tasks ${speed}`
  }
  const good = failed === 0 && lost === 0
  const verdict = good ? colors.green('Done') : colors.red('Done, but not as it should be')
  return `${verdict}: ${count(completed)} tasks ${speed}`
}

function countLines(summary: DevSummary, colors: Colors): string[] {
  const { accepted, completed, failed, lost, placedBy, attempts } = summary
  const { failedByCode, wrong, interrupted } = summary
  const placed = placedBy.routers + placedBy.inline
  const share = (part: number) => `${count(part)} (${percent(part, placed)})`
  const zero = (value: number) =>
    value === 0 ? colors.green('0') : colors.bold(colors.red(count(value)))
  const pairs: [string, string][] = [
    ['accepted', count(accepted)],
    ['completed', count(completed)],
    ['failed', zero(failed)],
    ['lost', zero(lost)],
    ['placed by', `routers ${share(placedBy.routers)}, inline ${share(placedBy.inline)}`],
    ['attempts', `${count(attempts.started)} started, ${count(attempts.retried)} retried`],
  ]
  const open = accepted - completed - failed - lost
  if (interrupted && open > 0) pairs.splice(2, 0, ['still open', count(open)])
  for (const [code, times] of Object.entries(failedByCode)) {
    pairs.push([`  ${plain(code)}`, count(times)])
  }
  if (wrong > 0) pairs.push(['  wrong answer', count(wrong)])
  return list(pairs, colors)
}

/** In two columns, so that eight agents take four lines. */
function agentLines(tasksPerAgent: Record<string, number>, colors: Colors): string[] {
  const agents = Object.entries(tasksPerAgent).sort(([a], [b]) =>
    a.localeCompare(b, 'en', { numeric: true }),
  )
  if (agents.length === 0) return []
  const most = Math.max(1, ...agents.map(([, tasks]) => tasks))
  const cells = agents.map(([id, tasks]) => [
    plain(id),
    count(tasks),
    colors.cyan(bar(tasks / most, AGENT_BAR)),
  ])
  const half = Math.ceil(cells.length / 2)
  const rows = cells
    .slice(0, half)
    .map((cell, i) => [...cell, ...(cells[half + i] ?? ['', '', ''])])
  const columns = [{ title: 'agent' }, { title: 'tasks', right: true }, { title: '' }]
  return table([...columns, ...columns], rows, colors)
}

export function stayingLines(url: string | null, colors: Colors): string[] {
  if (url === null) return ['', 'Ctrl-C ends it. Without NATS no other command can reach it.']
  const commands = [
    'npx signalbox top',
    'npx signalbox status',
    'npx signalbox task submit demo \'{"hello":"world"}\' --wait',
    'npx signalbox agent list',
    'npx signalbox load demo --rate 1000',
  ]
  return [
    '',
    'It goes on running. Try in a second terminal:',
    ...commands.map((command) => `  ${colors.cyan(command)}`),
    'Ctrl-C ends it and everything that it started.',
  ]
}

export function recordedLines({ file, bytes: size }: DevRecorded, colors: Colors): string[] {
  const name = plain(file)
  return [
    '',
    `Journal ${name}, ${bytes(size)}. To run it again, and to check it:`,
    `  ${colors.cyan(`npx signalbox replay ${shellWord(name)}`)}`,
    `  ${colors.cyan(`npx signalbox check ${shellWord(name)}`)}`,
  ]
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
