/**
 * Keys of moving tasks between agents, of scaling advice and of agents that do not do well, in the file
 * and in TypeScript: those of source document 002, and ours. Any thread.
 *
 * Invariant: every key of `StealingOptions`, `ScalingOptions` and `AgentHealthOptions` is here, once.
 */
import {
  AGENT_ACTIONS,
  AGENT_HEALTH_DEFAULTS,
  LIMITS,
  METRICS_DEFAULTS,
  SCALING_DEFAULTS,
  STEAL_ORDERS,
  STEALING_DEFAULTS,
  STEALING_MODES,
} from '../options.ts'
import { type Key, KeyMaker } from './key.ts'

const COUNT = [0, LIMITS.agentQueueMax] as const
const SOME = [1, LIMITS.agentQueueMax] as const
const FACTOR = [0, 1_000] as const
const stealing = new KeyMaker(STEALING_DEFAULTS)

export const STEALING_KEYS: readonly Key[] = [
  stealing.choice(
    'mode',
    'mode',
    STEALING_MODES,
    '`pull`: agents with nothing to do take; `push`: evened out now and then; `hybrid`: both.',
    { also: ['strategy'] },
  ),
  stealing.whole('busy_above', 'busyAbove', COUNT, 'More waiting tasks make an agent busy.', {
    also: ['busy', 'busy_threshold'],
  }),
  stealing.whole('idle_below', 'idleBelow', COUNT, 'Fewer waiting tasks make an agent idle.', {
    also: ['idle', 'idle_threshold'],
  }),
  stealing.whole(
    'free_takes_above',
    'freeTakesAbove',
    COUNT,
    'An agent with nothing to do takes from one for which more tasks wait.',
  ),
  stealing.seconds('interval_seconds', 'intervalMs', 'Between two push cycles.', {
    min: 10,
    also: ['rebalance', 'rebalance_interval', 'interval'],
  }),
  stealing.number(
    'imbalance_ratio',
    'imbalanceRatio',
    FACTOR,
    'Longest queue by shortest: beyond it is a severe imbalance; 0 for never.',
    { also: ['severe_imbalance', 'severe_imbalance_ratio', 'max_min_ratio'] },
  ),
  stealing.whole('per_cycle_max', 'perCycleMax', SOME, 'Tasks that a push cycle moves.', {
    also: ['max_tasks_per_cycle', 'max_tasks', 'max_steal'],
  }),
  stealing.choice('order', 'order', STEAL_ORDERS, 'Which of an agent’s tasks goes first.'),
  stealing.whole(
    'protect_from',
    'protectFrom',
    [1, 6],
    'Tasks of this priority and above are never moved; 6 for none.',
    { also: ['priority_threshold', 'protected_priority'] },
  ),
  stealing.number(
    'variation',
    'variation',
    [0, 10],
    'Coefficient of variation of loads above which a cycle evens out; 0 for never.',
    { also: ['variance', 'variance_threshold'] },
  ),
  stealing.whole('per_pair_max', 'perPairMax', SOME, 'Tasks of one pair of agents in a cycle.', {
    also: ['max_per_pair'],
  }),
  stealing.seconds('gain_seconds', 'gainMs', 'What a move has to gain besides its cost.'),
  stealing.boolean('recall', 'recall', 'Calls back what was sent and not begun.'),
]

const scaling = new KeyMaker(SCALING_DEFAULTS)

export const SCALING_KEYS: readonly Key[] = [
  scaling.seconds('interval_seconds', 'intervalMs', 'Between two looks.', { min: 10 }),
  scaling.percent(
    'scale_up_percent',
    'scaleUpAt',
    'Use of all places from which more are advised.',
    {
      also: ['scale_up_threshold', 'threshold', 'scale_up'],
    },
  ),
  scaling.percent(
    'scale_down_percent',
    'scaleDownAt',
    'Use of all places below which fewer are advised.',
    { also: ['scale_down_threshold', 'scale_down'] },
  ),
  scaling.seconds('window_seconds', 'windowMs', 'Arrivals and running times of so long count.', {
    min: 1_000,
  }),
  scaling.seconds('up_after_seconds', 'upAfterMs', 'More are advised when it was so for so long.'),
  scaling.seconds(
    'down_after_seconds',
    'downAfterMs',
    'Fewer are advised when it was so for so long.',
  ),
  scaling.seconds(
    'cooldown_seconds',
    'cooldownMs',
    'Between two changes of an advice in one direction.',
    {
      also: ['cooldown', 'cool_down'],
    },
  ),
  scaling.seconds('startup_seconds', 'startupMs', 'From asking for an agent to its first task.'),
  scaling.whole('agents_min', 'agentsMin', [0, LIMITS.agentsMax], 'Never fewer are advised.', {
    also: ['min_agents', 'min_replicas'],
  }),
  scaling.whole('agents_max', 'agentsMax', [1, LIMITS.agentsMax], 'Never more are advised.', {
    also: ['max_agents', 'max_replicas'],
  }),
]

const health = new KeyMaker(AGENT_HEALTH_DEFAULTS)

export const AGENT_HEALTH_KEYS: readonly Key[] = [
  health.seconds('interval_seconds', 'intervalMs', 'Between two looks.', { min: 10 }),
  health.number(
    'silent_beats',
    'silentBeats',
    [0, 1_000],
    'Silent for so many beats, an agent gets nothing new; 0 for never.',
  ),
  health.choice('on_flapping', 'onFlapping', AGENT_ACTIONS, 'When it is lost and back too often.'),
  health.whole('flaps', 'flaps', [1, 1_000], 'So often within `flap_window_seconds`.'),
  health.seconds('flap_window_seconds', 'flapWindowMs', 'In so long.', { min: 1 }),
  health.choice('on_failing', 'onFailing', AGENT_ACTIONS, 'When too many of its tasks fail.'),
  health.percent('failure_percent', 'failureRate', 'So many of its last results.', {
    also: ['failure_rate', 'error_rate'],
  }),
  health.whole('results_min', 'resultsMin', [1, 100], 'Results without which nothing is judged.'),
  health.choice('on_slow', 'onSlow', AGENT_ACTIONS, 'When it is much slower than its peers.'),
  health.number('slow_factor', 'slowFactor', [1, 1_000], 'By the median of its peers.'),
  health.seconds('quarantine_seconds', 'quarantineMs', 'The first one; then twice as long.', {
    min: 10,
  }),
  health.seconds('quarantine_max_seconds', 'quarantineMaxMs', 'None is longer.', { min: 10 }),
  health.percent(
    'spared_percent_max',
    'sparedShareMax',
    'Of the agents of a kind that may be avoided or in quarantine at a time.',
  ),
]

const metrics = new KeyMaker(METRICS_DEFAULTS)

export const METRICS_KEYS: readonly Key[] = [
  metrics.seconds('sample_interval_seconds', 'sampleMs', 'Between two samples of all load.', {
    min: 100,
    max: 3_600_000,
    also: ['sample_interval', 'sampling_interval', 'interval', 'collection_interval'],
  }),
]
