import { describe, expect, test } from 'vitest'
import { Chain, readHeader } from '../../src/ledger/chain.ts'
import { ENDS, Entry, WAS_MOVED } from '../../src/ledger/format.ts'
import { type LedgerEntry, readEntries } from '../../src/ledger/reader.ts'
import { COMPLETED, FAILED, SCHEDULED } from '../../src/policy/task-record.ts'
import { agentNamed, EPOCH, queueNamed, taskOf, writerWith } from './support.ts'

/** A writer whose entries can be read: chunks come back at once unless they are held. */
function ground(chunksMax = 4, wallMs = Date.now) {
  const chain = new Chain(EPOCH)
  const blocks: Uint8Array[] = []
  const held: ArrayBuffer[] = []
  let isHeld = false
  const writer = writerWith(
    ({ buffer, bytes }) => {
      blocks.push(Uint8Array.from(chain.append(buffer, bytes)))
      if (isHeld) held.push(buffer)
      else writer.giveBack(buffer)
    },
    chunksMax,
    wallMs,
  )
  return {
    writer,
    blocks,
    hold: () => {
      isHeld = true
    },
    giveBack: () => {
      isHeld = false
      for (const buffer of held.splice(0)) writer.giveBack(buffer)
    },
    entries(): LedgerEntry[] {
      writer.handOver()
      const read: LedgerEntry[] = []
      for (const block of blocks)
        readEntries(block, readHeader(block)!, (entry) => read.push(entry))
      return read
    },
  }
}

const said = ({ what, seq, id, queue, attempt, agent, detail }: LedgerEntry) =>
  [what, seq, id, queue, attempt, agent, detail] as const

