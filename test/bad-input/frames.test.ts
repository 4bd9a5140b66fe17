import fc from 'fast-check'
import type { Msg, NatsConnection } from 'nats'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { AnswerReader } from '../../src/wire/frames.ts'
import { type FrameItem, FrameSubmitter, submitFrame } from '../support/frame-submitter.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { ask, CONTROL, GRANTED, rawHeaders, readAnswer } from './support/ask.ts'
import { itemsOf } from './support/frame-items.ts'

const SEED = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
const FUZZED = process.env.SOAK === '1' ? 50_000 : 5_000
/** Frames on their way at a time. */
const WINDOW = 200
const NUMBER = 4_711
const HEAD = 16

const ITEMS: FrameItem[] = [
  { number: 1, id: 'order-17', requires: 'ocr,gpu', payload: 'first' },
  { number: 2, payload: '', retryCount: 3 },
  { number: 3, id: 'b', payload: 'third', timeoutMs: 500, wants: 'outcome' },
]
const WHOLE = submitFrame(ITEMS, NUMBER)
/** Of version 2. */
const EXTENDED = submitFrame(
  [
    {
      number: 6,
      requires: 'ocr',
      payload: 'sixth',
      extension: { type: 'scan', strategy: 'random', match: 3, prefers: 'gpu', key: 'k' },
    },
    { number: 7, payload: 'seventh', extension: { key: 'k' } },
  ],
  NUMBER,
)
/** Of version 3. */
const PROMISED = submitFrame(
  [
    { number: 8, payload: 'eighth', own: { ttlMs: 5_000 }, extension: { key: 'k' } },
    { number: 9, payload: 'ninth', own: { delayMs: 5 } },
    { number: 10, payload: 'tenth', atMs: 1 },
  ],
  NUMBER,
)
/** Of the first item of `EXTENDED`, which has no id. */
const EXTENSION_AT = HEAD + 20 + 3

const nats = withNats()
let scheduler: Scheduler
let nc: NatsConnection
let submitter: FrameSubmitter

beforeAll(async () => {
  nc = await nats.connect()
  scheduler = new Scheduler({ nats: { servers: nats.url, wildcard: true }, routers: 0 })
  await scheduler.start()
  await scheduler.agent(
    { queues: ['*'], capabilities: ['ocr', 'gpu'], concurrency: 100 },
    (task) => task.payload,
  )
  submitter = new FrameSubmitter(nc)
})
afterAll(() => scheduler.stop())

/** Whatever was refused before: a frame is still taken, and its tasks complete. */
afterEach(async () => {
  const other = new FrameSubmitter(nc)
  other.submit('work', [{ number: 5, payload: 'still there' }])
  expect(Buffer.from((await other.answer(5, 'outcome')).payload).toString()).toBe('still there')
  expect(scheduler.statusNow().tasks.lost).toBe(0)
})

/** As `WHOLE`, with something else written over it. */
function lying(at: number, ...bytes: number[]): Uint8Array {
  return overwritten(WHOLE, at, bytes)
}

function overwritten(whole: Uint8Array, at: number, bytes: number[]): Uint8Array {
  const frame = whole.slice()
  frame.set(bytes, at)
  return frame
}

/** One answer for the whole frame, counted once, and nothing admitted. */
async function expectRefused(
  frame: Uint8Array,
  code: 'bad_frame' | 'frame_version',
  number = `${NUMBER}`,
): Promise<void> {
  const before = scheduler.statusNow()
  const plain = submitter.plain.length
  const answer = await submitter.refused('sb.frame.work.3', frame)
  expect(answer).toMatchObject({ status: 400, code, frame: number })
  expect(answer.message.length).toBeGreaterThan(20)
  expect(answer.message).not.toMatch(CONTROL)
  await nc.flush()
  expect([submitter.plain.length, submitter.answers.length]).toEqual([plain + 1, 0])
  const { tasks, refused } = scheduler.statusNow()
  expect(tasks).toEqual(before.tasks)
  expect(refused[code]).toBe((before.refused[code] ?? 0) + 1)
}

test('bad frames: a frame cut at any byte is refused as a whole', async () => {
  for (let length = 0; length < WHOLE.length; length++) {
    await expectRefused(WHOLE.slice(0, length), 'bad_frame', length < HEAD ? '' : `${NUMBER}`)
  }
  await expectRefused(Buffer.concat([WHOLE, Buffer.alloc(1)]), 'bad_frame')
  await expectRefused(Buffer.concat([WHOLE, WHOLE]), 'bad_frame')
})

