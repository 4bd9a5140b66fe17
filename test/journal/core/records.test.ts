/** What stands in a journal: for each kind of event its record and those of its effects. */
import { afterAll, expect, test } from 'vitest'
import { OVERDUE, ROUTER_GONE } from '../../../src/policy/core.ts'
import { EPOCH, Policy } from '../../policy/support.ts'
import {
  GRAPH_KINDS,
  MOVE_KINDS,
  PROMISE_KINDS,
  ROUTING_KINDS,
  recorded,
  TIME_KINDS,
  unseen,
} from './recorded.ts'

const SMALL = { slots: 32, agentsMax: 32 }

afterAll(() => {
  const moving = [...ROUTING_KINDS, ...MOVE_KINDS, ...TIME_KINDS]
  const elsewhere = [...moving, ...PROMISE_KINDS, ...GRAPH_KINDS]
  expect(unseen().filter((kind) => !elsewhere.includes(kind))).toEqual([])
})

test('submit: what was given, what holds, and the id that was made up', () => {
  const policy = new Policy(SMALL)
  const rows = recorded(policy, () => {
    policy.submit('q', { level: 5, requires: ['gpu', 'ocr'], timeoutMs: 2_592_000_000, bytes: 7 })
    policy.submit('q', { id: 'mine', retryCount: 0 })
  })
  const whole = {
    answer: '',
    queue: 'q',
    timeoutMs: 30_000,
    retryCount: 2,
    givenTimeoutMs: -1,
    givenRetryCount: -1,
    routing: '',
    key: 0,
    own: '',
    after: '',
    count: 0,
    parents: [],
  }
  const first = {
    ...whole,
    task: 0,
    level: 5,
    givenLevel: 5,
    requires: 'gpu,ocr',
    timeoutMs: 2_592_000_000,
    payloadBytes: 7,
    givenTimeoutMs: 2_592_000_000,
    isMadeUp: true,
    id: `${EPOCH.toString(36)}-0`,
  }
  const second = {
    ...whole,
    task: 1,
    level: 3,
    givenLevel: 3,
    requires: '',
    retryCount: 0,
    payloadBytes: 0,
    givenRetryCount: 0,
    isMadeUp: false,
    id: 'mine',
  }
  expect(rows).toEqual([
    ['SUBMIT', first],
    ['SUBMIT', second],
  ])
})

test('submit: refusals, with what they change', () => {
  const policy = new Policy({ ...SMALL, classesMax: 1, queue: { tasksMax: 2 } })
  policy.submit('q', { id: 'same' })
  const rows = recorded(policy, () => {
    expect(policy.refusal('q', { id: 'same' })).toBe('duplicate')
    expect(policy.refusal('other')).toBe('too_many_classes')
    policy.submit('q')
    expect(policy.refusal('q')).toBe('queue_full')
  })
  const answers = rows.map(([, { answer, isMadeUp, id }]) => [answer, isMadeUp, id])
  expect(answers).toEqual([
    ['duplicate', false, 'same'],
    ['too_many_classes', false, ''],
    ['', true, `${EPOCH.toString(36)}-1`],
    ['queue_full', false, ''],
  ])
})

test('offer, propose: answers of each kind, and the token of what was committed', () => {
  const policy = new Policy(SMALL)
  const agent = policy.agent('a')
  const rows = recorded(policy, () => {
    const record = policy.submit()
    policy.offer()
    const { slot, generation } = record.attempt!
    const { index, generation: hers } = agent
    expect(policy.core.propose(slot, generation, -1, 0, policy.nowMs)).toBe(2)
    expect(policy.core.propose(slot, generation, index, hers - 1, policy.nowMs)).toBe(2)
    expect(policy.core.propose(slot, generation, index, hers, policy.nowMs, true)).toBe(0)
    expect(policy.core.propose(slot, generation, index, hers, policy.nowMs, true)).toBe(1)
  })
  const shot = { slot: 0, generation: 0, agent: 0, agentGeneration: 1 }
  expect(rows.slice(1)).toEqual([
    ['OFFER', { task: 0, slot: 0, generation: 0, class: 0, strategy: 0, wasBounced: false }],
    ['PROPOSE', { answer: 2, ...shot, agent: -1, agentGeneration: 0, byRouter: false }],
    ['PROPOSE', { answer: 2, ...shot, agentGeneration: 0, byRouter: false }],
    ['PROPOSE', { answer: 0, ...shot, byRouter: true, task: 0, counter: 1, dispatchSeq: 1 }],
    ['PROPOSE', { answer: 1, ...shot, byRouter: true }],
  ])
})

