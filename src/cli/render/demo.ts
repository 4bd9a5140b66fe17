/** What `demo` shows: the stage, the story, and what came of each expectation; pure functions. */
import { isDeepStrictEqual } from 'node:util'
import type {
  Act,
  AgentQueue,
  AgentSummary,
  Check,
  Performance,
  StoryLine,
} from '../../demos/demo.ts'
import type { Colors } from './colors.ts'
import { type Column, fitted, list, table } from './table.ts'
import { wrap } from './text.ts'

/** Wider lines are hard to read, whatever the terminal. */
export const DEMO_COLUMNS_MAX = 100
/** A time, and two spaces behind it. */
const STAMP_WIDTH = 9
const GAP = 2
const MINUTE_MS = 60_000

/** Title, what it shows. */
export function titleLines(shown: Performance, width: number, colors: Colors): string[] {
  const { demo, title, source, number, shows } = shown
  const words = `Source document ${source}, scenario ${number}. ${shows}`
  const [first, ...rest] = wrap(`${demo}: ${title}`, width)
  return [
    first.replace(demo, colors.bold(demo)),
    ...rest,
    ...wrap(words, width - 2).map((line) => `  ${colors.dim(line)}`),
  ]
}

/** Who is there, and what is to be done. @param before what was shown of it already; null for nothing. */
export function setupLines(act: Act, before: Act | null, width: number, colors: Colors): string[] {
  const columns: Column[] = [
    { title: 'agent' },
    { title: 'places', right: true },
    { title: 'can', least: 12 },
    { title: 'at first', least: 12 },
  ]
  const headOf = (line: string) => `  ${colors.bold(line)}`
  const isNew = !isDeepStrictEqual(act.setup, before?.setup)
  const shown = act.setup.map(({ agent, places, can, first }) => [agent, `${places}`, can, first])
  const rows = inRows(shown, (a, b) => isDeepStrictEqual(a.slice(1), b.slice(1))).map((alike) => {
    return [rowName(alike.map(([agent]) => agent)), ...alike[0].slice(1)]
  })
  const known = new Map(before?.facts)
  const facts = act.facts.filter(([name, value]) => known.get(name) !== value)
  return [
    ...(act.title === '' ? [] : ['', ...wrap(act.title, width - 2).map(headOf)]),
    '',
    ...(isNew && rows.length > 0
      ? [...table(columns, fitted(columns, rows, width), colors), '']
      : []),
    ...(facts.length === 0 ? [] : [...factLines(facts, width, colors), '']),
  ]
}

function factLines(facts: (readonly [string, string])[], width: number, colors: Colors): string[] {
  const names = Math.max(...facts.map(([name]) => name.length))
  return facts.flatMap(([name, value]) =>
    wrap(value, width - names - 4).map((text, at) => {
      return `  ${colors.dim((at === 0 ? name : '').padEnd(names))}  ${text}`
    }),
  )
}

/** One line of the story, broken where it is too long, and its picture. */
export function storyLines(line: StoryLine, act: Act, width: number, colors: Colors): string[] {
  const indent = STAMP_WIDTH + GAP
  const stamp = stampOf(line.atMs, act.endMs).padStart(STAMP_WIDTH)
  const text = wrap(line.text, width - indent).map((part, at) => {
    return `${at === 0 ? colors.dim(stamp) : ' '.repeat(STAMP_WIDTH)}  ${part}`
  })
  if (line.queues === null) return text
  const picture = queuesPicture(line.queues, width - indent, colors)
  return [...text, ...picture.map((part) => ' '.repeat(indent) + part)]
}

/** @returns a virtual time, in the form that suits the whole act. */
export function stampOf(atMs: number, endMs: number): string {
  if (endMs < 1_000) return `${Math.round(atMs)} ms`
  if (endMs < 10 * MINUTE_MS) return `${(atMs / 1_000).toFixed(1)} s`
  const seconds = Math.round(atMs / 1_000)
  const two = (value: number) => `${value}`.padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}

/**
 * `A ██░░░ 2+3  B █ 1  C 0`: what runs and what waits, a character a task where there is room. In as
 * many lines as it takes.
 */
