/**
 * Seeded bugs of the core: each a small change of the built JavaScript, and each must be caught by
 * the simulator's checks within `CANARY_SEEDS` seeds. A check that catches none of them checks
 * nothing; a bug that none of them catches is a hole in the checks.
 */
import { GRAPH_CANARIES } from './graph-canaries.ts'
import type { Patch } from './hooks.ts'
import { MOVE_CANARIES } from './move-canaries.ts'
import { PROMISE_CANARIES } from './promise-canaries.ts'
import type { Theme } from './themes.ts'

export const CANARY_SEEDS = 500

export interface Canary extends Patch {
  /** The bug, as a sentence would go on after "a core in which …". */
  readonly why: string
  /** Where it is met, when that is so rare that only seeds of this theme are played. */
  readonly theme?: Theme
  /** It is met only where work changes hands. */
  readonly moving?: boolean
  /** It is met only where work hangs together. */
  readonly hanging?: boolean
}

export const CANARIES: readonly Canary[] = [
  ...PROMISE_CANARIES,
  ...MOVE_CANARIES,
  ...GRAPH_CANARIES,
  {
    why: 'a task that nobody could take is not put back into its lane',
    file: 'src/policy/matching.js',
    find: 'core.bouncedWaiting++;\n    goOnWaiting(core, record);',
    replace: 'core.bouncedWaiting++;',
  },
  {
    why: 'the credit of a result is released twice',
    file: 'src/policy/attempts.js',
    find: "end(core, record, 'succeeded', false);",
    replace: "end(core, record, 'succeeded', false); giveCredit(core, agent);",
  },
  {
    why: 'a late result does not bring its credit back',
    file: 'src/policy/attempts.js',
    find: 'giveCreditBack(core, agent, counter);',
    replace: ';',
  },
  {
    why: 'the counter of a token is not compared',
    file: 'src/policy/attempts.js',
    find: 'record.attempt.counter === counter &&',
    replace: '',
  },
  {
    why: 'the epoch of a token is not compared',
    file: 'src/policy/attempts.js',
    find: 'epoch === core.options.epoch &&\n        record.agent',
    replace: 'record.agent',
  },
  {
    why: 'anybody may answer for an agent',
    file: 'src/policy/attempts.js',
    find: 'record.agentId === agentId',
    replace: 'true',
  },
  {
    why: 'what was never delivered to an adopted agent is charged as a loss',
    file: 'src/policy/attempts.js',
    find: 'undelivered(core, record, message, nowMs);',
    replace: "lost(core, record, 'dispatch_failed', message, nowMs);",
  },
  {
    why: 'a cancel leaves the attempt that runs running',
    file: 'src/policy/take-out.js',
    find: 'endCharged(core, record, why, nowMs);',
    replace: '',
  },
  {
    why: 'the generation of a proposal is not compared',
    file: 'src/policy/core.js',
    find: 'record.attempt.generation !== generation ||',
    replace: '',
    theme: 'window',
  },
  {
    why: 'a cancel ends what has ended once more',
    file: 'src/policy/take-out.js',
    find: "return 'finished';",
    replace: ';',
  },
  {
    why: 'a time-out is not disarmed when its attempt ends',
    file: 'src/policy/attempt-end.js',
    find: 'core.timeouts.disarm(record);',
    replace: '',
  },
  {
    why: 'a lane sends as far ahead as it likes',
    file: 'src/policy/lanes.js',
    find: '< LIMITS.laneWindow',
    replace: '< 1_000_000',
  },
  {
    why: 'capabilities are ignored',
    file: 'src/policy/requirements.js',
    find: 'return offer.capabilities.has(term.name);',
    replace: 'return true;',
  },
  {
    why: 'an agent that drains is given work',
    file: 'src/policy/agents.js',
    find: '!this.draining && ',
    replace: '',
  },
  {
    why: 'an agent that has no credit left is given work',
    file: 'src/policy/core.js',
    find: 'const isFree = this.table.credit(agentIndex) > 0;',
    replace: 'const isFree = true;',
  },
  {
    why: 'a lease never ends',
    file: 'src/policy/leases.js',
    find: 'if (endMs > nowMs || expired >= max)',
    replace: 'if (endMs > 0)',
  },
  {
    why: 'an id is admitted twice',
    file: 'src/policy/admission.js',
    find: 'if (first !== undefined)',
    replace: 'if (false)',
  },
  {
    why: 'a task is repeated once too often',
    file: 'src/policy/retries.js',
    find: 'failures > retryCount',
    replace: 'failures > retryCount + 1',
  },
  {
    why: 'one beat that lacks a token is enough to lose its attempt',
    file: 'src/policy/beats.js',
    find: '++attempt.beatsMissed >= 2) {\n            const message',
    replace: '++attempt.beatsMissed >= 1) {\n            const message',
  },
  {
    why: 'an agent that keeps loses what two beats lack as any other does',
    file: 'src/policy/beats.js',
    find: 'if (agent.keeps)',
    replace: 'if (false)',
  },
  {
    why: 'a repeat is counted as a new attempt',
    file: 'src/policy/beats.js',
    find: 'core.counters.repeated++;',
    replace: 'core.counters.repeated++; record.attempts++;',
  },
  {
    why: 'a repeat goes under a new token',
    file: 'src/policy/beats.js',
    find: 'core.counters.repeated++;',
    replace: 'core.counters.repeated++; attempt.counter = core.nextCounter++;',
  },
  {
    why: 'after a repeat each beat that lacks the token is one more',
    file: 'src/policy/beats.js',
    find: '>= 2) {\n            attempt.beatsMissed = 0;',
    replace: '>= 2) {',
  },
  {
    why: 'a repeat is put off for ever',
    file: 'src/policy/beats.js',
    find: 'core.effects.repeat(record);',
    replace: '',
  },
  {
    why: 'a repeat begins the running time-out anew',
    file: 'src/policy/beats.js',
    find: 'core.effects.repeat(record);',
    replace:
      'core.timeouts.disarm(record); core.timeouts.arm(record, agent.lastSeenMs); ' +
      'core.effects.repeat(record);',
  },
  {
    why: 'a pulled credit comes back with the result',
    file: 'src/policy/credit.js',
    find: 'table.setCapacity(index, table.capacity(index) - 1);',
    replace: 'agent.granted++;',
  },
  {
    why: 'a task that is given takes nothing of what was asked for',
    file: 'src/policy/credit.js',
    find: 'if (agent.pull)\n        agent.granted--;',
    replace:
      'if (agent.pull) core.table.setCapacity(agent.index, core.table.capacity(agent.index) + 1);',
  },
  {
    why: 'who does not pull is granted what it asks for',
    file: 'src/policy/membership.js',
    find: 'if (!agent.pull)',
    replace: 'if (false)',
  },
  {
    why: 'what was asked for is not bounded',
    file: 'src/policy/credit.js',
    find: 'Math.min(agent.granted + count, LIMITS.concurrencyMax)',
    replace: 'agent.granted + count',
  },
  {
    why: 'a hello takes back what was asked for',
    file: 'src/policy/membership.js',
    find: 'if (pull)\n        agent.prefetch = 0;\n    else',
    replace: '',
  },
  {
    why: 'a prefetch is not bounded',
    file: 'src/policy/credit.js',
    find: 'Math.min(count, LIMITS.prefetchMax)',
    replace: 'count',
  },
  {
    why: 'a lower level goes first',
    file: 'src/policy/head-heap.js',
    find: 'a.level > b.level',
    replace: 'a.level < b.level',
  },
  {
    why: 'a replaced instance is not fenced',
    file: 'src/policy/membership.js',
    find: 'core.fencedInstances.add(fenceKey(agent.id, agent.instance));',
    replace: '',
  },
  {
    why: 'a class does not hear that its head was cancelled',
    file: 'src/policy/matching.js',
    find: 'cls.laneOf(record).remove(record);\n    removeWaiting(core, cls);\n    syncHead(core, cls);',
    replace: 'cls.laneOf(record).remove(record);\n    removeWaiting(core, cls);',
  },
  {
    why: 'a second submitter of an id is not told its outcome',
    file: 'src/front-end/admit.js',
    find: 'first.waiters.push({ origin, replyTo });',
    replace: '',
  },
  {
    why: 'a payload is let go when it is sent',
    file: 'src/front-end/commit.js',
    find: 'agent.link.dispatch(record, agent);',
    replace: 'agent.link.dispatch(record, agent); context.arena.free(record.payload);',
  },
  {
    why: 'a record is used again while its turn can still name it',
    file: 'src/front-end/records.js',
    find: 'this.#forgotten.add(record);',
    replace: 'record.clear(); this.#free[this.#freeCount++] = record;',
  },
  {
    why: 'what cannot be repaired is repeated',
    file: 'src/front-end/nats/plain-results.js',
    find: "headers.get(HEADER.retryable) !== '0'",
    replace: 'true',
  },
  {
    why: 'a result in a frame has the bytes at the frame’s beginning',
    file: 'src/front-end/nats/agent-frames.js',
    find: 'body.start = results.payloadStart;',
    replace: '',
  },
  {
    why: 'the front end sleeps through its timers',
    file: 'src/front-end/turn.js',
    find: 'this.#armPolicyTimer();',
    replace: '',
  },
  {
    why: 'what is bound to an agent goes with it',
    file: 'src/policy/binding.js',
    find: 'while (agent.bound.tail !== null)',
    replace: 'while (false)',
  },
  {
    why: 'a bound task that begins stays in its agent’s queue too',
    file: 'src/policy/attempts.js',
    find: 'leaveQueue(core, record, agent);\n    startOn',
    replace: 'startOn',
  },
  {
    why: 'a task is bound to an agent whose own queue is full',
    file: 'src/policy/binding.js',
    find: '&& agent.bound.length < core.options.agentQueueMax',
    replace: '',
  },
  {
    why: 'tasks are bound whether or not their queue wants it',
    file: 'src/policy/binding.js',
    find: '!early || ',
    replace: '',
  },
  {
    why: 'bound tasks begin in the order in which they were bound',
    file: 'src/policy/binding.js',
    find: 'agent.bound.insertByRank(record);',
    replace: 'agent.bound.pushBack(record);',
  },
  {
    why: 'a cancelled task stays bound',
    file: 'src/policy/take-out.js',
    find: 'leaveQueue(core, record, core.agents.get(record.agentId));',
    replace: '',
  },
  {
    why: 'room in agents’ own queues is not given back',
    file: 'src/policy/binding.js',
    find: 'addPlaces(core, agent.profile, -change);',
    replace: 'if (change > 0) addPlaces(core, agent.profile, -change);',
  },
  {
    why: 'an agent keeps what is bound to it when it stops serving that',
    file: 'src/policy/membership.js',
    find: 'unbindForeign(core, agent);',
    replace: ';',
    theme: 'renewals',
  },
  {
    why: 'a switch of a strategy reaches only the queues, not their classes',
    file: 'src/policy/switches.js',
    find: 'cls.strategyIndex = cls.queue.strategyIndex;',
    replace: '',
  },
  {
    why: 'a released credit is not given back',
    file: 'src/policy/allocation.js',
    find: 'giveHeld(core, agent);',
    replace: '',
  },
  {
    why: 'the front end does not begin what is bound',
    theme: 'mixed',
    file: 'src/front-end/commit.js',
    find: 'if (core.ready.length === 0)',
    replace: 'if (true)',
  },
  {
    why: 'the journal leaves out a switch of a strategy',
    file: 'src/journal/recorder.js',
    find: "this.journal?.switched(Kind.STRATEGY, answer, queue ?? '', index);",
    replace: ';',
  },
  {
    why: 'the journal leaves out the beginning of a bound task',
    file: 'src/journal/recorder.js',
    find: 'this.journal.started(record, nowMs);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a late result',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.late(agentId, slot, epoch, counter);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a pull',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.pulled(answer, id, instance, count, nowMs);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a prefetch',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.prefetched(agent, count);',
    replace: ';',
  },
]
