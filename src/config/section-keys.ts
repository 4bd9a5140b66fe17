/**
 * Keys of everything but queues, in the file and in TypeScript.
 *
 * Runs in any thread. Invariant: every key of `SchedulerOptions` that a file can say is here or has a
 * section of its own, once.
 */
import { LIMITS, SCHEDULER_DEFAULTS } from '../options.ts'
import { STRATEGY_DEFAULTS } from '../strategy-options.ts'
import { type Key, KeyMaker } from './key.ts'
import { LOG_FORMATS, LOG_LEVELS, SERVICE_DEFAULTS } from './service-options.ts'

export const ROUTERS_MAX = 16
/** With NATS; a scheduler that stands alone has none. */
export const ROUTERS_WITH_NATS = 2
export const PLACEMENTS = ['auto', 'routers', 'inline'] as const
export const DEAD_LETTER_ROUTES = ['keep', 'file', 'queue'] as const
/** Less does not hold a few chunks of the journal's writer. */
const JOURNAL_BYTES_MIN = 256 * 1024
const LEDGER_BYTES_MIN = 4 * 1024
const BYTES_MIN = 1024 * 1024
const BYTES_MAX = 2 ** 40
const KEEP_MAX = 10_000_000
const SERVERS_MAX = 64

const scheduler = new KeyMaker({
  ...SCHEDULER_DEFAULTS,
  routers: ROUTERS_WITH_NATS,
  payloadBytesMax: LIMITS.payloadBytesDefault,
  strategy: 'least_loaded',
  strictQueues: true,
  seed: 1,
  window: LIMITS.windowDefault,
  whenFull: 'wait',
  flowTasksMax: LIMITS.flowTasksDefault,
})

export const SCHEDULER_KEYS: readonly Key[] = [
  scheduler.name('name', 'name', 'Its name; random by default.'),
  scheduler.choice(
    'placement',
    'placement',
    PLACEMENTS,
    'Who places tasks: `auto` by measured cost, `routers`, or the front end `inline`.',
  ),
  scheduler.whole('routers', 'routers', [0, ROUTERS_MAX], 'Router threads.'),
  scheduler.strategy('strategy', 'strategy', 'Who chooses in queues that do not say.', {
    also: ['routing_strategy', 'algorithm'],
  }),
  scheduler.boolean(
    'strict_queues',
    'strictQueues',
    'Refuses queues that are not configured; else they come into being on first use.',
  ),
  scheduler.seconds('lease_seconds', 'leaseMs', 'An agent that is silent for so long is lost.', {
    min: 100,
    max: 3_600_000,
    also: ['lease', 'heartbeat_timeout', 'agent_timeout'],
  }),
  scheduler.whole(
    'payload_bytes_max',
    'payloadBytesMax',
    [1, 64 * 1024 * 1024],
    'Of one task; no more than the NATS server lets through.',
  ),
  scheduler.whole(
    'arena_bytes_max',
    'arenaBytesMax',
    [BYTES_MIN, BYTES_MAX],
    'Payloads and kept results held in all.',
  ),
  scheduler.whole('agents_max', 'agentsMax', [32, LIMITS.agentsMax], 'Agents at a time.', {
    multipleOf: 32,
  }),
  scheduler.whole('slots', 'slots', [32, 2 ** 20], 'Tasks that are offered or run at a time.', {
    multipleOf: 32,
  }),
  scheduler.whole(
    'agent_queue_max',
    'agentQueueMax',
    [1, LIMITS.agentQueueMax],
    'Tasks bound early that wait for one agent.',
  ),
  scheduler.whole(
    'flow_tasks_max',
    'flowTasksMax',
    [1, LIMITS.flowTasksMax],
    'Tasks of a flow: docs/flows.md.',
  ),
  scheduler.whole('seed', 'seed', [0, 2 ** 32 - 1], 'Of the strategies’ random numbers.'),
  scheduler.whole(
    'window',
    'window',
    [1, LIMITS.windowMax],
    'Tasks that calls in the scheduler’s own process may have in flight.',
  ),
  scheduler.choice(
    'when_full',
    'whenFull',
    ['wait', 'refuse'],
    'What such a call does when as many are.',
  ),
]

const nats = new KeyMaker({
  ...SCHEDULER_DEFAULTS,
  servers: [SCHEDULER_DEFAULTS.natsServer],
})

