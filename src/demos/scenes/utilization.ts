/**
 * Source document 004, agent capacity tracking: one agent as `get_utilization` and the agent profile
 * show it. Any thread.
 *
 * Invariant: tasks of 42.3 s come so often that two of three places are in use, as in the document's
 * box. Its 85 tasks an hour would keep one place in use; with two it is 170.
 */
import type { AgentUtilization } from '../../balance-views.ts'
import type { MeasuredProfile } from '../../capacity/capacity.ts'
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import { span } from '../words.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const TAKES = 42.3 * SECOND
const EVERY = TAKES / 2
const AGENT = 'gap_analyzer_001'
/** One before the last hundred results, one among them, both in the first half of the hour. */
const FAILURES = [60, 75]

const KEYS = [
  'agent_id',
  'current_load',
  'max_capacity',
  'utilization_percent',
  'available_slots',
  'avg_task_time',
  'success_rate',
  'sla_compliance_percent',
]

export const utilization: Demo = {
  name: 'utilization',
  source: '004',
  number: 4,
  title: 'an hour of a gap analyzer with three places',
  shows:
    'What is known of an agent: load now, its last hundred results, and how its last hour went.',
  run(story) {
    const queues = { gap_analysis: { slaTargetMs: 60 * SECOND, retryCount: 1 } }
    const stage = new Stage(story, { strategy: 'round_robin', queues })
    stage.fact('tasks', 'one of 42.3 s every 21.15 s, for an hour; two fail once')
    stage.fact('SLA', '60 s to its beginning')
    stage.agent({ id: AGENT, places: 3, queues: ['gap_analysis'] })
    stage.watch(5 * SECOND)
    const tasks = Math.floor(HOUR / EVERY)
    for (let i = 0; i <= tasks; i++) {
      const name = `device-${i + 1}`
      const fails = FAILURES.includes(i + 1) ? 'api_error' : undefined
      stage.at(i * EVERY, () => {
        stage.submit({ name, queue: 'gap_analysis', takesMs: TAKES, fails })
      })
    }
    stage.at(1_000, () => stage.tell('devices come, one every 21 s'))
    stage.run(HOUR)
    for (const { atMs, task } of stage.log
      .of('ended')
      .filter(({ detail }) => detail === 'failed')) {
      stage.act.tell(atMs, `${task} fails, and is tried again`)
    }
    const agent = stage.stateOf(AGENT)
    const { capacity } = stage.judges
    const shown = capacity.utilization(agent)
    const profile = capacity.profile(agent, stage.policyMs)
    stage.tellQueues(`after an hour: ${shown.current_load} of ${shown.max_capacity} places in use`)
    stage.tell(profileWords(profile))
    for (const key of KEYS) {
      const value = shown[key as keyof AgentUtilization]
      stage.act.figures[key] =
        typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : `${value}`
    }
    const known = KEYS.filter((key) => key in shown)
    story.expect('keys of get_utilization', 'eight keys', KEYS.length, known.length)
    story.expect(
      'load, capacity, slots',
      '2/3, available: 1 slot',
      [2, 3, 1],
      [shown.current_load, shown.max_capacity, shown.available_slots],
    )
    story.expect('utilization, percent', '67 %', 67, Math.round(shown.utilization_percent))
    story.expect('mean of the last 100, seconds', '42.3 s', 42.3, shown.avg_task_time)
    story.expect(
      'success rate and errors',
      '99.2 %, errors: 1',
      [0.99, 1],
      [shown.success_rate, profile.last.errors],
    )
    story.expectAtLeast(
      'SLA compliance, percent',
      '98.5 %',
      98.5,
      shown.sla_compliance_percent ?? 0,
    )
    const { loadTrend, errorTrend, tasksPerHour } = profile.hour
    story.expect('load trend', 'stable (60–70 %)', 'stable', loadTrend)
    story.expect('error trend', 'decreasing', 'decreasing', errorTrend)
    story.expectAtLeast('tasks in the hour', '85 tasks/hour', 85, Math.round(tasksPerHour))
  },
}

function profileWords({ running, hour, last }: MeasuredProfile): string {
  const now = running.map(({ task, forMs }) => `${task} (${span(forMs)})`).join(', ')
  const errors = `${last.errors} of the last ${last.results} failed`
  return `now ${now}; ${errors}; load ${hour.loadTrend}, errors ${hour.errorTrend}`
}
