import { expect, test } from 'vitest'
import { text } from '../support/files.ts'
import { configuration, findings, lines } from './support.ts'

const SEVEN = text('test/config/queue-config.yaml')

test('config: source document 004’s file is taken as it stands there', () => {
  const { scheduler } = configuration(SEVEN)
  expect(scheduler.queues).toEqual({
    data_validation: {
      type: 'fifo',
      priority: 3,
      concurrency: 3,
      ttlMs: 30_000,
      retryCount: 0,
      timeoutMs: 30_000,
      deadLetterQueue: 'validation_errors',
      batchSize: 10,
    },
    gap_analysis: {
      type: 'fifo',
      priority: 3,
      concurrency: 2,
      ttlMs: 90_000,
      retryCount: 1,
      timeoutMs: 120_000,
      deadLetterQueue: 'gap_analysis_errors',
      batchSize: 5,
      retryDelayMs: 30_000,
    },
    predicate_ranking: {
      type: 'fifo',
      priority: 3,
      concurrency: 2,
      ttlMs: 120_000,
      retryCount: 2,
      timeoutMs: 180_000,
      deadLetterQueue: 'ranking_errors',
      batchSize: 3,
      retryDelayMs: 60_000,
      exponentialBackoff: true,
    },
    confidence_filtering: {
      type: 'fifo',
      priority: 4,
      concurrency: 1,
      ttlMs: 30_000,
      retryCount: 0,
      timeoutMs: 30_000,
      deadLetterQueue: 'routing_errors',
      batchSize: 50,
    },
    ra_review_high: {
      type: 'priority',
      priority: 4,
      concurrency: 3,
      ttlMs: 600_000,
      retryCount: 0,
      timeoutMs: 600_000,
      deadLetterQueue: 'ra_review_errors',
      slaTargetMs: 600_000,
    },
    ra_review_medium: {
      type: 'fifo',
      priority: 3,
      concurrency: 2,
      ttlMs: 1_800_000,
      retryCount: 0,
      timeoutMs: 1_800_000,
      deadLetterQueue: 'ra_review_errors',
      slaTargetMs: 1_800_000,
    },
    expert_review_low: {
      type: 'fifo',
      priority: 2,
      concurrency: 1,
      ttlMs: 7_200_000,
      retryCount: 0,
      timeoutMs: 7_200_000,
      deadLetterQueue: 'expert_review_errors',
      slaTargetMs: 7_200_000,
    },
  })
  expect(scheduler.strictQueues).toBe(true)
  expect(findings(SEVEN)).toEqual([])
})

test('config: the example has source document 004’s seven queues with its numbers, and its routes', () => {
  const { scheduler } = configuration(text('examples/regulatory-review/signalbox.yaml'))
  const seven = configuration(SEVEN).scheduler.queues!
  for (const [name, { concurrency, ...options }] of Object.entries(seven)) {
    expect(scheduler.queues?.[name], name).toMatchObject(options)
    // Of people the capacity of their inbox bounds it.
    const isOfPeople = name.includes('review')
    expect(scheduler.queues?.[name].concurrency, name).toBe(isOfPeople ? undefined : concurrency)
  }
  expect(findings(text('examples/regulatory-review/signalbox.yaml'))).toEqual([])
  const attainment = ['ra_review_high', 'ra_review_medium', 'expert_review_low'].map(
    (name) => scheduler.queues?.[name].slaAttainment,
  )
  expect(attainment).toEqual([0.95, 0.9, 0.9])
  expect(scheduler.deadLetters).toMatchObject({
    validation_errors: { route: 'file' },
    gap_analysis_errors: { route: 'queue', queue: 'manual_gap_analysis' },
    ranking_errors: { route: 'queue', queue: 'basic_ranking' },
    routing_errors: { route: 'queue', queue: 'ra_review_medium' },
    ra_review_errors: { route: 'queue', queue: 'supervisor' },
    expert_review_errors: { route: 'queue', queue: 'supervisor' },
  })
})

