import { expect, test } from 'vitest'
import { type Entrant, windowOf } from '../../src/submit/window.ts'

/** Enters when it is let, and says so. */
function entrant(order: string[], name: string, wants = true): Entrant {
  return {
    entered: () => {
      if (wants) order.push(name)
      return wants
    },
  }
}

test('window: as many as its size enter, the next do not', () => {
  const window = windowOf({ window: 2 })
  expect([window.tryEnter(), window.tryEnter(), window.tryEnter()]).toEqual([true, true, false])
  window.leave()
  expect([window.taken, window.tryEnter()]).toEqual([1, true])
})

test('window: places go to who waits, in order, and nobody overtakes them', () => {
  const window = windowOf({ window: 1 })
  const order: string[] = []
  window.tryEnter()
  for (const name of ['a', 'b', 'c']) window.wait(entrant(order, name))
  window.leave()
  expect(order).toEqual(['a'])
  expect(window.tryEnter()).toBe(false)
  window.leave()
  window.leave()
  expect(order).toEqual(['a', 'b', 'c'])
  window.leave()
  expect(window.taken).toBe(0)
})

test('window: who has no use for a place any more passes it on', () => {
  const window = windowOf({ window: 1 })
  const order: string[] = []
  window.tryEnter()
  window.wait(entrant(order, 'gone', false))
  window.wait(entrant(order, 'there'))
  window.leave()
  expect([order, window.taken]).toEqual([['there'], 1])
  window.wait(entrant(order, 'gone too', false))
  window.leave()
  expect([order, window.taken]).toEqual([['there'], 0])
})

test('window: a hundred thousand who leave as they enter do so in one loop', () => {
  const window = windowOf({ window: 1 })
  let entered = 0
  const hasty: Entrant = {
    entered: () => {
      entered++
      window.leave()
      return true
    },
  }
  window.tryEnter()
  for (let i = 0; i < 100_000; i++) window.wait(hasty)
  window.leave()
  expect([entered, window.taken, window.waiting]).toEqual([100_000, 0, 0])
})

test('window: at the end all who wait are called, also those that still find a place', () => {
  const window = windowOf({ window: 1 })
  const order: string[] = []
  window.tryEnter()
  window.wait(entrant(order, 'a', false))
  window.wait(entrant(order, 'b'))
  window.dismiss()
  expect([order, window.taken, window.waiting]).toEqual([['b'], 2, 0])
})

test('window: options that are none are refused with what to give', () => {
  for (const window of [0, 1.5, -1, 2 ** 21, Number.NaN]) {
    expect(() => windowOf({ window })).toThrow(/"window" is .*: give a whole number from 1 to/)
  }
  expect(() => windowOf({ whenFull: 'later' as 'wait' })).toThrow('give "wait" or "refuse"')
  const refusing = windowOf({ window: 3, whenFull: 'refuse' })
  expect(() => refusing.refuse()).toThrow(expect.objectContaining({ code: 'too_many_in_flight' }))
})
