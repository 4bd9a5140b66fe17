import { expect, test } from 'vitest'
import type { AgentProfile, AgentUtilization, SchedulerMetrics } from '../../src/balance-views.ts'
import {
  byUse,
  oneUtilizationLines,
  profileLines,
  utilizationLines,
} from '../../src/cli/render/agent-profile.ts'
import { cellsOf } from '../../src/cli/render/cells.ts'
import { colorsFor, NO_COLORS } from '../../src/cli/render/colors.ts'
import { metricsLines, sparkline } from '../../src/cli/render/metrics.ts'
import { text } from '../support/files.ts'

const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee\u0000'
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
const COLORS = colorsFor({ isTTY: true }, {})

/** Source document 004, "Agent Profile (Gap Analysis Worker A)". */
const WORKER_A: AgentProfile = {
  agent: 'gap_analyzer_001',
  status: 'busy',
  condition: 'fit',
  reason: null,
  capacity: 3,
  load: 2,
  running: [
    { task: 'cardio_001', queue: 'gap_analysis', forMs: 15_000 },
    { task: 'ortho_002', queue: 'gap_analysis', forMs: 25_400 },
  ],
  queued: 0,
  unbegun: 0,
  last: { results: 100, meanMs: 42_300, successRate: 0.992, slaCompliance: 0.985, errors: 1 },
  hour: {
    tasksPerHour: 85,
    loadMin: 0.6,
    loadMax: 0.7,
    loadTrend: 'stable',
    errors: 1,
    errorTrend: 'decreasing',
  },
}

test('profile [004]: the box of Gap Analysis Worker A', () => {
  const lines = profileLines(WORKER_A, 80, NO_COLORS)
  expect(lines).toEqual([
    '┌──────────────────────────────────────┐',
    '│ Agent ID: gap_analyzer_001           │',
    '│ Status: busy                         │',
    '│ Capacity: 3 parallel tasks           │',
    '│                                      │',
    '│ Current Load: 2/3 (67 %)             │',
    '│ ├─ Task 1: cardio_001 (15 s)         │',
    '│ ├─ Task 2: ortho_002 (25 s)          │',
    '│ └─ Available: 1 slot                 │',
    '│                                      │',
    '│ Performance (last 100 tasks):        │',
    '│ ├─ Avg duration: 42.3 s              │',
    '│ ├─ Success rate: 99.2 %              │',
    '│ ├─ SLA compliance: 98.5 %            │',
    '│ └─ Errors: 1                         │',
    '│                                      │',
    '│ Trend (last hour):                   │',
    '│ ├─ Throughput: 85 tasks/hour         │',
    '│ ├─ Load trend: stable (60-70 %)      │',
    '│ └─ Error trend: decreasing (1 error) │',
    '└──────────────────────────────────────┘',
  ])
  expect(text('docs/operating.md')).toContain(lines.join('\n'))
})

const NEW: AgentProfile = {
  ...WORKER_A,
  agent: NASTY,
  status: 'overloaded',
  condition: 'failing',
  reason: `It failed 12 of its last 20 tasks, ${NASTY}, and its peers one of 50: it rests for 30 s.`,
  load: 30,
  running: Array.from({ length: 20 }, (_, i) => ({
    task: `${NASTY}${'x'.repeat(64)}${i}`,
    queue: 'q',
    forMs: 754_000,
  })),
  queued: 4,
  unbegun: 6,
  last: { results: 0, meanMs: null, successRate: null, slaCompliance: null, errors: 0 },
}

test.each([40, 60, 80, 200])('profile: at %i columns every line is as wide as the box', (width) => {
  for (const colors of [NO_COLORS, COLORS]) {
    const lines = profileLines(NEW, width, colors)
    const bare = lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, ''))
    expect(new Set(bare.map(cellsOf)).size).toBe(1)
    expect(cellsOf(bare[0])).toBeLessThanOrEqual(width)
    for (const line of bare) expect(line).not.toMatch(CONTROLS)
  }
})

test('profile: why it is not fit, what it has not begun, and how many it runs besides', () => {
  const shown = profileLines(NEW, 80, NO_COLORS).join('\n')
  expect(shown).toContain('Status: overloaded, failing')
  expect(shown).toContain('It failed 12 of its last 20 tasks')
  expect(shown).toContain('and 12 more')
  expect(shown).toContain('Sent in advance: 6')
  expect(shown).toContain('In its own queue: 4')
  expect(shown).toContain('Available: none')
  expect(shown).toContain('Avg duration: –')
  const resting = { ...NEW, status: 'maintenance', condition: 'maintenance', reason: null } as const
  expect(profileLines(resting, 80, NO_COLORS).join('\n')).toMatch(/Status: maintenance /)
  // Free places are of no use while it is given nothing.
  const idle = profileLines({ ...resting, load: 0, running: [] }, 80, NO_COLORS).join('\n')
  expect(idle).toContain('Available: none')
})

