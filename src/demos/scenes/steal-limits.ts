/**
 * Source document 002, demonstrations 3 to 5: agents that fail, tasks that are never moved, and what is
 * counted. Any thread.
 *
 * Invariant: nothing is lost and nothing is done twice, whatever happens to agents.
 */
import { Random } from '../../routing/generator.ts'
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import { meanOf } from '../words.ts'

const SECOND = 1_000
const FIVE = ['w1', 'w2', 'w3', 'w4', 'w5']

export const cascadingFailure: Demo = {
  name: 'cascading-failure',
  source: '002',
  number: 3,
  title: 'two of five agents die, one after the other',
  shows:
    'What waits for a dead agent goes on at once, what it ran when its lease ends: nothing is lost, and nothing done twice.',
  run(story) {
    const stage = new Stage(story, {
      strategy: 'round_robin',
      binding: 'early',
      spared: (sentence) => stage.tell(sentence),
    })
    stage.fact('tasks', '30 of 5 s, bound in turn: six for each')
    stage.fact('lease', '10 s, a beat every 3.3 s')
    for (const id of FIVE) stage.agent({ id, leased: true })
    stage.watch()
    stage.submitAll(Array(30).fill({ takesMs: 5 * SECOND }))
    stage.tellQueues('all tasks have their agents')
    const died: Record<string, number> = { w2: 6 * SECOND, w4: 9 * SECOND }
    for (const [id, atMs] of Object.entries(died)) {
      stage.at(atMs, () => {
        stage.kill(id)
        stage.tellQueues(`${id} dies; nobody is told`)
      })
    }
    stage.run()
    const { events } = stage.log
    for (const { atMs, agent } of stage.log.of('down')) {
      stage.act.tell(atMs, `the lease of ${agent} ends: what it ran begins again elsewhere`)
    }
    stage.tell('all thirty are completed')
    const succeeded = stage.log.of('ended').filter(({ detail }) => detail === 'succeeded')
    const moved = events.filter(({ what, atMs, agent, detail }) => {
      if (what === 'stolen') return atMs >= (died[detail] ?? Number.POSITIVE_INFINITY)
      return what === 'unbound' && agent in died
    })
    const lost = stage.log.of('ended').filter(({ detail }) => detail === 'agent_lost')
    const longest = Math.max(
      ...lost.map(({ task, agent, atMs }) => {
        const again = events.find(
          (event) => event.what === 'started' && event.task === task && event.atMs >= atMs,
        )
        return (again?.atMs ?? Number.POSITIVE_INFINITY) - died[agent]
      }),
    )
    story.expect('tasks completed', 'tasks redistributed', 30, succeeded.length)
    story.expect(
      'tasks completed twice',
      'no duplicates',
      0,
      succeeded.length - new Set(succeeded.map(({ task }) => task)).size,
    )
    story.expect('tasks that died with their agent, and ran again', '2 agents', 2, lost.length)
    story.expectAtLeast(
      'tasks that waited for a dead agent, and went on elsewhere',
      'redistributed',
      2,
      moved.length,
    )
    story.expectAtMost(
      'seconds from a death to its task’s new beginning',
      'recovery < 2 min [004]',
      15,
      longest / SECOND,
    )
  },
}

