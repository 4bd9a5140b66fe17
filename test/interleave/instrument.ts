/**
 * `native-free`, built, with every function that touches shared memory turned into a generator that
 * says each access before it happens.
 *
 * Invariant: in the result no access of shared memory is left outside of a `yield`, except in
 * constructors and in memory-map.js, which run before any other thread has seen the memory.
 *
 * ```
 *  atomics.load(words, i)     (yield $.load(words, i))
 *  x = words[i]               x = (yield $.read(words, i))
 *  words[i] = x               (yield $.write(words, i, x))
 *  words[i] |= x              (yield $.write(words, i, (yield $.read(words, i)) | x))   two steps
 *  ring.write(slot, n)        (yield* ring.write(slot, n))     where any `write` says steps
 * ```
 *
 * Which functions say steps is found by name, over all files: who touches shared memory, and who
 * calls such a name. Views are known by name too; a name in neither list is an error, so new code
 * has to be sorted in. Bitsets are stepped like all others; a range that is filled is one step a
 * word.
 *
 * Source of the idea: `loom`, which replaces the atomics of Tokio; a compiler does here what
 * running each actor on a thread of its own does there.
 */
import { type AnyNode, type CallExpression, type MemberExpression, parse } from 'acorn'
import { full, fullAncestor } from 'acorn-walk'
import MagicString from 'magic-string'
import { type Module, nameOf, type Patch, readModules, wrap } from './modules.ts'
import { atomics, sayings } from './step.ts'
import { type NativeFree, PLAIN } from './stepped.ts'

/** Views of shared memory, by the name they go by. */
const SHARED = new Set([
  ...['words', 'aWords', 'bWords', 'matches', 'floats'],
  ...['learned', 'rowLatencies'],
])
/** Everything else that is indexed: the caller's arrays, and tables of one thread. */
const LOCAL = new Set([
  ...['into', 'scratch', 'values', 'waits', 'STATE_NAMES', 'levels'],
  ...['views', 'candidateViews', 'preferredViews'],
])

/** Files that are taken as they are: they run before the memory is shared, or touch none. */
const UNSTEPPED = new Set([
  ...['memory-map.js', 'policy-ranges.js', 'brands.js', 'latency-layout.js'],
])

const known = new Map<string, NativeFree>()

/**
 * Instruments the built native-free; the same patches give the same object again.
 * @throws Error naming the file when a patch does not fit, or something in it cannot be stepped.
 */
export function instrument(patches: readonly Patch[] = []): NativeFree {
  const key = JSON.stringify(patches)
  const before = known.get(key)
  if (before !== undefined) return before
  const modules = readModules(patches)
  const stepping = findStepping(modules)
  const wrong = PLAIN.filter((name) => stepping.has(name))
  if (wrong.length > 0) throw new Error(`instrument: not plain any more: ${wrong.join(', ')}`)
  const code = modules.map((module) => {
    const made = wrap(module, rewrite(module, stepping))
    expectAllStepped(module.file, made)
    return made
  })
  const make = new Function('$', 'modules', `'use strict'\n${code.join('\n')}`)
  const made: Record<string, object> = { 'atomics.js': atomics }
  make({ ...sayings, plain: plainAtomics }, made)
  const { 'atomics.js': _, ...files } = made
  const merged = Object.assign({}, ...Object.values(files)) as NativeFree
  known.set(key, merged)
  return merged
}

/** The atomics of constructors: done at once. */
const plainAtomics = { load: (words: Int32Array, at: number) => words[at] }

/** The function that a node belongs to, with its name; undefined at the top of a module. */
function ownerOf(ancestors: AnyNode[]): { name: string; kind: string } | undefined {
  for (let i = ancestors.length - 2; i >= 0; i--) {
    const node = ancestors[i]
    if (node.type === 'FunctionDeclaration') return { name: node.id?.name ?? '', kind: 'function' }
    if (node.type === 'ArrowFunctionExpression') return { name: '=>', kind: 'arrow' }
    if (node.type === 'FunctionExpression') {
      const parent = ancestors[i - 1]
      if (parent?.type !== 'MethodDefinition') return { name: '?', kind: 'expression' }
      return { name: nameOf(parent.key) ?? '', kind: parent.kind }
    }
  }
  return undefined
}

function isAtomic({ callee }: CallExpression): boolean {
  return (
    callee.type === 'MemberExpression' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'atomics'
  )
}

function isFill({ callee }: CallExpression): boolean {
  if (callee.type !== 'MemberExpression' || nameOf(callee) !== 'fill') return false
  return SHARED.has(nameOf(callee.object as AnyNode) ?? '')
}

function isShared(node: MemberExpression, file: string): boolean {
  if (!node.computed) return false
  const name = nameOf(node.object as AnyNode) ?? '?'
  if (SHARED.has(name)) return true
  if (LOCAL.has(name)) return false
  throw new Error(`instrument: ${file}: is ${name}[…] shared or local? sort it into a list`)
}

