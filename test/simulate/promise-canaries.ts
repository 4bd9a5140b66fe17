/** As canaries.ts, of what queues and tasks promise. */
import type { Canary } from './canaries.ts'

export const PROMISE_CANARIES: readonly Canary[] = [
  {
    why: 'a retry begins before its delay',
    file: 'src/policy/delays.js',
    find: 'READY, nowMs + delayMs);',
    replace: 'READY, nowMs + (delayMs >> 1));',
  },
  {
    why: 'a retry does not wait at all',
    file: 'src/policy/attempts.js',
    find: 'if (delayMs > 0)',
    replace: 'if (false)',
  },
  {
    why: 'a task that has escalated expires',
    file: 'src/policy/service-levels.js',
    find: 'if (record.extras?.shedsTtl !== true)',
    replace: 'if (true)',
  },
  {
    why: 'what was interrupted goes on without its checkpoint',
    file: 'src/policy/preemption.js',
    find: 'extras.checkpoint = checkpoint;',
    replace: ';',
  },
  {
    why: 'an agent may stop without having been asked',
    file: 'src/policy/preemption.js',
    find: 'if (extras === null || !extras.preempting)',
    replace: 'if (extras === null)',
  },
  {
    why: 'a task is interrupted as often as anybody likes',
    file: 'src/policy/preemption.js',
    find: '!extras.preempting && extras.preemptions < preemptionsMax',
    replace: '!extras.preempting',
  },
  {
    why: 'an agent that does not allow it is asked to stop',
    file: 'src/policy/agent-profiles.js',
    find: 'if (agent.preemptible)',
    replace: 'if (true)',
  },
  {
    why: 'a paused queue gives out',
    file: 'src/policy/holds.js',
    find: 'const is = queue.paused || isAtLimit(queue);',
    replace: 'const is = isAtLimit(queue);',
  },
  {
    why: 'a queue gives out more than it may have in hand',
    file: 'src/policy/holds.js',
    find: 'const is = queue.paused || isAtLimit(queue);',
    replace: 'const is = queue.paused;',
  },
  {
    why: 'a task that died leaves no dead letter',
    file: 'src/policy/dead-letter.js',
    find: 'core.effects.deadLetter(record, name);',
    replace: ';',
  },
  {
    why: 'a task goes round between queues',
    file: 'src/policy/moves.js',
    find: ' && !failedDestinations.includes(name)',
    replace: '',
  },
  {
    why: 'a beat that names an attempt is no heartbeat of it',
    file: 'src/policy/beats.js',
    find: 'attempt.heardAtMs = nowMs;',
    replace: ';',
  },
  {
    why: 'a deadline is forgotten when a task moves',
    file: 'src/policy/moves.js',
    find: 'core.counters.moved++;',
    replace:
      'core.counters.moved++; if (extras.deadline !== null) core.dues.remove(extras.deadline);',
  },
  {
    why: 'the id of a finished task is let go with the task',
    file: 'src/policy/dedup.js',
    find: 'return past !== undefined && past.untilMs > nowMs ? past : null;',
    replace: 'return null;',
  },
  {
    why: 'what is due goes behind what is not',
    file: 'src/policy/head-heap.js',
    find: 'return a.dueMs !== 0 &&',
    replace: 'return a.dueMs === 0 &&',
  },
  {
    why: 'a task expires and was never told to be overdue',
    file: 'src/policy/service-levels.js',
    find: 'breach(core, record, nowMs);\n            return;',
    replace: 'return;',
  },
  {
    why: 'an attempt that passed its deadline goes on',
    file: 'src/policy/timers.js',
    find: "expire(core, record, 'deadline_expired', nowMs);",
    replace: ';',
  },
  {
    why: 'the journal leaves out that an attempt has stopped',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.yielded(record, slot, checkpoint, nowMs);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a pause',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.paused(true, answer, queue);',
    replace: ';',
  },
  {
    why: 'the journal leaves out new options of a queue',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.configured(answer, queue, options);',
    replace: ';',
  },
]
