/**
 * The demos of source document 000: those that are about routing played by a whole scheduler, and all
 * of them as `signalbox demo` plays them.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { foundBy, perform } from './performed.ts'
import { Scene } from './scene.ts'

let scene: Scene

async function play(strategy: string, cast: Parameters<Scene['add']>[0][]): Promise<Scene> {
  scene = new Scene(strategy)
  for (const agent of cast) await scene.add(agent)
  return scene
}

afterEach(() => scene?.end())

const transaction = { type: 'transaction', requires: ['transaction_analysis'] }
const pattern = { type: 'pattern', requires: ['pattern_detection'] }
const risk = { type: 'risk', requires: ['risk_assessment'] }

describe('[000] demos', () => {
  test('demo 1, basic distribution: five mixed tasks go to the agents that can do them', async () => {
    const { given } = await play('hybrid', [
      { id: 'analyzer', concurrency: 5, capabilities: transaction.requires },
      { id: 'detector', concurrency: 5, capabilities: pattern.requires },
      { id: 'assessor', concurrency: 5, capabilities: risk.requires },
    ])
    await scene.submit([transaction, pattern, risk, transaction, pattern])
    expect(given).toEqual(['analyzer', 'detector', 'assessor', 'analyzer', 'detector'])
  })

  test('demo 2, load balancing: 20, 70 and 50 % stand at 80 % after ten tasks', async () => {
    await play('least_loaded', [
      { id: 'light', concurrency: 10, load: 2 },
      { id: 'heavy', concurrency: 10, load: 7 },
      { id: 'medium', concurrency: 10, load: 5 },
    ])
    await scene.submit(Array(10).fill({}))
    expect(scene.counts(['light', 'heavy', 'medium'])).toEqual([6, 1, 3])
  })

  test('demo 3, specialization: mixed tasks go to the specialists while these have room', async () => {
    const both = [...transaction.requires, ...pattern.requires]
    const { given } = await play('specialization', [
      {
        id: 'generalist',
        concurrency: 5,
        capabilities: both,
        specializations: { transaction: 0.6, pattern: 0.6 },
      },
      {
        id: 'transactions',
        concurrency: 2,
        capabilities: both,
        specializations: { transaction: 0.95, pattern: 0.3 },
      },
      {
        id: 'patterns',
        concurrency: 2,
        capabilities: both,
        specializations: { transaction: 0.3, pattern: 0.95 },
      },
    ])
    await scene.submit([transaction, pattern, pattern, transaction])
    expect(given).toEqual(['transactions', 'patterns', 'patterns', 'transactions'])
    await scene.submit([transaction, pattern])
    expect(given.slice(4)).toEqual(['generalist', 'generalist'])
  })

  test('demo 5, hybrid: fifteen tasks balance load against expertise', async () => {
    await play('hybrid', [
      { id: 'fast', concurrency: 10, specializations: { transaction: 0.7 } },
      { id: 'expert', concurrency: 10, specializations: { transaction: 0.95 } },
      { id: 'busy', concurrency: 10, load: 7, specializations: { transaction: 0.8 } },
    ])
    await scene.submit(Array(15).fill({ type: 'transaction' }))
    // Nothing is learned yet, so load and expertise decide: 0.68, 0.78 and 0.44 at first, and each
    // task costs its agent 0.04. After six and nine the first two stand at 0.44 and 0.42.
    expect(scene.counts(['fast', 'expert', 'busy'])).toEqual([6, 9, 0])
  })
})

describe('[004] capacity, played by a whole scheduler', () => {
  test('A 3/3, B 2/3, C 1/3 in rotation: B, C, C', async () => {
    const { given } = await play('round_robin', [
      { id: 'A', concurrency: 3, load: 3 },
      { id: 'B', concurrency: 3, load: 2 },
      { id: 'C', concurrency: 3, load: 1 },
    ])
    await scene.submit([{}, {}, {}])
    expect(given).toEqual(['B', 'C', 'C'])
  })

  test('A 10/12, B 8/12, C 7/12: HIGH to C, NORMAL to B when A had the last turn', async () => {
    const { given } = await play('capacity_priority', [
      { id: 'A', concurrency: 12, load: 9 },
      { id: 'B', concurrency: 12, load: 8 },
      { id: 'C', concurrency: 12, load: 7 },
    ])
    await scene.submit([{ priority: 'normal' }])
    expect(given).toEqual(['A'])
    await scene.submit([{ priority: 'high' }, { priority: 'normal' }])
    expect(given.slice(1)).toEqual(['C', 'B'])
  })
})

describe('[000] as `signalbox demo` plays it', () => {
  test('basic-distribution: five mixed tasks, each with the agent that can do it', () => {
    const { acts, checks } = perform('basic-distribution')
    expect(checks[0].found).toEqual(['analyzer', 'detector', 'assessor', 'analyzer', 'detector'])
    expect(acts[0].agents.map(({ agent, done }) => [agent, done])).toEqual([
      ['analyzer', 2],
      ['detector', 2],
      ['assessor', 1],
    ])
  })

  test('load-balancing: 20, 70 and 50 % and ten tasks: all agents at 80 %', () => {
    const { acts, checks } = perform('load-balancing')
    expect(acts[0].setup.map(({ first }) => first)).toEqual([
      '2 of 10 places taken',
      '7 of 10 places taken',
      '5 of 10 places taken',
    ])
    expect(checks.map(({ found }) => found)).toEqual([
      ['80 %', '80 %', '80 %'],
      [6, 1, 3],
    ])
    expect(acts[0].lines.at(-1)?.queues?.map(({ running }) => running)).toEqual([8, 8, 8])
  })

  test('specialization: to the specialists, and to the generalist when these are full', () => {
    const [specialists, rest] = perform('specialization').checks
    const [transactions, patterns] = ['transactions', 'patterns']
    expect(specialists.found).toEqual([
      transactions,
      patterns,
      patterns,
      transactions,
      transactions,
      patterns,
    ])
    expect(rest.found).toEqual(['generalist', 'generalist'])
  })

  test('priority: one agent with two places begins CRITICAL, HIGH, NORMAL, LOW', () => {
    const { acts, checks } = perform('priority')
    expect(checks[0].found).toEqual(['critical', 'high', 'normal', 'normal', 'low'])
    const begins = acts[0].lines.filter(({ text }) => text.endsWith(' begins'))
    expect(begins.map(({ atMs }) => atMs)).toEqual([1_000, 1_000, 3_000, 3_000, 5_000])
  })

  test('hybrid: fifteen tasks by 0.4, 0.4 and 0.2, as the formula gives them by hand', () => {
    const { acts, checks } = perform('hybrid')
    expect(checks[0].expected).toEqual([8, 7, 0])
    expect(checks[0].found).toEqual([8, 7, 0])
    expect(acts[0].lines.at(-1)?.queues?.map(({ running }) => running)).toEqual([8, 7, 7])
  })

  test('scaling: 80 % of three agents, threshold 70 %: a fourth is advised, and then none', () => {
    const performance = perform('scaling')
    expect(foundBy(performance)).toEqual({
      'system load, percent': 80,
      'the advice at 80 %': 'add',
      'agents advised': 4,
      'load with them, percent': 60,
      'the advice then': 'keep',
    })
    const advice = performance.acts[0].lines.filter(({ text }) => text.startsWith('advice: '))
    expect(advice.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^advice: add 1 agent: 80 % of 30 places in use, above 70 %$/),
    ])
  })
})
