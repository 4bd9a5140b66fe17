/**
 * What a command writes to: lines, JSON and one live line on standard output, errors on standard
 * error.
 *
 * Invariant: a live line is gone before anything else is written, and is never written to what is
 * no terminal, nor between lines of JSON.
 */
import { type Colors, colorsFor } from './render/colors.ts'
import { plain, safeJson } from './render/text.ts'

export type OutputFormat = 'table' | 'json' | 'ndjson'
export const OUTPUT_FORMATS: readonly OutputFormat[] = ['table', 'json', 'ndjson']

const COLUMNS_DEFAULT = 80
const ERASE_LINE = '\r\u001b[2K'

export class Terminal {
  readonly format: OutputFormat
  readonly colors: Colors
  #live = false

  constructor(format: OutputFormat) {
    this.format = format
    this.colors = colorsFor(process.stdout, process.env)
  }

  /** A person looks at tables. */
  get interactive(): boolean {
    return this.format === 'table' && process.stdout.isTTY === true
  }

  get columns(): number {
    return process.stdout.columns || COLUMNS_DEFAULT
  }

  /** Lines of the table form; our own words, or passed through `plain`. */
  lines(lines: string[]): void {
    this.clearLive()
    for (const line of lines) process.stdout.write(`${line}\n`)
  }

  /** One value: a line of JSON, laid out when `json` is read by a person. */
  json(value: unknown): void {
    const person = this.format === 'json' && process.stdout.isTTY === true
    process.stdout.write(`${person ? safeJsonLaidOut(value) : safeJson(value)}\n`)
  }

  /** Many values: a list with `json`, a line each with `ndjson`. */
  jsonRows(rows: unknown[]): void {
    if (this.format === 'json') this.json(rows)
    else for (const row of rows) this.json(row)
  }

  /** Written over the last live line; dropped where nobody could see it move. */
  live(line: string): void {
    if (!this.interactive) return
    process.stdout.write(`${ERASE_LINE}${line}`)
    this.#live = true
  }

  clearLive(): void {
    if (!this.#live) return
    process.stdout.write(ERASE_LINE)
    this.#live = false
  }

  /** What a person should know and a program should not have to read. */
  note(sentence: string): void {
    this.clearLive()
    process.stderr.write(`${plain(sentence)}\n`)
  }

  error(code: string, sentence: string): void {
    this.clearLive()
    writeError(code, sentence)
  }
}

/** `error <code>: <sentence>`, one line. */
export function writeError(code: string, sentence: string): void {
  const { red } = colorsFor(process.stderr, process.env)
  process.stderr.write(`${red('error')} ${plain(code)}: ${plain(sentence)}\n`)
}

function safeJsonLaidOut(value: unknown): string {
  return JSON.stringify(JSON.parse(safeJson(value)), null, 2).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
