/**
 * The check of a graph: every name is known, nothing waits for itself, and what may run at the same
 * time stands in one layer.
 *
 * Any thread, pure. Invariant: an order is given only of a graph without a cycle, and in it parents come
 * before their children; a cycle is named, `a → b → c → a`, each before the next.
 *
 * Layers are peeled off (A. B. Kahn, Topological sorting of large networks, 1962), by counts of open
 * parents: each task and each edge is looked at twice, and nothing recurses, so a chain of ten thousand
 * is as good as any. Not taken: a depth-first search, which finds cycles on the way but no layers.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { isToken, quote } from '../wire/tokens.ts'
import { someOf } from '../words/lists.ts'
import { count } from '../words/numbers.ts'

/** One task as the check needs it. */
export interface NamedNode {
  readonly name: string
  /** Names of those before it. */
  readonly after: readonly string[]
}

export interface GraphLimits {
  readonly tasksMax: number
  readonly edgesMax: number
}

export interface OrderedGraph {
  /** Indices of the given nodes, by layer and within one as they were given. */
  readonly order: readonly number[]
  /** By place in the order: the places of its parents, each smaller. */
  readonly parents: readonly (readonly number[])[]
  /** By place in the order: its layer, from 0; the longest way to it has so many edges. */
  readonly layers: readonly number[]
}

/** Names of a cycle that a message shows. */
const NAMED_MAX = 12

/** @throws bad_flow */
export function orderGraph(nodes: readonly NamedNode[], limits: GraphLimits): OrderedGraph {
  requireSize(nodes, limits)
  const indices = indicesOf(nodes)
  const parents = nodes.map((node) => parentsOf(node, indices))
  const children: number[][] = nodes.map(() => [])
  for (const [i, those] of parents.entries()) for (const parent of those) children[parent].push(i)
  const layerOf = new Int32Array(nodes.length)
  const order = peel(parents, children, layerOf)
  if (order.length < nodes.length) throw cycle(nodes, parents, order)
  const placeOf = new Int32Array(nodes.length)
  for (const [place, i] of order.entries()) placeOf[i] = place
  return {
    order,
    parents: order.map((i) => parents[i].map((parent) => placeOf[parent])),
    layers: order.map((i) => layerOf[i]),
  }
}

/**
 * Layers of a graph whose parents come before their children.
 * @param after by node: indices of its parents.
 * @returns by node: its layer, from 0.
 */
export function layersOf(after: readonly (readonly number[])[]): number[] {
  const layers: number[] = []
  for (const parents of after) {
    layers.push(parents.reduce((most, parent) => Math.max(most, layers[parent] + 1), 0))
  }
  return layers
}

/** @returns what stands in each layer, as given within one. */
export function byLayer<Item>(items: readonly Item[], layers: readonly number[]): Item[][] {
  const groups: Item[][] = []
  for (const [i, item] of items.entries()) {
    while (groups.length <= layers[i]) groups.push([])
    groups[layers[i]].push(item)
  }
  return groups
}

function requireSize(nodes: readonly NamedNode[], { tasksMax, edgesMax }: GraphLimits): void {
  if (nodes.length === 0) throw badFlow('A flow needs at least one task.')
  if (nodes.length > tasksMax) {
    throw badFlow(
      `The flow has ${count(nodes.length)} tasks, ${count(tasksMax)} are allowed: split it` +
        (tasksMax < LIMITS.flowTasksMax
          ? `, or raise flow_tasks_max, to ${count(LIMITS.flowTasksMax)} at most.`
          : '; flow_tasks_max cannot be more.'),
    )
  }
  const edges = nodes.reduce((sum, { after }) => sum + after.length, 0)
  if (edges <= edgesMax) return
  throw badFlow(
    `The flow has ${count(edges)} dependencies, ${count(edgesMax)} are allowed: put a task between that gathers ` +
      'what many depend on.',
  )
}

function indicesOf(nodes: readonly NamedNode[]): Map<string, number> {
  const indices = new Map<string, number>()
  for (const [i, { name }] of nodes.entries()) {
    if (!isToken(name)) {
      throw badFlow(
        `The name ${quote(name)} of a task cannot be: use 1 to 64 of the characters A-Z a-z 0-9 _ and -.`,
      )
    }
    if (indices.has(name)) throw badFlow(`Two tasks are called "${name}": give each its own name.`)
    indices.set(name, i)
  }
  return indices
}

/** One that is named twice counts once. */
function parentsOf({ name, after }: NamedNode, indices: ReadonlyMap<string, number>): number[] {
  const parents: number[] = []
  for (const parent of after) {
    const index = indices.get(parent)
    if (index === undefined) {
      throw badFlow(
        `Task "${name}" is to come after ${quote(parent)}, which is no task of the flow: it has ` +
          `${someOf([...indices.keys()], NAMED_MAX)}.`,
      )
    }
    if (parent === name) throw badFlow(`Task "${name}" is to come after itself: leave that out.`)
    parents.push(index)
  }
  return parents.length < 2 ? parents : [...new Set(parents)]
}

/** @returns those that are in no cycle and behind none. */
function peel(
  parents: readonly (readonly number[])[],
  children: readonly (readonly number[])[],
  layerOf: Int32Array,
): number[] {
  const open = Int32Array.from(parents, ({ length }) => length)
  const order: number[] = []
  let layer: number[] = []
  for (const [i, count] of open.entries()) if (count === 0) layer.push(i)
  // Ends: each round takes a node at least, and none twice.
  for (let depth = 0; layer.length > 0; depth++) {
    const next: number[] = []
    for (const i of layer) {
      layerOf[i] = depth
      order.push(i)
      for (const child of children[i]) if (--open[child] === 0) next.push(child)
    }
    layer = next.sort((a, b) => a - b)
  }
  return order
}

/** Whoever is left has a parent that is left: going from one to the next comes round. */
function cycle(
  nodes: readonly NamedNode[],
  parents: readonly (readonly number[])[],
  order: readonly number[],
): SignalboxError {
  const isDone = new Uint8Array(nodes.length)
  for (const i of order) isDone[i] = 1
  const seenAt = new Map<number, number>()
  const way: number[] = []
  let at = isDone.indexOf(0)
  // Ends: there are finitely many nodes to be seen for the first time.
  while (!seenAt.has(at)) {
    seenAt.set(at, way.length)
    way.push(at)
    at = parents[at].find((parent) => isDone[parent] === 0)!
  }
  // From children to parents it was found; it is told the other way.
  const found = way.slice(seenAt.get(at)).reverse()
  const first = found.indexOf(Math.min(...found))
  const names = [...found.slice(first), ...found.slice(0, first)].map((i) => nodes[i].name)
  return badFlow(
    `The flow goes round: ${arrows(names)}. None of them can be first; leave one of these ` +
      'dependencies out.',
  )
}

/** `a → b → c → a`; what is long is cut in its middle. */
function arrows(names: readonly string[]): string {
  const more = names.length - NAMED_MAX
  const half = NAMED_MAX / 2
  const shown =
    more <= 0 ? names : [...names.slice(0, half), `(${more} more)`, ...names.slice(-half)]
  return [...shown, names[0]].join(' → ')
}

export function badFlow(message: string): SignalboxError {
  return new SignalboxError('bad_flow', message)
}
