import { expect, test } from 'vitest'
import { agentLines } from '../../src/cli/render/agents.ts'
import { NO_COLORS } from '../../src/cli/render/colors.ts'

test('agents: in order of their numbers, long names cut', () => {
  const agent = (id: string) => ({
    id,
    instance: 'x',
    status: 'available' as const,
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
  })
  const lines = agentLines([agent('agent-10'), agent('agent-9')], NO_COLORS)
  expect(lines[1]).toMatch(/^ {2}agent-9 +available +a{13}… +– +3\/256 +12,345 /)
  expect(lines[2]).toMatch(/^ {2}agent-10 /)
  expect(agentLines([], NO_COLORS)[0]).toMatch(/^No agents\. Start one/)
  expect(lines[0]).not.toContain('adopted')
  const adopted = { ...agent('agent-11'), subject: 'work.ocr' }
  const both = agentLines([agent('agent-9'), adopted], NO_COLORS)
  expect(both[0]).toMatch(/ adopted$/)
  expect(both[1]).toMatch(/ –$/)
  expect(both[2]).toMatch(/^ {2}agent-11 .* work\.ocr$/)
  const ahead = { ...agent('ahead'), prefetch: 12 }
  const asking = { ...agent('asking'), granted: 5 }
  const hands = agentLines([ahead, asking], NO_COLORS)
  expect(hands[1]).toMatch(/ 3\/256\+12 +12,345 /)
  expect(hands[2]).toMatch(/ 3, asks 5 +12,345 /)
})