describe('ledger writer', () => {
  test('ledger writer: the way of a task is read as it was written, in words', () => {
    const { writer, entries } = ground()
    const queue = queueNamed('mail', { slaTargetsMs: { high: 2_000 }, ttlMs: 60_000 })
    const agent = agentNamed('a1', 5)
    const task = taskOf(queue, 12, { id: 'one', level: 4, agent })
    writer.accepted(task, 100)
    writer.assigned(task, 1, 1, 101)
    task.code = 'api_error'
    writer.ended(task, agent, 'failed', 'api_error', 150)
    writer.scheduled(task, 0, 500, 150)
    writer.ready(task, 650)
    task.attempts = 2
    writer.bound(task, agent, 0, 0, 651)
    writer.assigned(task, 0, 2, 660)
    writer.ended(task, agent, 'succeeded', '', 700)
    task.state = COMPLETED
    task.resultBytes = 42
    writer.outcome(task, 700)
    const read = entries()
    expect(read.map(said)).toEqual([
      [
        'accepted',
        12,
        'one',
        'mail',
        null,
        null,
        'high, 7 B, SLA 2 s, waits at most 1 min, runs at most 30 s, 2 retries',
      ],
      ['assigned', 12, null, null, 1, 'a1', 'random, by a router'],
      ['attempt failed', 12, null, null, 1, 'a1', 'api_error'],
      ['scheduled', 12, null, null, null, null, 'next attempt in 500 ms'],
      ['ready', 12, null, null, null, null, ''],
      ['bound', 12, null, null, null, 'a1', 'least_loaded'],
      ['assigned', 12, null, null, 2, 'a1', 'least_loaded, from its own queue'],
      ['completed', 12, null, null, 2, 'a1', '42 B'],
    ])
    expect(read.map(({ at }) => at - read[0].at)).toEqual([0, 1, 50, 50, 550, 551, 560, 600])
  })

  test('ledger writer: what happens beside the way, and what the task says of itself', () => {
    const { writer, entries } = ground()
    const own = {
      ttlMs: 5_000,
      deadlineMs: 2_592_000_000,
      slaTargetMs: 1_500,
      retryDelayMs: null,
      delayMs: 250,
    }
    const task = taskOf(queueNamed('mail'), 3, { own, timeoutMs: 2_000, level: 2 })
    task.state = SCHEDULED
    writer.accepted(task, 0)
    task.level = 4
    writer.boosted(task, 'max_age', 0)
    writer.warned(task, 0)
    writer.breached(task, 0)
    writer.moved(task, 'escalation: humans', 0)
    task.code = 'ttl_expired'
    writer.deadLetter(task, 'letters', 0)
    task.state = FAILED
    writer.outcome(task, 0)
    expect(entries().map(({ what, detail }) => [what, detail])).toEqual([
      [
        'accepted',
        'low, 7 B, SLA 1.5 s, waits at most 5 s, over within 720 h, runs at most 2 s, 2 retries',
      ],
      ['scheduled', 'delayed, first attempt in 250 ms'],
      ['boosted', 'to high: it has waited for the longest that its queue allows'],
      ['SLA warning', '80 % of its SLA are gone'],
      ['SLA breached', ''],
      ['moved', 'escalation: humans'],
      ['dead letter', 'letters: ttl_expired'],
      ['failed', 'ttl_expired'],
    ])
  })

  test('ledger writer: agents, strategies, queues and what people change', () => {
    const { writer, entries } = ground()
    const first = agentNamed('a1', 0)
    const second = agentNamed('b2', 0)
    writer.agentUp(first, 1)
    writer.agentDown(first, 'agent_lost', 2)
    writer.agentUp(second, 3)
    writer.fenced(second, 3)
    writer.strategySet('mail', 1, 4)
    writer.shadowSet('mail', -1, 4)
    writer.strategyOff(1, 'threw', 4)
    writer.queuePaused('mail', true, 5)
    writer.queuePaused('mail', false, 5)
    writer.queueConfigured('mail', 'ttlMs', 5)
    writer.change('dead letters purged', 'mail: 3 – größer', 6)
    expect(entries().map(({ what, agent, queue, detail }) => [what, agent, queue, detail])).toEqual(
      [
        ['agent up', 'a1', null, '4 at a time'],
        ['agent down', 'a1', null, 'agent_lost'],
        ['agent up', 'b2', null, '4 at a time'],
        ['agent fenced', 'b2', null, ''],
        ['strategy set', null, 'mail', 'random'],
        ['shadow ended', null, 'mail', ''],
        ['strategy off', null, null, 'random threw'],
        ['queue paused', null, 'mail', ''],
        ['queue resumed', null, 'mail', ''],
        ['queue configured', null, 'mail', 'ttlMs'],
        ['dead letters purged', null, null, 'mail: 3 – größer'],
      ],
    )
  })

  test('ledger writer: what was taken from an agent is told with both of them', () => {
    const { writer, entries } = ground()
    const [from, to] = [agentNamed('a1', 3), agentNamed('b2', 9)]
    const task = taskOf(queueNamed('mail'), 7)
    writer.accepted(task, 0)
    writer.bound(task, from, 1, 0, 1)
    writer.stolen(task, from, to, 5)
    const running = taskOf(queueNamed('mail'), 8, { agent: from })
    writer.recallAsked(running, from, 6)
    writer.ended(running, from, 'recalled', '', 8)
    running.attempts = 2
    running.attempt!.agent = to
    writer.assigned(running, 1, WAS_MOVED, 8)
    const read = entries().slice(1)
    expect(read.map(({ what, seq, attempt, agent, detail }) => [what, seq, attempt, agent, detail]))
      // Who chose is not said: no strategy did.
      .toEqual([
        ['bound', 7, null, 'a1', 'random'],
        ['stolen', 7, null, 'b2', 'from a1'],
        ['recall asked', 8, 1, 'a1', ''],
        ['recalled', 8, 1, 'a1', ''],
        ['assigned', 8, 2, 'b2', 'by the balancer'],
      ])
  })

  test('ledger writer: what an agent is limited to, and why', () => {
    const { writer, entries } = ground()
    const agent = agentNamed('a1', 3)
    for (const [limit, reason] of [
      [0, 'It is silent.'],
      [1, 'It is slow.'],
      [-1, ''],
    ] as const) {
      agent.limit = limit
      writer.agentLimited(agent, reason, 0)
    }
    expect(entries().map(({ what, agent: id, detail }) => [what, id, detail])).toEqual([
      ['agent limited', 'a1', 'nothing: It is silent.'],
      ['agent limited', 'a1', '1 at a time: It is slow.'],
      ['agent limited', 'a1', 'no limit'],
    ])
  })

  test('ledger writer: what was written keeps its numbers, so old files are read as they were', () => {
    expect(Object.entries(Entry).map(([name, kind]) => `${kind} ${name}`)).toEqual([
      ...['1 TEXT', '2 QUEUE', '3 AGENT', '4 STRATEGY', '5 TASKS_FROM', '8 ACCEPTED'],
      ...['9 SCHEDULED', '10 READY', '11 BOUND', '12 UNBOUND', '13 ASSIGNED', '14 SENT_AGAIN'],
      ...['15 ENDED', '16 OUTCOME', '17 BOOSTED', '18 WARNED', '19 BREACHED', '20 MOVED'],
      ...['21 DEAD_LETTER', '22 PREEMPT_ASKED', '23 STOLEN', '24 RECALL_ASKED', '25 LINKED'],
      ...['26 STAGE_LEFT', '27 RESOLVED', '28 HEDGED', '29 CLAIMED', '30 DECIDED', '31 COMMENTED'],
      '32 AGENT_UP',
      ...['33 AGENT_DOWN', '34 FENCED', '35 STRATEGY_SET', '36 SHADOW_SET', '37 STRATEGY_OFF'],
      ...['38 QUEUE_PAUSED', '39 QUEUE_RESUMED', '40 QUEUE_CONFIGURED', '41 STARTED'],
      ...['42 STOPPED', '43 GAP', '44 CHANGED', '45 AGENT_LIMITED', '46 FLOW_ACCEPTED'],
      '47 FLOW_ENDED',
    ])
    expect(ENDS).toEqual([
      ...['succeeded', 'failed', 'timeout', 'cancelled', 'agent_lost', 'dispatch_failed'],
      ...['undelivered', 'heartbeat_timeout', 'deadline_expired', 'preempted', 'recalled'],
      ...['declined', 'handed_on'],
    ])
  })

  test('ledger writer: tens of thousands of entries over many chunks are all there, and none refers to another chunk', () => {
    const { writer, entries, blocks } = ground()
    const queues = ['a', 'b', 'c'].map((name) => queueNamed(name))
    const agents = Array.from({ length: 40 }, (_, index) => agentNamed(`agent-${index}`, index))
    const tasks = 20_000
    for (let seq = 0; seq < tasks; seq++) {
      const agent = agents[seq % 40]
      const task = taskOf(queues[seq % 3], seq + 2 ** 33, { agent })
      writer.accepted(task, seq >> 4)
      writer.assigned(task, seq % 2, 0, seq >> 4)
      writer.ended(task, agent, 'timeout', '', seq >> 4)
    }
    const read = entries()
    expect(blocks.length).toBeGreaterThan(4)
    expect(read).toHaveLength(3 * tasks)
    const wrong = read.filter(({ seq, what, queue, agent }, index) => {
      const number = Math.floor(index / 3)
      if (seq !== 2 ** 33 + number) return true
      if (what === 'accepted') return queue !== 'abc'[number % 3]
      return agent !== `agent-${number % 40}`
    })
    expect(wrong).toEqual([])
  })

  test('ledger writer: a queue that was configured anew is written with what it promises now', () => {
    const { writer, entries } = ground()
    const queue = queueNamed('mail')
    writer.accepted(taskOf(queue, 1), 0)
    queue.options = { ...queue.options, slaTargetMs: 3_000 }
    writer.queueConfigured('mail', 'slaTargetMs', 0)
    writer.accepted(taskOf(queue, 2), 0)
    const details = entries().map(({ detail }) => detail)
    expect(details[0]).not.toContain('SLA')
    expect(details[2]).toContain('SLA 3 s')
  })

  test('ledger writer: what finds no chunk is counted, and the gap says how many where they would stand', () => {
    const { writer, entries, blocks, hold, giveBack } = ground(2)
    const queue = queueNamed('mail')
    hold()
    let seq = 0
    // Ends: two chunks hold finitely many.
    while (writer.lostEntries < 100) writer.accepted(taskOf(queue, seq++), seq)
    expect(blocks).toHaveLength(2)
    giveBack()
    writer.accepted(taskOf(queue, seq), seq)
    const read = entries()
    const at = read.findIndex(({ what }) => what === 'gap')
    expect(read[at].detail).toBe('100 entries were lost here')
    expect(read[at - 1].seq).toBe(seq - 101)
    expect(read[at + 1].seq).toBe(seq)
    expect(read.filter(({ what }) => what === 'accepted')).toHaveLength(seq + 1 - 100)
    expect(blocks.map((block) => readHeader(block)!.lost)).toEqual([0, 0, 100])
  })

  test('ledger writer: times never go back, and an hour without entries has room', () => {
    let wallMs = 0
    const { writer, entries } = ground(4, () => wallMs)
    for (const nowMs of [1_000, 999, 1_001, 3_601_001, 3_601_000]) {
      // The two clocks drift a little.
      wallMs = EPOCH + nowMs + (nowMs % 7)
      writer.change('x', '', nowMs)
    }
    const times = entries().map(({ at }) => at)
    expect(times.map((at) => at - times[0])).toEqual([0, 0, 1, 3_600_001, 3_600_001])
  })
})