test('config: every section comes to its options', () => {
  const { scheduler, service } = configuration(`
scheduler: {name: box, placement: ROUTERS, routers: 3, lease_seconds: 2.5, strict_queues: false}
queues:
  a: {sla_targets: {critical: 300, low: 1.5}, boost_after_seconds: {low: 60}, retry_on: null}
  b:
queue_defaults: {strategy: StrategyLeastLoaded, sla_attainment_percent: 99.5, escalate_on: []}
dead_letters: {a: {route: file, file: a.jsonl}}
dead_letters_keep: {count: 5}
dedup: {window_seconds: 10}
keep: {age_seconds: 60}
ledger: false
journal: {file: run.sbj}
nats: {servers: 'a:1', user: me, password: secret, prefix: sbx, connect_timeout_seconds: 1}
agents: [{subject: work.a, queues: '*', labels: {gpu: 24}}]
routing: {hybrid: {load: 0.5}, exploration: 0}
strategies: {mine: ./mine.mjs}
learning: {window_size: 10}
http: {port: 9100}
log: {level: WARN}
`)
  const { deadLetters, journal, strategies, ...rest } = scheduler
  expect(rest).toEqual({
    name: 'box',
    placement: 'routers',
    routers: 3,
    leaseMs: 2_500,
    strictQueues: false,
    queues: {
      a: {
        slaTargetsMs: { critical: 300_000, low: 1_500 },
        boostAfterMs: { low: 60_000 },
        retryOn: null,
      },
      b: {},
    },
    queueDefaults: { strategy: 'least_loaded', slaAttainment: 0.995, escalateOn: [] },
    deadLettersKeep: { count: 5 },
    dedup: { windowSeconds: 10 },
    keep: { ageSeconds: 60 },
    ledger: false,
    nats: {
      servers: ['a:1'],
      user: 'me',
      password: 'secret',
      prefix: 'sbx',
      connectTimeoutMs: 1_000,
      agents: [{ subject: 'work.a', queues: ['*'], labels: { gpu: 24 } }],
    },
    routing: { hybrid: { load: 0.5 }, exploration: 0 },
    learning: { windowSize: 10 },
  })
  expect(service).toEqual({ http: { port: 9_100 }, log: { level: 'warn' } })
  for (const path of [deadLetters?.a, journal, { file: strategies?.mine }]) {
    expect((path as { file: string }).file).toMatch(/^\/.*\.(jsonl|sbj|mjs)$/)
  }
})

