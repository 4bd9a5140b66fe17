import { expect, test } from 'vitest'
import type { AgentState } from '../../src/policy/agents.ts'
import { RecordedTasks } from '../../src/service/recorded-tasks.ts'
import { Recording } from '../../src/service/recording.ts'

const ALWAYS = { fromMs: 0, untilMs: Number.POSITIVE_INFINITY }

function agentOf(id: string, concurrency = 1): AgentState {
  const like = { id, concurrency, queues: ['q'], capabilities: [], labels: {} }
  return like as unknown as AgentState
}

interface Task {
  arrivedMs: number
  startedMs: number
  tookMs: number
  agent: string
  type?: number
}

function recordingOf(agents: AgentState[], tasks: Task[]): Recording {
  const recording = new Recording()
  for (const agent of agents) recording.stays.push({ agent, ...ALWAYS })
  for (const name of ['a', 'b']) {
    recording.types.push({
      ...{ queue: 'q', name, requires: [], prefers: [], match: 'exact', level: 3 },
    })
  }
  for (const { arrivedMs, startedMs, tookMs, agent, type = 0 } of tasks) {
    recording.arrivedMs.push(arrivedMs)
    recording.startedMs.push(startedMs)
    recording.tookMs.push(tookMs)
    recording.endedMs.push(startedMs + tookMs)
    recording.typeOf.push(type)
    recording.agentOf.push(agent)
    recording.keyHashOf.push(0)
  }
  return recording
}

const TWO = [agentOf('quick'), agentOf('slow')]

test('recorded tasks: an attempt keeps its time with its agent, and is scaled with another', () => {
  const tasks = new RecordedTasks(
    recordingOf(TWO, [
      { arrivedMs: 0, startedMs: 0, tookMs: 8, agent: 'quick' },
      { arrivedMs: 1, startedMs: 1, tookMs: 60, agent: 'slow' },
      { arrivedMs: 2, startedMs: 2, tookMs: 12, agent: 'quick' },
      { arrivedMs: 3, startedMs: 3, tookMs: 40, agent: 'slow' },
    ]),
  )
  // Means: 10 ms and 50 ms.
  expect(tasks.durationUs(0, 0)).toBe(8_000)
  expect(tasks.durationUs(0, 1)).toBeCloseTo(40_000, 6)
  expect(tasks.durationUs(1, 1)).toBe(60_000)
  expect(tasks.durationUs(1, 0)).toBeCloseTo(12_000, 6)
})

test('recorded tasks: who had none of a type counts as the mean of those who had', () => {
  const tasks = new RecordedTasks(
    recordingOf(
      [...TWO, agentOf('new')],
      [
        { arrivedMs: 0, startedMs: 0, tookMs: 10, agent: 'quick' },
        { arrivedMs: 1, startedMs: 1, tookMs: 30, agent: 'slow' },
        { arrivedMs: 2, startedMs: 2, tookMs: 5, agent: 'new', type: 1 },
      ],
    ),
  )
  expect(tasks.durationUs(0, 2)).toBeCloseTo(20_000, 6)
  expect(tasks.durationUs(2, 0)).toBe(5_000)
})

test('recorded tasks: what ended in the millisecond in which it began took half of one', () => {
  const task = { arrivedMs: 7, startedMs: 9, tookMs: 0, agent: 'quick' }
  const tasks = new RecordedTasks(recordingOf(TWO, [task]))
  expect(tasks.durationUs(0, 0)).toBe(500)
  const { wait, total } = tasks.recorded()
  expect(wait.mean).toBe(2)
  expect(total.mean).toBe(2)
})

test('recorded tasks: they are in order of arrival, whatever the order in which they ended', () => {
  const recording = recordingOf(
    [agentOf('one', 2)],
    [
      { arrivedMs: 20, startedMs: 20, tookMs: 5, agent: 'one' },
      { arrivedMs: 10, startedMs: 10, tookMs: 90, agent: 'one' },
    ],
  )
  const { workload } = new RecordedTasks(recording)
  expect([...workload.arrivalUs]).toEqual([0, 10_000])
  expect([...workload.workUs]).toEqual([90_000, 5_000])
})

test('recorded tasks: the model has the recorded waits when nothing is left to choose', () => {
  const recording = recordingOf(
    [agentOf('one')],
    [
      { arrivedMs: 0, startedMs: 0, tookMs: 10, agent: 'one' },
      { arrivedMs: 2, startedMs: 10, tookMs: 4, agent: 'one' },
      { arrivedMs: 30, startedMs: 30, tookMs: 4, agent: 'one' },
    ],
  )
  const tasks = new RecordedTasks(recording)
  const { waits, unplaced } = tasks.run('random', {})
  expect(waits).toEqual(tasks.recorded())
  expect(unplaced).toBe(0)
})

test('recorded tasks: for whom nobody is left is counted and not in the waits', () => {
  const recording = recordingOf(
    [agentOf('gone')],
    [
      { arrivedMs: 0, startedMs: 0, tookMs: 1, agent: 'gone' },
      { arrivedMs: 50, startedMs: 50, tookMs: 1, agent: 'gone' },
    ],
  )
  recording.stays[0].untilMs = 40
  const { waits, unplaced } = new RecordedTasks(recording).run('random', {})
  expect(unplaced).toBe(1)
  expect(waits.wait.max).toBe(0)
})