export const NATS_KEYS: readonly Key[] = [
  nats.texts('servers', 'servers', SERVERS_MAX, 'As host:port or nats://host:port.', {
    also: ['url', 'urls', 'server', 'address'],
  }),
  nats.text('user', 'user', 'Name to log in with; NATS_USER does as well.', { also: ['username'] }),
  nats.text('password', 'password', 'Better given in NATS_PASSWORD.', { isSecret: true }),
  nats.text('token', 'token', 'Better given in NATS_TOKEN.', { isSecret: true }),
  nats.name('prefix', 'prefix', 'First token of all subjects.'),
  nats.texts('inbox_prefixes', 'inboxPrefixes', 16, 'Replies go only below these prefixes.'),
  nats.boolean(
    'wildcard',
    'wildcard',
    'Listens for every queue; by default only where queues are not strict.',
  ),
  nats.seconds(
    'connect_timeout_seconds',
    'connectTimeoutMs',
    'How long the first connect may take.',
    {
      min: 1,
      max: 3_600_000,
    },
  ),
]

const agent = new KeyMaker({ concurrency: 1 })

export const AGENT_KEYS: readonly Key[] = [
  agent.text('subject', 'subject', 'Where it, or its queue group, answers requests.', {
    isRequired: true,
  }),
  agent.whole(
    'concurrency',
    'concurrency',
    [1, LIMITS.concurrencyMax],
    'Tasks at a time, for all that answer there together.',
  ),
  agent.name('name', 'name', 'The agent’s name; the subject with `-` for `.` by default.'),
  agent.texts(
    'queues',
    'queues',
    LIMITS.queuesPerAgentMax,
    'Queues it serves, `*` for all; the subject’s last token by default.',
  ),
  agent.names('capabilities', 'capabilities', LIMITS.capabilitiesMax, 'What it can do.'),
  agent.numbers('labels', 'labels', 'Numbers that tasks may compare.'),
  agent.numbers('specializations', 'specializations', 'How good it is at a type, 0 to 1.'),
]

const route = new KeyMaker({ route: 'keep' })

export const DEAD_LETTER_KEYS: readonly Key[] = [
  route.choice(
    'route',
    'route',
    DEAD_LETTER_ROUTES,
    '`keep` them; a line in a `file` besides; or go on in another `queue`.',
    { isRequired: true },
  ),
  route.path('file', 'file', 'With `route: file`: a line of JSON for each is added there.'),
  route.name('queue', 'queue', 'With `route: queue`: where the task goes on.'),
]

const letters = new KeyMaker(SCHEDULER_DEFAULTS.deadLettersKeep)

export const DEAD_LETTERS_KEEP_KEYS: readonly Key[] = [
  letters.whole('count', 'count', [1, LIMITS.deadLettersMax], 'So many; the oldest go first.'),
  letters.whole('bytes', 'bytes', [1, BYTES_MAX], 'So many bytes of payloads.'),
]

const dedup = new KeyMaker(SCHEDULER_DEFAULTS.dedup)

export const DEDUP_KEYS: readonly Key[] = [
  dedup.number(
    'window_seconds',
    'windowSeconds',
    [0, 30 * 24 * 3_600],
    'How long ids of finished tasks are known; 0 for not at all.',
    { also: ['window'] },
  ),
  dedup.whole('count', 'count', [0, LIMITS.dedupIdsMax], 'So many ids; the oldest go first.'),
]

const ledger = new KeyMaker(SCHEDULER_DEFAULTS.ledger)

export const LEDGER_KEYS: readonly Key[] = [
  ledger.path('directory', 'directory', 'Folder of its files; in memory alone without.', {
    also: ['folder', 'path', 'dir'],
  }),
  ledger.whole(
    'bytes_max',
    'bytesMax',
    [LEDGER_BYTES_MIN, BYTES_MAX],
    'Memory for the last stretch.',
  ),
  ledger.whole(
    'file_bytes_max',
    'fileBytesMax',
    [LEDGER_BYTES_MIN, BYTES_MAX],
    'A new file is begun beyond.',
  ),
  ledger.whole(
    'files_max',
    'filesMax',
    [0, 1_000_000],
    'The oldest files are deleted beyond; 0 for never.',
  ),
]

const keep = new KeyMaker(SCHEDULER_DEFAULTS.keep)

export const KEEP_KEYS: readonly Key[] = [
  keep.whole('count', 'count', [0, KEEP_MAX], 'Finished tasks kept for look-up.'),
  keep.number('age_seconds', 'ageSeconds', [0, 365 * 24 * 3_600], 'For so long.'),
  keep.whole('bytes', 'bytes', [0, BYTES_MAX], 'Bytes of kept results; the oldest go first.'),
]

