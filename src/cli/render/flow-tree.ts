/**
 * A graph as lines; pure functions.
 *
 * ```
 *   as a tree, up to a dozen layers            by layers, beyond
 *
 *   extract                                     0  extract
 *   ├─ left                                     1  left
 *   │  └─ join     also after right                right
 *   └─ right                                       … 40 layers: 40 blocked
 * ```
 *
 * Invariant: each task stands in one line, or is summed up in one. In the tree it stands below the deepest
 * of those that it depends on, and the others are named behind it; nothing recurses, so that no depth is
 * too much. What somebody looks for (failures, what runs) is shown before what is as it should be.
 */
import type { FlowTaskView, FlowView } from '../../flow-views.ts'

type Shown = FlowTaskView['state']

/** What somebody looks for first, first. */
export const INTEREST: readonly Shown[] = [
  'failed',
  'dead',
  'expired',
  'processing',
  'assigned',
  'pending',
  'scheduled',
  'cancelled',
  'blocked',
  'completed',
  'forgotten',
]

export interface Line {
  /** What stands before the sign. */
  readonly branch: string
  readonly task: FlowTaskView | null
  /** Of several that are not shown, and what they are called. */
  readonly rest: readonly FlowTaskView[]
  readonly restOf: string
  /** Others that it depends on. */
  readonly also: readonly string[]
}

/** Siblings that are shown each by itself; more are summed up. */
const SIBLINGS_MAX = 10
/** A graph of so many tasks is shown whole. */
const WHOLE_MAX = 40
/** Beyond, a tree would be wider than a terminal. */
const TREE_LAYERS_MAX = 12
/** Layers all of one state that are shown at either end of many. */
const CALM_SHOWN = 1

export function linesOf(flow: FlowView): Line[] {
  const most = flow.tasks.length <= WHOLE_MAX ? WHOLE_MAX : SIBLINGS_MAX
  return flow.layers.length <= TREE_LAYERS_MAX ? tree(flow, most) : layered(flow, most)
}

/** Layers one below the other; runs of layers in which nothing happens, or has gone wrong, in one line. */
function layered({ tasks, layers }: FlowView, most: number): Line[] {
  const groups: FlowTaskView[][] = layers.map(() => [])
  for (const task of tasks) groups[task.layer].push(task)
  const lines: Line[] = []
  for (let at = 0; at < groups.length; ) {
    const end = endOfCalm(groups, at)
    const isLong = end - at > 2 * CALM_SHOWN + 1
    const shownEnd = isLong ? at + CALM_SHOWN : Math.max(end, at + 1)
    for (let i = at; i < shownEnd; i++) lines.push(...layerLines(groups[i], i, most))
    if (isLong) {
      const rest = groups.slice(shownEnd, end - CALM_SHOWN).flat()
      const restOf = `more in ${end - CALM_SHOWN - shownEnd} layers`
      lines.push({ branch: '     ', task: null, rest, restOf, also: [] })
      for (let i = end - CALM_SHOWN; i < end; i++) lines.push(...layerLines(groups[i], i, most))
    }
    at = isLong ? end : shownEnd
  }
  return lines
}

/** @returns where the layers end that are all in the one state of this one. */
function endOfCalm(groups: readonly FlowTaskView[][], from: number): number {
  const [{ state }] = groups[from]
  const isCalm = state === 'completed' || state === 'blocked' || state === 'forgotten'
  if (!isCalm) return from + 1
  let end = from
  while (end < groups.length && groups[end].every((task) => task.state === state)) end++
  return end
}

function layerLines(tasks: readonly FlowTaskView[], layer: number, most: number): Line[] {
  const shown = tasks.length <= most ? tasks : mostTelling(tasks, most)
  const lines = shown.map((task, i): Line => {
    const branch = `${i === 0 ? String(layer).padStart(3) : '   '}  `
    return { branch, task, rest: [], restOf: '', also: [] }
  })
  if (shown.length === tasks.length) return lines
  const rest = tasks.filter((task) => !shown.includes(task))
  return [...lines, { branch: '     ', task: null, rest, restOf: 'more', also: [] }]
}

function tree({ tasks }: FlowView, most: number): Line[] {
  const byName = new Map(tasks.map((task) => [task.name, task]))
  const below = new Map<string, FlowTaskView[]>()
  const roots: FlowTaskView[] = []
  const mainOf = new Map<string, string>()
  for (const task of tasks) {
    const parents = task.after.map((name) => byName.get(name)!)
    const main = parents.reduce<FlowTaskView | null>(
      (deepest, parent) => (deepest === null || parent.layer > deepest.layer ? parent : deepest),
      null,
    )
    if (main === null) roots.push(task)
    else {
      mainOf.set(task.name, main.name)
      const those = below.get(main.name)
      if (those === undefined) below.set(main.name, [task])
      else those.push(task)
    }
  }
  return walk(roots, below, mainOf, most)
}

interface Step {
  readonly line: Line
  /** What lines below it begin with. */
  readonly stem: string
}

function walk(
  roots: readonly FlowTaskView[],
  below: ReadonlyMap<string, readonly FlowTaskView[]>,
  mainOf: ReadonlyMap<string, string>,
  most: number,
): Line[] {
  const lines: Line[] = []
  const left = stepsOf(roots, '', true, mainOf, most).reverse()
  // Ends: each task stands below one other, and is taken once.
  for (let step = left.pop(); step !== undefined; step = left.pop()) {
    const { line, stem } = step
    lines.push(line)
    if (line.task === null) continue
    const children = below.get(line.task.name) ?? []
    // Not by spread: there may be ten thousand.
    for (const next of stepsOf(children, stem, false, mainOf, most).reverse()) left.push(next)
  }
  return lines
}

function stepsOf(
  tasks: readonly FlowTaskView[],
  stem: string,
  areRoots: boolean,
  mainOf: ReadonlyMap<string, string>,
  most: number,
): Step[] {
  const shown = tasks.length <= most ? tasks : mostTelling(tasks, most)
  const rest = tasks.length <= most ? [] : tasks.filter((task) => !shown.includes(task))
  const steps = shown.map((task, i): Step => {
    const isLast = i === shown.length - 1 && rest.length === 0
    const branch = areRoots ? '' : `${stem}${isLast ? '└─ ' : '├─ '}`
    const also = task.after.filter((name) => name !== mainOf.get(task.name))
    const next = areRoots ? '' : `${stem}${isLast ? '   ' : '│  '}`
    return { line: { branch, task, rest: [], restOf: '', also }, stem: next }
  })
  if (rest.length === 0) return steps
  const branch = areRoots ? '' : `${stem}└─ `
  return [...steps, { line: { branch, task: null, rest, restOf: 'more', also: [] }, stem: '' }]
}

/** In their order. */
function mostTelling(tasks: readonly FlowTaskView[], most: number): FlowTaskView[] {
  const ranked = tasks
    .map((task, i) => ({ task, i, rank: INTEREST.indexOf(task.state) }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
  const kept = ranked.slice(0, most).sort((a, b) => a.i - b.i)
  return kept.map(({ task }) => task)
}