/** What is written, and what is said of it: line, column, path, value, sentence. */
const WRONG: [string, string[]][] = [
  ['quues: {}', ['1:1: quues: it is unknown; did you mean queues?']],
  ['colour: red', ['1:1: colour: it is unknown; docs/configuration.md lists all.']],
  [
    'queues:\n  ocr:\n    ttl_second: 30',
    ['3:5: queues.ocr.ttl_second: it is unknown; did you mean ttl_seconds?'],
  ],
  [
    'queues:\n  ocr:\n    ttlMs: 30',
    ['3:5: queues.ocr.ttlMs: it is unknown; did you mean ttl_seconds?'],
  ],
  [
    'queues:\n  ocr:\n    max_retries: 3',
    ['3:5: queues.ocr.max_retries: it is unknown; did you mean retry_count?'],
  ],
  [
    'queues:\n  ocr:\n    blah: 30',
    ['3:5: queues.ocr.blah: it is unknown; docs/configuration.md lists all.'],
  ],
  [
    'queues:\n  ocr:\n    priority: HIHG',
    [
      '3:15: queues.ocr.priority: "HIHG": give background, low, normal, high or critical, or 1 to 5; did you mean "high"?',
    ],
  ],
  [
    'queues: {ocr: {priority: 9}}',
    ['1:26: queues.ocr.priority: "9": give background, low, normal, high or critical, or 1 to 5.'],
  ],
  [
    'queues: {ocr: {type: LIFO}}',
    ['1:22: queues.ocr.type: "LIFO": give priority or fifo; did you mean "fifo"?'],
  ],
  [
    'queues: {ocr: {retry_count: -1}}',
    ['1:29: queues.ocr.retry_count: "-1": give a whole number from 0 to 100.'],
  ],
  [
    'queues: {ocr: {retry_count: 1.5}}',
    ['1:29: queues.ocr.retry_count: "1.5": give a whole number from 0 to 100.'],
  ],
  [
    'queues: {ocr: {ttl_seconds: "30"}}',
    ['1:29: queues.ocr.ttl_seconds: "30": give seconds from 0 to 2592000, without quotes.'],
  ],
  [
    'queues: {ocr: {ttl_seconds: 30s}}',
    ['1:29: queues.ocr.ttl_seconds: "30s": give seconds from 0 to 2592000; did you mean 30?'],
  ],
  [
    'queues: {ocr: {ttl_seconds: 1.5h, ttl_ms: 5}}',
    [
      '1:29: queues.ocr.ttl_seconds: "1.5h": give seconds from 0 to 2592000; did you mean 5400?',
      '1:35: queues.ocr.ttl_ms: it is unknown; did you mean ttl_seconds?',
    ],
  ],
  [
    'queues: {ocr: {retry_on: timeout}}',
    [
      '1:26: queues.ocr.retry_on: "timeout": give a list of at most 32 names, or null; did you mean [timeout]?',
    ],
  ],
  [
    'queues: {ocr: {ttl_seconds: 0.0004}}',
    ['1:29: queues.ocr.ttl_seconds: "0.0004": give seconds to a thousandth, no finer.'],
  ],
  [
    'queues: {ocr: {processing_timeout: 0}}',
    ['1:36: queues.ocr.processing_timeout: "0": give seconds from 0.001 to 2592000.'],
  ],
  [
    'queues: {ocr: {sla_attainment_percent: 0.95, sla_attainment: 1}}',
    ['1:46: queues.ocr.sla_attainment: it is unknown; did you mean sla_attainment_percent?'],
  ],
  [
    'queues: {ocr: {explain: yes}}',
    ['1:25: queues.ocr.explain: "yes": give true or false; did you mean true?'],
  ],
  [
    'queues:\n  ocr:\n    ttl_seconds:\n',
    ['3:5: queues.ocr.ttl_seconds: it has no value: give one, or leave the key out.'],
  ],
  [
    'queues: {ocr: {dead_letter_queue: a b}}',
    [
      '1:35: queues.ocr.dead_letter_queue: "a b": give a name: 1 to 64 of the characters A-Z a-z 0-9 _ and -, or "" for none.',
    ],
  ],
  [
    'queues: {ocr: {dead_letter_queue: 404}}',
    [
      '1:35: queues.ocr.dead_letter_queue: "404": give a name: 1 to 64 of the characters A-Z a-z 0-9 _ and -, or "" for none, in quotes.',
    ],
  ],
  [
    'queues:\n  ocr:\n    retry_on:\n      - timeout\n      - api error',
    ['5:9: queues.ocr.retry_on: "api error": give a list of at most 32 names, or null.'],
  ],
  [
    'queues: {ocr: {strategy: round_robbin}}',
    [
      expect.stringMatching(
        /^1:26: queues\.ocr\.strategy: "round_robbin": known are affinity, .*; did you mean "round_robin"\?$/,
      ) as unknown as string,
    ],
  ],
  [
    'queues: {ocr: {boost_after_seconds: {high: 5}}}',
    [
      '1:38: queues.ocr.boost_after_seconds.high: it is unknown; known are background, low, normal.',
    ],
  ],
  ['queues: {ocr: 5}', ['1:15: queues.ocr: "5": give keys below it.']],
  ['queues: [a, b]', ['1:9: queues: (a list): give keys below it.']],
  [
    'queues:\n  a.b: {}',
    ['2:3: queues: "a.b": it is no name: use 1 to 64 of the characters A-Z a-z 0-9 _ and -.'],
  ],
  [
    'queues:\n  a: {}\n  b: {}\n  a: {ttl_seconds: 1}',
    ['4:3: queues.a: it stands here twice: give it once.'],
  ],
  [
    'queues: {a: &x {ttl_seconds: 1}, b: {<<: *x}}',
    ['1:38: queues.b.<<: YAML 1.2 has no merge keys: put what is common under queue_defaults.'],
  ],
  [
    'scheduler: {slots: 100}',
    ['1:20: scheduler.slots: "100": give a whole number from 32 to 1048576, a multiple of 32.'],
  ],
  [
    'dead_letters: {a: {queue: b}}\nqueues: {a: , b: }',
    ['1:16: dead_letters.a: "route" is missing.'],
  ],
  [
    'dead_letters: {a: {route: file}}\nqueues: {a: }',
    ['1:27: dead_letters.a: route file needs "file".'],
  ],
  [
    'dead_letters: {a: {route: keep, file: x}}\nqueues: {a: }',
    ['1:39: dead_letters.a.file: route keep has no use for it: give route: file.'],
  ],
  ['ledger: no', ['1:9: ledger: "no": give keys below it, or false.']],
  [
    'nats: {servers: "http://u:secret@x"}',
    [
      '1:17: nats.servers: The NATS address "http://…@x" of the file is none: give host:port or nats://host:port.',
    ],
  ],
  ['nats: {password: [secret]}', ['1:18: nats.password: give a text.']],
  [
    'agents:\n  - subject: work.*\n    queues: [a]\nqueues: {a: }',
    ['2:5: agents[0]: subject "work.*": wildcards receive and cannot be sent to.'],
  ],
  [
    'agents:\n  - subject: work.b\nqueues: {a: }',
    ['2:5: agents[0]: queues "b": it is none of the configured queues (a); say which it serves.'],
  ],
  [
    'agents:\n  - {subject: w.a}\n  - {subject: x.a, name: w-a}\nqueues: {a: }',
    ['3:5: agents[1]: "w-a": another agent has the name: give each its own.'],
  ],
  ['agents:\n  - concurrency: 2', ['2:5: agents[0]: "subject" is missing.']],
  ['agents: {subject: a}', ['1:9: agents: (an object): give a list: a line with "-" for each.']],
  [
    'strategies: {random: ./x.mjs}',
    ['1:14: strategies.random: a strategy of that name comes with Signalbox: give it another.'],
  ],
  ['strategies: {mine: 5}', ['1:20: strategies.mine: "5": give the path of its module.']],
  [
    'http: {port: 70000}',
    ['1:14: http.port: "70000": give a whole number from 0 to 65535, or null.'],
  ],
  ['- a', ['1:1: give sections: queues, nats, scheduler, ….']],
  ['queues:\n\tocr: {}', ['2:1: tabs are not allowed as indentation: indent with spaces.']],
  [
    'queues: {a: }\n---\nqueues: {b: }',
    [
      expect.stringMatching(
        /there is a second document: a configuration is one\.$/,
      ) as unknown as string,
    ],
  ],
  ['queues: *nobody', ['1:9: "nobody": nothing of this name stands above it.']],
]