test.each<[string, number, number[]]>([
  ['no magic', 0, [0, 0]],
  ['the magic turned round', 0, [0x42, 0x53]],
  ['version 0', 2, [0]],
  ['kind 0', 3, [0]],
  ['the kind of an answer', 3, [2]],
  ['the kind of work', 3, [3]],
  ['a kind that is none', 3, [255]],
  ['no items', 4, [0, 0]],
  ['fewer items than it has', 4, [2, 0]],
  ['more items than it has', 4, [4, 0]],
  ['65 items', 4, [65, 0]],
  ['65,535 items', 4, [255, 255]],
  ['flags in the head', 6, [1, 0]],
  ['other flags in the head', 6, [0, 128]],
  ['a payload a byte longer', HEAD + 4, [6, 0, 0, 0]],
  ['a payload a byte shorter', HEAD + 4, [4, 0, 0, 0]],
  ['a payload of 4 GiB', HEAD + 4, [255, 255, 255, 255]],
  ['a payload of 2 GiB', HEAD + 4, [0, 0, 0, 128]],
  ['unknown flags of an item', HEAD + 13, [4]],
  ['all flags of an item', HEAD + 13, [255]],
  ['an id a byte longer', HEAD + 14, [9]],
  ['an id of 255 bytes', HEAD + 14, [255]],
  ['something where 0 is to be', HEAD + 15, [1]],
  ['required capabilities of 65,535 bytes', HEAD + 16, [255, 255]],
  ['required capabilities a byte shorter', HEAD + 16, [6, 0]],
  ['something behind the required capabilities', HEAD + 18, [0, 1]],
])('bad frames: %s is refused as a whole', async (_, at, bytes) => {
  await expectRefused(lying(at, ...bytes), 'bad_frame')
})

test('bad frames: a number that is not exact is refused, and not named wrongly', async () => {
  await expectRefused(lying(8, 0, 0, 0, 0, 0, 0, 0x20, 0), 'bad_frame', '')
  await expectRefused(lying(8, 255, 255, 255, 255, 255, 255, 255, 255), 'bad_frame', '')
  const largest = lying(8, 255, 255, 255, 255, 255, 255, 0x1f, 0)
  await expectRefused(largest.slice(0, -1), 'bad_frame', `${Number.MAX_SAFE_INTEGER}`)
})

test('bad frames: a newer version is refused by a code of its own, which says what is spoken', async () => {
  for (const version of [4, 5, 255]) await expectRefused(lying(2, version), 'frame_version')
  expect(submitter.plain.at(-1)!.message).toContain('version 3')
  // Nothing else of a newer version is known, so nothing else of it is looked at.
  await expectRefused(lying(2, 4, 99, 0, 0, 255, 255), 'frame_version')
})

test('bad frames: an extended frame cut at any byte is refused as a whole', async () => {
  for (let length = HEAD; length < EXTENDED.length; length++) {
    await expectRefused(EXTENDED.slice(0, length), 'bad_frame')
  }
})

test.each<[string, number, number[]]>([
  ['an extension in version 1', 2, [1]],
  ['an extension that no flag announces', HEAD + 13, [3]],
  ['an extension a byte longer', HEAD + 18, [21, 0]],
  ['an extension too short for its lengths', HEAD + 18, [5, 0]],
  ['an extension of 65,535 bytes', HEAD + 18, [255, 255]],
  ['a key of 255 bytes', EXTENSION_AT, [255]],
  ['a type a byte shorter', EXTENSION_AT + 1, [3]],
  ['a strategy a byte longer', EXTENSION_AT + 2, [7]],
  ['a match that is none', EXTENSION_AT + 3, [4]],
  ['preferences of 65,535 bytes', EXTENSION_AT + 4, [255, 255]],
])('bad frames: %s is refused as a whole', async (_, at, bytes) => {
  await expectRefused(overwritten(EXTENDED, at, bytes), 'bad_frame')
})

test('bad frames: a frame with promises, cut at any byte, is refused as a whole', async () => {
  for (let length = HEAD; length < PROMISED.length; length++) {
    await expectRefused(PROMISED.slice(0, length), 'bad_frame')
  }
})

test.each<[string, number, number[]]>([
  ['promises in version 1', 2, [1]],
  ['promises in version 2', 2, [2]],
  ['promises that no flag announces', HEAD + 13, [7]],
  ['promises announced where there are none', HEAD + 13, [31]],
  ['a key that reaches into promises', HEAD + 20, [2]],
  ['an extension that reaches into promises', HEAD + 18, [8, 0]],
  ['a time that is not exact', HEAD + 20 + 7 + 20, [0, 0, 0, 0, 0, 0, 0x20, 0]],
])('bad frames: %s is refused as a whole', async (_, at, bytes) => {
  await expectRefused(overwritten(PROMISED, at, bytes), 'bad_frame')
})

