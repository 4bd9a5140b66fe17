/** Any events in any order, for the model-based property tests: fast-check commands over a `World`. */
import type fc from 'fast-check'
import { expect } from 'vitest'
import { LIMITS } from '../../src/options.ts'
import { OVERDUE, STALE } from '../../src/policy/core.ts'
import { isFinal, OFFERED, RUNNING } from '../../src/policy/task-record.ts'
import { type Command, event, eventOf, type Weighted } from './events.ts'
import { GRAPHS } from './graph-commands.ts'
import { MOVES } from './move-commands.ts'
import type { TaskSpec } from './support.ts'
import { at, CAPABILITIES, LABELS, QUEUES, REQUIRES, SERVES, STRATEGIES } from './world.ts'

/** Most say nothing of it, as most users. */
function routingOf(number: number): Partial<TaskSpec> {
  if (number % 3 !== 0) return {}
  return {
    type: at(['page', undefined, 'photo'] as const, number >> 4),
    match: at(['best_fit', undefined, 'fallback', 'exact'] as const, number >> 6),
    prefers: number % 2 === 0 ? at(REQUIRES, number >> 8) : undefined,
    strategy: number % 7 === 0 ? 'random' : undefined,
    key: number % 4 === 0 ? `key-${number % 3}` : undefined,
  }
}

/** Most promise nothing of themselves. */
function promisesOf(number: number): Partial<TaskSpec> {
  if (number % 4 !== 1) return {}
  const own = {
    delayMs: number % 3 === 0 ? 1 + ((number >> 4) % 900) : 0,
    ttlMs: number % 5 === 0 ? (number >> 5) % 1_200 : null,
    deadlineMs: number % 7 === 0 ? (number >> 6) % 5_000 : null,
    slaTargetMs: number % 8 === 1 ? (number >> 3) % 1_000 : null,
    retryDelayMs: number % 9 === 0 ? (number >> 7) % 300 : null,
  }
  return { own }
}

const submit = event('submit', (world, number, model) => {
  world.submit(model, at(QUEUES, number)!, {
    // 0 is the queue's.
    level: number % 11 === 0 ? 0 : 1 + ((number >> 2) % 5),
    ...promisesOf(number >> 3),
    requires: at(REQUIRES, number >> 5),
    ...routingOf(number),
    timeoutMs: number % 3 === 0 ? 1 + ((number >> 7) % 2_000) : undefined,
    retryCount: number % 4 === 0 ? (number >> 7) % 3 : undefined,
    id: number % 4 === 0 ? `id-${(number >> 8) % 9}` : undefined,
    bytes: (number >> 9) % 100,
  })
})

/** An id comes again whose task is forgotten, perhaps not long ago. */
const again = event('again', (world, number, model) => {
  const { core, effects } = world.policy
  const named = () => effects.forgot.filter(({ isNamed }) => isNamed)
  // One more end than are kept, and the first is forgotten.
  for (let i = 0; i < 6 && named().length === 0; i++) {
    world.submit(model, 'q', { id: `id-${i}` })
    const record = core.find(`id-${i}`, 'q')
    if (record !== undefined && !isFinal(record.state)) world.policy.cancel(record)
    world.check(model)
  }
  const record = at(named().slice(-8), number)
  if (record !== undefined) world.submit(model, record.queueName, { id: record.givenId })
})