test('bounce, withdraw: back to the lane, offered again, and new generations for both reasons', () => {
  const policy = new Policy({ ...SMALL, counterStart: 2 ** 31 - 2 })
  policy.agent('a')
  const rows = recorded(policy, () => {
    const record = policy.submit()
    policy.offer()
    policy.core.bounce(record)
    expect(policy.core.nextBounced(policy.nowMs)).toBe(record)
    policy.core.withdraw(record, OVERDUE)
    policy.core.withdraw(record, ROUTER_GONE)
  })
  expect(rows.slice(2)).toEqual([
    ['BOUNCE', { task: 0, slot: 0 }],
    [
      'OFFER',
      { task: 0, slot: 1, generation: 2 ** 31 - 2, class: 0, strategy: 0, wasBounced: true },
    ],
    ['WITHDRAW', { task: 0, slot: 1, newGeneration: 2 ** 31 - 1, reason: 0 }],
    ['WITHDRAW', { task: 0, slot: 1, newGeneration: -(2 ** 31), reason: 1 }],
  ])
})

test('succeeded, heard: the outcome with the bytes that were kept, and what is forgotten for it', () => {
  const policy = new Policy({ ...SMALL, keep: { count: 1, ageSeconds: 60, bytes: 100 } })
  policy.agent('a', { concurrency: 2 })
  const [first, second] = [policy.run(), policy.run()]
  policy.effects.resultBytes = 12
  const rows = recorded(policy, () => {
    policy.core.heard(second, 'half', policy.nowMs)
    policy.succeed(second)
    policy.succeed(first)
  })
  const ended = { agent: 0, how: 'succeeded', isCharged: false }
  const outcome = { state: 3, code: '', attempts: 1, resultBytes: 12 }
  expect(rows).toEqual([
    ['HEARD', { task: 1, slot: 1 }],
    ['SUCCEEDED', { task: 1, slot: 1 }],
    ['ENDED', { task: 1, counter: 2, ...ended }],
    ['OUTCOME', { task: 1, ...outcome }],
    ['SUCCEEDED', { task: 0, slot: 0 }],
    ['ENDED', { task: 0, counter: 1, ...ended }],
    ['OUTCOME', { task: 0, ...outcome }],
    ['FORGOTTEN', { task: 1 }],
  ])
})

test('failed: once to be tried again, once for good; messages in any writing', () => {
  const policy = new Policy(SMALL)
  policy.agent('a')
  const record = policy.run('q', { retryCount: 1 })
  const message = 'kaputt: 紙が濡れている 🖨'
  const rows = recorded(policy, () => {
    policy.core.failed(record, 'jam', message, true, policy.nowMs)
    policy.place()
    policy.core.failed(record, 'jam', '', false, policy.nowMs)
  })
  const failed = { task: 0, code: 'jam' }
  const ended = { task: 0, agent: 0, how: 'failed', isCharged: false }
  expect(rows.filter(([kind]) => kind !== 'OFFER' && kind !== 'PROPOSE')).toEqual([
    ['FAILED', { ...failed, slot: 0, retryable: true, message }],
    ['ENDED', { ...ended, counter: 1 }],
    ['FAILED', { ...failed, slot: 1, retryable: false, message: '' }],
    ['ENDED', { ...ended, counter: 2 }],
    ['DEAD_LETTER', { task: 0, name: 'q', code: 'jam' }],
    ['OUTCOME', { task: 0, state: 4, code: 'jam', attempts: 2, resultBytes: -1 }],
  ])
})

test('dispatch failed: the attempt is lost, the task waits again', () => {
  const policy = new Policy(SMALL)
  policy.agent('a')
  const record = policy.run()
  const rows = recorded(policy, () => policy.core.dispatchFailed(record, policy.nowMs))
  expect(rows).toEqual([
    ['DISPATCH_FAILED', { task: 0, slot: 0 }],
    ['ENDED', { task: 0, counter: 1, agent: 0, how: 'dispatch_failed', isCharged: false }],
  ])
})

