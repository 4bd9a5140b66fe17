/**
 * What one key of the configuration is: its name in the file and in TypeScript, its unit in both, what
 * it may be, its default and what it does. `keys.ts` holds all of them.
 *
 * Runs in any thread. Invariant: `toYaml(key, toOption(key, value))` is `value` for every value that
 * the key may have, and the other way round.
 *
 *   file     `ttl_seconds: 1.5`     `sla_attainment_percent: 95`
 *                 │ × 1000                  │ ÷ 100
 *   option   `ttlMs: 1500`          `slaAttainment: 0.95`
 */
import { LIMITS, type ResultRule } from '../options.ts'
import { flatOf } from '../rules/shape.ts'
import { PRIORITIES, type PriorityLevel } from '../task.ts'

/**
 * | kind      | in the file                     | as an option                        |
 * | --------- | ------------------------------- | ----------------------------------- |
 * | whole     | a whole number                  | the same                            |
 * | number    | a number                        | the same                            |
 * | seconds   | seconds, to a thousandth        | milliseconds                        |
 * | percent   | 0 to 100                        | 0 to 1                              |
 * | boolean   | true or false                   | the same                            |
 * | choice    | one of some words, in any case  | the word as we write it             |
 * | priority  | a name in any case, or 1 to 5   | the level                           |
 * | name      | a token                         | the same                            |
 * | strategy  | a strategy, by any of its names | its name                            |
 * | text      | any text                        | the same                            |
 * | path      | a path, from the file's folder  | an absolute path                    |
 * | names     | a list of tokens                | the same                            |
 * | texts     | a list of texts, or one alone   | the same                            |
 * | numbers   | numbers by name                 | the same                            |
 * | values    | a scalar, or a list of them     | the same                            |
 * | rules     | a list of rules on results      | the same, in the scheduler's form   |
 * | group     | keys of its own                 | an object                           |
 */
export type KeyKind =
  | 'whole'
  | 'number'
  | 'seconds'
  | 'percent'
  | 'boolean'
  | 'choice'
  | 'priority'
  | 'name'
  | 'strategy'
  | 'text'
  | 'path'
  | 'names'
  | 'texts'
  | 'numbers'
  | 'values'
  | 'rules'
  | 'group'

export interface Key {
  /** In the file. */
  readonly yaml: string
  /** In TypeScript. */
  readonly option: string
  readonly kind: KeyKind
  /** Of a number, in the option's unit; of a list, how many it holds. */
  readonly min: number
  readonly max: number
  readonly multipleOf: number
  /** Of a choice. */
  readonly values: readonly string[]
  /** Of a group, and of each rule. */
  readonly keys: readonly Key[]
  /** As an option; undefined where there is none. */
  readonly default: unknown
  /** What may stand for "none" as an option: `''`, null; undefined when nothing may. */
  readonly none: '' | null | undefined
  /** Other words under which people look for it. */
  readonly also: readonly string[]
  readonly isRequired: boolean
  /** Never shown. */
  readonly isSecret: boolean
  /** One sentence. */
  readonly words: string
}

type More = Partial<Omit<Key, 'yaml' | 'option' | 'kind' | 'words'>>

export function key(kind: KeyKind, yaml: string, option: string, words: string, more: More): Key {
  return {
    yaml,
    option,
    kind,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    multipleOf: 1,
    values: [],
    keys: [],
    default: undefined,
    none: undefined,
    also: [],
    isRequired: false,
    isSecret: false,
    ...more,
    words,
  }
}

/** Makes keys whose defaults stand in one object. */
export class KeyMaker {
  readonly #defaults: Readonly<Record<string, unknown>>

  constructor(defaults: object) {
    this.#defaults = defaults as Record<string, unknown>
  }

