/**
 * The files of the built `native-free`: read, patched, put in order, and each made one function.
 *
 * Nothing is written to disk: imports become names taken from one shared object, exports what a
 * function returns, and so V8 sees plain local names.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AnyNode, type Node, parse } from 'acorn'
import type MagicString from 'magic-string'
import { root } from '../support/files.ts'

/** One change of the built text, for small constants and for seeded bugs. */
export interface Patch {
  /** File below `dist/native-free`, with `.js`. */
  readonly file: string
  /** Must occur exactly once. */
  readonly find: string
  readonly replace: string
}

/** A file and its syntax tree. */
export interface Module {
  readonly file: string
  readonly text: string
  readonly program: Node & { body: AnyNode[] }
}

const FOLDER = join(root, 'dist/native-free')

/** Reads all files, each after those it imports, with the patches applied. */
export function readModules(patches: readonly Patch[]): Module[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.js'))
  const unknown = patches.filter(({ file }) => !files.includes(file))
  if (unknown.length > 0) throw new Error(`instrument: no such file: ${unknown[0].file}`)
  const modules = files
    .filter((file) => file !== 'atomics.js')
    .map((file) => {
      const own = patches.filter((patch) => patch.file === file)
      const text = own.reduce(applyPatch, readFileSync(join(FOLDER, file), 'utf8'))
      const program = parse(text, { ecmaVersion: 2023, sourceType: 'module' })
      return { file, text, program: program as unknown as Module['program'] }
    })
  return inOrder(modules)
}

function applyPatch(text: string, { file, find, replace }: Patch): string {
  const count = text.split(find).length - 1
  if (count !== 1) throw new Error(`instrument: ${file}: found ${count} times: ${find}`)
  return text.replace(find, () => replace)
}

/** Sorts modules so that each comes after those it imports. */
function inOrder(modules: Module[]): Module[] {
  const sorted = new Set<Module>()
  const visit = (module: Module, depth: number): void => {
    if (sorted.has(module)) return
    if (depth > modules.length) throw new Error(`instrument: ${module.file}: imports go in circles`)
    for (const node of module.program.body) {
      const from = sourceOf(node)
      const next = modules.find(({ file }) => file === from)
      if (next !== undefined) visit(next, depth + 1)
    }
    sorted.add(module)
  }
  for (const module of modules) visit(module, 0)
  return [...sorted]
}

/** The file that an import or export is from. */
function sourceOf(node: AnyNode): string | undefined {
  const source = 'source' in node ? (node.source as { value?: unknown } | null) : null
  return typeof source?.value === 'string' ? source.value.replace('./', '') : undefined
}

/** `x` of `x` and of `y.x`. */
export function nameOf(node: AnyNode): string | undefined {
  if (node.type === 'Identifier') return node.name
  if (node.type === 'MemberExpression' && !node.computed) return nameOf(node.property as AnyNode)
  return undefined
}

/** Makes one function of a module: imports become names of its scope, exports what it returns. */
export function wrap({ file, program }: Module, output: MagicString): string {
  const exported: string[] = []
  for (const node of program.body) {
    const from = `modules['${sourceOf(node)}']`
    if (node.type === 'ImportDeclaration') {
      output.overwrite(node.start, node.end, importOf(node.specifiers as AnyNode[], from))
    } else if (node.type === 'ExportAllDeclaration') {
      const name = node.exported === null ? undefined : nameOf(node.exported as AnyNode)
      exported.push(name === undefined ? `...${from}` : `${name}: ${from}`)
      output.remove(node.start, node.end)
    } else if (node.type === 'ExportNamedDeclaration') {
      const { declaration } = node
      if (declaration === null || declaration === undefined) {
        const names = node.specifiers.map(({ local }) => nameOf(local as AnyNode)!)
        exported.push(...names.map((name) => (node.source ? `${name}: ${from}.${name}` : name)))
        output.remove(node.start, node.end)
      } else {
        const names =
          declaration.type === 'VariableDeclaration'
            ? declaration.declarations.map(({ id }) => nameOf(id as AnyNode)!)
            : [declaration.id.name]
        exported.push(...names)
        output.remove(node.start, declaration.start)
      }
    }
  }
  return `modules['${file}'] = (() => {\n${output}\nreturn { ${exported.join(', ')} }\n})()`
}

function importOf(specifiers: AnyNode[], from: string): string {
  const names = specifiers.map((node) => {
    if (node.type === 'ImportNamespaceSpecifier') return node.local.name
    if (node.type !== 'ImportSpecifier') throw new Error('instrument: default import')
    return `${nameOf(node.imported as AnyNode)}: ${node.local.name}`
  })
  const isNamespace = specifiers[0]?.type === 'ImportNamespaceSpecifier'
  return `const ${isNamespace ? names[0] : `{ ${names.join(', ')} }`} = ${from}`
}
