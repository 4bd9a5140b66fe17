/** A fleet that grows and shrinks in the model: starts, leaving, and what it costs. */
import { expect, test } from 'vitest'
import type { Controller } from '../../src/fleet-model/elastic.ts'
import { runModel } from '../../src/fleet-model/model.ts'
import { makeWorkload, ONE_TYPE } from '../../src/fleet-model/workload.ts'

const SECOND_US = 1e6

/** @param rule number of agents by second. */
function play(rule: (second: number) => number, agentsAtStart: number, count = 200) {
  const controller: Controller = {
    begin: () => {},
    ended: () => {},
    desired: (nowMs) => rule(nowMs / 1_000),
  }
  const workload = makeWorkload({
    count,
    rate: 2,
    durations: 'exponential',
    meanWorkUs: 2 * SECOND_US,
    types: ONE_TYPE,
    seed: 3,
  })
  const fleet = Array.from({ length: 20 }, (_, i) => ({
    name: `a${i}`,
    concurrency: 2,
    speed: 1,
    capabilities: [],
  }))
  const elastic = { controller, everyUs: SECOND_US, startupUs: 10 * SECOND_US, agentsAtStart }
  const result = runModel({
    workload,
    fleet,
    strategy: 'round_robin',
    binding: 'late',
    seed: 1,
    warmUp: 0,
    elastic,
  })
  return { ...result, workload, lastUs: Math.max(...result.endUs) }
}

test('fleet model: a fleet that does not change costs its agents times the length of the run', () => {
  const { elastic, lastUs } = play(() => 5, 5)
  expect(elastic.agentUs).toBeCloseTo(5 * lastUs, 0)
  expect(elastic).toMatchObject({ agentsMax: 5, changes: 0 })
})

test('fleet model: agents come after their start, and are paid from being asked for', () => {
  const { startUs, elastic, lastUs } = play(() => 4, 0)
  // Asked for at 0, there at 10 s: nothing begins before.
  expect(Math.min(...startUs)).toBe(10 * SECOND_US)
  expect(elastic.agentUs).toBeCloseTo(4 * lastUs, 0)
})

test('fleet model: agents that leave take nothing more, and are paid until their last task', () => {
  const { startUs, endUs, elastic, lastUs } = play((second) => (second < 30 ? 8 : 3), 8)
  const busyAt = (us: number) => startUs.filter((from, i) => from <= us && endUs[i] > us).length
  for (let second = 40; second < 90; second += 5) {
    expect(busyAt(second * SECOND_US)).toBeLessThanOrEqual(6)
  }
  const least = 8 * 30 * SECOND_US + 3 * (lastUs - 30 * SECOND_US)
  expect(elastic.agentUs).toBeGreaterThanOrEqual(least)
  expect(elastic.agentUs).toBeLessThan(least + 5 * 20 * SECOND_US)
})

test('fleet model: agents that are called off during their start never come', () => {
  const { elastic, lastUs, workload } = play((second) => (second > 20 && second < 25 ? 12 : 4), 4)
  expect(elastic.agentsMax).toBe(12)
  expect(elastic.changes).toBe(2)
  // Eight agents for the four seconds between asking and calling off.
  expect(elastic.agentUs).toBeCloseTo(4 * lastUs + 8 * 4 * SECOND_US, 0)
  expect(workload.count).toBe(200)
})