test('dispatch failed: to an agent without lease it was never delivered', () => {
  const policy = new Policy(SMALL)
  policy.agent('a', { beats: false, leased: false })
  const record = policy.run()
  const rows = recorded(policy, () => policy.core.dispatchFailed(record, policy.nowMs))
  expect(rows).toEqual([
    ['DISPATCH_FAILED', { task: 0, slot: 0 }],
    ['ENDED', { task: 0, counter: 1, agent: 0, how: 'undelivered', isCharged: false }],
  ])
})

test('cancel, late: the credit of what still runs stays charged until its late result', () => {
  const policy = new Policy(SMALL)
  policy.agent('a')
  const record = policy.run('q', { id: 'mine' })
  const token = policy.token(record)
  const rows = recorded(policy, () => {
    expect(policy.cancel(record)).toBe(null)
    expect(policy.cancel(record)).toBe('finished')
    expect(policy.attempt(token)).toBe('late_result')
    expect(policy.attempt({ ...token, counter: 99 })).toBe('result_unknown')
  })
  expect(rows).toEqual([
    ['CANCEL', { task: 0, answer: 0, queue: 'q', id: 'mine' }],
    ['ENDED', { task: 0, counter: 1, agent: 0, how: 'cancelled', isCharged: true }],
    ['REVOKE', { agent: 0, counter: 1, dispatchSeq: 1, reason: 'cancelled' }],
    ['OUTCOME', { task: 0, state: 5, code: 'cancelled', attempts: 1, resultBytes: -1 }],
    ['CANCEL', { task: 0, answer: 1, queue: 'q', id: 'mine' }],
    ['LATE', { agent: 'a', slot: 0, epoch: EPOCH, counter: 1 }],
    ['CREDIT_BACK', { agent: 0, counter: 1 }],
  ])
})

test('hello: welcome, another instance, and the fenced one', () => {
  const policy = new Policy(SMALL)
  const spec = {
    queues: ['q', 'r'],
    capabilities: ['gpu'],
    labels: { gpu: 24 },
    specializations: { page: 0.95, photo: 0.5 },
    concurrency: 3,
  }
  const sure = {
    keeps: true,
    pull: true,
    preemptible: true,
    recalls: true,
    claims: true,
    declines: true,
  }
  const rows = recorded(policy, () => {
    policy.agent('a', { ...spec, instance: 'one' })
    policy.agent('a', { ...spec, instance: 'two', beats: false, leased: false, ...sure })
    expect(policy.hello('a', { instance: 'one' })).toBe('fenced')
  })
  const said = { labels: 'gpu=24', specializations: 'page=0.95,photo=0.5' }
  const hello = { id: 'a', queues: 'q,r', capabilities: 'gpu', concurrency: 3, ...said }
  const no = { claims: false, declines: false }
  const plain = { keeps: false, pull: false, preemptible: false, recalls: false, ...no }
  const one = { ...hello, instance: 'one', beats: true, leased: true, ...plain }
  const two = { ...hello, instance: 'two', beats: false, leased: false, ...sure }
  const refused = {
    id: 'a',
    instance: 'one',
    queues: '*',
    capabilities: '',
    concurrency: 1,
    labels: '',
    specializations: '',
  }
  expect(rows).toEqual([
    ['HELLO', { answer: '', agent: 0, generation: 1, ...one }],
    ['AGENT_UP', { agent: 0, generation: 1, id: 'a' }],
    ['HELLO', { answer: '', agent: 0, generation: 3, ...two }],
    ['AGENT_DOWN', { agent: 0, reason: 'agent_lost' }],
    ['FENCED', { agent: 0 }],
    ['AGENT_UP', { agent: 0, generation: 3, id: 'a' }],
    [
      'HELLO',
      {
        answer: 'fenced',
        agent: -1,
        generation: 0,
        ...refused,
        beats: true,
        leased: true,
        ...plain,
      },
    ],
  ])
})