export const priorityProtection: Demo = {
  name: 'priority-protection',
  source: '002',
  number: 4,
  title: 'six HIGH and six NORMAL tasks on one agent, three idle',
  shows: 'Tasks of priority 4 and 5 stay where they were put; only the others are moved.',
  run(story) {
    const stage = new Stage(story, { strategy: 'least_loaded', binding: 'early' })
    stage.fact('tasks', '12 of 10 s, which all came while w1 was alone')
    stage.agent({ id: 'w1' }, '12 tasks')
    const tasks = Array.from({ length: 12 }, (_, at) => {
      const priority = at % 2 === 0 ? ('high' as const) : ('normal' as const)
      return { name: `${priority}-${at + 1}`, priority, takesMs: 10 * SECOND }
    })
    const names = stage.submitAll(tasks)
    stage.tellQueues('w1 is alone')
    stage.at(SECOND / 10, () => {
      for (const id of ['w2', 'w3', 'w4']) stage.agent({ id })
      stage.tell('w2, w3 and w4 join')
    })
    stage.run()
    const stolen = stage.log.of('stolen')
    for (const { atMs, task, agent } of stolen) stage.act.tell(atMs, `${agent} takes ${task}`)
    stage.tell('all are completed; w1 has done every HIGH one itself')
    const [high, normal] = ['high', 'normal'].map((level) =>
      names.filter((name) => name.startsWith(level)),
    )
    const takenOf = (level: string) => stolen.filter(({ task }) => task.startsWith(level)).length
    story.expect('HIGH tasks that were moved', 'priority >= 4 protected', 0, takenOf('high'))
    story.expect('NORMAL tasks that were moved', 'only low-priority stolen', 6, takenOf('normal'))
    story.expect(
      'HIGH tasks are done by',
      'where they were assigned',
      Array(6).fill('w1'),
      stage.givenTo(high),
    )
    const order = stage.startOrder().filter((name) => name.startsWith('high'))
    story.expect('HIGH tasks begin in order of arrival', 'priority preservation', high, order)
    story.expect('tasks completed', '–', 12, stage.givenTo([...high, ...normal]).length)
  },
}

const METRIC_TASKS = 120

export const metrics: Demo = {
  name: 'metrics',
  source: '002',
  number: 5,
  title: 'a minute of uneven load, counted',
  shows: 'Every figure that the document names, and that they agree with what was seen to happen.',
  run(story) {
    const stage = new Stage(story, { strategy: 'round_robin', binding: 'early' })
    const random = new Random(story.seed)
    stage.fact('tasks', `${METRIC_TASKS} of 1 to 4 s, two a second`)
    for (const [at, id] of FIVE.entries()) stage.agent({ id, speed: [0.4, 1, 1, 1, 2][at] })
    const depths: number[] = []
    stage.every(5 * SECOND, () => {
      depths.push(stage.queues().reduce((sum, { waiting }) => sum + waiting, 0))
      if (depths.length % 4 === 0)
        stage.tellQueues(`sample ${depths.length}: ${depths.at(-1)} wait`)
    })
    for (let i = 0; i < METRIC_TASKS; i++) {
      const takesMs = (1 + 3 * random.nextFloat()) * SECOND
      stage.at((i * SECOND) / 2, () => stage.submit({ takesMs }))
    }
    stage.run()
    const { attempts, stolen, failed, cycles } = stage.judges.balancer.counters
    const waits = stage.waitsMs()
    const { busy, idle } = stage.judges.balancer.spread()
    Object.assign(stage.act.figures, {
      steal_attempts: attempts,
      successful_steals: stolen,
      failed_steals: failed,
      successful_migrations: stolen,
      failed_migrations: failed,
      rebalance_cycles: cycles,
      queue_depths: depths.join(' '),
      average_wait_time_ms: Math.round(meanOf(waits)),
      longest_wait_ms: Math.round(Math.max(...waits)),
      busy_agents: busy,
      idle_agents: idle,
    })
    const seen = stage.log.of('stolen').length
    const took = stage.act.agents.reduce((sum, agent) => sum + agent.took, 0)
    story.expect(
      'tasks completed',
      'task submission',
      METRIC_TASKS,
      stage.machine.core.counters.completed,
    )
    story.expect(
      'attempts are successes and failures',
      'total, successful, failed',
      attempts,
      stolen + failed,
    )
    story.expect(
      'successful steals were seen, and taken',
      'steal events',
      [seen, seen],
      [stolen, took],
    )
    story.expectAtLeast('tasks stolen', 'steal events', 1, stolen)
    story.expect(
      'samples of queue depths',
      'sampled every 5 s',
      Math.floor(stage.act.endMs / (5 * SECOND)),
      depths.length,
    )
    story.expect('waits measured', 'task wait times', METRIC_TASKS, waits.length)
    story.expect('busy and idle agents at the end', 'busy/idle counts', [0, 5], [busy, idle])
  },
}
