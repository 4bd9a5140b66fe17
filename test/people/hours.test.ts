import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MINUTES, DAYS, isWithin, parseHours, WEEK_MINUTES } from '../../src/people/hours.ts'

/** `Wed 13:05` as a minute of the week. */
function minute(text: string): number {
  const [day, time] = text.split(' ')
  const [hours, minutes] = time.split(':').map(Number)
  return DAYS.indexOf(day as (typeof DAYS)[number]) * DAY_MINUTES + hours * 60 + minutes
}

function hours(text: string) {
  const parsed = parseHours(text)
  if (typeof parsed === 'string') throw new Error(parsed)
  return parsed
}

const isOpen = (text: string, at: string) => isWithin(hours(text), minute(at))

test.each([
  ['Mon-Fri 09:00-17:00', ['Mon 9:00', 'Fri 16:59'], ['Mon 8:59', 'Fri 17:00', 'Sat 12:00']],
  ['Sat 10:00-14:00', ['Sat 10:00', 'Sat 13:59'], ['Fri 10:00', 'Sun 10:00', 'Sat 14:00']],
  ['monday - FRIDAY 9:00 - 17:00', ['Wed 9:00'], ['Sun 9:00']],
  ['Mon-Sun 00:00-24:00', ['Mon 0:00', 'Sun 23:59'], []],
  ['Mon-Fri 09:00-12:00, Mon-Fri 13:00-17:00', ['Tue 11:59', 'Tue 13:00'], ['Tue 12:30']],
])('hours: %s', (text, open, closed) => {
  for (const at of open) expect(isOpen(text, at), at).toBe(true)
  for (const at of closed) expect(isOpen(text, at), at).toBe(false)
})

test('hours: days that go over Sunday are those between', () => {
  for (const day of ['Fri', 'Sat', 'Sun', 'Mon'])
    expect(isOpen('Fri-Mon 9:00-10:00', `${day} 9:30`)).toBe(true)
  for (const day of ['Tue', 'Wed', 'Thu'])
    expect(isOpen('Fri-Mon 9:00-10:00', `${day} 9:30`)).toBe(false)
})

test('hours: a night ends on the next day, also that of Sunday', () => {
  expect(isOpen('Sun 22:00-06:00', 'Sun 22:00')).toBe(true)
  expect(isOpen('Sun 22:00-06:00', 'Mon 5:59')).toBe(true)
  expect(isOpen('Sun 22:00-06:00', 'Mon 6:00')).toBe(false)
  expect(isOpen('Sun 22:00-06:00', 'Sun 5:00')).toBe(false)
  expect(hours('Sun 22:00-00:00').spans).toEqual([{ from: minute('Sun 22:00'), to: WEEK_MINUTES }])
})

test('hours: spans that touch or overlap are one', () => {
  expect(hours('Mon 9:00-12:00, Mon 11:00-13:00, Mon 13:00-14:00').spans).toEqual([
    { from: minute('Mon 9:00'), to: minute('Mon 14:00') },
  ])
})

test.each([
  ['', 'nothing stands before or behind a comma: give days and times, as in Mon-Fri 09:00-17:00'],
  [
    'Mon-Fri 9:00-17:00,',
    'nothing stands before or behind a comma: give days and times, as in Mon-Fri 09:00-17:00',
  ],
  ['9:00-17:00', '"9:00-17:00" is none: give days and times, as in Mon-Fri 09:00-17:00'],
  ['Mon-Fri 9-17', '"Mon-Fri 9-17" is none: give days and times, as in Mon-Fri 09:00-17:00'],
  ['Mon-Fry 9:00-17:00', '"Fry" is no day: give Mon, Tue, Wed, Thu, Fri, Sat, Sun'],
  ['Monday-Frisday 9:00-17:00', '"Frisday" is no day: give Mon, Tue, Wed, Thu, Fri, Sat, Sun'],
  ['Mon 24:00-25:00', '"24:00" is no time of day: give 00:00 to 23:59, or 24:00 as the end'],
  ['Mon 9:00-24:01', '"24:01" is no time of day: give 00:00 to 23:59, or 24:00 as the end'],
  ['Mon 9:60-10:00', '"9:60" is no time of day: give 00:00 to 23:59, or 24:00 as the end'],
  ['Mon 9:00-9:00', '"9:00-9:00" is no time at all: a whole day is 00:00-24:00'],
  [`Mon 9:00-10:00${', Mon 9:00-10:00'.repeat(40)}`, 'give at most 512 characters'],
])('hours: %j is refused with what to give', (text, fault) => {
  expect(parseHours(text)).toBe(fault)
})

test('hours: of any text either spans in order within the week come, or a sentence', () => {
  const part = fc
    .tuple(
      fc.constantFrom(...DAYS, 'Mo', ''),
      fc.constantFrom(...DAYS, ''),
      fc.nat(1_500),
      fc.nat(1_500),
    )
    .map(([first, last, from, to]) => {
      const time = (at: number) => `${Math.floor(at / 60)}:${String(at % 60).padStart(2, '0')}`
      return `${first}${last === '' ? '' : `-${last}`} ${time(from)}-${time(to)}`
    })
  const text = fc.oneof(
    fc.string(),
    fc.array(part, { minLength: 1, maxLength: 5 }).map((all) => all.join(',')),
  )
  fc.assert(
    fc.property(text, (given) => {
      const parsed = parseHours(given)
      if (typeof parsed === 'string') return parsed.length > 0
      let end = -1
      for (const { from, to } of parsed.spans) {
        expect(from).toBeGreaterThan(end)
        expect(to).toBeGreaterThan(from)
        end = to
      }
      return parsed.spans.length > 0 && end <= WEEK_MINUTES
    }),
    { numRuns: 2_000 },
  )
})
