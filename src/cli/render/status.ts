/** A scheduler's status as text; pure functions. */
import type { LatencyReport, QueueStatus, SchedulerStatus } from '../../api.ts'
import type { Colors } from './colors.ts'
import { shortPercentiles } from './latency.ts'
import { list, table } from './table.ts'
import { bytes, count, cut, duration, percent, plain } from './text.ts'

const WAITS_FOR_WIDTH = 36

/** @param where which NATS server was asked, in words. */
export function statusLines(
  status: SchedulerStatus,
  latency: LatencyReport,
  where: string,
  colors: Colors,
): string[] {
  return [
    headline(status, colors),
    colors.dim(`on ${plain(where)}`),
    '',
    ...taskLines(status.tasks, colors),
    '',
    ...(status.queues.length === 0 ? [] : [...queueLines(status.queues, colors), '']),
    ...unlistedLines(status.unlisted),
    ...offLines(status.strategiesOff, colors),
    ...list(facts(status, latency), colors),
  ]
}

function headline(status: SchedulerStatus, colors: Colors): string {
  const states = [
    `up ${duration(status.uptimeMs)}`,
    `placement ${status.placement}`,
    ...(status.draining ? [colors.yellow('draining')] : []),
    ...(status.connected ? [] : [colors.red('not connected')]),
  ]
  return `Scheduler ${colors.bold(plain(status.scheduler))}  ${states.join(', ')}`
}

/** Strategies of the user's that failed; none is the usual case. */
function offLines(off: SchedulerStatus['strategiesOff'], colors: Colors): string[] {
  return Object.entries(off).map(([name, reason]) =>
    colors.red(`Strategy ${plain(name)} is off: it ${plain(reason)}.`),
  )
}

function taskLines(tasks: SchedulerStatus['tasks'], colors: Colors): string[] {
  const { accepted, completed, failed, expired, dead, cancelled, scheduled, running, lost } = tasks
  const waiting = tasks.waiting + tasks.offered + tasks.bound
  return [
    ...countLines({ accepted, completed, failed, expired, dead, cancelled }, colors),
    '',
    ...countLines({ waiting, running, later: scheduled, lost }, colors),
  ]
}

const BAD: ReadonlySet<string> = new Set(['failed', 'expired', 'dead', 'lost'])

function countLines(shown: Record<string, number>, colors: Colors): string[] {
  const cells = Object.entries(shown).map(([name, value]) =>
    BAD.has(name) && value !== 0 ? colors.red(count(value)) : count(value),
  )
  const columns = Object.keys(shown).map((title) => ({ title, right: true }))
  return table(columns, [cells], colors)
}

function queueLines(queues: QueueStatus[], colors: Colors): string[] {
  const columns = [
    { title: 'queue' },
    { title: 'waiting', right: true },
    { title: 'running', right: true },
    { title: 'payloads', right: true },
    { title: 'the oldest waits for' },
  ]
  const rows = queues.map(({ queue, waiting, running, bytes: size, waitingFor }) => [
    plain(queue),
    count(waiting),
    count(running),
    bytes(size),
    waitingFor === null ? '–' : cut(plain(waitingFor), WAITS_FOR_WIDTH),
  ])
  return table(columns, rows, colors)
}

function unlistedLines({ queues, waiting, running }: SchedulerStatus['unlisted']): string[] {
  if (queues === 0) return []
  const left = `${count(waiting)} waiting and ${count(running)} running`
  return [`and ${count(queues)} less busy queues, ${left} in all`, '']
}

/** Of queues that ask for it only. */
function hedgesPair({ hedges }: SchedulerStatus): [string, string][] {
  if (hedges.started === 0) return []
  return [['second attempts', `${count(hedges.started)}, ${count(hedges.won)} came first`]]
}

/** Nothing moves in a fleet that has enough to do. */
function movesPair({ moves }: SchedulerStatus): [string, string][] {
  if (moves.stolen + moves.recalled === 0) return []
  return [['moved', `${count(moves.stolen)} stolen, ${count(moves.recalled)} handed back unbegun`]]
}

function facts(status: SchedulerStatus, latency: LatencyReport): [string, string][] {
  const { agents, placedBy, attempts, routers, refused } = status
  const placed = placedBy.routers + placedBy.inline
  const share = (part: number) => `${count(part)} (${percent(part, placed)})`
  const alive = routers.filter((router) => router.alive).length
  const restarts = routers.reduce((sum, router) => sum + router.restarts, 0)
  const refusals = Object.entries(refused).map(([code, n]) => `${plain(code)} ${count(n)}`)
  return [
    ['agents', `${agents.online} online, ${agents.draining} draining, ${agents.offline} offline`],
    ['routers', `${alive} of ${routers.length} alive, ${restarts} replaced`],
    ['placed by', `routers ${share(placedBy.routers)}, inline ${share(placedBy.inline)}`],
    [
      'attempts',
      `${count(attempts.started)} started, ${count(attempts.retried)} retried, ` +
        `${count(attempts.timedOut)} timed out, ${count(attempts.lost)} lost`,
    ],
    ['lost on the way', `${count(attempts.repeated)} repeated`],
    ...movesPair(status),
    ...hedgesPair(status),
    ['late results', `${count(attempts.lateResults)} refused`],
    ['assigned in', shortPercentiles(latency.assignment)],
    ['delivered in', shortPercentiles(latency.total)],
    ...(refusals.length === 0 ? [] : [['refused', refusals.join(', ')] as [string, string]]),
  ]
}
