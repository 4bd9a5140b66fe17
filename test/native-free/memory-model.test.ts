/** The memory model is told in comments and in the README: what they name must exist. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const folder = new URL('../../native-free/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
const sources = new Map(files.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]))
const readme = readFileSync(new URL('README.md', folder), 'utf8')

/** Body of a class, or of a file. */
function bodyOf(owner: string): string {
  if (owner.endsWith('.ts')) return sources.get(owner) ?? ''
  for (const source of sources.values()) {
    const start = source.search(new RegExp(`^export class ${owner}\\b`, 'm'))
    if (start >= 0) return source.slice(start, source.indexOf('\n}', start))
  }
  return ''
}

/** Names like `Owner#member` in a text that do not exist. */
function unknownIn(text: string): string[] {
  const names = [...text.matchAll(/\b([\w-]+(?:\.ts)?)#(\w+)/g)]
  expect(names.length).toBeGreaterThan(0)
  return names
    .filter(([, owner, member]) => {
      const declaration = owner.endsWith('.ts')
        ? `function ${member}\\(`
        : `^  (private )?${member}\\(`
      return !new RegExp(declaration, 'm').test(bodyOf(owner))
    })
    .map(([name]) => name)
}

/** Lines with an atomic operation, and the comments above each. */
function atomicsOf(source: string): { line: string; comment: string }[] {
  const lines = source.split('\n')
  return lines.flatMap((line, at) => {
    if (!/\batomics\.(?:load|store|add|sub|exchange|compareExchange)\(/.test(line)) return []
    let first = at
    while (/^\s*\/\//.test(lines[first - 1])) first--
    return [{ line: line.trim(), comment: lines.slice(first, at).join('\n') }]
  })
}

describe('memory model', () => {
  it('every function that a comment or the README pairs with exists', () => {
    expect(unknownIn([...sources.values()].join('\n'))).toEqual([])
    expect(unknownIn(readme)).toEqual([])
  })

  it('every atomic operation says above it what it publishes, sees or claims', () => {
    const silent: string[] = []
    let count = 0
    for (const [name, source] of sources) {
      if (name === 'atomics.ts') continue
      for (const { line, comment } of atomicsOf(source)) {
        count++
        if (!/\b(publishes|sees|claims)\b/.test(comment)) silent.push(`${name}: ${line}`)
      }
    }
    expect(silent).toEqual([])
    expect(count).toBeGreaterThan(30)
  })

  it('every file stands in the table of files', () => {
    const missing = files.filter((name) => name !== 'index.ts' && !readme.includes(`\`${name}\``))
    expect(missing).toEqual([])
  })

  it('nothing is imported from outside the folder', () => {
    for (const source of sources.values()) {
      for (const [, from] of source.matchAll(/\bfrom '([^']+)'/g)) {
        expect(files.map((name) => `./${name}`)).toContain(from)
      }
    }
  })
})
