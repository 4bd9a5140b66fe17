/** Who is next within a queue, against a twin that sorts all that wait by what the documents say. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../src/options.ts'
import { OFFERED, RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { below, chance } from './age-twin.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, seedsOr } from './support.ts'

test('order: by level, then by what is due, then by age, whatever waiting, retries and bounces did', () => {
  for (let seed = 1; seed <= seedsOr(1_500); seed++) {
    try {
      runRanks(new Random(seed))
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
})

/** What a task's place follows from, kept beside the core. */
interface Rank {
  level: number
  dueMs: number
  readyAtMs: number
  pending: number
}

/** One queue in which tasks of any level and deadline wait, rise, bounce and are tried again. */
function runRanks(random: Random): void {
  const slaTargetMs = chance(random, 2) ? 0 : 30 + below(random, 100)
  const boostAfterMs = { background: 25, low: 40, normal: 60 }
  const queue = { slaTargetMs, boostAfterMs, retryCount: 99 }
  const policy = new Policy({ slots: 64, agentsMax: 32, queue })
  policy.agent('a', { concurrency: 3, leased: false })
  const ranks = new Map<TaskRecord, Rank>()
  const promisedMs = new Map<TaskRecord, number>()
  const begin = (record: TaskRecord) => {
    const { nowMs: readyAtMs } = policy
    const dueMs = promisedMs.get(record)!
    ranks.set(record, { level: record.baseLevel, dueMs, readyAtMs, pending: 0 })
  }
  const rise = (record: TaskRecord, rank: Rank) => {
    const soonMs = slaTargetMs > 0 ? Math.ceil(slaTargetMs * 0.8) : Infinity
    let ageMs = 0
    for (let level = record.baseLevel; level < 4; level++) {
      const afterMs = [boostAfterMs.background, boostAfterMs.low, boostAfterMs.normal][level - 1]
      ageMs += level === record.baseLevel ? Math.min(afterMs, soonMs) : afterMs
      if (policy.nowMs - rank.readyAtMs < ageMs || rank.level > level) continue
      if (record.state === OFFERED) rank.pending = level + 1
      else {
        rank.level = level + 1
        rank.dueMs = Math.min(rank.dueMs, policy.nowMs)
      }
    }
  }
  for (let i = 0; i < 60; i++) {
    const what = below(random, 8)
    const offered = policy.offered()
    const one = offered[below(random, Math.max(1, offered.length))]
    if (what < 3) {
      const deadlineMs = chance(random, 3) ? 5_000 + below(random, 99) : null
      const own = deadlineMs === null ? undefined : { deadlineMs }
      const record = policy.submit('q', { level: 1 + below(random, 5), own, timeoutMs: 99_999 })
      const { nowMs } = policy
      const slaMs = slaTargetMs > 0 ? nowMs + slaTargetMs : Infinity
      const saidMs = Math.min(slaMs, deadlineMs === null ? Infinity : nowMs + deadlineMs)
      const isHigh = record.baseLevel === 4 && saidMs === Infinity
      promisedMs.set(record, isHigh ? nowMs + LIMITS.highDueMs : saidMs)
      begin(record)
    } else if (what === 3) {
      policy.nowMs += below(random, 20)
      for (const [record, rank] of ranks) if (record.state !== RUNNING) rise(record, rank)
      policy.pass(0)
    } else if (what === 4 && one !== undefined) policy.propose(one)
    else if (what === 5 && one !== undefined) {
      policy.core.bounce(one)
      const rank = ranks.get(one)!
      if (rank.pending > 0) rank.dueMs = Math.min(rank.dueMs, rank.readyAtMs)
      rank.level = Math.max(rank.level, rank.pending)
      rank.pending = 0
    } else if (what === 6) {
      const running = policy.core.recordAt.find((record) => record?.state === RUNNING)
      if (running === undefined || running === null) continue
      if (chance(random, 2)) {
        policy.fail(running)
        begin(running)
      } else {
        policy.succeed(running)
        ranks.delete(running)
      }
    } else {
      const waiting = [...ranks.keys()].filter(({ state }) => state === WAITING)
      const rankOf = (record: TaskRecord) => ranks.get(record)!
      waiting.sort(
        (a, b) =>
          rankOf(b).level - rankOf(a).level || byTime(rankOf(a), rankOf(b)) || a.seq - b.seq,
      )
      const next = policy.offer()
      if (next !== null && next !== waiting[0]) {
        throw new Error(`${next.id} is offered before ${waiting[0].id}`)
      }
    }
  }
  checkInvariants(policy)
}

function byTime({ dueMs: a }: Rank, { dueMs: b }: Rank): number {
  return a === b ? 0 : a - b
}

test('window: a task that rises is numbered anew in its new lane', () => {
  const boostAfterMs = { background: 50, low: 0, normal: 0 }
  const policy = new Policy({ queue: { boostAfterMs } })
  policy.agent('a', { concurrency: 60_000, leased: false })
  for (let i = 0; i < LIMITS.laneWindow + 50; i++) policy.run('q', { level: 1 })
  const bounced = policy.submit('q', { level: 1 })
  policy.offer()
  policy.core.bounce(bounced)
  const out = policy.submit('q', { level: 2 })
  expect(policy.offer()).toBe(out)
  policy.pass(50)
  expect(policy.offer()).toBe(bounced)
  checkInvariants(policy)
})
