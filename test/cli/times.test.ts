import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { span, timeOfDay } from '../../src/cli/times.ts'

test.each([
  ['0ms', 0],
  ['500ms', 500],
  ['90s', 90_000],
  ['1.5h', 5_400_000],
  ['5m', 300_000],
  ['0.0005s', undefined],
  ['30d', 2_592_000_000],
  ['30.001d', undefined],
  ['5', undefined],
  ['', undefined],
  ['-5s', undefined],
  ['1e3s', undefined],
  ['5 s', undefined],
  ['5w', undefined],
  ['999999999999d', undefined],
])('times: the length %j is %j ms', (text, ms) => {
  if (ms === undefined) expect(() => span(text)).toThrow(InvalidArgumentError)
  else expect(span(text)).toBe(ms)
})

test('times: a time is a date, or an hour of today', () => {
  expect(timeOfDay('2026-02-13T10:30:00Z').getTime()).toBe(Date.UTC(2026, 1, 13, 10, 30))
  const today = new Date()
  const at = timeOfDay('9:05')
  expect([at.getDate(), at.getHours(), at.getMinutes()]).toEqual([today.getDate(), 9, 5])
  for (const none of ['1', 'tomorrow', '24:00', '10:60', '2026-13-45', '']) {
    expect(() => timeOfDay(none)).toThrow(InvalidArgumentError)
  }
})
