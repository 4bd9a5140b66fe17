import { expect, test } from 'vitest'
import { FrontEnd } from '../../src/front-end/turn.ts'
import { Watch } from '../../src/front-end/watch.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

type Name = 'health' | 'agentHealth' | 'capacity' | 'scaling'
const NAMES: Name[] = ['health', 'agentHealth', 'capacity', 'scaling']

/** A watch whose parts only tell when they are looked at. */
function watchOf(given: SchedulerOptions = {}, answer: unknown = false) {
  const { context } = new FrontEnd(frontEndOptions(given), () => {})
  const looks: Record<Name, number[]> = { health: [], agentHealth: [], capacity: [], scaling: [] }
  for (const name of NAMES) {
    context[name].check = (nowMs: number) => {
      looks[name].push(nowMs)
      return answer as never
    }
  }
  const turns: number[] = []
  const watch = new Watch(
    context,
    () => {},
    () => turns.push(context.nowMs),
  )
  return { watch, looks, turns }
}

test('watch: each part is looked at when its interval is over', () => {
  const { watch, looks } = watchOf({
    agentHealth: { intervalMs: 500 },
    scaling: { intervalMs: 2_000 },
  })
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 250) watch.check(nowMs)
  expect(looks.agentHealth).toEqual(Array.from({ length: 21 }, (_, i) => i * 500))
  expect(looks.health).toEqual(Array.from({ length: 11 }, (_, i) => i * 1_000))
  expect(looks.scaling).toEqual(Array.from({ length: 6 }, (_, i) => i * 2_000))
  expect(looks.capacity).toEqual(looks.health)
})

test('watch: a turn follows where the core was changed, and only there', () => {
  const still = watchOf()
  still.watch.check(0)
  still.watch.check(1_000)
  expect(still.turns).toEqual([])
  const changing = watchOf({}, true)
  changing.watch.check(0)
  changing.watch.check(1_000)
  expect(changing.turns).toEqual([0, 1_000])
})

test('watch: it works where nobody is judged and nothing is advised', () => {
  const { watch, looks } = watchOf({ agentHealth: false, scaling: false })
  watch.check(0)
  expect(NAMES.map((name) => looks[name].length)).toEqual([1, 1, 1, 1])
  expect(watch.isOn).toBe(false)
  watch.start()
  expect(watch.isOn).toBe(true)
  watch.stop()
})