test.each<[string, Pick<FrameItem, 'own' | 'atMs'>, string]>([
  ['an SLA of more than 30 days', { own: { slaTargetMs: 2_592_000_001 } }, 'bad_option'],
  ['a TTL of 49 days', { own: { ttlMs: 0xffff_fffe } }, 'bad_option'],
  ['a deadline of more than 30 days', { own: { deadlineMs: 2_592_000_001 } }, 'bad_option'],
  ['a retry delay of 49 days', { own: { retryDelayMs: 0xffff_fffe } }, 'bad_option'],
  ['a delay of 49 days', { own: { delayMs: 0xffff_ffff } }, 'bad_option'],
  ['a time in the year 287396', { atMs: Number.MAX_SAFE_INTEGER }, 'bad_option'],
  ['both a time and a delay', { atMs: 1, own: { delayMs: 1 } }, 'bad_option'],
])('bad frames: an item with %s is refused for itself', async (_, promises, code) => {
  const other = new FrameSubmitter(nc)
  other.submit('work', [
    { number: 1, payload: 'good', own: { ttlMs: 60_000, slaTargetMs: 60_000 }, atMs: 1 },
    { number: 2, payload: 'bad', ...promises },
  ])
  expect(await other.answer(2, 'refused')).toMatchObject({ code, status: 400 })
  expect((await other.answer(1, 'outcome')).state).toBe('completed')
  expect(other.plain).toEqual([])
})

test.each<[string, FrameItem['extension'], string]>([
  ['a type that is none', { type: 'a b' }, 'bad_token'],
  ['a strategy that is none', { strategy: 'a.b' }, 'bad_token'],
  ['a strategy that nobody knows', { strategy: 'no_such' }, 'bad_option'],
  ['a key that is none', { key: '*' }, 'bad_token'],
  ['a preference that is no comparison', { prefers: 'gpu>=' }, 'bad_option'],
  ['33 preferences', { prefers: Array(33).fill('x').join() }, 'bad_option'],
])('bad frames: an item with %s is refused for itself', async (_, extension, code) => {
  const other = new FrameSubmitter(nc)
  other.submit('work', [
    { number: 1, payload: 'good' },
    { number: 2, payload: 'bad', extension },
  ])
  expect(await other.answer(2, 'refused')).toMatchObject({ code, status: 400 })
  expect((await other.answer(1, 'outcome')).state).toBe('completed')
  expect(other.plain).toEqual([])
})

test.each([
  ['sb.frame.bad~queue.3', 'bad_token'],
  ['sb.frame.$JS.3', 'bad_token'],
  [`sb.frame.${'q'.repeat(65)}.3`, 'bad_token'],
  ['sb.frame.🚂.3', 'bad_token'],
  ['sb.frame.work.6', 'bad_priority'],
  ['sb.frame.work.03', 'bad_priority'],
  ['sb.frame.work.high', 'bad_priority'],
])('bad frames: the subject %j is 400 %s, once for all items', async (subject, code) => {
  const accepted = scheduler.statusNow().tasks.accepted
  const answer = await submitter.refused(subject, WHOLE)
  expect(answer).toMatchObject({ status: 400, code, frame: `${NUMBER}` })
  expect(scheduler.statusNow().tasks.accepted).toBe(accepted)
})

test('bad frames: without a priority nobody listens, and headers are not looked at', async () => {
  expect((await submitter.refused('sb.frame.work', WHOLE)).status).toBe(503)
  const other = new FrameSubmitter(nc)
  const headers = rawHeaders(['Nats-Msg-Id: *', 'Sb-Priority: 9', 'Bad Name: x'])
  nc.publish('sb.frame.work.3', WHOLE, { reply: other.inbox, headers })
  await other.answered('outcome', 3)
  expect(await ask(nc, 'sb.task.work', WHOLE)).toMatchObject(GRANTED)
})

/** What came on one inbox. */
interface Heard {
  frame: Uint8Array
  plain: (string | null)[]
  answers: Map<number, string[]>
  messages: string[]
}

