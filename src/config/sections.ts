/**
 * Nodes of the file as options: every section and key of the table, converted, and everything that is
 * amiss found on the way.
 *
 * Runs in any thread, when a file is read. Invariant: a value that is returned without a finding is
 * one that its key may have; what the table does not name is never looked into.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import type { ResultRule } from '../options.ts'
import { ruleOf } from '../rules/shape.ts'
import { isToken } from '../wire/tokens.ts'
import { nearest } from '../words/nearest.ts'
import { checkValue, isScalar as isOne } from './check.ts'
import type { ConfigDocument } from './document.ts'
import type { Findings } from './findings.ts'
import { meantBy, OTHER_UNIT, quotesHint } from './hints.ts'
import { type Key, rangeWords } from './key.ts'
import type { Section } from './keys.ts'

/** So many names are told of in a sentence. */
const NAMES_TOLD = 16

/** Where something was said, by its path. */
export type Places = Map<string, number>

export interface Entry {
  readonly name: string
  readonly keyOffset: number
  readonly value: Node | null
}

export class SectionReader {
  readonly #findings: Findings
  readonly #targets: ReadonlyMap<Alias, Node>
  readonly #resolvePath: (path: string) => string
  readonly places: Places = new Map()
  /** Of a `strategy`; users' own are added when they are known. */
  strategies: readonly string[]

  constructor(
    { findings, targets }: ConfigDocument,
    strategies: readonly string[],
    resolvePath: (path: string) => string,
  ) {
    this.#findings = findings
    this.#targets = targets
    this.#resolvePath = resolvePath
    this.strategies = strategies
  }