/** Finds the names of all functions that say steps, in all files. */
function findStepping(modules: Module[]): Set<string> {
  const stepping = new Set<string>()
  const calls: { from: string; to: string }[] = []
  for (const { file, program } of modules) {
    if (UNSTEPPED.has(file)) continue
    fullAncestor(program, (visited, _, path) => {
      const node = visited as AnyNode
      const owner = ownerOf(path as AnyNode[])
      if (owner === undefined || owner.kind === 'constructor') return
      if (node.type === 'CallExpression') {
        if (isAtomic(node) || isFill(node)) stepping.add(owner.name)
        else calls.push({ from: owner.name, to: nameOf(node.callee as AnyNode) ?? '' })
      }
      if (node.type === 'MemberExpression' && isShared(node, file)) stepping.add(owner.name)
    })
  }
  // Ends: each round but the last adds a name.
  for (let before = -1; before !== stepping.size; ) {
    before = stepping.size
    for (const { from, to } of calls) if (stepping.has(to)) stepping.add(from)
  }
  for (const name of ['=>', '?']) {
    if (stepping.has(name)) throw new Error('instrument: a nameless function says steps')
  }
  return stepping
}

/** Rewrites one module's functions. */
function rewrite(module: Module, stepping: Set<string>): MagicString {
  const { file, text, program } = module
  const output = new MagicString(text)
  if (UNSTEPPED.has(file)) return output
  fullAncestor(program, (visited, _, path) => {
    const node = visited as AnyNode
    const ancestors = path as AnyNode[]
    const parent = ancestors.at(-2)
    if (node.type === 'FunctionDeclaration' && stepping.has(node.id?.name ?? '')) {
      output.appendLeft(node.start + 'function'.length, '*')
    }
    if (node.type === 'MethodDefinition' && stepping.has(nameOf(node.key as AnyNode) ?? '')) {
      if (node.kind !== 'method') throw new Error(`instrument: ${file}: a ${node.kind} says steps`)
      output.appendLeft(node.key.start, '*')
    }
    const owner = ownerOf(ancestors)
    if (owner === undefined) return
    const isAtOnce = owner.kind === 'constructor'
    if (node.type === 'CallExpression') rewriteCall(output, node, file, stepping, isAtOnce)
    if (node.type === 'MemberExpression' && !isAtOnce && isShared(node, file)) {
      rewriteAccess(output, node, parent!, module, stepping)
    }
  })
  return output
}

function rewriteCall(
  output: MagicString,
  node: CallExpression,
  file: string,
  stepping: Set<string>,
  isAtOnce: boolean,
): void {
  const { callee } = node
  if (isAtomic(node)) {
    const { object } = callee as MemberExpression
    output.update(object.start, object.end, isAtOnce ? '$.plain' : '$')
    if (!isAtOnce) output.prependLeft(node.start, '(yield ').prependRight(node.end, ')')
    return
  }
  if (isFill(node)) {
    const { object } = callee as MemberExpression
    output.prependLeft(node.start, '(yield* $.fill(')
    output.overwrite(object.end, node.arguments[0].start, ', ')
    output.prependRight(node.end, ')')
    return
  }
  if (!stepping.has(nameOf(callee as AnyNode) ?? '')) return
  if (isAtOnce) throw new Error(`instrument: ${file}: a constructor calls what says steps`)
  output.prependLeft(node.start, '(yield* ').prependRight(node.end, ')')
}

/** Rewrites `view[index]` by what its parent does with it. */
function rewriteAccess(
  output: MagicString,
  node: MemberExpression,
  parent: AnyNode,
  { file, text }: Module,
  stepping: Set<string>,
): void {
  const view = text.slice(node.object.start, node.object.end)
  const at = text.slice(node.property.start, node.property.end)
  full(node.property, (part) => {
    const inner = part as AnyNode
    const isStep = inner.type === 'CallExpression' && stepping.has(nameOf(inner.callee) ?? '')
    if (isStep || inner.type === 'AssignmentExpression' || inner.type === 'UpdateExpression') {
      throw new Error(`instrument: ${file}: an index may have no effects: ${at}`)
    }
  })
  const read = `(yield $.read(${view}, ${at}))`
  if (parent.type === 'AssignmentExpression' && parent.left === node) {
    const operator = parent.operator.slice(0, -1)
    const value = operator === '' ? '(' : `${read} ${operator} (`
    output.prependLeft(parent.start, '(yield ')
    output.overwrite(parent.start, parent.right.start, `$.write(${view}, ${at}, ${value}`)
    output.prependRight(parent.end, ')))')
    return
  }
  if (parent.type === 'UpdateExpression') {
    const sign = parent.operator[0]
    output.overwrite(parent.start, parent.end, `(yield $.write(${view}, ${at}, ${read} ${sign} 1))`)
    return
  }
  output.overwrite(node.start, node.end, read)
}

/** Looks at the result itself: whatever touches shared memory stands in a `yield`. */
function expectAllStepped(file: string, code: string): void {
  if (UNSTEPPED.has(file)) return
  fullAncestor(parse(code, { ecmaVersion: 2023 }), (visited, _, path) => {
    const node = visited as AnyNode
    const ancestors = path as AnyNode[]
    if (ownerOf(ancestors)?.kind === 'constructor') return
    const isView = node.type === 'MemberExpression' && !isModules(node) && isShared(node, file)
    const isCall = node.type === 'CallExpression' && (isAtomic(node) || isFill(node))
    const isSaying =
      node.type === 'CallExpression' &&
      node.callee.type === 'MemberExpression' &&
      nameOf(node.callee.object as AnyNode) === '$'
    const isYielded = ancestors.at(-2)?.type === 'YieldExpression'
    if (isView || isCall || (isSaying && !isYielded)) {
      const text = code.slice(node.start, node.end)
      throw new Error(`instrument: ${file}: left as it was: ${text}`)
    }
  })
}

function isModules(node: MemberExpression): boolean {
  return nameOf(node.object as AnyNode) === 'modules'
}