const journal = new KeyMaker({ bytesMax: SCHEDULER_DEFAULTS.journalBytesMax })

export const JOURNAL_KEYS: readonly Key[] = [
  journal.path('file', 'file', 'Written there from the start; kept in memory without.'),
  journal.whole(
    'bytes_max',
    'bytesMax',
    [JOURNAL_BYTES_MIN, BYTES_MAX],
    'Of what waits to be written, or of what is kept.',
  ),
]

const learning = new KeyMaker(SCHEDULER_DEFAULTS.learning)

export const LEARNING_KEYS: readonly Key[] = [
  learning.boolean('enabled', 'enabled', 'Without, strategies go by what agents declared.'),
  learning.whole(
    'window_size',
    'windowSize',
    [1, LIMITS.windowSizeMax],
    'Results of an agent, and of an agent and type, that count.',
    { also: ['window', 'tracking_window_size'] },
  ),
]

const routing = new KeyMaker(STRATEGY_DEFAULTS)
const WEIGHT = [0, 1_000] as const
const SHARE = [0, 1] as const
const roundRobin = new KeyMaker(STRATEGY_DEFAULTS.roundRobin)
const hybrid = new KeyMaker(STRATEGY_DEFAULTS.hybrid)
const capability = new KeyMaker(STRATEGY_DEFAULTS.capability)
const bestFit = new KeyMaker(STRATEGY_DEFAULTS.bestFit)
const affinity = new KeyMaker(STRATEGY_DEFAULTS.affinity)

export const ROUTING_KEYS: readonly Key[] = [
  routing.group(
    'round_robin',
    'roundRobin',
    [roundRobin.boolean('weighted', 'weighted', 'An agent of capacity 4 has four turns in a row.')],
    'Of `round_robin`.',
  ),
  routing.group(
    'hybrid',
    'hybrid',
    [
      hybrid.number('load', 'load', WEIGHT, 'Weight of a low load.'),
      hybrid.number('specialization', 'specialization', WEIGHT, 'Weight of skill at the type.'),
      hybrid.number('performance', 'performance', WEIGHT, 'Weight of success and speed.'),
    ],
    'Weights of the sum of `hybrid`.',
  ),
  routing.group(
    'capability',
    'capability',
    [
      capability.number('exact', 'exact', WEIGHT, 'Factor where every requirement is met.'),
      capability.number('success', 'success', WEIGHT, 'Factor from `success_min` on.'),
      capability.number('success_min', 'successMin', SHARE, 'A success rate.'),
      capability.number('fast', 'fast', WEIGHT, 'Factor of one that is quicker than the mean.'),
      capability.number('busy', 'busy', WEIGHT, 'Factor of one that has any load.'),
    ],
    'Factors of the product of `capability_best`.',
  ),
  routing.group(
    'best_fit',
    'bestFit',
    [
      bestFit.number('match', 'match', WEIGHT, 'Weight of what it has of what is required.'),
      bestFit.number('queue', 'queue', WEIGHT, 'Taken off for each task in hand.'),
      bestFit.number('success', 'success', WEIGHT, 'Weight of its success rate.'),
    ],
    'Weights of the sum of `best_fit`.',
  ),
  routing.group(
    'affinity',
    'affinity',
    [
      affinity.number(
        'load_max',
        'loadMax',
        [1, 1_000],
        'An agent takes its keys until its load is so many times the fleet’s mean.',
      ),
    ],
    'Of `affinity`.',
  ),
  routing.number(
    'exploration',
    'exploration',
    SHARE,
    'Share of choices that try somebody who does not look best.',
  ),
]

const http = new KeyMaker(SERVICE_DEFAULTS.http)

export const HTTP_KEYS: readonly Key[] = [
  http.whole('port', 'port', [0, 65_535], 'Of `/metrics`, `/livez`, `/readyz`; 0 for a free one.', {
    none: null,
  }),
  http.text('host', 'host', 'Address that it listens on.'),
  http.text('token', 'token', 'Asked of every request; better given in SIGNALBOX_HTTP_TOKEN.', {
    isSecret: true,
  }),
]

const log = new KeyMaker(SERVICE_DEFAULTS.log)

export const LOG_KEYS: readonly Key[] = [
  log.choice('level', 'level', LOG_LEVELS, 'The least that is written.'),
  log.choice('format', 'format', LOG_FORMATS, '`auto`: text on a terminal, JSON elsewhere.'),
]