test.each(WRONG)(
  'config: %j is answered with line, column, path, value and what to do',
  (given, said) => {
    expect(lines(given)).toEqual(said)
  },
)

test('config: everything that is wrong is told at once, in the order of the file', () => {
  const told = lines(
    'queues:\n  a: {ttl_seconds: x, retry_count: y}\n  b: {priority: z}\nlog: {level: loud}\n',
  )
  expect(told.map((line) => line.split(': ')[1])).toEqual([
    'queues.a.ttl_seconds',
    'queues.a.retry_count',
    'queues.b.priority',
    'log.level',
  ])
})

test('config: a password never stands in a finding', () => {
  const all = JSON.stringify([
    findings('nats: {password: 5, token: [hush], servers: "x://me:hush@h"}'),
    findings('http: {token: {hush: 1}}'),
  ])
  expect(all).not.toContain('hush')
  expect(all).toContain('nats.password')
})

test('config: an alias stands for what it names', () => {
  const { scheduler } = configuration('queues:\n  a: &x {ttl_seconds: 5}\n  b: *x\n')
  expect(scheduler.queues).toEqual({ a: { ttlMs: 5_000 }, b: { ttlMs: 5_000 } })
})

test('config: an empty file, and one of comments alone, say nothing', () => {
  for (const empty of ['', '# nothing\n', '---\n', '\ufeff']) {
    expect(configuration(empty).scheduler).toEqual({ strictQueues: true, queues: {} })
  }
})
