/**
 * Generated input for everything that a scheduler listens to: a valid message of some kind, or one
 * with some of its parts replaced by what somebody may send by mistake or in malice.
 */
import fc from 'fast-check'

export interface Input {
  subject: string
  body: Uint8Array
  /** The header block as it goes over the wire. */
  block: string | undefined
  /** `call` and `outcome` are answered by an outcome, some time; `foreign` by nobody. */
  kind: 'task' | 'outcome' | 'call' | 'agent' | 'result' | 'api' | 'foreign'
}

export const SCHEDULER = 'fuzzed'
/** What a helpful agent must offer to be able to run every accepted task. */
export const CAPABILITIES = ['ocr', 'gpu', 'constructor']
export const LABELS = { gpu: 24 }

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const CORPUS = [
  '',
  '{',
  '[]',
  'null',
  '[['.repeat(40),
  '{"__proto__":{"x":1}}',
  '{"id":1,"id":2}',
  '\uFEFF{}',
  '"\\ud800"',
  '\0',
  '1e400',
  '-0',
  '{"instance":{"toString":1}}',
  '{"schedulers":{"fuzzed":null}}',
  'PUB x 0\r\n\r\n',
].map(text)
CORPUS.push(Uint8Array.from([0xc0, 0x80]), Uint8Array.from([0xff, 0xfe, 0x7b]))

/** Good names first; none of them may be the agent that really works. */
const name = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('work', 'a', 'b', 'c-1', 'D_2', 'x'.repeat(64)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'x'.repeat(65),
      '*',
      '$JS',
      '../',
      'ä',
      '🚂',
      '__proto__',
      'a~b',
      '-',
    ),
  },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 8 }).map(subjectSafe) },
)

/** What may stand in one token of a subject without ending the protocol's line. */
function subjectSafe(value: string): string {
  return value.replace(/[\s.\u0000]/g, '~') || '~'
}

