/**
 * Rules that send a task round for ever: found before anything runs. Any thread.
 *
 *   queue ──rule──► queue        queue ──dead letters──► queue        queue ──escalation──► queue
 *
 * Invariant: with no circle found, a task follows rules only finitely often: each way round has a rule
 * in it that says how many `times`. A way round of dead letters and escalations alone is no circle of
 * rules: a task goes to no queue twice by them.
 *
 * Components are found by Tarjan's algorithm (1972), with a stack of its own: there may be 10,000 queues
 * in a row.
 */
import type { QueueOptions } from '../options.ts'

export interface RuleGraph {
  readonly queues: Readonly<Record<string, QueueOptions>>
  /** Queue that tasks go on in, by the name of their dead letter. */
  readonly moves: (letter: string) => string | null
  /** Of queues that come into being; null where none does. */
  readonly defaults: QueueOptions | null
}

export interface RuleCircle {
  /** The first queue once more at its end. */
  readonly path: readonly string[]
  /** Of the first queue: the rule that begins it. */
  readonly rule: number
}

interface Way {
  readonly to: number
  /** Index among the rules of its queue; -1 for any other way. */
  readonly rule: number
}

/** @returns one circle of each set of queues that lead to each other. */
export function ruleCircles(graph: RuleGraph): RuleCircle[] {
  const { names, ways } = waysOf(graph)
  const component = componentsOf(ways)
  const told = new Set<number>()
  const found: RuleCircle[] = []
  for (let from = 0; from < names.length; from++) {
    if (told.has(component[from])) continue
    const first = ways[from].find(({ to, rule }) => rule >= 0 && component[to] === component[from])
    if (first === undefined) continue
    told.add(component[from])
    const path = shortestPath(ways, component, first.to, from)
    found.push({ path: [from, ...path].map((at) => names[at]), rule: first.rule })
  }
  return found
}

/** Rules with `times` are left out: they end. */
function waysOf({ queues, moves, defaults }: RuleGraph): { names: string[]; ways: Way[][] } {
  const names = Object.keys(queues)
  const index = new Map(names.map((name, at) => [name, at]))
  const waysFrom = (name: string, options: QueueOptions): Way[] => {
    const own: Way[] = []
    const add = (target: string, rule: number) => {
      let to = index.get(target)
      if (to === undefined) {
        if (defaults === null) return
        to = names.push(target) - 1
        index.set(target, to)
      }
      own.push({ to, rule })
    }
    for (const [rule, { then, queue, times }] of options.rules.entries()) {
      if (then === 'queue' && times === 0) add(queue, rule)
    }
    const letters = moves(options.deadLetterQueue || name)
    if (letters !== null) add(letters, -1)
    const escalation = options.escalateTo || options.escalateToAgent
    if (escalation !== '') add(escalation, -1)
    return own
  }
  // Of a queue of any name that comes into being: whatever it leads to is looked at, it is in no circle
  // unless one of those names it.
  if (defaults !== null) waysFrom('', defaults)
  const ways: Way[][] = []
  // Grows while it is gone through: by queues that come into being, each once.
  for (let at = 0; at < names.length; at++) {
    const name = names[at]
    ways.push(waysFrom(name, Object.hasOwn(queues, name) ? queues[name] : defaults!))
  }
  return { names, ways }
}

/** @returns the component of each, by a number of its own. */
function componentsOf(ways: readonly (readonly Way[])[]): Int32Array {
  const component = new Int32Array(ways.length).fill(-1)
  const order = new Int32Array(ways.length).fill(-1)
  const low = new Int32Array(ways.length)
  const open: number[] = []
  let count = 0
  for (let root = 0; root < ways.length; root++) {
    if (order[root] >= 0) continue
    const path: { at: number; next: number }[] = [{ at: root, next: 0 }]
    // Ends: each round takes one more way, or leaves one queue.
    while (path.length > 0) {
      const step = path[path.length - 1]
      const { at } = step
      if (step.next === 0) {
        order[at] = low[at] = count++
        open.push(at)
      }
      if (step.next < ways[at].length) {
        const { to } = ways[at][step.next++]
        if (order[to] < 0) path.push({ at: to, next: 0 })
        else if (component[to] < 0) low[at] = Math.min(low[at], order[to])
        continue
      }
      path.pop()
      if (path.length > 0)
        low[path[path.length - 1].at] = Math.min(low[path[path.length - 1].at], low[at])
      if (low[at] !== order[at]) continue
      for (let member = open.pop()!; ; member = open.pop()!) {
        component[member] = at
        if (member === at) break
      }
    }
  }
  return component
}

/** Breadth first, within one component. @returns both ends included; one alone when they are the same. */
function shortestPath(
  ways: readonly (readonly Way[])[],
  component: Int32Array,
  from: number,
  to: number,
): number[] {
  const before = new Map<number, number>([[from, -1]])
  const line = [from]
  for (let i = 0; i < line.length && !before.has(to); i++) {
    for (const way of ways[line[i]]) {
      if (before.has(way.to) || component[way.to] !== component[from]) continue
      before.set(way.to, line[i])
      line.push(way.to)
    }
  }
  const path: number[] = []
  for (let at = to; at !== -1; at = before.get(at)!) path.push(at)
  return path.reverse()
}
