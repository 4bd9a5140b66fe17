/** As canaries.ts, of work that hangs together: graphs, rules, votes, second attempts, people. */
import type { Canary } from './canaries.ts'

type Bug = Omit<Canary, 'hanging'>

const BUGS: readonly Bug[] = [
  {
    why: 'a task goes before its parents have ended',
    file: 'src/policy/dependencies.js',
    find: 'if (!isOver)\n            links.open++;',
    replace: '',
  },
  {
    why: 'nobody is released by the end of its last parent',
    file: 'src/policy/dependencies.js',
    find: "core.effects.noted(record, 'ready', 'parents');",
    replace: 'return;',
  },
  {
    why: 'two votes of a question go to one agent',
    file: 'src/policy/apart.js',
    find: 'return keptFrom(record)?.includes(agent.id) === true;',
    replace: 'return false;',
  },
  {
    why: 'who was lost with a vote never has a like one again',
    file: 'src/policy/apart.js',
    find: 'agents.splice(at, 1);',
    replace: ';',
  },
  {
    why: 'what is parked is never tried again',
    file: 'src/front-end/place-apart.js',
    find: 'core.unpark(UNPARK_MAX);',
    replace: ';',
  },
  {
    why: 'work of people has a time-out before it is claimed',
    file: 'src/policy/attempts.js',
    find: 'if (agent.claims)\n        attempt.heardAtMs = nowMs;',
    replace: 'if (false)\n        ;',
  },
  {
    why: 'to decline is a failure',
    file: 'src/policy/claims.js',
    find: 'core.counters.declined++;',
    replace: 'core.counters.declined++; record.failures++;',
  },
  {
    why: 'the votes on a question go on when it has ended',
    file: 'src/policy/dependencies.js',
    find: 'dropVotes(core, parents, nowMs);',
    replace: ';',
  },
  {
    why: 'a second attempt goes on when its task is over',
    file: 'src/policy/twins.js',
    find: 'cancel(core, twin, nowMs);',
    replace: ';',
  },
  {
    why: 'an input is forgotten while somebody waits for it',
    file: 'src/policy/dependencies.js',
    find: 'pin(core, parent);\n',
    replace: ';\n',
  },
  {
    why: 'a rule sends a task on at the level that it had',
    file: 'src/policy/stages.js',
    find: 'record.baseLevel = isOwn ? next.level : options.priority;',
    replace: ';',
  },
  {
    why: 'the journal leaves out what a rule says',
    file: 'src/journal/graph-recorder.js',
    find: 'this.journal.advanced(record, slot, next, nowMs);',
    replace: 'this.journal.succeeded(record, slot, nowMs);',
  },
  {
    why: 'the journal leaves out a second attempt',
    file: 'src/journal/graph-recorder.js',
    find: 'this.journal?.hedged(record, twin, nowMs);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a claim',
    file: 'src/journal/graph-recorder.js',
    find: 'this.journal?.claimed(record, nowMs);',
    replace: ';',
  },
  {
    why: 'the journal leaves out who is parked',
    file: 'src/journal/graph-recorder.js',
    find: 'this.journal?.parked(record, slot);',
    replace: ';',
  },
  {
    why: 'the journal leaves out a resolution',
    file: 'src/journal/graph-recorder.js',
    find: 'this.journal?.resolved(record, how, nowMs);',
    replace: ';',
  },
]

/** Met only where work hangs together. */
export const GRAPH_CANARIES: readonly Canary[] = BUGS.map((bug) => ({ ...bug, hanging: true }))
