import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { Acceptances } from '../../src/submit/acceptances.ts'
import { Answer, type Taker } from '../../src/submit/answer.ts'
import { InFlight, WANTS_ACCEPTED, WANTS_OUTCOME } from '../../src/submit/in-flight.ts'
import { windowOf } from '../../src/submit/window.ts'
import { until } from '../support/until.ts'

/** Writes down what it is told, as `<what> <index>`. */
class Heard implements Taker {
  readonly words: string[] = []
  accepted(index: number): void {
    this.words.push(`accepted ${index}`)
  }
  outcome(index: number): void {
    this.words.push(`outcome ${index}`)
  }
  refused(index: number): void {
    this.words.push(`refused ${index}`)
  }
  failed(index: number, error: SignalboxError): void {
    this.words.push(`${error.code} ${index}`)
  }
}

const BOTH = WANTS_ACCEPTED | WANTS_OUTCOME
const answer = new Answer()

function table(first = 1) {
  const window = windowOf({})
  const inFlight = new InFlight<string>(window, first)
  const heard = new Heard()
  const add = (index: number, flags = WANTS_OUTCOME): number => {
    expect(window.tryEnter()).toBe(true)
    return inFlight.add(heard, index, flags, '', 'lane')
  }
  return { window, inFlight, heard, add }
}

test('in flight: a task is told its outcome once, and its number then finds nothing', () => {
  const { inFlight, heard, window, add } = table()
  const number = add(7)
  inFlight.end(inFlight.placeOf(number), answer)
  expect(heard.words).toEqual(['outcome 7'])
  expect(inFlight.placeOf(number)).toBe(-1)
  expect([inFlight.count, window.taken]).toEqual([0, 0])
})

test('in flight: accepted is told once, and ends who asked for nothing more', () => {
  const { inFlight, heard, add } = table()
  const both = add(1, BOTH)
  const handedOver = add(2, WANTS_ACCEPTED)
  for (const number of [both, both, handedOver]) {
    inFlight.accept(inFlight.placeOf(number), answer)
  }
  expect(heard.words).toEqual(['accepted 1', 'accepted 2'])
  expect([inFlight.has(both), inFlight.has(handedOver)]).toEqual([true, false])
})

test('in flight: numbers wrap at 2^32, past tasks that are still there', () => {
  const { inFlight, heard, add } = table(0xffff_fffe)
  const numbers = [0, 1, 2, 3, 4].map((index) => add(index))
  expect(numbers).toEqual([0xffff_fffe, 0xffff_ffff, 0, 1, 2])
  for (const number of numbers) inFlight.end(inFlight.placeOf(number), answer)
  expect(heard.words).toEqual([0, 1, 2, 3, 4].map((index) => `outcome ${index}`))
})

test('in flight: a number of an earlier lap finds nothing, though its place is taken', () => {
  const { inFlight, add } = table()
  const first = add(0)
  inFlight.end(inFlight.placeOf(first), answer)
  const lap: number[] = []
  while (inFlight.placeOf(lap.at(-1) ?? first) !== (first & 1_023)) {
    lap.push(add(lap.length))
    if (lap.length > 1) inFlight.end(inFlight.placeOf(lap.at(-2)!), answer)
  }
  expect(lap.at(-1)).toBe(first + 1_024)
  expect(inFlight.placeOf(first)).toBe(-1)
})

test('in flight: tasks that stay long are stepped over, and found when the table has grown', () => {
  const { inFlight, heard, add } = table(0xffff_f000)
  const long = new Map<number, number>()
  for (let index = 0; index < 20_000; index++) {
    const number = add(index)
    if (index % 3 === 0) long.set(index, number)
    else inFlight.end(inFlight.placeOf(number), answer)
  }
  expect(new Set(long.values()).size).toBe(inFlight.count)
  heard.words.length = 0
  for (const [index, number] of long) {
    inFlight.end(inFlight.placeOf(number), answer)
    expect(heard.words.pop()).toBe(`outcome ${index}`)
  }
  expect(inFlight.count).toBe(0)
})

test('in flight: who is told may submit again at once', () => {
  const { inFlight, window } = table()
  const indexes: number[] = []
  const again: Taker = {
    accepted: () => {},
    refused: () => {},
    failed: () => {},
    outcome: (index) => {
      indexes.push(index)
      if (index < 3_000 && window.tryEnter()) {
        const number = inFlight.add(again, index + 1, WANTS_OUTCOME, '', 'lane')
        queueMicrotask(() => inFlight.end(inFlight.placeOf(number), answer))
      }
    },
  }
  window.tryEnter()
  inFlight.end(inFlight.placeOf(inFlight.add(again, 2_999, WANTS_OUTCOME, '', 'lane')), answer)
  expect(indexes).toEqual([2_999])
  expect([inFlight.count, window.taken]).toEqual([1, 1])
})

test('in flight: all that is left is failed with one error', () => {
  const { inFlight, heard, window, add } = table()
  for (const index of [0, 1, 2]) add(index)
  inFlight.failAll(new SignalboxError('disconnected', 'gone'))
  expect(heard.words).toEqual(['disconnected 0', 'disconnected 1', 'disconnected 2'])
  expect([inFlight.count, window.taken]).toEqual([0, 0])
})

test('acceptances: only what was not accepted is overdue, in order, by one timer', async () => {
  const { inFlight, add } = table()
  const overdue: number[] = []
  const acceptances = new Acceptances(inFlight, 20, (number) => {
    overdue.push(number)
    inFlight.fail(number, new SignalboxError('no_scheduler', 'none'))
  })
  const numbers = Array.from({ length: 1_000 }, (_, index) => add(index, BOTH))
  for (const number of numbers) acceptances.add(number)
  const late = numbers.filter((_, index) => index % 100 === 99)
  for (const number of numbers) {
    if (!late.includes(number)) inFlight.accept(inFlight.placeOf(number), answer)
  }
  await until(() => overdue.length === late.length, { what: 'ten tasks to be overdue' })
  expect(overdue).toEqual(late)
  acceptances.add(add(1_000, BOTH))
  await until(() => overdue.length === late.length + 1, { what: 'one that was sent later' })
})

test('acceptances: those that were accepted make room, so that the list stays short', () => {
  const { inFlight, add } = table()
  const acceptances = new Acceptances(inFlight, 60_000, () => {})
  for (let index = 0; index < 10_000; index++) {
    const number = add(index, WANTS_ACCEPTED)
    acceptances.add(number)
    inFlight.accept(inFlight.placeOf(number), answer)
  }
  expect(acceptances.capacity).toBe(256)
  acceptances.stop()
})
