/**
 * The configuration file of source document 002, a work-stealing load balancer: its sections stand beside
 * ours, and mean options of ours.
 *
 * Runs in any thread, when a file is read. Invariant: what a section of it says is said once: together
 * with the key of ours that means the same it is a finding.
 *
 * ```
 *   strategy: hybrid                    stealing.mode
 *   thresholds:          busy, idle     stealing.busy_above, idle_below
 *                        rebalance      stealing.interval_seconds
 *                        severe_imbalance   stealing.imbalance_ratio
 *   work_stealing:       max_tasks_per_cycle, prefer_lifo   stealing.per_cycle_max, order
 *   capability_matching: normal         queue_defaults.match (high is always exact)
 *   priority_handling:   threshold      stealing.protect_from
 *   metrics:                            ours has the name already
 * ```
 */
import { MATCHES, STEALING_DEFAULTS, STEALING_MODES, type StealOrder } from '../options.ts'
import { STEALING_KEYS } from './balance-keys.ts'
import type { Findings } from './findings.ts'
import { type Key, KeyMaker } from './key.ts'
import type { Section } from './keys.ts'
import { QUEUE_KEYS } from './queue-keys.ts'

const theirs = new KeyMaker({
  busy: STEALING_DEFAULTS.busyAbove,
  idle: STEALING_DEFAULTS.idleBelow,
  rebalance: STEALING_DEFAULTS.intervalMs,
  severeImbalance: STEALING_DEFAULTS.imbalanceRatio,
  maxTasksPerCycle: STEALING_DEFAULTS.perCycleMax,
  preferLifo: true,
  highPriority: 'exact',
  normal: 'exact',
  threshold: STEALING_DEFAULTS.protectFrom,
})

/** Bounds are those of the key that is meant. */
function rangeOf(option: string): readonly [number, number] {
  const { min, max } = STEALING_KEYS.find((key) => key.option === option)!
  return [min, max]
}

function section(yaml: string, keys: readonly Key[], words: string, also: string[] = []): Section {
  const plain = { max: 1, mayBeOff: false, reloads: false } as const
  return { ...plain, shape: 'keys', yaml, option: 'stealing', keys, words, also }
}

export const SECTIONS_002: readonly Section[] = [
  {
    ...section(
      'strategy',
      [theirs.choice('strategy', 'strategy', STEALING_MODES, 'As `stealing.mode`.')],
      'As `stealing.mode`: how work is moved between agents.',
    ),
    shape: 'value',
  },
  section(
    'thresholds',
    [
      theirs.whole('busy', 'busy', rangeOf('busyAbove'), 'As `stealing.busy_above`.', {
        also: ['busy_threshold', 'busy_above'],
      }),
      theirs.whole('idle', 'idle', rangeOf('idleBelow'), 'As `stealing.idle_below`.', {
        also: ['idle_threshold', 'idle_below'],
      }),
      theirs.seconds('rebalance', 'rebalance', 'As `stealing.interval_seconds`.', {
        min: rangeOf('intervalMs')[0],
        also: ['rebalance_interval', 'rebalance_seconds', 'interval'],
      }),
      theirs.number(
        'severe_imbalance',
        'severeImbalance',
        rangeOf('imbalanceRatio'),
        'As `stealing.imbalance_ratio`.',
        { also: ['imbalance_ratio', 'imbalance'] },
      ),
    ],
    'When agents are busy or idle, and how often that is looked at.',
  ),
  section(
    'work_stealing',
    [
      theirs.whole(
        'max_tasks_per_cycle',
        'maxTasksPerCycle',
        rangeOf('perCycleMax'),
        'As `stealing.per_cycle_max`.',
        { also: ['max_tasks', 'max_steal', 'per_cycle_max'] },
      ),
      theirs.boolean('prefer_lifo', 'preferLifo', 'As `stealing.order`: newest or oldest.', {
        also: ['lifo', 'lifo_preferred', 'order'],
      }),
    ],
    'What is taken.',
    ['stealing_policy', 'work_stealing_policy'],
  ),
  section(
    'capability_matching',
    [
      theirs.choice('high_priority', 'highPriority', ['exact'], 'Always exact.', {
        also: ['high', 'critical'],
      }),
      theirs.choice('normal', 'normal', MATCHES, 'As `queue_defaults.match`.', {
        also: ['default', 'normal_priority', 'match', 'strategy'],
      }),
    ],
    'Who may have a task.',
    ['matching', 'capabilities'],
  ),
  section(
    'priority_handling',
    [
      theirs.whole(
        'threshold',
        'threshold',
        rangeOf('protectFrom'),
        'As `stealing.protect_from`.',
        {
          also: ['priority_threshold', 'protected'],
        },
      ),
    ],
    'What is never moved.',
    ['priority', 'priorities'],
  ),
]

/** Where a key of ours may have been said in their words. */
export function pathOf002(yaml: string): string | undefined {
  return { idle_below: 'thresholds.idle', busy_above: 'thresholds.busy' }[yaml]
}

type Said = Record<string, Record<string, unknown> | undefined>

/** Path in the file, section and option that it means, and that option's value. */
type Meaning = readonly [path: string, section: string, option: string, value: unknown]

/** Moves what the sections of the document say to the sections that they mean. */
export function mergeDocument002(
  sections: Record<string, unknown>,
  findings: Findings,
  places: ReadonlyMap<string, number>,
): void {
  const {
    thresholds,
    work_stealing: policy,
    capability_matching,
    priority_handling,
  } = sections as Said
  const meanings: readonly Meaning[] = [
    ['strategy', 'stealing', 'mode', sections.strategy],
    ['thresholds.busy', 'stealing', 'busyAbove', thresholds?.busy],
    ['thresholds.idle', 'stealing', 'idleBelow', thresholds?.idle],
    ['thresholds.rebalance', 'stealing', 'intervalMs', thresholds?.rebalance],
    ['thresholds.severe_imbalance', 'stealing', 'imbalanceRatio', thresholds?.severeImbalance],
    ['work_stealing.max_tasks_per_cycle', 'stealing', 'perCycleMax', policy?.maxTasksPerCycle],
    ['work_stealing.prefer_lifo', 'stealing', 'order', orderOf(policy?.preferLifo)],
    ['capability_matching.normal', 'queue_defaults', 'match', capability_matching?.normal],
    ['priority_handling.threshold', 'stealing', 'protectFrom', priority_handling?.threshold],
  ]
  for (const meaning of meanings) if (meaning[3] !== undefined) put(meaning)
  for (const { yaml } of SECTIONS_002) delete sections[yaml]

  function put([path, name, option, value]: Meaning): void {
    const keys = name === 'stealing' ? STEALING_KEYS : QUEUE_KEYS
    const { yaml } = keys.find((key) => key.option === option)!
    const ours = sections[name] as Record<string, unknown> | false | undefined
    if (ours === false || (ours !== undefined && Object.hasOwn(ours, option))) {
      const why = ours === false ? `${name} is off` : `${name}.${yaml} says it already`
      findings.error(places.get(path) ?? 0, path, `${why}: keep one of them`)
      return
    }
    sections[name] = { ...ours, [option]: value }
  }
}

function orderOf(lifo: unknown): StealOrder | undefined {
  if (lifo === undefined) return undefined
  return lifo === true ? 'newest' : 'oldest'
}
