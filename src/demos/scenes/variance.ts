/**
 * Source document 004, dynamic rebalancing: its three fleets, good, warning and bad. Any thread.
 *
 * Invariant: loads at the beginning are the document's; one push cycle later nothing is left to do.
 */
import type { RebalanceReport } from '../../balance-views.ts'
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

const HOUR = 3_600_000
const FLEETS = [
  { title: 'good: 2, 2, 2', loads: [2, 2, 2] },
  { title: 'warning: 3, 2, 1', loads: [3, 2, 1] },
  { title: 'bad: 3, 3, 0', loads: [3, 3, 0] },
]

export const variance: Demo = {
  name: 'variance',
  source: '004',
  number: 3,
  title: 'three fleets of three: 2, 2, 2 and 3, 2, 1 and 3, 3, 0',
  shows:
    'How uneven a fleet is: plain variance, and the coefficient of variation that it is judged by; above 10 % a cycle evens it out.',
  run(story) {
    const shown = FLEETS.map((fleet) => even(story, fleet))
    const of = (read: (each: Evened) => unknown) => shown.map(read)
    story.expect(
      'plain variance',
      '0, 0.67, 2.0',
      [0, 0.67, 2],
      of(({ variance }) => rounded(variance)),
    )
    story.expect(
      'coefficient of variation',
      'variance < 10 %',
      [0, 0.41, 0.71],
      of(({ report }) => rounded(report.variationBefore)),
    )
    story.expect(
      'tasks moved',
      'good, warn, trigger rebalancing',
      [0, 1, 2],
      of(({ report }) => report.moved.length),
    )
    story.expect(
      'loads after it',
      'evened out',
      Array(3).fill([2, 2, 2]),
      of(({ loads }) => loads),
    )
    story.expect(
      'coefficient of variation after it',
      'variance < 10 %',
      [0, 0, 0],
      of(({ report }) => report.variationAfter),
    )
  },
}

interface Evened {
  readonly variance: number
  readonly report: RebalanceReport
  readonly loads: number[]
}

function even(story: Story, { title, loads }: (typeof FLEETS)[number]): Evened {
  const stage = new Stage(story, {
    title,
    strategy: 'least_loaded',
    binding: 'early',
    stealing: { mode: 'push' },
  })
  stage.fact('tasks', 'of an hour each; one runs at a time, the rest waits')
  // Each joins when those before it have their tasks, so that all of its own go to it.
  for (const [at, load] of loads.entries()) {
    stage.agent({ id: 'ABC'[at] })
    stage.submitAll(Array(load).fill({ takesMs: HOUR }))
  }
  const { balancer } = stage.judges
  const { variance, variation } = balancer.spread()
  stage.tellQueues(`variance ${rounded(variance)}, coefficient of variation ${rounded(variation)}`)
  const report = balancer.rebalance(stage.policyMs)
  for (const { task, from, to } of report.moved) stage.tell(`${task} from ${from} to ${to}`)
  stage.tellQueues(report.reason)
  const after = stage.loads()
  stage.run(1_000)
  return { variance, report, loads: after }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
