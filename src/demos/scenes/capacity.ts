/**
 * Source document 004, its two examples of choosing by capacity. Any thread.
 *
 * Invariant: the loads at the beginning are the document's, and every task is longer than its scene.
 */
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import { percentOf } from '../words.ts'

const LONG = 3_600_000
const SECOND = 1_000

export const roundRobinCapacity: Demo = {
  name: 'round-robin-capacity',
  source: '004',
  number: 1,
  title: 'A 3/3, B 2/3, C 1/3: whose turn is it?',
  shows: 'Tasks go round, by turns; whoever is full is passed over.',
  run(story) {
    const stage = new Stage(story, { strategy: 'round_robin' })
    stage.fact('strategy', 'round_robin')
    for (const [id, load] of [
      ['A', 3],
      ['B', 2],
      ['C', 1],
    ] as const) {
      stage.agent({ id, places: 3, load }, `${load}/3 (${percentOf(load, 3)})`)
    }
    const names: string[] = []
    for (let i = 0; i < 3; i++) {
      const name = stage.submit({ takesMs: LONG })
      names.push(name)
      const [given] = stage.givenTo([name])
      stage.tellQueues(`${name} to ${given}`)
      stage.run(stage.nowMs + SECOND)
    }
    const over = stage.submit({ takesMs: LONG })
    stage.run(stage.nowMs + SECOND)
    stage.tell(`${over} waits: ${stage.machine.core.waitingFor(stage.recordOf(over))}`)
    // The document's third line says B, which is full by then: 2/3 and one more.
    story.expect(
      'the next three go to',
      'B, C, B (B is full by then)',
      ['B', 'C', 'C'],
      stage.givenTo(names),
    )
    story.expect('the fourth finds all full', 'queue for retry', null, stage.givenTo([over])[0])
  },
}

export const humanCapacity: Demo = {
  name: 'human-capacity',
  source: '004',
  number: 2,
  title: 'reviewers at 10/12, 8/12 and 7/12: HIGH and NORMAL differ',
  shows: 'HIGH goes to the least loaded reviewer; NORMAL goes round, which is fair to people.',
  run(story) {
    const stage = new Stage(story, { strategy: 'capacity_priority' })
    stage.fact('strategy', 'capacity_priority')
    for (const [id, load] of [
      ['A', 9],
      ['B', 8],
      ['C', 7],
    ] as const) {
      stage.agent({ id, places: 12, load }, `${load}/12 (${percentOf(load, 12)})`)
    }
    const give = (priority: 'normal' | 'high') => {
      const name = stage.submit({ priority, takesMs: LONG })
      const [given] = stage.givenTo([name])
      stage.tellQueues(`${priority.toUpperCase()} to ${given}`)
      stage.run(stage.nowMs + SECOND)
      return given
    }
    const turn = give('normal')
    const before = stage.loads()
    const high = give('high')
    const normal = give('normal')
    story.expect(
      'A has its turn first, and the loads are',
      '10/12, 8/12, 7/12',
      ['A', 10, 8, 7],
      [turn, ...before],
    )
    story.expect('HIGH goes to', 'RA C (most available capacity)', 'C', high)
    story.expect('NORMAL goes to', 'RA B (round-robin turn)', 'B', normal)
  },
}
