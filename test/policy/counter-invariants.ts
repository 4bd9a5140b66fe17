/** What a policy core counts, against what there is. */
import {
  BLOCKED,
  BOUND,
  isFinal,
  OFFERED,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
} from '../../src/policy/task-record.ts'
import { equal, holds, sum } from './claims.ts'
import type { Policy } from './support.ts'

export function checkCounters(
  { core, effects }: Policy,
  records: readonly TaskRecord[],
  open: Set<TaskRecord>,
): void {
  const { accepted, completed, failed, cancelled, dead, expired, started } = core.counters
  const final = completed + failed + cancelled + dead + expired
  equal(
    accepted,
    final + open.size,
    'accepted = final + waiting + scheduled + blocked + parked + bound + offered + running',
  )
  equal(effects.outcomes.length, final, 'outcomes')
  equal(new Set(effects.outcomes.map(({ seq }) => seq)).size, final, 'outcomes, each once')
  holds(
    effects.outcomes.every((record) => isFinal(record.state)),
    'an outcome is not final',
  )
  holds(effects.forgot.length <= final, 'more was forgotten than finished')
  equal(started, core.nextCounter - 1, 'attempts started')
  for (const queue of core.queues.values()) {
    const mine = [...open].filter((record) => record.queue === queue)
    equal(queue.open, mine.length, `${queue.name}: open`)
    equal(
      queue.openBytes,
      sum(mine, (record) => record.payloadBytes),
      `${queue.name}: bytes`,
    )
    const running = mine.filter((record) => record.state === RUNNING).length
    equal(queue.running, running, `${queue.name}: running`)
    const bound = mine.filter((record) => record.state === BOUND).length
    equal(queue.bound, bound, `${queue.name}: bound`)
    const scheduled = mine.filter((record) => record.state === SCHEDULED).length
    equal(queue.scheduled, scheduled, `${queue.name}: scheduled`)
    const blocked = mine.filter((record) => record.state === BLOCKED).length
    equal(queue.blocked, blocked, `${queue.name}: blocked`)
    if (!queue.hasOwnStrategy) equal(queue.strategyIndex, core.defaultStrategy, queue.name)
    for (const record of mine) {
      holds(core.find(record.id, queue.name) === record, `${record.id} cannot be found`)
    }
  }
  equal(core.counters.stolen, effects.steals.length, 'steals')
  equal(core.counters.recallsAsked, effects.recalls.length, 'attempts that were called back')
  const recalled = effects.ends.filter(({ how }) => how === 'recalled').length
  equal(core.counters.recalled, recalled, 'attempts that came back')
  for (const { id, state, attempt } of records) {
    const isOut = state === OFFERED || state === RUNNING
    equal(attempt !== null, isOut, `${id} has an attempt`)
  }
}