export function queuesPicture(
  queues: readonly AgentQueue[],
  width: number,
  colors: Colors,
): string[] {
  const most = Math.max(1, ...queues.map(({ running, waiting }) => running + waiting))
  const words = queues.map(({ agent, running, waiting }) => `${agent}  ${running}+${waiting}`)
  // Two are left for what is rounded up.
  const room = width - Math.max(...words.map(({ length }) => length)) - 2
  const scale = Math.min(1, room / most)
  const lines: string[] = []
  let line = ''
  let cells = 0
  for (const { agent, running, waiting } of queues) {
    const full = '█'.repeat(Math.ceil(running * scale))
    const rest = '░'.repeat(Math.ceil(waiting * scale))
    const count = waiting > 0 ? `${running}+${waiting}` : `${running}`
    const parts = [agent, ...(full + rest === '' ? [] : [full + rest]), count]
    const size = parts.join(' ').length + 3
    if (cells > 0 && cells + size > width) {
      lines.push(line.trimEnd())
      line = ''
      cells = 0
    }
    const drawn = full + rest === '' ? '' : `${colors.cyan(full)}${colors.yellow(rest)} `
    line += `${colors.dim(agent)} ${drawn}${count}   `
    cells += size
  }
  lines.push(line.trimEnd())
  return lines
}

/** What each agent did, and the act's figures. */
export function statisticsLines(act: Act, width: number, colors: Colors): string[] {
  const moves = act.agents.some(({ took, gave }) => took + gave > 0)
  const columns: Column[] = [
    { title: 'agent' },
    { title: 'tasks', right: true },
    { title: 'done', right: true },
    { title: 'busy', right: true },
    ...(moves
      ? [
          { title: 'stolen', right: true },
          { title: 'given up', right: true },
        ]
      : []),
  ]
  const sum = (of: readonly AgentSummary[], key: 'tasks' | 'done' | 'busy' | 'took' | 'gave') =>
    of.reduce((total, each) => total + each[key], 0)
  const rows = inRows(act.agents.map((each) => [each.agent, each] as const)).map((alike) => {
    const of = alike.map(([, each]) => each)
    return [
      rowName(alike.map(([agent]) => agent)),
      `${sum(of, 'tasks')}`,
      `${sum(of, 'done')}`,
      `${Math.round((sum(of, 'busy') / of.length) * 100)} %`,
      ...(moves ? [orDash(sum(of, 'took')), orDash(sum(of, 'gave'))] : []),
    ]
  })
  const figures = Object.entries(act.figures).map(([name, value]): [string, string] => [
    name,
    said(value),
  ])
  return [
    ...(rows.length === 0 ? [] : ['', ...table(columns, fitted(columns, rows, width), colors)]),
    ...(figures.length === 0 ? [] : ['', ...list(figures, colors)]),
  ]
}

const NUMBERED = /^(.*-)(\d+)$/

/** Rows of one name, numbered on: `gaps-1` and `gaps-2`. @param alike what else they must have in common. */
function inRows<Row extends readonly [string, ...unknown[]] | readonly string[]>(
  rows: readonly Row[],
  alike: (a: Row, b: Row) => boolean = () => true,
): Row[][] {
  const groups: Row[][] = []
  for (const row of rows) {
    const group = groups.at(-1)
    const [, base, number] = NUMBERED.exec(`${row[0]}`) ?? []
    const [, lastBase, lastNumber] = NUMBERED.exec(`${group?.at(-1)?.[0]}`) ?? []
    const follows = base !== undefined && base === lastBase && +number === +lastNumber + 1
    if (group !== undefined && follows && alike(group[0], row)) group.push(row)
    else groups.push([row])
  }
  return groups
}

/** `gaps-1…2`. */
function rowName(names: readonly string[]): string {
  if (names.length === 1) return names[0]
  return `${names[0]}…${NUMBERED.exec(names.at(-1)!)![2]}`
}

function orDash(count: number): string {
  return count === 0 ? '–' : `${count}`
}

