import { expect, test } from 'vitest'
import { isWorking, type Working, workingWords, zoneOf } from '../../src/people/clock.ts'
import { DAY_MINUTES, type Hours, parseHours } from '../../src/people/hours.ts'

function working(hours: string, zone: string): Working {
  return { hours: hours === '' ? null : (parseHours(hours) as Hours), zone: zoneOf(zone)! }
}

/** How long somebody works between two moments, in minutes. */
function minutesOf(who: Working, from: string, to: string): number {
  let minutes = 0
  for (let at = Date.parse(from); at < Date.parse(to); at += 60_000) {
    if (isWorking(who, at)) minutes++
  }
  return minutes
}

test.each([
  ['UTC', '2026-11-21T12:34:56Z', 5 * DAY_MINUTES + 12 * 60 + 34],
  ['Europe/Berlin', '2026-11-21T23:30:00Z', 6 * DAY_MINUTES + 30],
  ['America/New_York', '2026-11-23T04:59:59Z', 6 * DAY_MINUTES + 23 * 60 + 59],
  ['Asia/Kolkata', '2026-11-23T00:00:00Z', 5 * 60 + 30],
  ['Pacific/Kiritimati', '2026-11-22T10:00:00Z', 0],
  ['Asia/Kathmandu', '1969-12-28T19:30:00Z', 7 * 60 - 6 * 60],
])('clock: in %s at %s the wall shows minute %i of the week', (zone, at, minute) => {
  expect(zoneOf(zone)!.minuteOfWeek(Date.parse(at))).toBe(minute)
})

test('clock: hours are those of the wall before and after it changes', () => {
  const who = working('Mon-Fri 09:00-17:00', 'Europe/Berlin')
  // Clocks go forward on March 29th and back on October 25th: in summer 9:00 is 7:00 UTC.
  expect(isWorking(who, Date.parse('2026-03-27T08:00:00Z'))).toBe(true)
  expect(isWorking(who, Date.parse('2026-03-27T07:59:00Z'))).toBe(false)
  expect(isWorking(who, Date.parse('2026-03-30T07:00:00Z'))).toBe(true)
  expect(isWorking(who, Date.parse('2026-03-30T15:00:00Z'))).toBe(false)
  expect(isWorking(who, Date.parse('2026-10-26T07:30:00Z'))).toBe(false)
  expect(isWorking(who, Date.parse('2026-10-26T16:00:00Z'))).toBe(false)
})

test('clock: the night in which clocks go forward is an hour shorter, the other one longer', () => {
  const night = working('Sat-Sun 22:00-06:00', 'Europe/Berlin')
  expect(minutesOf(night, '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z')).toBe(7 * 60)
  expect(minutesOf(night, '2026-06-27T12:00:00Z', '2026-06-28T12:00:00Z')).toBe(8 * 60)
  expect(minutesOf(night, '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z')).toBe(9 * 60)
})

test('clock: what lies in the missing hour never is, and the doubled one is twice', () => {
  const early = working('Sun 02:00-03:00', 'Europe/Berlin')
  expect(minutesOf(early, '2026-03-29T00:00:00Z', '2026-03-29T06:00:00Z')).toBe(0)
  expect(minutesOf(early, '2026-10-25T00:00:00Z', '2026-10-25T06:00:00Z')).toBe(120)
  // Lord Howe moves its clocks by half an hour.
  const there = working('Sun 01:30-02:00', 'Australia/Lord_Howe')
  expect(minutesOf(there, '2026-04-04T12:00:00Z', '2026-04-05T00:00:00Z')).toBe(60)
})

test('clock: somebody without hours always works, and says so', () => {
  const who = working('', 'UTC')
  expect(isWorking(who, Date.now())).toBe(true)
  expect(workingWords(who)).toBe('always')
  expect(workingWords(working('Mon 9:00-10:00', 'Asia/Tokyo'))).toBe('Mon 9:00-10:00, Asia/Tokyo')
})

test('clock: a zone that there is not is none, and one that there is is made once', () => {
  expect(zoneOf('Europe/Berlim')).toBeNull()
  expect(zoneOf('')).toBeNull()
  expect(zoneOf('Europe/Berlin')).toBe(zoneOf('Europe/Berlin'))
})