  #make(kind: KeyKind, yaml: string, option: string, words: string, more: More): Key {
    return key(kind, yaml, option, words, { default: this.#defaults[option], ...more })
  }

  whole(
    yaml: string,
    option: string,
    [min, max]: readonly [number, number],
    words: string,
    more: More = {},
  ): Key {
    return this.#make('whole', yaml, option, words, { ...more, min, max })
  }

  number(
    yaml: string,
    option: string,
    [min, max]: readonly [number, number],
    words: string,
    more: More = {},
  ): Key {
    return this.#make('number', yaml, option, words, { ...more, min, max })
  }

  /** From 0, or from `more.min`, to as long as any delay may be. */
  seconds(yaml: string, option: string, words: string, more: More = {}): Key {
    return this.#make('seconds', yaml, option, words, { max: LIMITS.delayMsMax, ...more })
  }

  percent(yaml: string, option: string, words: string, more: More = {}): Key {
    return this.#make('percent', yaml, option, words, { ...more, min: 0, max: 1 })
  }

  boolean(yaml: string, option: string, words: string, more: More = {}): Key {
    return this.#make('boolean', yaml, option, words, more)
  }

  choice(
    yaml: string,
    option: string,
    values: readonly string[],
    words: string,
    more: More = {},
  ): Key {
    return this.#make('choice', yaml, option, words, { ...more, values })
  }

  priority(yaml: string, option: string, words: string): Key {
    return this.#make('priority', yaml, option, words, {
      min: 1,
      max: 5,
      values: Object.keys(PRIORITIES),
    })
  }

  name(yaml: string, option: string, words: string, more: More = {}): Key {
    return this.#make('name', yaml, option, words, more)
  }

  strategy(yaml: string, option: string, words: string, more: More = {}): Key {
    return this.#make('strategy', yaml, option, words, more)
  }

  text(yaml: string, option: string, words: string, more: More = {}): Key {
    return this.#make('text', yaml, option, words, more)
  }

  path(yaml: string, option: string, words: string, more: More = {}): Key {
    return this.#make('path', yaml, option, words, more)
  }

  names(yaml: string, option: string, max: number, words: string, more: More = {}): Key {
    return this.#make('names', yaml, option, words, { ...more, max })
  }

  texts(yaml: string, option: string, max: number, words: string, more: More = {}): Key {
    return this.#make('texts', yaml, option, words, { ...more, max })
  }

  numbers(yaml: string, option: string, words: string): Key {
    return this.#make('numbers', yaml, option, words, { max: LIMITS.specializationsMax })
  }

  rules(yaml: string, option: string, keys: readonly Key[], words: string): Key {
    return this.#make('rules', yaml, option, words, { keys, max: LIMITS.rulesPerQueueMax })
  }

  group(yaml: string, option: string, keys: readonly Key[], words: string, more: More = {}): Key {
    return this.#make('group', yaml, option, words, { ...more, keys })
  }
}

/** @param value a number as the file has it. @returns as the option has it. */
export function toOption({ kind }: Key, value: number): number {
  if (kind === 'seconds') return Math.round(value * 1_000)
  // 21.53 / 100 is 0.21530000000000002: a share has no more digits than can be read of it.
  if (kind === 'percent') return Number((value / 100).toPrecision(15))
  return value
}

/** @returns an option's value as the file has it: a number in the file's unit, a priority's name. */
export function toYaml(key: Key, value: unknown): unknown {
  if (key.kind === 'seconds') return (value as number) / 1_000
  if (key.kind === 'percent') return Number(((value as number) * 100).toPrecision(15))
  if (key.kind === 'priority') return key.values[(value as PriorityLevel) - 1]
  if (key.kind === 'rules' && Array.isArray(value)) {
    return (value as ResultRule[]).map((rule) => groupToYaml(key.keys, { ...flatOf(rule) }))
  }
  if (key.kind !== 'group') return value
  return groupToYaml(key.keys, value as Record<string, unknown>)
}

/** @returns the options of keys under the keys' names in the file, those that there are. */
export function groupToYaml(
  keys: readonly Key[],
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const key of keys) {
    const value = options[key.option]
    if (value === undefined) continue
    shown[key.yaml] = value === key.none ? value : toYaml(key, value)
  }
  return shown
}

/** @param isFile in the file's words and units, or the option's. @returns `a whole number from 0 to 100` */
export function rangeWords(key: Key, isFile: boolean): string {
  const from = isFile ? toYaml(key, key.min) : key.min
  const to = isFile ? toYaml(key, key.max) : key.max
  switch (key.kind) {
    case 'whole': {
      const multiple = key.multipleOf === 1 ? '' : `, a multiple of ${key.multipleOf}`
      return `a whole number from ${from} to ${to}${multiple}`
    }
    case 'seconds':
      return isFile ? `seconds from ${from} to ${to}` : `a whole number from ${from} to ${to}`
    case 'percent':
    case 'number':
      return `a number from ${from} to ${to}`
    case 'boolean':
      return 'true or false'
    case 'choice':
      return wordList(key.values)
    case 'priority':
      return `${wordList(key.values)}, or 1 to 5`
    case 'name':
      return 'a name: 1 to 64 of the characters A-Z a-z 0-9 _ and -'
    case 'strategy':
      return 'the name of a strategy'
    case 'text':
      return 'a text'
    case 'path':
      return 'the path of a file'
    case 'names':
      return `a list of at most ${key.max} names`
    case 'texts':
      return `a text, or a list of at most ${key.max} texts`
    case 'numbers':
      return 'numbers by name'
    case 'values':
      return `a text, a number, true, false or null, or a list of at most ${key.max} of them`
    case 'rules':
      return `a list of at most ${key.max} rules`
    case 'group':
      return `an object with ${wordList((isFile ? key.keys.map(({ yaml }) => yaml) : key.keys.map(({ option }) => option)).slice(), 'and')}`
  }
}

/** @returns `a, b or c` */
export function wordList(words: readonly string[], last = 'or'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words[words.length - 1]}`
}
