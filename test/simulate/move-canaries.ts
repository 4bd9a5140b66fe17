/** As canaries.ts, of work that changes hands, and of agents that may have less than they say. */
import type { Canary } from './canaries.ts'

type Bug = Omit<Canary, 'moving'>

const BUGS: readonly Bug[] = [
  {
    why: 'a task that is protected is stolen',
    file: 'src/policy/stealing.js',
    find: "return 'protected';",
    replace: ';',
  },
  {
    why: 'a task that is protected is called back',
    file: 'src/policy/recalls.js',
    find: "return 'protected';",
    replace: ';',
  },
  {
    why: 'a stolen task that begins stays in its victim’s queue too',
    file: 'src/policy/stealing.js',
    find: 'leaveQueue(core, record, victim);',
    replace: '',
  },
  {
    why: 'a stolen task that waits stays in its victim’s queue too',
    file: 'src/policy/binding.js',
    find: 'exitQueue(core, record, from);',
    replace: '',
  },
  {
    why: 'a task is stolen for who has no room for it',
    file: 'src/policy/stealing.js',
    find: "? null : 'no_room';",
    replace: '? null : null;',
  },
  {
    why: 'what was handed back brings its credit twice',
    file: 'src/policy/recalls.js',
    find: 'giveCredit(core, agent);',
    replace: 'giveCredit(core, agent); giveCredit(core, agent);',
  },
  {
    why: 'anything may be handed back, called back or not',
    file: 'src/policy/recalls.js',
    find: 'return record.attempt.recalledAtMs > 0;',
    replace: 'return true;',
  },
  {
    why: 'what was handed back counts as a failure',
    file: 'src/policy/recalls.js',
    find: 'core.counters.recalled++;',
    replace: 'core.counters.recalled++; record.failures++;',
  },
  {
    why: 'what was handed back begins elsewhere, with credit or not',
    file: 'src/policy/recalls.js',
    find: 'return canBegin(core, thief) && mayServe(core, record, thief);',
    replace: 'return mayServe(core, record, thief);',
  },
  {
    why: 'an attempt is called back that has surely begun',
    file: 'src/policy/recalls.js',
    find: "return 'begun';",
    replace: ';',
  },
  {
    why: 'an attempt is called back again and again',
    file: 'src/policy/recalls.js',
    find: "return 'asked';",
    replace: ';',
  },
  {
    why: 'an agent hands back what it has begun',
    file: 'test/simulate/agent-queue.js',
    find: 'if (this.#indexOf(token) < 0)',
    replace: 'if (this.#indexOf(token) < 0 && !this.#begun.has(token))',
  },
  {
    why: 'an agent that is limited is given as much as it says',
    file: 'src/policy/credit.js',
    find: 'agent.limit < 0 ? own : Math.min(own, agent.limit)',
    replace: 'own',
  },
  {
    why: 'an agent that may have nothing is given work',
    file: 'src/policy/agents.js',
    find: ' && this.limit !== 0',
    replace: '',
  },
  {
    why: 'work of others takes no room',
    file: 'src/policy/credit.js',
    find: ' - agent.foreign',
    replace: '',
  },
  {
    why: 'what waits for an agent stays there when it is limited',
    file: 'src/policy/agent-limits.js',
    find: 'unbindAll(core, agent);',
    replace: ';',
  },
  {
    why: 'a stolen task is not sent',
    file: 'src/front-end/balance.js',
    find: 'dispatchMoved(context, record)',
    replace: 'undefined',
  },
  {
    why: 'the journal leaves out a steal',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.stolen(record, thief, nowMs);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a call-back',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.recallAsked(record, thief, nowMs);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a limit',
    file: 'src/journal/recorder.js',
    find: 'this.journal?.limited(answer, id, limit);',
    replace: ';',
  },
  {
    why: 'the journal leaves out the work of others',
    file: 'src/journal/agent-event-writer.js',
    find: 'out.int(foreign);',
    replace: 'out.int(0);',
  },
]

export const MOVE_CANARIES: readonly Canary[] = BUGS.map((bug) => ({ ...bug, moving: true }))
