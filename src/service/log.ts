/**
 * The log of a running scheduler: a line for each thing that happened, with what it happened to as
 * fields (scheduler, queue, task, agent, attempt, code), on standard error.
 *
 * Invariant: a line is one line, whatever stands in it, and never holds a payload, a result or a
 * checkpoint. At most `LINES_PER_SECOND_MAX` are written a second; how many were left out is told.
 *
 * pino makes the JSON; its transports are not used, which would be threads,
 * nor its destination, whose writes are not waited for at the end of a process.
 */
import pc from 'picocolors'
import pino, { type Logger } from 'pino'
import type { LogOptions } from '../config/service-options.ts'
import type { SchedulerEvent } from '../scheduler.ts'
import { SecondBudget } from '../second-budget.ts'
import { type EventLevel, levelOf } from './log-levels.ts'
import { escaped, textLine } from './log-line.ts'
import { type LogSink, StandardError } from './log-sink.ts'

const LINES_PER_SECOND_MAX = 1_000
const TEXT_LENGTH_MAX = 1_024
/** Bytes that users sent or got; they are nobody's who reads a log. */
const SECRET: ReadonlySet<string> = new Set([
  'payload',
  'result',
  'checkpoint',
  'token',
  'password',
])

export type LogFields = Readonly<Record<string, unknown>>

export class Log {
  readonly #logger: Logger
  readonly #sink: LogSink
  readonly #budget = new SecondBudget(LINES_PER_SECOND_MAX)
  readonly #nowMs: () => number

  /** @param nowMs the wall clock. */
  constructor(
    { format, level }: LogOptions,
    sink: LogSink = new StandardError(),
    nowMs: () => number = Date.now,
  ) {
    this.#sink = sink
    this.#nowMs = nowMs
    const colors = pc.createColors(process.stderr.isTTY === true && !process.env.NO_COLOR)
    const isText = format === 'text' || (format === 'auto' && process.stderr.isTTY === true)
    this.#logger = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      {
        write: isText
          ? (line: string) => sink.write(textLine(line, colors))
          : (line: string) => sink.write(escaped(line)),
      },
    )
  }

  /** @param fields of an event; what is no word, number or list of them is left out. */
  write(level: EventLevel, kind: string, message: string, fields: LogFields = {}): void {
    if (!this.#logger.isLevelEnabled(level) || !this.#mayWrite()) return
    this.#logger[level]({ kind, ...shown(fields) }, clipped(message))
  }

  /** What a scheduler told, at the level that it is worth. */
  event(scheduler: string, { kind, detail }: SchedulerEvent): void {
    // A router's fault has a kind of its own: the line's is the event's.
    const { message, kind: how, ...fields } = detail
    const sentence = typeof message === 'string' ? message : kind.replaceAll('_', ' ')
    this.write(levelOf(kind, detail), kind, sentence, {
      scheduler,
      ...fields,
      ...(how === undefined ? {} : { how }),
    })
  }

  /** Nothing is written after it. */
  async end(): Promise<void> {
    await this.#sink.end?.()
  }

  /** Tells of what was left out before the next line that is written. */
  #mayWrite(): boolean {
    if (!this.#budget.take(this.#nowMs())) return false
    const count = this.#budget.takeSuppressed()
    if (count > 0) {
      const kind = 'lines_suppressed'
      this.#logger.warn({ kind, count }, `${count} lines were left out: too many a second`)
    }
    return true
  }
}

function shown(fields: LogFields): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (SECRET.has(name) || value === undefined || value === null) continue
    if (typeof value === 'string') kept[name] = clipped(value)
    else if (typeof value === 'number' || typeof value === 'boolean') kept[name] = value
    else if (Array.isArray(value))
      kept[name] = value.slice(0, 16).map((item) => clipped(String(item)))
  }
  return kept
}

function clipped(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 1)}…`
}
