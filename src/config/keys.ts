/**
 * The one table of the configuration: every section of `signalbox.yaml`, every key of it, and the
 * option that it stands for. Reading, checking, the JSON Schema, `config show`, the documentation and
 * the checks of `new Scheduler(…)` all go by it.
 *
 * Runs in any thread. Invariant: names are unique within a section, in the file and as options.
 */
import { LIMITS } from '../options.ts'
import { AGENT_HEALTH_KEYS, METRICS_KEYS, SCALING_KEYS, STEALING_KEYS } from './balance-keys.ts'
import type { Key } from './key.ts'
import { PERSON_KEYS } from './people-keys.ts'
import { QUEUE_KEYS } from './queue-keys.ts'
import {
  AGENT_KEYS,
  DEAD_LETTER_KEYS,
  DEAD_LETTERS_KEEP_KEYS,
  DEDUP_KEYS,
  HTTP_KEYS,
  JOURNAL_KEYS,
  KEEP_KEYS,
  LEARNING_KEYS,
  LEDGER_KEYS,
  LOG_KEYS,
  NATS_KEYS,
  ROUTING_KEYS,
  SCHEDULER_KEYS,
} from './section-keys.ts'

export interface Section {
  /** In the file. */
  readonly yaml: string
  /** Where it goes: an option of the scheduler, or of the service around it. */
  readonly option: string
  /**
   * `keys`: the keys themselves. `named`: a map of names to them. `list`: a list of them. `paths`: a
   * map of names to paths. `value`: the value of its one key.
   */
  readonly shape: 'keys' | 'named' | 'list' | 'paths' | 'value'
  readonly keys: readonly Key[]
  /** Of `named`, `list` and `paths`: entries at most. */
  readonly max: number
  /** `false` turns it off. */
  readonly mayBeOff: boolean
  /** Taken over at SIGHUP; a change of any other needs a restart. */
  readonly reloads: boolean
  readonly also: readonly string[]
  readonly words: string
}

function section(
  yaml: string,
  option: string,
  keys: readonly Key[],
  words: string,
  more: Partial<Section> = {},
): Section {
  const plain = { shape: 'keys', max: 1, mayBeOff: false, reloads: false, also: [] } as const
  return { ...plain, ...more, yaml, option, keys, words }
}

export const SECTIONS: readonly Section[] = [
  section('scheduler', 'scheduler', SCHEDULER_KEYS, 'The scheduler itself.'),
  section('queues', 'queues', QUEUE_KEYS, 'Queues by name.', {
    shape: 'named',
    max: LIMITS.queuesMax,
    reloads: true,
    also: ['queue'],
  }),
  section('queue_defaults', 'queueDefaults', QUEUE_KEYS, 'Of every queue that says nothing else.', {
    reloads: true,
    also: ['defaults', 'queues_defaults'],
  }),
  section('people', 'people', PERSON_KEYS, 'People who take tasks, by name.', {
    shape: 'named',
    max: LIMITS.peopleMax,
    reloads: true,
    also: ['persons', 'staff', 'humans', 'reviewers'],
  }),
  section('dead_letters', 'deadLetters', DEAD_LETTER_KEYS, 'What becomes of them, by name.', {
    shape: 'named',
    max: LIMITS.queuesMax,
    reloads: true,
    also: ['dead_letter_queues', 'dlq', 'dead_letter'],
  }),
  section(
    'dead_letters_keep',
    'deadLettersKeep',
    DEAD_LETTERS_KEEP_KEYS,
    'How many are held in memory.',
  ),
  section('dedup', 'dedup', DEDUP_KEYS, 'How long ids are known after their tasks.', {
    also: ['deduplication'],
  }),
  section('keep', 'keep', KEEP_KEYS, 'Finished tasks that can be looked up.'),
  section('ledger', 'ledger', LEDGER_KEYS, 'The record of every decision; `false` for none.', {
    mayBeOff: true,
  }),
  section('journal', 'journal', JOURNAL_KEYS, 'A recording to replay; none without the section.'),
  section('nats', 'nats', NATS_KEYS, 'The NATS server; flags and the environment go before it.'),
  section('agents', 'agents', AGENT_KEYS, 'Services that answer requests, as agents.', {
    shape: 'list',
    max: LIMITS.agentsMax,
    also: ['adopt', 'adopted', 'adopted_agents'],
  }),
  section('routing', 'routing', ROUTING_KEYS, 'Weights and numbers of the strategies.'),
  section('strategies', 'strategies', [], 'Strategies of your own: their modules by name.', {
    shape: 'paths',
    max: LIMITS.ownStrategiesMax,
  }),
  section('learning', 'learning', LEARNING_KEYS, 'What agents’ results teach.'),
  section(
    'stealing',
    'stealing',
    STEALING_KEYS,
    'Moving tasks between agents; `false` for never.',
    {
      mayBeOff: true,
      also: ['load_balancing', 'load_balancer', 'rebalancing'],
    },
  ),
  section('scaling', 'scaling', SCALING_KEYS, 'When more agents are advised; `false` for never.', {
    mayBeOff: true,
    also: ['autoscaling', 'auto_scaling'],
  }),
  section(
    'agent_health',
    'agentHealth',
    AGENT_HEALTH_KEYS,
    'Agents that do not do well; `false` for nothing.',
    { mayBeOff: true, also: ['outlier_detection', 'circuit_breaker'] },
  ),
  section('metrics', 'metrics', METRICS_KEYS, 'What is sampled for metrics.'),
  section('http', 'http', HTTP_KEYS, 'Metrics and probes; off without a port.'),
  section('log', 'log', LOG_KEYS, 'What is written of its work.', { also: ['logging', 'logs'] }),
]

/** @throws RangeError when there is none of that name: ours are literals. */
export function sectionOf(yaml: string): Section {
  const found = SECTIONS.find((each) => each.yaml === yaml)
  if (found === undefined) throw new RangeError(`no section ${yaml}`)
  return found
}