test(`bad frames: ${FUZZED} spoilt ones are each refused whole, or answered item by item`, {
  timeout: 60_000 + FUZZED * 5,
}, async () => {
  console.log(`bad frames: SEED=${SEED}`)
  const before = scheduler.statusNow()
  const heard = fc
    .sample(spoilt, { numRuns: FUZZED, seed: SEED })
    .map((frame): Heard => ({ frame, plain: [], answers: new Map(), messages: [] }))
  await sendAll(heard)
  let invalid = 0
  let items = 0
  for (const one of heard) {
    expect(one.messages.join('')).not.toMatch(CONTROL)
    const expected = itemsOf(one.frame)
    if (typeof expected === 'string') {
      invalid++
      expect([one.plain, one.answers.size], hex(one)).toEqual([[expected], 0])
      continue
    }
    items += expected.length
    expect(one.plain, hex(one)).toEqual([])
    for (const { number, wantsAccepted } of expected) {
      // Two of a frame may have the same number by now.
      const answers = one.answers.get(number) ?? []
      const isTold = answers.includes('accepted') || answers.includes('refused')
      if (wantsAccepted) expect(isTold, hex(one)).toBe(true)
    }
  }
  const { tasks, refused } = scheduler.statusNow()
  const more = (code: string) => (refused[code] ?? 0) - (before.refused[code] ?? 0)
  expect(more('bad_frame') + more('frame_version')).toBe(invalid)
  const turnedAway = Object.keys(refused).reduce((sum, code) => sum + more(code), 0) - invalid
  const taken = tasks.accepted - before.tasks.accepted - 1
  const again = tasks.duplicates - before.tasks.duplicates
  expect(taken + again + turnedAway).toBe(items)
  for (const count of [invalid, taken, again, turnedAway]) expect(count).toBeGreaterThan(10)
})

const hex = ({ frame }: Heard) => Buffer.from(frame).toString('hex')

const item = fc.record({
  number: fc.nat(100),
  id: fc.constantFrom('', '', 'a', 'order-17', 'x'.repeat(64)),
  payload: fc.uint8Array({ maxLength: 40 }),
  requires: fc.constantFrom('', '', 'ocr', 'gpu,ocr'),
  retryCount: fc.constantFrom(255, 0, 3),
  timeoutMs: fc.constantFrom(0, 1_000),
  extension: fc.constantFrom(
    undefined,
    undefined,
    { key: 'k' },
    { type: 'scan', strategy: 'random', match: 2, prefers: 'gpu', key: 'book' },
  ),
  own: fc.constantFrom(
    undefined,
    undefined,
    { ttlMs: 5_000, deadlineMs: 60_000 },
    { slaTargetMs: 0, retryDelayMs: 0, delayMs: 5 },
  ),
  wants: fc.constantFrom('both' as const, 'accepted' as const, 'outcome' as const),
})
const edit = fc.record({
  at: fc.nat(),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 4, 255)),
  how: fc.constantFrom('put', 'put', 'put', 'flip', 'cut', 'insert', 'drop'),
})

/** A frame with some of its bytes replaced, lost or added. */
const spoilt = fc
  .tuple(fc.array(item, { minLength: 1, maxLength: 6 }), fc.array(edit, { maxLength: 3 }))
  .map(([items, edits]) => {
    let frame = [
      ...submitFrame(items.map((one, n) => ({ ...one, number: 1_000 * n + one.number }))),
    ]
    for (const { at, value, how } of edits) {
      const place = at % (frame.length + 1)
      if (how === 'put') frame[place] = value
      else if (how === 'flip') frame[place] = (frame[place] ?? 0) ^ (1 << (value % 8))
      else if (how === 'cut') frame = frame.slice(0, place)
      else if (how === 'insert') frame.splice(place, 0, value)
      else frame.splice(place, 1)
    }
    return Uint8Array.from(frame)
  })

/** Sends each with an inbox of its own, some at a time; resolves when all that answers has. */
async function sendAll(heard: Heard[]): Promise<void> {
  const reader = new AnswerReader()
  let answered = 0
  const take = (msg: Msg) => {
    const one = heard[Number(msg.subject.split('.').at(-1))]
    if (one.plain.length + one.answers.size === 0) answered++
    if (msg.headers !== undefined) {
      const { code, message } = readAnswer(msg)
      one.messages.push(message)
      one.plain.push(code)
      return
    }
    reader.open(msg.data)
    while (reader.next()) {
      const what = ['', 'accepted', 'outcome', 'refused'][reader.what]
      const answers = one.answers.get(reader.number) ?? []
      one.answers.set(reader.number, [...answers, what])
      one.messages.push(reader.message())
    }
  }
  nc.subscribe('_INBOX.spoilt.*', { callback: (_, msg) => take(msg) })
  const mustAnswer = (frame: Uint8Array) => {
    const items = itemsOf(frame)
    return typeof items === 'string' || items.some(({ wantsAccepted }) => wantsAccepted)
  }
  for (let n = 0; n < heard.length; n += WINDOW) {
    const some = heard.slice(n, n + WINDOW)
    for (const [i, { frame }] of some.entries()) {
      nc.publish('sb.frame.work.3', frame, { reply: `_INBOX.spoilt.${n + i}` })
    }
    const waits = some.filter(({ frame }) => mustAnswer(frame))
    const all = () => waits.every(({ plain, answers }) => plain.length + answers.size > 0)
    await until(all, { what: `answers to ${n} to ${n + WINDOW}, after ${answered}` })
  }
  // Behind all of them: when it is admitted, they are.
  expect(await ask(nc, 'sb.task.work')).toMatchObject(GRANTED)
}
