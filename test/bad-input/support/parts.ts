/**
 * What generated messages are made of: names, tokens, JSON, header blocks and payloads, good ones and some
 * that somebody may send by mistake or in malice.
 */
import fc from 'fast-check'

export const SCHEDULER = 'fuzzed'
/** What a helpful agent must offer to be able to run every accepted task. */
export const CAPABILITIES = ['ocr', 'gpu', 'constructor']
export const LABELS = { gpu: 24 }

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

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
export const name = fc.oneof(
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

export const scalar = fc.oneof(
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
export const names = fc.oneof(fc.array(name, { maxLength: 4 }), scalar)
export const token = fc.oneof(
  fc.tuple(fc.nat(3), fc.nat(50), fc.nat(50)).map((parts) => parts.join('-')),
  fc.constantFrom('--', '1-1', '-1-1-1', '1-1-1-1', `${2 ** 53}-1-1`, '٣-1-1'),
  name,
)

/** An object with each of these keys, or not, or with something else in its place. */
export function objectOf(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Uint8Array> {
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
  'Sb-After',
  'Sb-On-Parent-Failure',
  'Sb-Decide',
  'Sb-Decide-By',
  'Sb-Inputs',
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
const voters = fc.constantFrom('0', '17', '-2', '1e1', 'NaN', '', 'two', '9007199254740993')
const headerLine = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(headerName, headerValue).map(([key, value]) => `${key}: ${value}`),
  },
  { weight: 1, arbitrary: requires.map((value) => `Sb-Requires: ${value}`) },
  // None that is taken: each such task would be several.
  { weight: 1, arbitrary: voters.map((value) => `Sb-Voters: ${value}`) },
)
/** Lines with which a task is taken; few ids, so that they come again, some after their task is forgotten. */
const goodLine = fc.oneof(
  { weight: 2, arbitrary: fc.nat(40).map((n) => `Nats-Msg-Id: again-${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('Sb-Outcome: 1', 'Sb-Retry-Count: 1', 'X-Other: 1') },
  { weight: 1, arbitrary: fc.nat(40).map((n) => `Sb-After: again-${n}`) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('fail', 'skip', 'continue')
      .map((way) => `Sb-On-Parent-Failure: ${way}`),
  },
)
const goodBlock = fc
  .uniqueArray(goodLine, { minLength: 1, maxLength: 2, selector: (line) => line.split(':')[0] })
  .map(blockOf)
export const block = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: goodBlock },
  {
    weight: 5,
    arbitrary: fc.array(headerLine, { maxLength: 5 }).map(blockOf),
  },
  { weight: 1, arbitrary: fc.array(headerName, { minLength: 30, maxLength: 40 }).map(blockOf) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
)

export function blockOf(lines: string[]): string {
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
export const payload = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  message,
  fc.constant(new Uint8Array(4 * 1024 + 1)),
  fc.constantFrom(...CORPUS, new Uint8Array(256 * 1024 + 1)),
)
export const level = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('', '.1', '.3', '.5') },
  { weight: 1, arbitrary: fc.constantFrom('.0', '.6', '.high', '.*') },
)
