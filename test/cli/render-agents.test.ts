import { expect, test } from 'vitest'
import { agentLines } from '../../src/cli/render/agents.ts'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import type { AgentView } from '../../src/task.ts'

const agent = (id: string): AgentView => ({
  id,
  instance: 'x',
  status: 'available',
  queues: ['a'.repeat(64), 'b'],
  capabilities: [],
  labels: {},
  specializations: {},
  latencyMeanUs: 1_240,
  successRate: 0.98,
  skills: {},
  concurrency: 256,
  prefetch: 0,
  keeps: true,
  running: 3,
  completed: 12_345,
  failed: 0,
  lost: 0,
  silentMs: 340,
  condition: 'fit',
  reason: null,
})

test('agents: in order of their numbers, long names cut', () => {
  const lines = agentLines([agent('agent-10'), agent('agent-9')], 100, NO_COLORS)
  expect(lines[1]).toMatch(/^ {2}agent-9 +available +a{13}… +– +3\/256 +12,345 /)
  expect(lines[2]).toMatch(/^ {2}agent-10 /)
  expect(agentLines([], 100, NO_COLORS)[0]).toMatch(/^No agents\. Start one/)
  expect(lines[0]).not.toContain('adopted')
  const adopted = { ...agent('agent-11'), subject: 'work.ocr' }
  const both = agentLines([agent('agent-9'), adopted], 100, NO_COLORS)
  expect(both[0]).toMatch(/ adopted$/)
  expect(both[1]).toMatch(/ –$/)
  expect(both[2]).toMatch(/^ {2}agent-11 .* work\.ocr$/)
  const ahead = { ...agent('ahead'), prefetch: 12 }
  const asking = { ...agent('asking'), granted: 5 }
  const hands = agentLines([ahead, asking], 100, NO_COLORS)
  expect(hands[1]).toMatch(/ 3\/256\+12 +12,345 /)
  expect(hands[2]).toMatch(/ 3, asks 5 +12,345 /)
})

test('agents: who is not fit is said with why under the table, within the width of the terminal', () => {
  const reason =
    'Its tasks take 203.8 ms; those of its 3 peers 25.6 ms, and that is eight times as long.'
  const slow: AgentView = { ...agent('agent-2'), condition: 'slow', reason }
  const resting: AgentView = {
    ...agent('agent-3'),
    status: 'maintenance',
    condition: 'maintenance',
  }
  const lines = agentLines([agent('agent-1'), slow, resting], 80, NO_COLORS)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  const under = lines.slice(lines.indexOf('') + 1)
  expect(under[0]).toMatch(/^ {2}agent-2 {2}slow: Its tasks take 203\.8 ms/)
  expect(under[1]).toMatch(/^ {11}\S/)
  expect(under.at(-1)).toBe('  agent-3  maintenance')
  expect(agentLines([agent('agent-1')], 80, NO_COLORS)).not.toContain('')
})