const scalar = fc.oneof(
  name,
  fc.integer({ min: -2, max: 70_000 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom<unknown>(
    { toString: 1 },
    { valueOf: null, toString: null },
    [[[]]],
    1e21,
    '\r\n',
  ),
)
const names = fc.oneof(fc.array(name, { maxLength: 4 }), scalar)
const token = fc.oneof(
  fc.tuple(fc.nat(3), fc.nat(50), fc.nat(50)).map((parts) => parts.join('-')),
  fc.constantFrom('--', '1-1', '-1-1-1', '1-1-1-1', `${2 ** 53}-1-1`, '٣-1-1'),
  name,
)

/** An object with each of these keys, or not, or with something else in its place. */
function objectOf(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Uint8Array> {
  const parts = Object.entries(shape).map(([key, arbitrary]) =>
    fc.oneof(
      { weight: 12, arbitrary: arbitrary.map((value) => [[key, value]]) },
      { weight: 1, arbitrary: scalar.map((value) => [[key, value]]) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
  )
  const valid = fc
    .tuple(...parts)
    .map((entries) => text(JSON.stringify(Object.fromEntries(entries.flat()))))
  return fc.oneof(
    { weight: 8, arbitrary: valid },
    { weight: 1, arbitrary: fc.constantFrom(...CORPUS) },
    { weight: 1, arbitrary: valid.map((bytes) => bytes.subarray(0, bytes.length / 2)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
    { weight: 1, arbitrary: fc.json().map(text) },
  )
}

const headerName = fc.constantFrom(
  'Nats-Msg-Id',
  'Sb-Priority',
  'Sb-Timeout-Ms',
  'Sb-Retry-Count',
  'Sb-Outcome',
  'Sb-Type',
  'Sb-Prefers',
  'Sb-Strategy',
  'Sb-Match',
  'Sb-Key',
  'Sb-Deadline',
  'Sb-Ttl-Ms',
  'Sb-Deadline-Ms',
  'Sb-Sla-Target-Ms',
  'Sb-Retry-Delay-Ms',
  'Sb-Delay-Ms',
  'Sb-At',
  'Sb-Form',
  'Sb-Yield',
  'sb-priority',
  'X-Other',
  'traceparent',
  'Nats-Service-Error-Code',
  'Nats-Service-Error',
  'Sb-Code',
  'Sb-Retryable',
  'Bad Name',
  'Bad\u0001Name',
  '',
)
const headerValue = fc.oneof(
  fc.constantFrom('1', '0', '5', '-1', 'high', 'high ', 'NaN', '1e3', '100', '500', 'ocr', 'gpu'),
  fc.constantFrom('message', '1e18', 'Infinity', '-90', '9007199254740993', String(Date.now())),
  fc.constantFrom('random', 'affinity', 'best_fit', 'fallback', 'exact', 'capability'),
  fc.constantFrom(
    'ocr,gpu',
    'gpu>=24',
    'gpu>=',
    'a\rb',
    'a\nb',
    '\u001b[31m',
    'x'.repeat(9_000),
    '',
    ' ',
  ),
  name,
  fc.string({ maxLength: 20 }),
)
/** Either nobody could ever offer it and it is refused, or the helpful agent does. */
const requires = fc.constantFrom(
  ...CAPABILITIES,
  'ocr,gpu',
  ' gpu , ,ocr,gpu',
  ',',
  '',
  'gpu>=24',
  'gpu >= 2.4e1, ocr',
  'gpu>=',
  'gpu=>24',
  'a b',
  'ä',
  'x'.repeat(65),
  Array(33).fill('ocr').join(),
)
const headerLine = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(headerName, headerValue).map(([key, value]) => `${key}: ${value}`),
  },
  { weight: 1, arbitrary: requires.map((value) => `Sb-Requires: ${value}`) },
)
/** Lines with which a task is taken; few ids, so that they come again, some after their task is forgotten. */
const goodLine = fc.oneof(
  { weight: 2, arbitrary: fc.nat(40).map((n) => `Nats-Msg-Id: again-${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('Sb-Outcome: 1', 'Sb-Retry-Count: 1', 'X-Other: 1') },
)
const goodBlock = fc
  .uniqueArray(goodLine, { minLength: 1, maxLength: 2, selector: (line) => line.split(':')[0] })
  .map(blockOf)
const block = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: goodBlock },
  {
    weight: 5,
    arbitrary: fc.array(headerLine, { maxLength: 5 }).map(blockOf),
  },
  { weight: 1, arbitrary: fc.array(headerName, { minLength: 30, maxLength: 40 }).map(blockOf) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
)

function blockOf(lines: string[]): string {
  return `NATS/1.0\r\n${lines.join('\r\n')}\r\n\r\n`
}

const seconds = fc.oneof(fc.constantFrom<unknown>(1, 0.001, 0, -90, 1e18, '90'), scalar)
/** A task as a message; only what `Sb-Form` announces is read as one. */
const message = objectOf({
  message_id: name,
  task_type: name,
  priority: fc.constantFrom('NORMAL', 'critical', 3, 7, null),
  destination_queue: name,
  payload: fc.jsonValue({ maxDepth: 2 }),
  routing: fc.record({ max_retries: fc.nat(3), retry_delay_seconds: seconds }),
  metadata: fc.record({ ttl_seconds: seconds, sla_target_seconds: seconds }),
})
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  message,
  fc.constant(new Uint8Array(4 * 1024 + 1)),
  fc.constantFrom(...CORPUS, new Uint8Array(256 * 1024 + 1)),
)
const level = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('', '.1', '.3', '.5') },
  { weight: 1, arbitrary: fc.constantFrom('.0', '.6', '.high', '.*') },
)

const submit = fc
  .tuple(fc.constantFrom('task', 'call'), name, level, payload, block)
  .map(([verb, queue, priority, body, headers]): Input => {
    const kind = verb === 'call' ? 'call' : /Sb-Outcome: 1/.test(headers ?? '') ? 'outcome' : 'task'
    return { subject: `sb.${verb}.${queue}${priority}`, body, block: headers, kind }
  })

const fromAgent = (verb: string, shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(name, objectOf(shape), block).map(
    ([id, body, headers]): Input => ({
      subject: `sb.from.${id}.${verb}`,
      body,
      block: headers,
      kind: 'agent',
    }),
  )

const instance = fc.oneof(
  fc.constantFrom('i1', 'i2', 'i3'),
  fc.nat(2_000).map((n) => `i${n}`),
)
/** Mostly none; of a few agents that offer much, only the helpful one must have enough. */
const numbers = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom({}, { gpu: 8 }, { gpu: 1, ocr: 0.5 }) },
  { weight: 1, arbitrary: fc.dictionary(name, scalar, { maxKeys: 3 }) },
  { weight: 1, arbitrary: scalar },
)
const hello = fromAgent('hello', {
  instance,
  queues: fc.oneof(fc.constantFrom(['*'], ['work']), names),
  capabilities: names,
  labels: numbers,
  specializations: numbers,
  concurrency: fc.integer({ min: -1, max: 3 }),
  beats: fc.boolean(),
  preemptible: fc.boolean(),
  recalls: fc.boolean(),
})
const reported = fc.record({ seen: scalar, running: fc.oneof(fc.array(token), scalar) })
const beat = fromAgent('beat', {
  instance,
  schedulers: fc.oneof(
    fc.record({ [SCHEDULER]: fc.oneof(reported, scalar) }),
    fc.dictionary(name, fc.oneof(reported, scalar), { maxKeys: 3 }),
  ),
  load: fc.oneof(fc.nat(3), scalar),
})
const bye = fromAgent('bye', { instance, drain: fc.boolean() })

const result = fc
  .tuple(
    name,
    fc.oneof({ weight: 9, arbitrary: fc.constant(SCHEDULER) }, { weight: 1, arbitrary: name }),
    fc.oneof(fc.nat(40).map(String), name),
    token,
    payload,
    block,
  )
  .map(
    ([id, scheduler, slot, word, body, headers]): Input => ({
      subject: `sb.from.${id}.${scheduler}.result.${slot}.${word}`,
      body,
      block: headers,
      kind: scheduler === SCHEDULER ? 'result' : 'foreign',
    }),
  )

const verb = fc.constantFrom(
  'status',
  'agents',
  'task',
  'cancel',
  'drain',
  'task',
  'cancel',
  'tasks',
  'nope',
)
const state = fc.constantFrom<unknown>('pending', 'completed', 'dead', 'asleep', null)
const limit = fc.constantFrom<unknown>(1, 1_000, 0, 1.5, -0, '10', Number.POSITIVE_INFINITY, [])
const cursor = fc.constantFrom<unknown>(
  null,
  `${SCHEDULER}.1.k`,
  'a.1.o5',
  `${SCHEDULER}.1.o-1`,
  {},
)
const call = fc
  .tuple(
    verb,
    fc.constantFrom('any', SCHEDULER, 'any', 'nobody'),
    objectOf({ id: name, agent: name, queue: name, state, limit, cursor }),
  )
  .map(
    ([word, target, body]): Input => ({
      subject: `sb.api.${word}.${target}`,
      body,
      block: undefined,
      kind: target === 'nobody' ? 'foreign' : 'api',
    }),
  )

/** What an agent might answer a task with. */
export function generateResults(count: number, seed: number): Pick<Input, 'body' | 'block'>[] {
  return fc.sample(fc.record({ body: payload, block }), { numRuns: count, seed })
}

/** @returns that many inputs, always the same ones for a seed. */
export function generateInputs(count: number, seed: number): Input[] {
  const arbitrary = fc.oneof(
    { weight: 6, arbitrary: submit },
    { weight: 3, arbitrary: hello },
    { weight: 3, arbitrary: beat },
    { weight: 1, arbitrary: bye },
    { weight: 4, arbitrary: result },
    { weight: 3, arbitrary: call },
  )
  return fc.sample(arbitrary, { numRuns: count, seed })
}
