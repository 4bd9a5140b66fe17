/**
 * A line of the log, made safe to look at. Pure functions.
 *
 * Invariant: no control character of a name or message is left in it: JSON escapes the first 32, the
 * others that move a cursor or turn text around are escaped here.
 */
import pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>
const NO_COLORS: Colors = pc.createColors(false)
const LEFT_BY_JSON = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** @param line JSON with its line break. */
export function escaped(line: string): string {
  return line.replace(LEFT_BY_JSON, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * `16:12:03.123 WARN  sla_breach  SLA BREACH: t-17  queue=review task=t-17`
 * @param line JSON with its line break. @returns the same for a person, with its line break.
 */
export function textLine(line: string, colors: Colors = NO_COLORS): string {
  const { time, level, kind, msg, ...fields } = JSON.parse(line) as Record<string, string>
  const paint = { debug: colors.dim, warn: colors.yellow, error: colors.red }[level] ?? colors.green
  const pairs = Object.entries(fields).map(([name, value]) => `${word(name)}=${word(value)}`)
  const head = `${colors.dim(time.slice(11, 23))} ${paint(level.toUpperCase().padEnd(5))} ${kind}`
  return `${[head, safe(msg), colors.dim(pairs.join(' '))].join('  ').trimEnd()}\n`
}

/** As it is when it is one plain word, else as JSON. */
function word(value: unknown): string {
  return typeof value === 'string' && /^[\w.:-]+$/.test(value)
    ? value
    : escaped(JSON.stringify(value))
}

/** Without quotes: what JSON would escape is. */
function safe(text: string): string {
  return escaped(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"'))
}
