/**
 * What is amiss in a configuration file: where, what was given, what to do.
 *
 * Runs in any thread. Invariant: a finding is one line, and shows nothing that is secret.
 */
import { quote } from '../wire/tokens.ts'

export interface Finding {
  /** With an error nothing starts; a warning is told of. */
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** `queues.ocr.ttl_seconds`; empty for the file as a whole. */
  readonly path: string
  /** What was given, quoted and cut; null where it does not matter or is secret. */
  readonly value: string | null
  /** A sentence without its stop, and without the value. */
  readonly message: string
  /** What was probably meant; null when nothing is near. */
  readonly suggestion: string | null
}

/** More are counted, not held. */
export const FINDINGS_MAX = 1_000

/** Collects findings, at offsets of the text. */
export class Findings {
  readonly #file: string
  readonly #place: (offset: number) => { line: number; col: number }
  readonly all: Finding[] = []
  /** Those that are not held. */
  more = 0

  constructor(file: string, place: (offset: number) => { line: number; col: number }) {
    this.#file = file
    this.#place = place
  }

  error(
    offset: number,
    path: string,
    message: string,
    more: { value?: unknown; suggestion?: string | null } = {},
  ): void {
    this.#add('error', offset, path, message, more)
  }

  warning(offset: number, path: string, message: string, more: { value?: unknown } = {}): void {
    this.#add('warning', offset, path, message, more)
  }

  /** Of all kinds, those that are not held included. */
  get count(): number {
    return this.all.length + this.more
  }

  get hasErrors(): boolean {
    return this.more > 0 || this.all.some(({ severity }) => severity === 'error')
  }

  /** In the order of the file. */
  sorted(): Finding[] {
    return this.all.sort((a, b) => a.line - b.line || a.column - b.column)
  }

  #add(
    severity: Finding['severity'],
    offset: number,
    path: string,
    message: string,
    { value, suggestion = null }: { value?: unknown; suggestion?: string | null },
  ): void {
    if (this.all.length >= FINDINGS_MAX) {
      this.more++
      return
    }
    const { line, col } = this.#place(offset)
    this.all.push({
      severity,
      file: this.#file,
      // Before the first line is read, everything is on it.
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: plain(path),
      value: value === undefined ? null : quote(value),
      message: plain(message),
      suggestion,
    })
  }
}

/** @returns `file:line:column: path: "value": what to do; did you mean …?` */
export function findingLine(finding: Finding): string {
  const { file, line, column, severity, path, value } = finding
  const where = `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}`
  const what = `${path === '' ? '' : `${path}: `}${value === null ? '' : `${value}: `}`
  return `${where}${what}${findingSentence(finding)}`
}

/** @returns what is wrong and what to do, as one sentence. */
export function findingSentence({ message, suggestion }: Finding): string {
  return suggestion === null ? `${message}.` : `${message}; did you mean ${suggestion}?`
}

/** Of what was written in the file, nothing that moves a cursor. */
function plain(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?')
}