  /** @returns the options of a section; undefined when it says none. */
  section(section: Section, entry: Entry): unknown {
    const value = this.#resolved(entry.value)
    const path = section.yaml
    if (section.mayBeOff && isScalar(value) && value.value === false) return false
    if (section.shape === 'value') return this.#value(section.keys[0], entry, path)
    if (section.shape === 'list') return this.#list(section, value, path, entry.keyOffset)
    const instead = section.mayBeOff ? 'give keys below it, or false' : undefined
    const map = this.#map(value, path, entry.keyOffset, instead)
    if (map === null) return undefined
    if (section.shape === 'keys') return this.keys(section.keys, map, path)
    const entries = this.entries(map, path)
    if (entries.length > section.max) {
      this.#findings.error(entry.keyOffset, path, `give at most ${section.max}`)
      return undefined
    }
    return Object.fromEntries(
      entries
        .filter((each) => this.#isName(each, path))
        .map((each) => [each.name, this.#named(section, each, `${path}.${each.name}`)]),
    )
  }

  #named(section: Section, entry: Entry, path: string): unknown {
    this.places.set(path, entry.keyOffset)
    const value = this.#resolved(entry.value)
    if (section.shape === 'paths') {
      if (isScalar(value) && typeof value.value === 'string' && value.value !== '') {
        return this.#resolvePath(value.value)
      }
      const offset = value === null ? entry.keyOffset : offsetOf(value)
      this.#findings.error(offset, path, 'give the path of its module', { value: shown(value) })
      return ''
    }
    const map = this.#map(value, path, entry.keyOffset)
    return map === null ? {} : this.keys(section.keys, map, path, entry.keyOffset)
  }

  #list(section: Section, value: Node | null, path: string, keyOffset: number): unknown[] {
    if (value === null) return []
    if (!isSeq(value)) {
      this.#findings.error(offsetOf(value), path, 'give a list: a line with "-" for each', {
        value: shown(value),
      })
      return []
    }
    if (value.items.length > section.max) {
      this.#findings.error(keyOffset, path, `give at most ${section.max}`)
      return []
    }
    return value.items.map((item, index) => {
      const at = `${path}[${index}]`
      const node = this.#resolved(item as Node | null)
      this.places.set(at, node === null ? keyOffset : offsetOf(node))
      const map = this.#map(node, at, keyOffset)
      return map === null ? {} : this.keys(section.keys, map, at, offsetOf(map))
    })
  }

  /** @param ownOffset where a missing key is told of. */
  keys(
    keys: readonly Key[],
    map: YAMLMap,
    path: string,
    ownOffset = offsetOf(map),
  ): Record<string, unknown> {
    const options: Record<string, unknown> = {}
    for (const entry of this.entries(map, path)) {
      const key = keys.find(({ yaml }) => yaml === entry.name)
      const at = `${path}.${entry.name}`
      if (key === undefined) {
        this.unknown(entry, path, keys)
        continue
      }
      const value = this.#value(key, entry, at)
      if (value !== undefined) options[key.option] = value
    }
    for (const key of keys) {
      if (!key.isRequired || Object.hasOwn(options, key.option)) continue
      if (this.places.has(`${path}.${key.yaml}`)) continue
      this.#findings.error(ownOffset, path, `"${key.yaml}" is missing`)
    }
    return options
  }

  #value(key: Key, entry: Entry, path: string): unknown {
    const node = this.#resolved(entry.value)
    const offset = node === null ? entry.keyOffset : offsetOf(node)
    this.places.set(path, offset)
    if (key.kind === 'rules') return this.#rules(key, node, path, entry.keyOffset)
    // What a rule compares with may be null.
    if (key.kind === 'values' && isScalar(node) && node.value === null) return null
    if (key.kind === 'group' || key.kind === 'numbers') {
      const map = this.#map(node, path, entry.keyOffset)
      if (map === null) return undefined
      return key.kind === 'group' ? this.keys(key.keys, map, path) : this.#numbers(map, path)
    }
    if (isNothing(node)) {
      if (key.none !== undefined) return key.none
      const instead = 'it has no value: give one, or leave the key out'
      this.#findings.error(entry.keyOffset, path, instead)
      return undefined
    }
    const context = { isFile: true, strategies: this.strategies }
    const checked = checkValue(key, plainOf(node!, this.#targets), context)
    if ('value' in checked) {
      return key.kind === 'path' ? this.#resolvePath(checked.value as string) : checked.value
    }
    const wrong = this.#wrongItem(key, node!) ?? node!
    const text = shown(wrong)
    this.#findings.error(offsetOf(wrong), path, checked.fault + quotesHint(key, wrong), {
      value: key.isSecret ? undefined : text,
      suggestion: meantBy(key, text, checked.words),
    })
    return undefined
  }

  /** Rules of which one is wrong by itself are told of as far as they can be. */
  #rules(key: Key, list: Node | null, path: string, keyOffset: number): ResultRule[] {
    if (isNothing(list)) return []
    if (!isSeq(list) || list.items.length > key.max) {
      const offset = list === null ? keyOffset : offsetOf(list)
      const what = `give ${rangeWords(key, true)}: a line with "-" for each`
      this.#findings.error(offset, path, what, { value: shown(list) })
      return []
    }
    return list.items.flatMap((item, index) => {
      const at = `${path}[${index}]`
      const node = this.#resolved(item as Node | null)
      const offset = offsetOf(node ?? list)
      this.places.set(at, offset)
      const before = this.#findings.count
      const map = this.#map(node, at, offset)
      const options = map === null ? {} : this.keys(key.keys, map, at, offset)
      if (this.#findings.count > before) return []
      const rule = ruleOf(options)
      if (!('message' in rule)) return [rule]
      const yaml = key.keys.find(({ option }) => option === rule.key)?.yaml
      const where = yaml === undefined ? at : `${at}.${yaml}`
      this.#findings.error(this.places.get(where) ?? offset, where, rule.message)
      return []
    })
  }

  /** @returns of a list the first item that is none. */
  #wrongItem(key: Key, node: Node): Node | null {
    if (!isSeq(node) || node.items.length > key.max) return null
    const isText = (one: unknown) => typeof one === 'string'
    const isRight = key.kind === 'names' ? isToken : key.kind === 'values' ? isOne : isText
    for (const item of node.items) {
      const each = this.#resolved(item as Node | null)
      if (each !== null && !(isScalar(each) && isRight(each.value))) return each
    }
    return null
  }

  #numbers(map: YAMLMap, path: string): Record<string, number> {
    const entries = this.entries(map, path).filter((each) => this.#isName(each, path))
    const numbers = entries.map(({ name, value, keyOffset }): [string, number] => {
      const node = this.#resolved(value)
      if (isScalar(node) && typeof node.value === 'number') return [name, node.value]
      const offset = node === null ? keyOffset : offsetOf(node)
      this.#findings.error(offset, `${path}.${name}`, 'give a number', { value: shown(node) })
      return [name, 0]
    })
    return Object.fromEntries(numbers)
  }

  /** @returns the entries of a map with names; doubled and nameless ones are findings. */
  entries(map: YAMLMap, path: string): Entry[] {
    const byName = new Map<string, Entry>()
    for (const { key, value } of map.items) {
      const node = this.#resolved(key as Node | null)
      const offset = node === null ? offsetOf(map) : offsetOf(key as Node)
      const name = isScalar(node) ? String(node.source ?? node.value) : null
      if (name === null) {
        this.#findings.error(offset, path, 'a key must be a name')
        continue
      }
      const before = byName.get(name)
      if (before === undefined) {
        byName.set(name, { name, keyOffset: offset, value: value as Node | null })
        continue
      }
      this.#findings.error(offset, joined(path, name), 'it stands here twice: give it once')
    }
    return [...byName.values()]
  }

  unknown(
    { name, keyOffset }: Entry,
    path: string,
    known: readonly { yaml: string; option: string; also: readonly string[] }[],
  ): void {
    const at = joined(path, cut(name))
    if (name === '<<') {
      const instead = 'YAML 1.2 has no merge keys: put what is common under queue_defaults'
      this.#findings.error(keyOffset, at, instead)
      return
    }
    const inSeconds = name.replace(OTHER_UNIT, '_seconds')
    const meant =
      known.find(
        ({ yaml, option, also }) =>
          option === name || also.includes(name.toLowerCase()) || yaml === inSeconds,
      )?.yaml ??
      nearest(
        name,
        known.map(({ yaml }) => yaml),
      )
    const names = known.map(({ yaml }) => yaml).join(', ')
    const list =
      known.length <= NAMES_TOLD ? `known are ${names}` : 'docs/configuration.md lists all'
    const message = meant === null ? `it is unknown; ${list}` : 'it is unknown'
    this.#findings.error(keyOffset, at, message, { suggestion: meant })
  }

  #isName({ name, keyOffset }: Entry, path: string): boolean {
    if (isPlainName(name)) return true
    const form = 'it is no name: use 1 to 64 of the characters A-Z a-z 0-9 _ and -'
    const message = name === '<<' ? 'YAML 1.2 has no merge keys: use queue_defaults' : form
    this.#findings.error(keyOffset, path, message, { value: name })
    return false
  }

  /** @returns null when it is empty, or is none, which is a finding. */
  #map(
    value: Node | null,
    path: string,
    keyOffset: number,
    instead = 'give keys below it',
  ): YAMLMap | null {
    if (isMap(value)) return value
    if (isNothing(value)) return null
    const offset = value === null ? keyOffset : offsetOf(value)
    this.#findings.error(offset, path, instead, { value: shown(value) })
    return null
  }

  #resolved(node: Node | null | undefined): Node | null {
    return resolved(node, this.#targets)
  }
}

/** As a key of a plain object `__proto__` would be the object's own kin. */
function isPlainName(name: string): boolean {
  return isToken(name) && name !== '__proto__'
}

export function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0
}

function resolved(node: Node | null | undefined, targets: ReadonlyMap<Alias, Node>): Node | null {
  if (node === null || node === undefined) return null
  return isAlias(node) ? (targets.get(node) ?? null) : node
}

export function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null)
}

/** A scalar's value, a list of them, or something that no key may be. */
function plainOf(node: Node, targets: ReadonlyMap<Alias, Node>): unknown {
  if (isScalar(node)) return node.value
  if (!isSeq(node)) return {}
  return node.items.map((item) => {
    const each = resolved(item as Node | null, targets)
    return isScalar(each) ? each.value : {}
  })
}

function shown(node: Node | null): unknown {
  if (node === null) return undefined
  if (isScalar(node)) return node.value === null ? undefined : (node.source ?? String(node.value))
  return isSeq(node) ? [] : {}
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function cut(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name
}