test('beat: what the agent works on, or only that it lives', () => {
  const policy = new Policy(SMALL)
  const agent = policy.agent('a')
  const record = policy.run()
  const rows = recorded(policy, () => {
    policy.beat(agent)
    policy.beat(agent, [record, 2 ** 40])
    policy.beat(agent, [])
    policy.beat(agent, [])
    expect(policy.core.beat('nobody', 'x', null, policy.nowMs)).toBe('agent_unknown')
  })
  const beat = { answer: '', id: 'a', instance: 'a-1', foreign: 0 }
  const empty = { ...beat, tells: true, count: 0, counters: [] }
  expect(rows).toEqual([
    ['BEAT', { ...beat, tells: false, count: 0, counters: [] }],
    ['BEAT', { ...beat, tells: true, count: 2, counters: [1, 2 ** 40] }],
    ['BEAT', empty],
    ['BEAT', empty],
    ['ENDED', { task: 0, counter: 1, agent: 0, how: 'agent_lost', isCharged: false }],
    [
      'BEAT',
      {
        answer: 'agent_unknown',
        id: 'nobody',
        instance: 'x',
        foreign: 0,
        tells: false,
        count: 0,
        counters: [],
      },
    ],
  ])
})

test('beat: an attempt that one that keeps does not know of is repeated, and goes on', () => {
  const policy = new Policy(SMALL)
  const agent = policy.agent('a', { keeps: true })
  policy.run()
  const rows = recorded(policy, () => {
    for (let i = 0; i < 3; i++) policy.beat(agent, [])
  })
  const beat = {
    answer: '',
    id: 'a',
    instance: 'a-1',
    foreign: 0,
    tells: true,
    count: 0,
    counters: [],
  }
  expect(rows).toEqual([
    ['BEAT', beat],
    ['BEAT', beat],
    ['REPEAT', { task: 0, counter: 1, agent: 0 }],
    ['BEAT', beat],
  ])
})

test('pull, prefetch: how much more an agent may be given', () => {
  const policy = new Policy(SMALL)
  const plain = policy.agent('a')
  const agent = policy.agent('b', { pull: true })
  const rows = recorded(policy, () => {
    expect(policy.pull(agent, 3)).toBe(null)
    expect(policy.pull(plain)).toBe('bad_option')
    policy.core.setPrefetch(plain, 5)
    policy.bye(plain)
    policy.core.setPrefetch(plain, 6)
  })
  expect(rows).toEqual([
    ['PULL', { answer: '', id: 'b', instance: 'b-1', count: 3 }],
    ['PULL', { answer: 'bad_option', id: 'a', instance: 'a-1', count: 1 }],
    ['PREFETCH', { agent: 0, count: 5 }],
    ['BYE', { answer: '', id: 'a', instance: 'a-1', drain: false }],
    ['AGENT_DOWN', { agent: 0, reason: 'bye' }],
  ])
})

test('drain, bye, agent lost: who leaves, how, and what it had', () => {
  const policy = new Policy({ ...SMALL, queue: { lossLimit: 0 } })
  const [a, b, c] = ['a', 'b', 'c'].map((id) => policy.agent(id))
  policy.run()
  const rows = recorded(policy, () => {
    policy.core.drainAgent('a')
    expect(policy.core.drainAgent('nobody')).toBe('agent_unknown')
    policy.bye(b, true)
    policy.bye(b)
    policy.core.agentLost(a, policy.nowMs)
    policy.core.agentLost(c, policy.nowMs)
  })
  expect(rows).toEqual([
    ['DRAIN', { answer: '', id: 'a' }],
    ['DRAINING', { agent: 0 }],
    ['DRAIN', { answer: 'agent_unknown', id: 'nobody' }],
    ['BYE', { answer: '', id: 'b', instance: 'b-1', drain: true }],
    ['BYE', { answer: '', id: 'b', instance: 'b-1', drain: false }],
    ['AGENT_DOWN', { agent: 1, reason: 'bye' }],
    ['AGENT_LOST', { agent: 0 }],
    ['ENDED', { task: 0, counter: 1, agent: 0, how: 'agent_lost', isCharged: false }],
    ['DEAD_LETTER', { task: 0, name: 'q', code: 'agent_lost' }],
    ['OUTCOME', { task: 0, state: 6, code: 'agent_lost', attempts: 1, resultBytes: -1 }],
    ['AGENT_DOWN', { agent: 0, reason: 'agent_lost' }],
    ['AGENT_LOST', { agent: 2 }],
    ['AGENT_DOWN', { agent: 2, reason: 'agent_lost' }],
  ])
})