const commands: Weighted[] = [
  ...MOVES,
  ...GRAPHS,
  { weight: 16, arbitrary: submit },
  { weight: 3, arbitrary: again },
  { weight: 10, arbitrary: event('offer', (world, number) => world.offer(1 + (number % 6))) },
  { weight: 10, arbitrary: eventOf('propose', OFFERED, (world, record) => world.propose(record)) },
  {
    weight: 8,
    arbitrary: event('fill', (world, number) => {
      // As a front end does: agents get full, and what is bound early waits at them.
      world.offer(1 + (number % 9))
      for (const record of world.policy.offered()) world.propose(record)
    }),
  },
  {
    weight: 3,
    arbitrary: eventOf('proposeAny', OFFERED, (world, record, number) => {
      const agent = world.agent(number)
      if (agent !== undefined) world.propose(record, agent)
    }),
  },
  {
    weight: 2,
    arbitrary: event('proposeStale', (world, number) => {
      const record = world.offeredOrRunning(number)
      const agent = world.agent(number >> 5)
      if (record === undefined || agent === undefined) return
      const { core, nowMs } = world.policy
      const { slot, generation: offered } = record.attempt!
      const generation = (offered - 1 - (number % 3)) | 0
      const answer = core.propose(slot, generation, agent.index, agent.generation, nowMs)
      expect(answer).toBe(STALE)
    }),
  },
  {
    weight: 4,
    arbitrary: eventOf('bounce', OFFERED, ({ policy }, record) => policy.core.bounce(record)),
  },
  {
    weight: 3,
    arbitrary: event('placeBounced', (world) => {
      const { core, nowMs } = world.policy
      const record = core.nextBounced(nowMs)
      if (record === null) return
      world.propose(record)
      if (record.state === OFFERED) core.bounce(record)
    }),
  },
  { weight: 16, arbitrary: event('startBound', (world) => world.startBound()) },
  {
    weight: 1,
    arbitrary: event('binding', ({ policy }, number) => {
      const binding = (number >> 3) % 3 === 0 ? 'late' : 'early'
      const answer = policy.core.setBinding(at(QUEUES, number)!, binding)
      if (answer !== null) expect(policy.core.queues.has(at(QUEUES, number)!)).toBe(false)
    }),
  },
  {
    weight: 2,
    arbitrary: event('strategy', ({ policy }, number) => {
      const queue = number % 4 === 3 ? null : at(QUEUES, number % 4)!
      policy.core.setStrategy(queue, (number >> 4) % STRATEGIES.length)
    }),
  },
  {
    weight: 1,
    arbitrary: event('shadow', ({ policy }, number) => {
      policy.core.setShadow(at(QUEUES, number)!, ((number >> 4) % (STRATEGIES.length + 1)) - 1)
    }),
  },
  {
    weight: 2,
    arbitrary: event('allocate', (world, number) => {
      const spec = number % 2 === 0 ? {} : { requires: at(REQUIRES, number >> 5) }
      world.allocate(at(QUEUES, number)!, spec)
    }),
  },
  {
    weight: 3,
    arbitrary: event('release', (world, number) => {
      const agent = world.agent(number)
      if (agent !== undefined) world.release(agent)
    }),
  },
  {
    weight: 2,
    arbitrary: eventOf('withdraw', OFFERED, ({ policy }, record) =>
      policy.core.withdraw(record, OVERDUE),
    ),
  },
  {
    weight: 6,
    arbitrary: eventOf('succeed', RUNNING, ({ policy }, record) => policy.succeed(record)),
  },
  {
    weight: 4,
    arbitrary: eventOf('fail', RUNNING, ({ policy }, record, number) => {
      policy.fail(
        record,
        number % 4 !== 0,
        at(['error', 'api_error', 'hard', 'error'], number >> 3),
      )
    }),
  },
  {
    weight: 2,
    arbitrary: eventOf('heard', RUNNING, ({ policy }, record, number) =>
      policy.core.heard(record, `${number}`, policy.nowMs),
    ),
  },
  {
    weight: 4,
    arbitrary: event('result', (world, number) => {
      const token = at(world.tokens, number)
      if (token === undefined) return
      world.result(token, (record) => {
        if (number % 2 === 0) world.policy.succeed(record)
        else world.policy.fail(record)
      })
    }),
  },
  {
    weight: 4,
    arbitrary: event('cancel', (world, number) => {
      const record = at(world.open, number)
      if (record === undefined) return
      expect(world.policy.cancel(record)).toBe(null)
      expect(world.policy.cancel(record)).toBe('finished')
    }),
  },
  {
    weight: 8,
    arbitrary: event('hello', (world, number) => {
      const id = `a${number % 5}`
      const known = world.policy.core.agents.get(id)
      const isSame = known !== undefined && number % 3 !== 0
      world.policy.hello(id, {
        instance: isSame ? known.instance : `i${(number >> 3) % 40}`,
        queues: at(SERVES, number >> 5),
        capabilities: at(CAPABILITIES, number >> 7),
        labels: at(LABELS, number >> 8),
        concurrency: 1 + ((number >> 9) % 4),
        beats: (number >> 11) % 3 !== 0,
        keeps: (number >> 12) % 2 === 0,
        pull: (number >> 13) % 3 === 0,
        preemptible: (number >> 14) % 3 !== 0,
        recalls: (number >> 15) % 3 !== 0,
      })
    }),
  },
  {
    weight: 8,
    arbitrary: event('beat', (world, number) => {
      const agent = world.agent(number)
      if (agent === undefined) return
      const counters = world.tokens.map(({ counter }) => counter)
      // All that it has, all but some, or nothing at all.
      const running = counters.filter((counter) => number % 3 === 0 || (counter + number) % 4 !== 0)
      const said = number % 7 === 0 ? null : number % 5 === 0 ? [] : running
      // Most do nothing else; some more than they could.
      const foreign = number % 50 === 0 ? LIMITS.concurrencyMax + 1 : (number >> 6) % 5
      world.policy.beat(agent, said, number % 3 === 1 ? foreign : 0)
    }),
  },
  {
    weight: 8,
    arbitrary: event('pull', (world, number) => {
      const agent = world.agent(number)
      if (agent === undefined) return
      world.pull(agent, number % 50 === 0 ? LIMITS.concurrencyMax : 1 + ((number >> 5) % 4))
    }),
  },
  {
    weight: 3,
    arbitrary: event('prefetch', (world, number) => {
      const agent = world.agent(number)
      if (agent === undefined) return
      const count = number % 50 === 0 ? LIMITS.prefetchMax + 1 : (number >> 5) % 6
      world.policy.core.setPrefetch(agent, count)
    }),
  },
  {
    weight: 1,
    arbitrary: event('bye', (world, number) => {
      const agent = world.agent(number)
      if (agent !== undefined) world.policy.bye(agent, (number >> 5) % 2 === 0)
    }),
  },
  {
    weight: 1,
    arbitrary: event('drain', (world, number) => {
      const agent = world.agent(number)
      if (agent !== undefined) world.policy.core.drainAgent(agent.id)
    }),
  },
  {
    weight: 1,
    arbitrary: event('agentLost', (world, number) => {
      const agent = world.agent(number)
      if (agent !== undefined) world.policy.core.agentLost(agent, world.policy.nowMs)
    }),
  },
  {
    weight: 2,
    arbitrary: eventOf('dispatchFailed', RUNNING, ({ policy }, record) =>
      policy.core.dispatchFailed(record, policy.nowMs),
    ),
  },
  { weight: 8, arbitrary: event('interrupt', (world) => world.interrupt()) },
  {
    weight: 6,
    arbitrary: event('critical', (world, number, model) => {
      // All hands are full, and something comes that may not wait.
      world.policy.hello(`a${number % 5}`, { preemptible: true, instance: `i${number % 40}` })
      for (let i = 0; i < 3; i++) world.submit(model, 'q', { level: 1 + ((number >> i) % 4) })
      world.offer(20)
      for (const record of world.policy.offered()) world.propose(record)
      world.submit(model, 'q', { level: 5 })
      world.offer(9)
      world.interrupt()
    }),
  },
  {
    weight: 6,
    arbitrary: event('yield', (world, number) => {
      const asked = world.open.filter(({ extras }) => extras?.preempting)
      const record = number % 5 === 0 ? world.pick(RUNNING, number) : at(asked, number)
      if (record === undefined) return
      world.yield(record, number % 3 === 0 ? null : new Uint8Array([number & 255]))
    }),
  },
  {
    weight: 2,
    arbitrary: event('pause', ({ policy }, number) => {
      const queue = at(QUEUES, number)!
      if ((number >> 3) % 3 === 0) expect(policy.core.pauseQueue(queue)).toBe(null)
      else expect(policy.core.resumeQueue(queue)).toBe(null)
    }),
  },
  {
    weight: 1,
    arbitrary: event('configure', (world, number) => {
      world.configure(at(QUEUES, number)!, number >> 3)
    }),
  },
  { weight: 6, arbitrary: event('pass', ({ policy }, number) => policy.pass(1 + (number % 400))) },
  { weight: 1, arbitrary: event('passLong', ({ policy }, number) => policy.pass(number % 5_000)) },
  {
    weight: 1,
    arbitrary: event('connected', ({ policy }, number) =>
      policy.core.setConnected(number % 2 === 0, policy.nowMs),
    ),
  },
]

/** fast-check picks evenly among what it is given, so what is to come more often is given more often. */
export const COMMANDS = commands.flatMap(({ weight, arbitrary }) =>
  new Array<fc.Arbitrary<Command>>(weight).fill(arbitrary),
)
