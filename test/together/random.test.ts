/** Votes and second attempts at once, with agents that fail, hang, die and come back, and tasks that are cancelled. */
import { expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Random } from '../../src/routing/generator.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { DECIDE_POLICIES } from '../../src/task.ts'
import { until } from '../support/until.ts'

const OPTIONS: SchedulerOptions = {
  slots: 1_024,
  agentsMax: 64,
  // What is forgotten has given all its memory back.
  keep: { count: 0, ageSeconds: 1, bytes: 0 },
  queueDefaults: {
    hedgePercentile: 0.8,
    hedgeBudget: 0.5,
    retryCount: 1,
    timeoutMs: 200,
    deadlineMs: 5_000,
  },
}

/** Payloads and results that are held. */
function holdings(frontEnd: FrontEnd): () => number {
  const { arena } = frontEnd.context
  const { put, free } = arena
  let held = 0
  arena.put = (bytes, start, length) => {
    const ref = put.call(arena, bytes, start, length)
    if (ref !== -1 && ref !== -2) held++
    return ref
  }
  arena.free = (ref) => {
    if (ref !== -1 && ref !== -2) held--
    free.call(arena, ref)
  }
  return () => held
}

test.each([1, 2, 3, 4])(
  'together: whatever happens every task has one outcome, seed %i',
  async (seed) => {
    const random = new Random(seed)
    const oneOf = <T>(values: readonly T[]): T => values[random.nextInt(values.length)]
    const frontEnd = new FrontEnd(frontEndOptions(OPTIONS), () => {})
    const held = holdings(frontEnd)
    const local = new InProcessTransport(frontEnd.context)
    frontEnd.context.transports.push(local)
    await local.start()
    const { core } = frontEnd.context
    const join = (id: string) =>
      local.agents.join({ id, queues: ['q'], concurrency: 2 }, (task) => {
        const luck = random.nextInt(20)
        if (luck === 0) throw TaskError.permanent('no', 'no')
        if (luck === 1) throw new TaskError('again', 'once more')
        if (luck > 3) return luck % 3
        return new Promise((resolve) => {
          const timer = setTimeout(() => resolve(luck), luck === 2 ? 1_000 : 20)
          task.signal.addEventListener('abort', () => {
            clearTimeout(timer)
            resolve('too late')
          })
        })
      })
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const id of ids) join(id)
    const outcomes: Promise<unknown>[] = []
    for (let n = 0; n < 300; n++) {
      const voters = random.nextInt(5)
      const decide = oneOf(DECIDE_POLICIES)
      const id = `t${n}`
      const options = voters < 2 ? { id } : { id, voters, decide }
      outcomes.push(local.submissions.run('q', { n }, options).catch(({ code }) => code))
      if (n % 10 !== 0) continue
      await Promise.race([outcomes[n], new Promise((resolve) => setTimeout(resolve, 2))])
      // A new instance of the name: the old one's attempts are lost.
      if (n % 50 === 0) join(oneOf(ids))
      const victim = core.find(`t${random.nextInt(n + 1)}`, 'q')
      if (victim !== undefined) core.cancel(victim, frontEnd.context.nowMs)
    }
    const ended = await Promise.all(outcomes)
    expect(ended).toHaveLength(300)
    // On a busy machine nobody had a hand free for a second attempt.
    for (let n = 300; core.counters.hedged === 0 && n < 600; n++) {
      await local.submissions.run('q', { n }, { id: `t${n}` }).catch(() => {})
    }
    const open = () => [...core.queues.values()].reduce((sum, queue) => sum + queue.open, 0)
    await until(() => open() === 0 && frontEnd.context.hedger.out === 0, { what: 'all to be over' })
    const { accepted, completed, failed, cancelled, dead, expired } = core.counters
    expect(completed + failed + cancelled + dead + expired).toBe(accepted)
    expect(accepted).toBeGreaterThan(600)
    expect(core.counters.hedged).toBeGreaterThan(0)
    expect(frontEnd.context.together.open).toBe(0)
    // Each letter has its payload.
    const { deadLetters } = frontEnd.context
    await until(() => held() === deadLetters.count, { what: 'all memory to be given back' })
    await local.stop()
    frontEnd.stop()
  },
)
