/**
 * Working hours as people write them: `Mon-Fri 09:00-17:00, Sat 10:00-14:00`. Any thread; pure.
 *
 * Invariant: the spans are in order and apart, within a week that begins on Monday at 0:00; a minute of
 * the week is in one of them or in none.
 *
 *   text    part, part, …
 *   part    days from-to             Fri-Mon goes over Sunday; 22:00-06:00 ends on the next day
 *   days    Mon … Sun, or two of them
 *
 * Not taken: a part without days. Of `Mon-Fri 9:00-12:00, 13:00-17:00` it would be a guess whether the
 * second is of the same days or of all.
 */
export const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
export const DAY_MINUTES = 24 * 60
export const WEEK_MINUTES = 7 * DAY_MINUTES

const TEXT_LENGTH_MAX = 512
const PART = /^([A-Za-z]+)(?: ?- ?([A-Za-z]+))? +(\d{1,2}:\d{2}) ?- ?(\d{1,2}:\d{2})$/

/** In minutes of the week; `to` is not in it. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Hours {
  readonly text: string
  readonly spans: readonly Span[]
}

/** @returns the hours; or what is wrong with them, as words that go behind a colon. */
export function parseHours(text: string): Hours | string {
  if (text.length > TEXT_LENGTH_MAX) return `give at most ${TEXT_LENGTH_MAX} characters`
  const spans: Span[] = []
  for (const part of text.split(',')) {
    const found = spansOf(part.trim())
    if (typeof found === 'string') return found
    spans.push(...found)
  }
  return { text: text.trim(), spans: joined(spans) }
}

/** @param minute of the week, from Monday 0:00 on. */
export function isWithin({ spans }: Hours, minute: number): boolean {
  return spans.some(({ from, to }) => from <= minute && minute < to)
}

function spansOf(part: string): Span[] | string {
  const parts = PART.exec(part)
  if (parts === null) {
    const what =
      part === '' ? 'nothing stands before or behind a comma' : `"${shown(part)}" is none`
    return `${what}: give days and times, as in Mon-Fri 09:00-17:00`
  }
  const [, firstName, lastName = firstName, fromText, toText] = parts
  const first = dayOf(firstName)
  const last = dayOf(lastName)
  const unknown = first < 0 ? firstName : lastName
  if (first < 0 || last < 0) return `"${shown(unknown)}" is no day: give ${DAYS.join(', ')}`
  const from = minuteOf(fromText, DAY_MINUTES - 1)
  const to = minuteOf(toText, DAY_MINUTES)
  if (from < 0 || to < 0) {
    return `"${from < 0 ? fromText : toText}" is no time of day: give 00:00 to 23:59, or 24:00 as the end`
  }
  if (from === to) return `"${fromText}-${toText}" is no time at all: a whole day is 00:00-24:00`
  const days = ((last - first + DAYS.length) % DAYS.length) + 1
  return Array.from({ length: days }, (_, i) => (first + i) % DAYS.length).flatMap((day) =>
    ofDay(day, from, to),
  )
}

/** What ends on the next day, and that may be Monday, is two spans. */
function ofDay(day: number, from: number, to: number): Span[] {
  const begin = day * DAY_MINUTES
  if (from < to) return [{ from: begin + from, to: begin + to }]
  const next = ((day + 1) % DAYS.length) * DAY_MINUTES
  const evening = { from: begin + from, to: begin + DAY_MINUTES }
  return to === 0 ? [evening] : [evening, { from: next, to: next + to }]
}

function joined(spans: Span[]): Span[] {
  const apart: Span[] = []
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const before = apart.at(-1)
    if (before === undefined || span.from > before.to) apart.push(span)
    else apart[apart.length - 1] = { from: before.from, to: Math.max(before.to, span.to) }
  }
  return apart
}

/** @returns -1 for none. */
function dayOf(name: string): number {
  const short = name.slice(0, 3).toLowerCase()
  const day = DAYS.findIndex((each) => each.toLowerCase() === short)
  return name.length === 3 || FULL_NAMES[day] === name.toLowerCase() ? day : -1
}

const FULL_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

/** @returns -1 for none. */
function minuteOf(text: string, max: number): number {
  const [hours, minutes] = text.split(':').map(Number)
  const minute = hours * 60 + minutes
  return minutes < 60 && minute <= max ? minute : -1
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