/** Every expectation with what came of it and the document's words. */
export function checkLines(checks: readonly Check[], width: number, colors: Colors): string[] {
  const rows = checks.map(({ what, document, expected, found, holds }) => {
    const bound = typeof expected === 'string' && /^[≤≥] /.test(expected) ? ` (${expected})` : ''
    const wrong = holds ? bound : `, expected ${said(expected)}`
    return { holds, cells: [what, said(found) + wrong, document] }
  })
  const head = ['expectation', 'found', 'the document says']
  const widths = widthsFor([head, ...rows.map(({ cells }) => cells)], width - 2 - 2 * GAP - 2)
  const write = (mark: string, cells: string[], paint: (text: string) => string) => {
    const wrapped = cells.map((cell, at) => wrap(cell, widths[at]))
    const height = Math.max(...wrapped.map(({ length }) => length))
    return Array.from({ length: height }, (_, at) => {
      const parts = wrapped.map((lines, column) => (lines[at] ?? '').padEnd(widths[column]))
      return `  ${at === 0 ? mark : ' '} ${paint(parts.join('  ').trimEnd())}`.trimEnd()
    })
  }
  return [
    '',
    ...write(' ', head, colors.dim),
    ...rows.flatMap(({ holds, cells }) => {
      return write(holds ? colors.green('✓') : colors.red('✗'), cells, holds ? String : colors.red)
    }),
  ]
}

/** @returns each column's own width where there is room; the widest are broken otherwise. */
function widthsFor(rows: readonly string[][], room: number): number[] {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)))
  // Ends: each round takes one off the widest, until they fit.
  for (let over = widths.reduce((sum, each) => sum + each, 0) - room; over > 0; over--) {
    widths[widths.indexOf(Math.max(...widths))]--
  }
  return widths
}

/** A value of a check or a figure, for people. */
export function said(value: unknown): string {
  if (value === null) return 'nobody'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return `${Math.round(value * 1_000) / 1_000}`
  if (Array.isArray(value)) return value.map(said).join(value.some(Array.isArray) ? '; ' : ', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Two columns for the list of demos, and what each shows. */
export function demoTable(
  demos: readonly { name: string; source: string; number: number; shows: string }[],
  width: number,
  colors: Colors,
): string[] {
  const columns: Column[] = [{ title: 'demo' }, { title: 'source' }, { title: 'shows', least: 20 }]
  const names = Math.max(...demos.map(({ name }) => name.length))
  const rows = demos.flatMap(({ name, source, number, shows }) => {
    return wrap(shows, width - names - 16).map((line, at) =>
      at === 0 ? [name, `[${source}] ${number}`, line] : ['', '', line],
    )
  })
  return table(columns, rows, colors)
}

/** After all demos: what came of each. */
export function summaryLines(
  shown: readonly Performance[],
  width: number,
  colors: Colors,
): string[] {
  const columns = [
    { title: '' },
    { title: 'demo' },
    { title: 'source' },
    { title: 'hold' },
    { title: 'title', least: 5 },
  ]
  const rows = shown.map(({ demo, source, number, title, checks, ok }) => {
    const held = checks.filter(({ holds }) => holds).length
    return [ok ? '✓' : '✗', demo, `[${source}] ${number}`, `${held} of ${checks.length}`, title]
  })
  const painted = fitted(columns, rows, width).map(([mark, ...cells]) => {
    return [mark === '✓' ? colors.green(mark) : colors.red(mark), ...cells]
  })
  return ['', ...table(columns, painted, colors)]
}

/** At the very end: one demo's verdict, or that of all. */
export function verdictLines(shown: readonly Performance[], colors: Colors): string[] {
  const checks = shown.flatMap((each) => each.checks)
  const wrong = shown.filter(({ ok }) => !ok).map(({ demo }) => demo)
  const held = checks.filter(({ holds }) => holds).length
  const what = shown.length === 1 ? shown[0].demo : `${shown.length} demos`
  const verdict =
    wrong.length === 0
      ? colors.green(`${what}: all ${held} expectations hold`)
      : colors.red(
          `${wrong.join(', ')}: ${checks.length - held} of ${checks.length} expectations do not hold`,
        )
  return ['', verdict]
}
