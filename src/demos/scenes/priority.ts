/** Source document 000, scenario 4: what is urgent goes first. Any thread. */
import type { PriorityName } from '../../task.ts'
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'

const SECOND = 1_000
const ORDER: readonly PriorityName[] = ['low', 'normal', 'high', 'critical', 'normal']

export const priority: Demo = {
  name: 'priority',
  source: '000',
  number: 4,
  title: 'five tasks of four priorities, one agent with two places',
  shows: 'What is most urgent begins first, whatever came first; of one priority the oldest.',
  run(story) {
    const stage = new Stage(story, { strategy: 'least_loaded' })
    stage.fact('tasks', '5 of 2 s, submitted before the agent is there')
    const tasks = ORDER.map((level, at) =>
      stage.submit({ name: `${level}-${at + 1}`, priority: level, takesMs: 2 * SECOND }),
    )
    stage.tell(`waiting, in order of arrival: ${tasks.join(', ')}`)
    stage.at(SECOND, () => {
      stage.agent({ id: 'agent', places: 2 })
      stage.tell('the agent joins, and can run two at a time')
    })
    stage.run()
    for (const { atMs, task } of stage.log.of('started')) stage.act.tell(atMs, `${task} begins`)
    stage.tell('all five are completed')
    const order = stage.startOrder().map((name) => name.split('-')[0])
    const expected = ['critical', 'high', 'normal', 'normal', 'low']
    story.expect('they begin as', 'CRITICAL → HIGH → NORMAL → LOW', expected, order)
    story.expect(
      'of the two normal ones the older goes first',
      'priority queue',
      ['normal-2', 'normal-5'],
      stage.startOrder().filter((name) => name.startsWith('normal')),
    )
  },
}
