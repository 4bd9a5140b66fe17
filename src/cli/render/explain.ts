/** Why a task is where it is, as text; pure functions. */
import type {
  AgentFilter,
  Placed,
  ScoreRow,
  ScoreTable,
  TaskExplanation,
  WaitingFacts,
} from '../../explanation.ts'
import type { Colors } from './colors.ts'
import { type Column, table } from './table.ts'
import { count, cut, latency, plain, wrap } from './text.ts'

const NAME_WIDTH = 11
const AGENT_WIDTH = 16
const WIDTH_MIN = 40
/** Of what agents do not meet, that which most of them do not; all is in the JSON. */
const TERMS_SHOWN = 8
const TAKINGS_SHOWN = 3
const LEFT = 'one that has left'

/** @param width columns of the terminal; no line is longer, from 40 on. */
export function explanationLines(
  explanation: TaskExplanation,
  width: number,
  colors: Colors,
): string[] {
  const { id, queue, state, placement, scores, waiting, agents } = explanation
  const pairs: [string, string][] = [
    ['strategy', strategyText(explanation)],
    ...(placement === null ? forgottenPairs(explanation) : placedPairs(placement)),
    ...(waiting === null ? [] : waitingPairs(waiting)),
    ['agents', filterText(agents)],
    ...lackPairs(agents),
  ]
  const columns = Math.max(width, WIDTH_MIN)
  return [
    `Task ${colors.bold(plain(id))} in ${plain(queue)} is ${plain(state)}`,
    ...pairs.flatMap(([name, value]) => pairLines(name, plain(value), columns, colors)),
    ...(scores === null ? [] : scoreLines(scores, columns, colors)),
  ]
}

function strategyText({
  strategy,
  strategyOf,
  binding,
  match,
  placement,
}: TaskExplanation): string {
  const words = [strategy, strategyOf === 'task' ? 'as the task says' : "its queue's"]
  if (binding === 'early') words.push('bound early')
  if (match !== 'exact') words.push(match === 'best_fit' ? 'best fit' : match)
  if (placement !== null && placement.strategy !== strategy) {
    words.push(`${placement.strategy} when it was placed`)
  }
  return words.join(', ')
}

function forgottenPairs({ isForgotten }: TaskExplanation): [string, string][] {
  return isForgotten ? [['placed', 'too many placements ago for its facts to be kept']] : []
}

function placedPairs(placed: Placed): [string, string][] {
  const { agent, hasLeft, by, at, load, capacity, candidates, room, conflicts, bounces } = placed
  const who = `${agent}${hasLeft ? ', which has left' : ''}`
  const how = by === 'router' ? 'by a router' : 'inline'
  const chosen = placed.takings.length === 0 ? '' : `with ${placed.takings[0].from ?? LEFT}, `
  const where = candidates === null ? 'the candidates' : amount(candidates, 'candidate')
  const trouble = [
    conflicts > 0 ? `${amount(conflicts, 'choice')} did not hold` : '',
    bounces > 0 ? `nobody was free ${bounces === 1 ? 'once' : `${count(bounces)} times`}` : '',
  ].filter((words) => words !== '')
  return [
    ['agent', who],
    ['placed', `${chosen}${how}, ${new Date(at).toISOString()}`],
    ['its load', `${count(load)} of ${count(capacity)} before this task`],
    ['room', `for ${amount(room, 'task')} at ${where} then`],
    ...(trouble.length === 0 ? [] : [['before', trouble.join('; ')] as [string, string]]),
    ...(placed.takings.length === 0 ? [] : [['moved', takingsText(placed)] as [string, string]]),
  ]
}

/** The latest first: most were moved once, and few of them several times. */
function takingsText({ takings }: Placed): string {
  const shown = takings.slice(-TAKINGS_SHOWN).reverse()
  const words = shown.map(({ from, how, at }) => {
    const what = how === 'stolen' ? 'stolen' : 'called back'
    return `${what} from ${from ?? LEFT}, ${new Date(at).toISOString()}`
  })
  const more = takings.length - shown.length
  return [...words, ...(more > 0 ? [`${count(more)} times before`] : [])].join('; ')
}

function waitingPairs(waiting: WaitingFacts): [string, string][] {
  const { position, isPositionExact, before, nearestMiss, where } = waiting
  const pairs: [string, string][] = [['waits for', waiting.for ?? turnText(waiting)]]
  const about = isPositionExact ? '' : 'about '
  const place = where === 'agent' ? "in the agent's own queue" : 'in its priority'
  if (position > 0 && where !== 'offer') {
    const higher = before === 0 ? '' : `; ${amount(before, 'task')} of higher priority before it`
    pairs.push(['position', `${about}${count(position)} ${place}${higher}`])
  }
  if (nearestMiss === null) return pairs
  const { agent, met, required, lacks } = nearestMiss
  if (agent !== null) {
    const lacking = lacks.map(({ term, has }) => (has === null ? term : `${term} (has ${has})`))
    pairs.push([
      'nearest',
      `${agent} meets ${count(met)} of ${count(required)}; lacks ${lacking.join(', ')}`,
    ])
  }
  return pairs
}

