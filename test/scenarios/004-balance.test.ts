/** Source document 004: capacity, variance, utilisation, pool C and priorities as demos show them. */
import { describe, expect, test } from 'vitest'
import { DEMOS, play } from '../../src/demos/catalog.ts'
import { failing, foundBy, perform } from './performed.ts'

const HOUR = 3_600_000

describe('[004] demos', () => {
  test('round-robin-capacity: A 3/3, B 2/3, C 1/3: B, C, C, and then all are full', () => {
    const [next, fourth] = perform('round-robin-capacity').checks
    expect(next.found).toEqual(['B', 'C', 'C'])
    expect(fourth.found).toBe(null)
  })

  test('human-capacity: A 10/12, B 8/12, C 7/12: HIGH to C, NORMAL to B', () => {
    const [loads, high, normal] = perform('human-capacity').checks
    expect(loads.found).toEqual(['A', 10, 8, 7])
    expect([high.found, normal.found]).toEqual(['C', 'B'])
  })

  test('variance: (2,2,2) is 0, (3,2,1) is 0.67, (3,3,0) is 2: each is evened out', () => {
    expect(foundBy(perform('variance'))).toEqual({
      'plain variance': [0, 0.67, 2],
      'coefficient of variation': [0, 0.41, 0.71],
      'tasks moved': [0, 1, 2],
      'loads after it': Array(3).fill([2, 2, 2]),
      'coefficient of variation after it': [0, 0, 0],
    })
  })

  test('utilization: the keys of get_utilization, and the figures of the profile', () => {
    const performance = perform('utilization')
    expect(failing(performance)).toEqual([])
    expect(performance.acts[0].figures).toEqual({
      agent_id: 'gap_analyzer_001',
      current_load: 2,
      max_capacity: 3,
      utilization_percent: 66.667,
      available_slots: 1,
      avg_task_time: 42.3,
      success_rate: 0.99,
      sla_compliance_percent: 99,
    })
  })

  test('pool-c: one specialist begins 2 of 5 within 2 hours; three begin all of them', () => {
    const performance = perform('pool-c')
    const found = foundBy(performance)
    expect(found['one specialist can keep the promise']).toBe(false)
    expect(found['played, begun in time']).toBe(0.4)
    expect(found['specialists that could']).toBe(3)
    expect(found['played with them, begun in time']).toBe(1)
    expect(performance.acts.map(({ endMs }) => endMs / HOUR)).toEqual([7.5, 3])
    const words = performance.acts[0].lines.map(({ text }) => text)
    expect(words[0]).toMatch(
      /^5 tasks, 1 place, .* 2 of 5 \(40 %\) begin within .* 3 places would do/,
    )
    expect(words.filter((text) => text.startsWith('SLA breach'))).toHaveLength(3)
    expect(words.some((text) => /^advice: add \d+ agents?: /.test(text))).toBe(true)
  })

  test('priorities: CRITICAL interrupts, HIGH within 10 min, LOW up after 2 hours, then 1', () => {
    const [order, critical, high, resumed, boosts, waited] = perform('priorities').checks
    expect(order.found).toEqual(['sterilization', 'sure', 'routine', 'usual', 'rare'])
    expect([critical.found, high.found, resumed.found]).toEqual([0, 6, 28])
    expect(boosts.found).toEqual([2, 3])
    expect(waited.found).toBe(0)
  })
})

describe('demos', () => {
  test('every demo holds with every one of these seeds', () => {
    for (const demo of DEMOS) {
      for (const seed of [0, 1, 2, 3, 2 ** 31 - 1]) {
        expect(failing(play(demo, seed)), `${demo.name}, seed ${seed}`).toEqual([])
      }
    }
  })

  test('the same demo and seed are the same to the last bit, another seed is another story', () => {
    for (const demo of DEMOS) expect(play(demo, 7)).toEqual(play(demo, 7))
    const [one, other] = [perform('metrics', 1), perform('metrics', 2)]
    expect(one.acts[0].figures).not.toEqual(other.acts[0].figures)
  })

  test('names are words with hyphens, and no two are alike', () => {
    const names = DEMOS.map(({ name }) => name)
    expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([])
    expect(new Set(names).size).toBe(18)
  })

  test('numbers of each document’s demos go up without a gap', () => {
    for (const source of ['000', '002', '004']) {
      const numbers = DEMOS.filter((demo) => demo.source === source).map(({ number }) => number)
      expect(numbers).toEqual(numbers.map((_, at) => at + 1))
    }
  })

  test('every line of a story is within its act, and in order', () => {
    for (const demo of DEMOS) {
      for (const { lines, endMs, title } of play(demo).acts) {
        const times = lines.map(({ atMs }) => atMs)
        expect(times, `${demo.name} ${title}`).toEqual([...times].sort((a, b) => a - b))
        expect(times.at(-1)).toBeLessThanOrEqual(endMs)
      }
    }
  })
})