const A1: AgentUtilization = {
  agent_id: 'a-1',
  current_load: 2,
  max_capacity: 3,
  utilization_percent: (2 / 3) * 100,
  available_slots: 1,
  avg_task_time: 0.001_24,
  success_rate: 0.992,
  sla_compliance_percent: 98.5,
}
const A2: AgentUtilization = {
  ...A1,
  agent_id: NASTY,
  current_load: 6,
  utilization_percent: 200,
  available_slots: 0,
  avg_task_time: null,
  success_rate: null,
  sla_compliance_percent: null,
}

test('utilization: those with most in use come first, and a narrow terminal has no bars', () => {
  const lines = utilizationLines(byUse([A1, A2]), 80, NO_COLORS)
  expect(lines[1]).toMatch(/██████████ +200 % +6\/3 +0 +– +– +–$/)
  expect(lines[2]).toMatch(/a-1 +██████░░░░ +67 % +2\/3 +1 +1\.24 ms +99\.2 % +98\.5 %$/)
  for (const line of lines) expect(line).not.toMatch(CONTROLS)
  const narrow = utilizationLines([A1], 60, NO_COLORS)
  expect(narrow.join('')).not.toContain('█')
  for (const line of narrow) expect(cellsOf(line)).toBeLessThanOrEqual(60)
  expect(utilizationLines([], 80, NO_COLORS)[0]).toMatch(/^No agents\. Start one/)
})

test('utilization [004]: of one agent by the keys of the source', () => {
  const shown = oneUtilizationLines(A1, 80, NO_COLORS).join('\n')
  for (const key of Object.keys(A1).slice(1)) expect(shown).toContain(key)
  expect(shown).toMatch(/utilization_percent +67 %/)
})

const METRICS: SchedulerMetrics = {
  total_tasks_distributed: 100,
  successful_assignments: 95,
  failed_assignments: 5,
  average_assignment_time_ms: 0.5,
  agent_utilization: { agent_1: 75, agent_2: 60, [NASTY]: 130, idle: 0 },
  task_type_distribution: { transaction_analysis: 60, pattern_detection: 40 },
  average_completion_time_ms: 12_400,
  success_rate: 0.96,
  failure_rate: 0.04,
  average_wait_time_ms: 92.4,
  queue_sizes: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`q${i}`, i])),
  steal_attempts: 12,
  successful_steals: 9,
  failed_steals: 3,
  successful_migrations: 11,
  failed_migrations: 4,
  recalled_tasks: 2,
  recall_requests: 3,
  rebalance_cycles: 7,
  busy_agents: 1,
  idle_agents: 2,
  load_variation: 0.0712,
  load_variance: 0.6667,
  queue_depth_samples: Array.from({ length: 720 }, (_, i) => ({
    at: i * 5_000,
    waiting: i % 100,
    bound: 3,
    running: 9,
  })),
}

test('metrics: the names of the sources, with units, within 80 columns', () => {
  for (const colors of [NO_COLORS, COLORS]) {
    const lines = metricsLines(METRICS, 80, colors)
    const bare = lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, ''))
    for (const line of bare) {
      expect(cellsOf(line)).toBeLessThanOrEqual(80)
      expect(line).not.toMatch(CONTROLS)
    }
    const shown = bare.join('\n')
    expect(shown).toMatch(/successful_assignments +95\n/)
    expect(shown).toMatch(/average_assignment_time +500 µs\n/)
    expect(shown).toMatch(/average_completion_time +12\.4 s\n/)
    expect(shown).toMatch(/successful_steals +9 of 12\n/)
    expect(shown).toMatch(/load_variation +7\.1 %\n/)
    expect(shown).toMatch(/load_variance +0\.67\n/)
    expect(shown).toMatch(/agent_1 +█+░+ +75 %\n/)
    expect(shown).toMatch(/and 3 more: -o json has them/)
    expect(shown).toMatch(/queue_depth over the last 60 min, 102 at most\n {2}[▁-█]+$/)
    expect(shown).not.toContain('idle  ')
  }
})

test('metrics: a line of small bars has the highest of each stretch', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█')
  expect(sparkline([0, 0, 0, 7, 0, 0], 3)).toBe('▁█▁')
  expect(sparkline([0, 0], 10)).toBe('▁▁')
})