function turnText({ where }: WaitingFacts): string {
  return where === 'offer' ? 'a router, which is choosing its agent' : 'its turn'
}

function filterText({ registered, serving, lacking, ...counts }: AgentFilter) {
  if (registered === 0) return 'none is registered'
  if (serving === 0) return `none of ${count(registered)} serves the queue`
  const parts = [
    [lacking, 'not able'],
    [counts.draining, 'draining'],
    [counts.paused, 'not answering'],
    [counts.limited, 'given nothing for now'],
    [counts.full, 'full'],
    [counts.free, 'free'],
  ] as const
  const shown = parts.filter(([agents]) => agents > 0)
  const words = shown.map(([agents, what]) => `${count(agents)} ${what}`)
  return `now ${count(serving)} of ${count(registered)} serve the queue: ${words.join(', ')}`
}

function lackPairs({ missing }: AgentFilter): [string, string][] {
  if (missing.length === 0) return []
  const words = missing.slice(0, TERMS_SHOWN).map(({ term, agents }) => {
    return `${term} (${amount(agents, 'agent')})`
  })
  if (missing.length > TERMS_SHOWN) words.push(`${count(missing.length - TERMS_SHOWN)} more`)
  return [['not met', words.join(', ')]]
}

/** A name and its value, which goes on below itself where the line ends. */
function pairLines(name: string, value: string, width: number, colors: Colors): string[] {
  const indent = NAME_WIDTH + 2
  return wrap(value, width - indent).map((text, at) => {
    const head = at === 0 ? `  ${colors.dim(name.padEnd(NAME_WIDTH))}` : ' '.repeat(indent)
    return `${head}${text}`
  })
}

/** As many terms as there is room for; the others are named. */
function scoreLines(scores: ScoreTable, width: number, colors: Colors): string[] {
  const { rows, asOf } = scores
  const named = [...new Set(rows.flatMap(({ terms }) => Object.keys(terms)))]
  const names = named.filter((name) => name !== 'load' && name !== 'capacity')
  const hasScore = rows.some(({ score }) => score !== null)
  const all = [
    ...(hasScore ? [columnOf('score', rows, (row) => numberText('score', row.score))] : []),
    columnOf('load', rows, ({ load, capacity }) => `${count(load)}/${count(capacity)}`),
    ...names.map((name) =>
      columnOf(title(name), rows, ({ terms }) => numberText(name, terms[name])),
    ),
  ]
  const agents = columnOf('agent', rows, agentText)
  let left = width - 2 - agents.width
  const shown = all.filter((column) => {
    left -= 2 + column.width
    return left >= 0
  })
  const columns: Column[] = [
    { title: 'agent' },
    ...shown.map((column) => ({ title: column.title, right: true })),
  ]
  const cells = rows.map((row, at) => [
    row.isChosen ? colors.green(agents.cells[at]) : agents.cells[at],
    ...shown.map((column) => column.cells[at]),
  ])
  const hidden = all.filter((column) => !shown.includes(column)).map((column) => column.title)
  return [
    asOf === 'commit' ? 'Scores when it was placed' : 'Scores as they would be now',
    ...table(columns, cells, colors),
    ...notes(scores, hidden).flatMap((note) => pairLines('', plain(note), width, colors)),
  ]
}

function notes({ rows, unlisted, asOf }: ScoreTable, hidden: string[]): string[] {
  const more = unlisted === 0 ? [] : [`${amount(unlisted, 'candidate')} more`]
  if (hidden.length > 0) more.push(`-o json also shows ${hidden.join(', ')}`)
  const score = rows.find(({ isChosen }) => isChosen)?.score ?? null
  if (asOf === 'commit' && score !== null && rows.some((row) => (row.score ?? score) > score)) {
    more.push('not the highest: chosen a moment before, among a sample, or to explore')
  }
  return more
}

interface Cells {
  title: string
  cells: string[]
  width: number
}

function columnOf(name: string, rows: ScoreRow[], text: (row: ScoreRow) => string): Cells {
  const cells = rows.map(text)
  const width = cells.reduce((most, cell) => Math.max(most, cell.length), name.length)
  return { title: name, cells, width }
}

function agentText({ agent, isChosen }: ScoreRow): string {
  return `${isChosen ? '>' : ' '} ${cut(plain(agent), AGENT_WIDTH)}`
}

/** `latencyUs` is shown as a latency, and named without its unit. */
function title(name: string): string {
  return plain(name.replace(/Us$/, ''))
}

function numberText(name: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (!Number.isFinite(value)) return String(value)
  if (name.endsWith('Us')) return latency(value)
  return Number.isInteger(value) ? count(value) : value.toFixed(3)
}

function amount(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`
}
