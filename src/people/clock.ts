/**
 * What the clock on a person's wall shows: the minute of the week in a time zone of the IANA database.
 * Any thread.
 *
 * Invariant: hours are compared with what the wall shows, so they are as long as that day's are. Where
 * clocks go forward, what lies in the missing hour never is; where they go back, the doubled hour counts
 * twice. Offsets of zones are whole minutes, so an answer holds for its minute.
 *
 * Not taken: offsets of our own. The rules change by law, and `Intl` has them with Node.
 */
import { DAY_MINUTES, DAYS, type Hours, isWithin } from './hours.ts'

const MINUTE_MS = 60_000

export class Zone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  #minute = -1
  #shown = 0

  /** @throws RangeError when there is no such zone */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    this.name = name
  }

  /** @param wallMs ms since 1970. @returns minutes since Monday 0:00. *Cost* some µs, once a minute. */
  minuteOfWeek(wallMs: number): number {
    const minute = Math.floor(wallMs / MINUTE_MS)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#shown = this.#read(minute * MINUTE_MS)
    }
    return this.#shown
  }

  #read(wallMs: number): number {
    let day = 0
    let hour = 0
    let minute = 0
    for (const { type, value } of this.#format.formatToParts(wallMs)) {
      if (type === 'weekday') day = DAYS.indexOf(value as (typeof DAYS)[number])
      else if (type === 'hour') hour = Number(value)
      else if (type === 'minute') minute = Number(value)
    }
    return day * DAY_MINUTES + hour * 60 + minute
  }
}

const zones = new Map<string, Zone>()

/** @returns the zone, one for all who live in it; null when there is none of that name. */
export function zoneOf(name: string): Zone | null {
  const known = zones.get(name)
  if (known !== undefined) return known
  try {
    const zone = new Zone(name)
    zones.set(name, zone)
    return zone
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** When somebody works. */
export interface Working {
  /** null for always. */
  readonly hours: Hours | null
  readonly zone: Zone
}

/** @param wallMs ms since 1970. */
export function isWorking({ hours, zone }: Working, wallMs: number): boolean {
  return hours === null || isWithin(hours, zone.minuteOfWeek(wallMs))
}

/** `Mon-Fri 09:00-17:00, Europe/Berlin`. */
export function workingWords({ hours, zone }: Working): string {
  return hours === null ? 'always' : `${hours.text}, ${zone.name}`
}
