/** The check of graphs: against a brute-force twin, over random graphs, with cycles named. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { byLayer, layersOf, type NamedNode, orderGraph } from '../../src/flows/graph.ts'

const LIMITS = { tasksMax: 1_000, edgesMax: 10_000 }
const RUNS = process.env.SOAK ? 100_000 : 2_000
const FUZZ_MS = process.env.SOAK ? 600_000 : 30_000

function graph(after: Record<string, string[]>): NamedNode[] {
  return Object.entries(after).map(([name, names]) => ({ name, after: names }))
}

function refusal(nodes: readonly NamedNode[], limits = LIMITS): string {
  try {
    orderGraph(nodes, limits)
  } catch (error) {
    expect(error).toBeInstanceOf(SignalboxError)
    expect((error as SignalboxError).code).toBe('bad_flow')
    return (error as SignalboxError).message
  }
  throw new Error('nothing was refused')
}

test('graph: parents come before their children, by layer and as they were given', () => {
  const nodes = graph({ d: ['b', 'c'], b: ['a'], a: [], c: ['a'], e: [] })
  const { order, parents, layers } = orderGraph(nodes, LIMITS)
  expect(order.map((i) => nodes[i].name)).toEqual(['a', 'e', 'b', 'c', 'd'])
  expect(parents).toEqual([[], [], [0], [0], [2, 3]])
  expect(layers).toEqual([0, 0, 1, 1, 2])
  expect(layersOf(parents)).toEqual(layers)
  expect(byLayer(['a', 'e', 'b', 'c', 'd'], layers)).toEqual([['a', 'e'], ['b', 'c'], ['d']])
})

test('graph: a cycle is named from its first task on, each before the next', () => {
  const nodes = graph({ start: [], c: ['b'], a: ['c', 'start'], b: ['a'], end: ['c'] })
  expect(refusal(nodes)).toMatch(/^The flow goes round: c → a → b → c\. /)
})

test('graph: of a long cycle both ends are named', () => {
  const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
  const nodes = names.map((name, i) => ({ name, after: [names[(i + 49) % 50]] }))
  expect(refusal(nodes)).toContain('n0 → n1 → n2 → n3 → n4 → n5 → (38 more) → n44')
  expect(refusal(nodes)).toContain('→ n49 → n0.')
})

test('graph: a task after itself, or after one that there is not, is told which', () => {
  expect(refusal(graph({ a: ['a'] }))).toBe('Task "a" is to come after itself: leave that out.')
  expect(refusal(graph({ a: [], b: ['x'] }))).toBe(
    'Task "b" is to come after "x", which is no task of the flow: it has a, b.',
  )
})

test('graph: names are tokens, and each is one task’s', () => {
  expect(refusal([{ name: 'a.b', after: [] }])).toMatch(/^The name "a\.b" of a task cannot be/)
  const twice = [
    { name: 'a', after: [] },
    { name: 'a', after: [] },
  ]
  expect(refusal(twice)).toMatch(/^Two tasks are called "a"/)
})

test('graph: none, too many tasks and too many dependencies are refused with the numbers', () => {
  expect(refusal([])).toBe('A flow needs at least one task.')
  const two = graph({ a: [], b: ['a'] })
  expect(refusal(two, { tasksMax: 1, edgesMax: 9 })).toMatch(/has 2 tasks, 1 are allowed/)
  expect(refusal(two, { tasksMax: 9, edgesMax: 0 })).toMatch(/has 1 dependencies, 0 are allowed/)
})

test('graph: what is named twice as a parent counts once', () => {
  expect(orderGraph(graph({ a: [], b: ['a', 'a'] }), LIMITS).parents).toEqual([[], [0]])
})

test('graph: names of what every object has are names as any', () => {
  const nodes = ['constructor', '__proto__', 'toString'].map((name, i, all) => ({
    name,
    after: all.slice(0, i),
  }))
  expect(orderGraph(nodes, LIMITS).layers).toEqual([0, 1, 2])
})

test('graph: a chain of ten thousand is as good as any', () => {
  const nodes = Array.from({ length: 10_000 }, (_, i) => ({
    name: `n${i}`,
    after: i === 0 ? [] : [`n${i - 1}`],
  }))
  const { layers } = orderGraph(nodes.reverse(), { tasksMax: 10_000, edgesMax: 10_000 })
  expect(layers.at(-1)).toBe(9_999)
})

/** As the source document has it: round after round, whoever has nobody left before it. */
function slowLayers(nodes: readonly NamedNode[]): string[][] | null {
  const layers: string[][] = []
  const done = new Set<string>()
  while (done.size < nodes.length) {
    const ready = nodes.filter(({ name, after }) => {
      return !done.has(name) && after.every((parent) => done.has(parent))
    })
    if (ready.length === 0) return null
    layers.push(ready.map(({ name }) => name))
    for (const { name } of ready) done.add(name)
  }
  return layers
}

const anyGraph = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 2 * count }).map((edges) =>
    Array.from({ length: count }, (_, i): NamedNode => {
      const after = edges.filter(([child, parent]) => child === i && parent !== i)
      return { name: `n${i}`, after: after.map(([, parent]) => `n${parent}`) }
    }),
  ),
)

test(
  `graph: ${RUNS} random graphs have the layers of a brute-force twin, or a cycle that is one`,
  () => {
    let cycles = 0
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const slow = slowLayers(nodes)
        if (slow !== null) {
          const { order, layers } = orderGraph(nodes, LIMITS)
          expect(
            byLayer(
              order.map((i) => nodes[i].name),
              layers,
            ),
          ).toEqual(slow)
          return
        }
        cycles++
        const [, told] = /goes round: (.*?)\. None/.exec(refusal(nodes))!
        const names = told.split(' → ')
        expect(names.length).toBeGreaterThan(2)
        expect(names.at(-1)).toBe(names[0])
        expect(new Set(names).size).toBe(names.length - 1)
        for (const [i, name] of names.slice(1).entries()) {
          expect(nodes.find((node) => node.name === name)!.after).toContain(names[i])
        }
      }),
      { numRuns: RUNS },
    )
    expect(cycles).toBeGreaterThan(RUNS / 100)
  },
  FUZZ_MS,
)
