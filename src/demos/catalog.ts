/** All demos, in the order of their documents, and one of them played. Any thread. */
import type { Demo, Performance } from './demo.ts'
import { humanCapacity, roundRobinCapacity } from './scenes/capacity.ts'
import { basicDistribution, hybrid, loadBalancing, specialization } from './scenes/distribution.ts'
import { priorities } from './scenes/priorities.ts'
import { priority } from './scenes/priority.ts'
import { review } from './scenes/review.ts'
import { poolC, scaling } from './scenes/scaling.ts'
import { cascadingFailure, metrics, priorityProtection } from './scenes/steal-limits.ts'
import { basicStealing, hotSpot } from './scenes/stealing.ts'
import { utilization } from './scenes/utilization.ts'
import { variance } from './scenes/variance.ts'
import { Story } from './story.ts'

export const DEMOS: readonly Demo[] = [
  basicDistribution,
  loadBalancing,
  specialization,
  priority,
  hybrid,
  scaling,
  basicStealing,
  hotSpot,
  cascadingFailure,
  priorityProtection,
  metrics,
  roundRobinCapacity,
  humanCapacity,
  variance,
  utilization,
  poolC,
  priorities,
  review,
]

export function demoNamed(name: string): Demo | undefined {
  return DEMOS.find((demo) => demo.name === name)
}

/** @returns the same for the same demo and seed. */
export function play(demo: Demo, seed = 1): Performance {
  const story = new Story(seed)
  demo.run(story)
  return story.performance(demo)
}
