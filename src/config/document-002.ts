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

type Said = Record<string, Record<string, unknown> | undefined>

/** Path in the file, the option there, and section and option that are meant. */
const MEANINGS = [
  ['strategy', '', 'stealing', 'mode'],
  ['thresholds.busy', 'busy', 'stealing', 'busyAbove'],
  ['thresholds.idle', 'idle', 'stealing', 'idleBelow'],
  ['thresholds.rebalance', 'rebalance', 'stealing', 'intervalMs'],
  ['thresholds.severe_imbalance', 'severeImbalance', 'stealing', 'imbalanceRatio'],
  ['work_stealing.max_tasks_per_cycle', 'maxTasksPerCycle', 'stealing', 'perCycleMax'],
  ['work_stealing.prefer_lifo', 'preferLifo', 'stealing', 'order'],
  ['capability_matching.normal', 'normal', 'queue_defaults', 'match'],
  ['priority_handling.threshold', 'threshold', 'stealing', 'protectFrom'],
] as const

/** @returns where an option of ours is said in their words. */
export function pathOf002(section: string, option: string): string | undefined {
  return MEANINGS.find(([, , ...meant]) => meant[0] === section && meant[1] === option)?.[0]
}

/** Moves what the sections of the document say to the sections that they mean. */
export function mergeDocument002(
  sections: Record<string, unknown>,
  findings: Findings,
  places: ReadonlyMap<string, number>,
): void {
  for (const [path, theirOption, section, option] of MEANINGS) {
    const said = (sections as Said)[path.split('.')[0]]
    const value = theirOption === '' ? said : said?.[theirOption]
    if (value !== undefined) put(path, section, option, option === 'order' ? orderOf(value) : value)
  }
  for (const { yaml } of SECTIONS_002) delete sections[yaml]

  function put(path: string, name: string, option: string, value: unknown): void {
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

function orderOf(lifo: unknown): StealOrder {
  return lifo === true ? 'newest' : 'oldest'
}
